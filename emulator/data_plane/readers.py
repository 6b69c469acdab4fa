"""From a file to rows: delimited text, JSON and Parquet.

    for row in read_rows(content, "delimited", ReadOptions(delimiter=";")):
        if row.corrupt:      # why it cannot be read; row.value is {"_corrupt_record": its text}
        else: row.value      # {"Id": "1", "Name": None}: fields by name, ready for a mapping

Rows come one by one and in order; what is wrong with one does not end the others. What is wrong
with the file as a whole (it is empty, has no header, is not Parquet) raises `FileError`. Values of
delimited files are texts or None; those of the other formats are JSON values, in which moments and
days are texts in ISO 8601.

A file is read as it comes, whatever its size: `delimited.py`, `json_rows.py` and `parquet.py` hold
one record or a few. Compressed ones are unpacked on the way, by `compression.unpack`.

Source: "Batch Ingestion API guide" and its troubleshooting page for errors and the two forms of
JSON. Where these are silent the readers do as Apache Spark does, except that a row with more values
than there are columns is corrupt, and so is one with a value of more than 131072 characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import BinaryIO

from emulator.budgets import FILE_ROWS
from emulator.data_plane.delimited import delimited_rows, header_names
from emulator.data_plane.errors import OverBudget
from emulator.data_plane.json_rows import json_rows
from emulator.data_plane.parquet import parquet_columns, parquet_rows
from emulator.data_plane.rows import CORRUPT, ReadOptions, Row
from emulator.data_plane.streams import opened
from emulator.json_types import MAX_DEPTH, JsonObject

__all__ = ["CORRUPT", "FORMATS", "ReadOptions", "Row", "column_names", "nested_rows", "read_rows"]

_STEP = re.compile(r"[./]")


def read_rows(
    content: bytes | BinaryIO, format: str, options: ReadOptions | None = None
) -> Iterator[Row]:
    """Yield the rows of a file.

    Args:
        content: The file, unpacked, as bytes or as a stream, which is read once.
        format: `delimited` or `csv`, `json`, `parquet` or `parquet_xdm`; in any case.
        options: How to read it.

    Raises:
        FileError: The file as a whole cannot be read; at the first row, or where it is found.
        KeyError: There is no such format.
    """
    read = _READERS[format.lower()]
    return _limited(read(opened(content), options or ReadOptions()))


def _limited(rows: Iterator[Row]) -> Iterator[Row]:
    for row in rows:
        if row.number > FILE_ROWS:
            raise OverBudget(f"The file has more than {FILE_ROWS} rows.")
        yield row


def column_names(
    content: bytes | BinaryIO, format: str, options: ReadOptions | None = None
) -> list[str]:
    """Return the names of a file's columns, also of one without rows.

    Of JSON these are the names of the first readable record.

    Raises:
        FileError: The file as a whole cannot be read.
        KeyError: There is no such format.
    """
    options = options or ReadOptions()
    if format.lower() in ("delimited", "csv") and options.header:
        return header_names(opened(content), options)
    if format.lower() in ("parquet", "parquet_xdm"):
        return parquet_columns(opened(content))
    readable = (row.value for row in read_rows(content, format, options) if not row.corrupt)
    return list(next(readable, {}))


def nested_rows(rows: Iterable[Row], fields: Collection[str]) -> Iterator[Row]:
    """Yield rows whose columns are nested where their names are paths such as `person.name`.

    A column is a path if it is not a field of the schema itself but its first step is one. Missing
    values are left out, so that no empty object is made.

    Args:
        rows: Rows of a flat file.
        fields: The names of the schema's fields at its root.
    """
    nested = nesting(fields)
    for row in rows:
        yield row if row.corrupt else Row(row.number, nested(row.value))


def nesting(fields: Collection[str]) -> Callable[[JsonObject], JsonObject]:
    """Return what nests the columns of one row, as `nested_rows` does."""
    paths: dict[str, list[str]] = {}

    def nested(row: JsonObject) -> JsonObject:
        found: JsonObject = {}
        for name, value in row.items():
            if value is None:
                continue
            steps = paths.get(name)
            if steps is None:
                steps = paths[name] = _steps(name, fields)
            _put(found, steps, value)
        return found

    return nested


def _steps(name: str, fields: Collection[str]) -> list[str]:
    steps = [step for step in _STEP.split(name) if step]
    is_path = name not in fields and 0 < len(steps) <= MAX_DEPTH and steps[0] in fields
    return steps if is_path else [name]


def _put(row: JsonObject, steps: list[str], value: object) -> None:
    place = row
    for step in steps[:-1]:
        inner = place.setdefault(step, {})
        if not isinstance(inner, dict):  # another column has a plain value here
            inner = place[step] = {}
        place = inner
    place[steps[-1]] = value


_READERS: dict[str, Callable[[BinaryIO, ReadOptions], Iterator[Row]]] = {
    "delimited": delimited_rows,
    "csv": delimited_rows,
    "json": json_rows,
    "parquet": parquet_rows,
    "parquet_xdm": parquet_rows,
}

FORMATS = tuple(_READERS)
"""The formats that can be read."""
