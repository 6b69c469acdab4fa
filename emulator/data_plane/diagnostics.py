"""What is kept of rows that failed: counts, the rows themselves, and the diagnostic files.

Below `batches/{id}/` lie `failed/` (the rows with why they failed, as validation shows them) and,
with error diagnostics, `meta/`: `row_errors/parsing_errors_N.json`, `row_errors/conversion_errors_
N.json`, `input_files/input_files_0.json` and `row_error_samples.json`. Rows that landed with
warnings are in `row_errors/mapping_errors_N.json`, as they were read: that a failed transformation
has a place there is shown by "Monitor dataflows", the file's name is assumed.

Source: "Batch Ingestion API guide", partial ingestion; "Data Access API, OpenAPI document".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from emulator.budgets import ROW_ERRORS, WARNED_ROWS
from emulator.data_plane.conform import CORRUPT_CODE, DESCRIPTIONS, RowError
from emulator.data_plane.rows import CORRUPT, MAX_CORRUPT_CHARACTERS
from emulator.json_types import JsonObject, dumps, loads
from emulator.sandbox import Sandbox
from emulator.scope import Scope
from emulator.store import Blobs

WITHOUT_DIAGNOSTICS, WITH_DIAGNOSTICS = OF_ROWS = ("INGEST-1211-400", "INGEST-1212-400")
"""The codes of batches of whose rows some failed."""

ROWS_PER_FILE = 10_000
MAX_SAMPLES = 10
_SHOWN_BYTES = 256 * 1024
"""How much of the failed rows is read to show the first of them."""

_BUFFERED_BYTES = 256 * 1024
"""How much of a file is in memory before it is appended to it."""


class Diagnostics:
    """Collects the bad rows of one batch and writes them away in pieces, never holding many."""

    def __init__(self, scope: Scope, batch_id: str, *, detailed: bool) -> None:
        """Collect for a batch; `detailed` writes the diagnostic files too."""
        self._blobs = scope.platform.blobs
        self._sandbox = scope.sandbox
        self._root = f"batches/{batch_id}"
        self._detailed = detailed
        self._buffers: dict[str, bytearray] = {}
        self._written: Counter[str] = Counter()
        self._samples: list[bytes] = []
        self._descriptions = dict(DESCRIPTIONS)
        self.rows = 0
        self.codes: Counter[str] = Counter()

    def add(self, value: JsonObject, errors: list[RowError]) -> None:
        """Note a row that cannot land, with at least one error."""
        value, errors = _writable(value), errors[:ROW_ERRORS]
        self.rows += 1
        for code in dict.fromkeys(error.code for error in errors):
            self.codes[code] += 1
        for error in errors:
            self._descriptions.setdefault(error.code, error.message)
        self._write("failed/part-00000.json", _failed_row(value, errors))
        corrupt = any(error.code == CORRUPT_CODE for error in errors)
        self._detail("parsing_errors" if corrupt else "conversion_errors", value, errors)

    def warn(self, read: JsonObject, warnings: Sequence[RowError]) -> None:
        """Note a row in which transformations failed, as it was read; it may land all the same."""
        if self._detailed and self._written["mapping_errors"] < WARNED_ROWS:
            self._detail("mapping_errors", _writable(read), warnings[:ROW_ERRORS])

    def _detail(self, stem: str, value: JsonObject, errors: Sequence[RowError]) -> None:
        if not self._detailed:
            return
        name = f"{stem}_{self._written[stem] // ROWS_PER_FILE}.json"
        self._written[stem] += 1
        row = {**value, "_errors": _row_errors(errors), "_filename": name}
        self._write(f"meta/row_errors/{name}", row)
        if len(self._samples) < MAX_SAMPLES:
            self._samples.append(dumps(row))

    def close(self, input_files: Iterable[str]) -> None:
        """Write what is still held, and which files the batch was made of."""
        for name in list(self._buffers):
            self._flush(name)
        if self.rows:
            self._put("failed/_SUCCESS", b"")
        if self._detailed:
            lines = b"".join(dumps({"path": name}) + b"\n" for name in input_files)
            self._put("meta/input_files/input_files_0.json", lines)
            if self._samples:
                samples = b"[" + b",".join(self._samples) + b"]"
                self._put("meta/row_error_samples.json", samples)

    def withdraw(self) -> None:
        """Remove what was written: the batch has been given up."""
        self._buffers.clear()
        for folder in ("failed", "meta"):
            self._blobs.delete_all(self._sandbox, f"{self._root}/{folder}/")

    def errors(self, landed: int) -> list[JsonObject]:
        """Return the batch's `errors`: by code with diagnostics, else one that asks for them."""
        if not self.rows:
            return []
        if not self._detailed:
            return [{"code": WITHOUT_DIAGNOSTICS, "description": _TEXT_WITHOUT_DIAGNOSTICS}]
        counted = (
            {"code": code, "description": self._descriptions[code], "recordCount": count}
            for code, count in sorted(self.codes.items())
        )
        text = _TEXT_WITH_DIAGNOSTICS.format(errors=self.rows, landed=landed)
        return [{"code": WITH_DIAGNOSTICS, "description": text}, *counted]

    def _write(self, name: str, row: JsonObject) -> None:
        buffer = self._buffers.setdefault(name, bytearray())
        buffer += dumps(row) + b"\n"
        if len(buffer) >= _BUFFERED_BYTES:
            self._flush(name)

    def _flush(self, name: str) -> None:
        lines = self._buffers.pop(name)
        self._blobs.append(self._sandbox, f"{self._root}/{name}", lines)

    def _put(self, name: str, content: bytes) -> None:
        self._blobs.put(self._sandbox, f"{self._root}/{name}", content)


def failed_rows(blobs: Blobs, sandbox: Sandbox, batch_id: str, most: int) -> list[JsonObject]:
    """Return the first rows of a batch that failed, each with `_validationErrors`."""
    key = f"batches/{batch_id}/failed/part-00000.json"
    text = blobs.read(sandbox, key, 0, _SHOWN_BYTES) or b""
    lines = text.split(b"\n")[:-1]  # the last one is empty, or cut
    return [loads(line) for line in lines[:most]]


_TEXT_WITHOUT_DIAGNOSTICS = (
    "Encountered errors while parsing, converting or otherwise validating the data."
    " Please resend the data with error diagnostics enabled"
    " to collect additional information on failure types"
)
_TEXT_WITH_DIAGNOSTICS = (
    "Encountered {errors} errors in the data. Successfully ingested {landed} rows."
    " Please review the associated diagnostic files for more details."
)


_OWN_CODE = re.compile(r"INGEST-(\d+)-400")


def _writable(value: JsonObject) -> JsonObject:
    """Return a row as it is if it is JSON, else what can be shown of it."""
    try:
        dumps(value)
    except TypeError:
        shown = repr(value)[:MAX_CORRUPT_CHARACTERS]
        return {CORRUPT: shown.encode("utf-8", "replace").decode()}
    return value


def _row_errors(errors: Sequence[RowError]) -> list[JsonObject]:
    """Return errors as the diagnostic files show them: `1401` for `INGEST-1401-400`."""
    return [
        {
            "code": _OWN_CODE.sub(r"\1", error.code),
            "message": error.message,
            **({"column": error.column} if error.column else {}),
        }
        for error in errors
    ]


def _failed_row(value: JsonObject, errors: list[RowError]) -> JsonObject:
    """Return a row as the list of failed ones has it, with what validation says of it."""
    problems = [
        {
            "causingExceptions": [],
            "keyword": error.keyword or "type",
            "message": error.message,
            "pointerToViolation": "#/" + error.column.replace(".", "/") if error.column else "#",
            "schemaLocation": "#",
        }
        for error in errors
    ]
    return {**value, "_validationErrors": problems}
