"""Writes good rows as the files of a data set: Parquet, delimited text or JSON lines, in parts."""

from __future__ import annotations

import csv
import io

from emulator.data_plane.parquet import is_installed, write_parquet
from emulator.json_types import Json, JsonObject, dumps
from emulator.platform import Platform
from emulator.sandbox import Sandbox

ROWS_IN_A_PART = 50_000

CONTENT_TYPES = {"csv": "application/csv", "parquet": "application/parquet"}
"""Media types by the suffix of a file's name; of lines of JSON no document shows one."""


def landing_format(dataset: JsonObject) -> str:
    """Return how a data set's files are written: what its file description says.

    Parquet, the default, needs the extra `parquet`; without it the same rows are JSON lines.
    """
    described = dataset.get("fileDescription")
    format = described.get("format") if isinstance(described, dict) else ""
    if format in ("csv", "text"):
        return "csv"
    if format == "json" or not is_installed():
        return "json"
    return "parquet"


class Landing:
    """Takes the good rows of one batch and data set file, and writes a part when it is full."""

    def __init__(
        self, platform: Platform, sandbox: Sandbox, batch_id: str, number: int, format: str
    ) -> None:
        """Land rows as the data set file `{batch_id}-{number}`."""
        self._platform = platform
        self._sandbox = sandbox
        self._root = f"batches/{batch_id}/data/{batch_id}-{number}/"
        self._format = format
        self._rows: list[JsonObject] = []
        self.rows = self.bytes = self.files = 0

    def add(self, row: JsonObject) -> None:
        """Land a row."""
        self._rows.append(row)
        if len(self._rows) >= ROWS_IN_A_PART:
            self._write()

    def close(self) -> None:
        """Write what is left."""
        if self._rows:
            self._write()

    def withdraw(self) -> None:
        """Remove what was written: the batch has failed."""
        self._rows.clear()
        self._platform.blobs.delete_all(self._sandbox, self._root)
        self.rows = self.bytes = self.files = 0

    def _write(self) -> None:
        content = _WRITERS[self._format](self._rows)
        unique = self._platform.new_uuid(self._sandbox, "part")
        name = f"part-{self.files:05d}-{unique}.{self._format}"
        self._platform.blobs.put(self._sandbox, self._root + name, content)
        self.files += 1
        self.rows += len(self._rows)
        self.bytes += len(content)
        self._rows = []


def _json_lines(rows: list[JsonObject]) -> bytes:
    return b"".join(dumps(row) + b"\n" for row in rows)


def _csv(rows: list[JsonObject]) -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return text.getvalue().encode()


def _cell(value: Json) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else dumps(value).decode()


_WRITERS = {"csv": _csv, "json": _json_lines, "parquet": write_parquet}
