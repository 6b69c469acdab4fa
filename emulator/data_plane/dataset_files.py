"""Writes rows as the files of a data set: Parquet, delimited text or JSON lines, in parts."""

from __future__ import annotations

import csv
import io

from emulator.data_plane.parquet import is_installed, write_parquet
from emulator.json_types import Json, JsonObject, dumps
from emulator.scope import Scope

ROWS_PER_PART = 50_000

CONTENT_TYPES = {"csv": "application/csv", "parquet": "application/parquet"}
"""Media types by the suffix of a file's name; of lines of JSON no document shows one."""


def file_format(dataset: JsonObject) -> str:
    """Return how a data set's files are written: what its file description says.

    Parquet, the default, needs the extra `parquet`; without it the same rows are JSON lines.
    """
    description = dataset.get("fileDescription")
    format = description.get("format") if isinstance(description, dict) else ""
    if format in ("csv", "text"):
        return "csv"
    if format == "json" or not is_installed():
        return "json"
    return "parquet"


class DatasetFileWriter:
    """Takes the good rows of one batch, and writes a part of its file when it is full.

    A batch makes one data set file, `{batch_id}-1`.
    """

    def __init__(self, scope: Scope, batch_id: str, format: str) -> None:
        self._scope = scope
        self._blobs = scope.platform.blobs
        self._folder = f"batches/{batch_id}/data/{batch_id}-1/"
        self._format = format
        self._rows: list[JsonObject] = []
        self.rows = self.bytes = self.files = 0

    def add(self, row: JsonObject) -> None:
        """Write a row."""
        self._rows.append(row)
        if len(self._rows) >= ROWS_PER_PART:
            self._write()

    def close(self) -> None:
        """Write what is left."""
        if self._rows:
            self._write()

    def withdraw(self) -> None:
        """Remove what was written: the batch has failed."""
        self._rows.clear()
        self._blobs.delete_all(self._scope.sandbox, self._folder)
        self.rows = self.bytes = self.files = 0

    def _write(self) -> None:
        content = _WRITERS[self._format](self._rows)
        name = f"part-{self.files:05d}-{self._scope.new_uuid('part')}.{self._format}"
        self._blobs.put(self._scope.sandbox, self._folder + name, content)
        self.files += 1
        self.rows += len(self._rows)
        self.bytes += len(content)
        self._rows = []


def _json(rows: list[JsonObject]) -> bytes:
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


_WRITERS = {"csv": _csv, "json": _json, "parquet": write_parquet}
