"""Writes rows as the files of a data set: Parquet, delimited text or JSON lines, in parts."""

from __future__ import annotations

import csv
import io

from emulator.budgets import FILE_COLUMNS, PART_BYTES, PART_CELLS
from emulator.data_plane.errors import OverBudget
from emulator.data_plane.parquet import is_installed, write_parquet
from emulator.json_types import Json, JsonObject, dumps
from emulator.scope import Scope

ROWS_PER_PART = 50_000
"""Rows of a part at most; `emulator/budgets.py` limits its bytes and cells."""

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


class UnwritableRow(ValueError):
    """A row that is no JSON, so that it cannot be written."""


class DatasetFileWriter:
    """Takes the good rows of one batch, and writes a part of its file when it is full.

    A batch makes one data set file, `{batch_id}-1`.
    """

    def __init__(self, scope: Scope, batch_id: str, format: str) -> None:
        self._scope = scope
        self._blobs = scope.platform.blobs
        self._folder = f"batches/{batch_id}/data/{batch_id}-1/"
        self._format = format
        self._part = _Part()
        self.rows = self.bytes = self.files = 0

    def add(self, row: JsonObject) -> None:
        """Write a row.

        Raises:
            OverBudget: It has too many columns.
            UnwritableRow: It is not JSON: a mapping can make a number too large, or a text that is
                not Unicode.
        """
        if not self._part.takes(row):
            self._write()
            if not self._part.takes(row):
                raise OverBudget(f"A row has more than {FILE_COLUMNS} columns.")
        if len(self._part.rows) >= ROWS_PER_PART:
            self._write()

    def close(self) -> None:
        """Write what is left."""
        if self._part.rows:
            self._write()

    def withdraw(self) -> None:
        """Remove what was written: the batch has failed."""
        self._part = _Part()
        self._blobs.delete_all(self._scope.sandbox, self._folder)
        self.rows = self.bytes = self.files = 0

    def _write(self) -> None:
        rows, self._part = self._part.rows, _Part()
        content = _WRITERS[self._format](rows)
        name = f"part-{self.files:05d}-{self._scope.new_uuid('part')}.{self._format}"
        self._blobs.put(self._scope.sandbox, self._folder + name, content)
        self.files += 1
        self.rows += len(rows)
        self.bytes += len(content)


class _Column:
    """A place in rows: how many objects stand there, and the columns within them."""

    __slots__ = ("columns", "objects")

    def __init__(self) -> None:
        self.objects = 0
        self.columns: dict[str, _Column] = {}


class _Part:
    """Rows that become one part of a file, with what they cost.

    Rows of different columns make a table of all of them, in which most cells are empty.
    """

    def __init__(self) -> None:
        self.rows: list[JsonObject] = []
        self._bytes = self._cells = self._columns = 0
        self._root = _Column()

    def takes(self, row: JsonObject) -> bool:
        """Add a row and return True, unless it makes the part too large."""
        try:
            size = len(dumps(row))
        except TypeError as error:
            raise UnwritableRow(f"The row cannot be written: {error}.") from error
        if self.rows and self._bytes + size > PART_BYTES:
            return False
        self._measure(self._root, row)
        if self._columns > FILE_COLUMNS or (self.rows and self._cells > PART_CELLS):
            return False
        self._bytes += size
        self.rows.append(row)
        return True

    def _measure(self, place: _Column, value: JsonObject) -> None:
        columns = place.columns
        for name, item in value.items():
            column = columns.get(name)
            if column is None:
                column = columns[name] = _Column()
                self._columns += 1
                self._cells += place.objects  # those before lack it
            if item.__class__ is dict:
                self._measure(column, item)
            elif item.__class__ is list:
                for inner in item:
                    if inner.__class__ is dict:
                        self._measure(column, inner)
        place.objects += 1
        self._cells += len(columns)


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
