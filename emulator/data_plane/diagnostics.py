"""What is kept of rows that did not land: counts, the failed rows, and the diagnostic files.

Below `batches/{id}/` lie `failed/` (the rows with why they failed, as validation shows them) and,
with error diagnostics, `meta/`: `row_errors/parsing_errors_N.json`, `row_errors/conversion_errors_
N.json`, `input_files/input_files_0.json` and `row_error_samples.json`.

Source: "Batch Ingestion API guide", partial ingestion; "Data Access API, OpenAPI document".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from emulator.data_plane.conform import CORRUPT_CODE, DESCRIPTIONS, Fault
from emulator.json_types import JsonObject, dumps
from emulator.sandbox import Sandbox
from emulator.store import Blobs

ROWS_IN_A_FILE = 10_000
SAMPLES = 10
_HELD = 512


class Diagnostics:
    """Collects the bad rows of one batch and writes them away in pieces, never holding many."""

    def __init__(self, blobs: Blobs, sandbox: Sandbox, batch_id: str, *, detailed: bool) -> None:
        """Collect for a batch; `detailed` writes the diagnostic files too."""
        self._blobs = blobs
        self._sandbox = sandbox
        self._root = f"batches/{batch_id}"
        self._detailed = detailed
        self._held: dict[str, list[bytes]] = {}
        self._written: Counter[str] = Counter()
        self._samples: list[JsonObject] = []
        self._descriptions = dict(DESCRIPTIONS)
        self.rows = 0
        self.codes: Counter[str] = Counter()

    def add(self, value: JsonObject, faults: list[Fault]) -> None:
        """Note a row that cannot land, with at least one fault."""
        self.rows += 1
        for code in dict.fromkeys(fault.code for fault in faults):
            self.codes[code] += 1
        for fault in faults:
            self._descriptions.setdefault(fault.code, fault.message)
        self._write("failed/part-00000.json", _failed_row(value, faults))
        if self._detailed:
            corrupt = any(fault.code == CORRUPT_CODE for fault in faults)
            stem = "parsing_errors" if corrupt else "conversion_errors"
            name = f"{stem}_{self._written[stem] // ROWS_IN_A_FILE}.json"
            self._written[stem] += 1
            row = {**value, "_errors": _row_errors(faults), "_filename": name}
            self._write(f"meta/row_errors/{name}", row)
            if len(self._samples) < SAMPLES:
                self._samples.append(row)

    def close(self, input_files: Iterable[str]) -> None:
        """Write what is still held, and which files the batch was made of."""
        for name in list(self._held):
            self._flush(name)
        if self.rows:
            self._put("failed/_SUCCESS", b"")
        if self._detailed:
            lines = b"".join(dumps({"path": name}) + b"\n" for name in input_files)
            self._put("meta/input_files/input_files_0.json", lines)
            if self._samples:
                self._put("meta/row_error_samples.json", dumps(self._samples))

    def errors(self, landed: int) -> list[JsonObject]:
        """Return the batch's `errors`: by code with diagnostics, else one that asks for them."""
        if not self.rows:
            return []
        if not self._detailed:
            return [{"code": "INGEST-1211-400", "description": _WITHOUT}]
        counted = (
            {"code": code, "description": self._descriptions[code], "recordCount": count}
            for code, count in sorted(self.codes.items())
        )
        text = _WITH.format(errors=self.rows, landed=landed)
        return [{"code": "INGEST-1212-400", "description": text}, *counted]

    def _write(self, name: str, row: JsonObject) -> None:
        held = self._held.setdefault(name, [])
        held.append(dumps(row) + b"\n")
        if len(held) >= _HELD:
            self._flush(name)

    def _flush(self, name: str) -> None:
        lines = self._held.pop(name)
        self._blobs.append(self._sandbox, f"{self._root}/{name}", b"".join(lines))

    def _put(self, name: str, content: bytes) -> None:
        self._blobs.put(self._sandbox, f"{self._root}/{name}", content)


_WITHOUT = (
    "Encountered errors while parsing, converting or otherwise validating the data."
    " Please resend the data with error diagnostics enabled"
    " to collect additional information on failure types"
)
_WITH = (
    "Encountered {errors} errors in the data. Successfully ingested {landed} rows."
    " Please review the associated diagnostic files for more details."
)


_OWN_CODE = re.compile(r"INGEST-(\d+)-400")


def _row_errors(faults: list[Fault]) -> list[JsonObject]:
    """Return faults as the diagnostic files show them: `1401` for `INGEST-1401-400`."""
    return [
        {
            "code": _OWN_CODE.sub(r"\1", fault.code),
            "message": fault.message,
            **({"column": fault.column} if fault.column else {}),
        }
        for fault in faults
    ]


def _failed_row(value: JsonObject, faults: list[Fault]) -> JsonObject:
    """Return a row as the list of failed ones has it, with what validation says of it."""
    problems = [
        {
            "causingExceptions": [],
            "keyword": fault.keyword or "type",
            "message": fault.message,
            "pointerToViolation": "#/" + fault.column.replace(".", "/") if fault.column else "#",
            "schemaLocation": "#",
        }
        for fault in faults
    ]
    return {**value, "_validationErrors": problems}
