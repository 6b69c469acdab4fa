"""From the bytes of a file to rows: delimited text, JSON and Parquet.

    for row in read_rows(content, "delimited", ReadOptions(delimiter=";")):
        if row.corrupt:      # why it cannot be read; row.value is {"_corrupt_record": its text}
        else: row.value      # {"Id": "1", "Name": None}: fields by name, ready for a mapping

Rows come one by one and in order; what is wrong with one does not end the others. What is wrong
with the file as a whole (it is empty, has no header, is not Parquet) raises `FileError`. Values of
delimited files are texts or None; those of the other formats are JSON values, in which moments and
days are texts in ISO 8601.

Compressed files are unpacked before, by `emulator.data_plane.compression.unpack`.

Source: "Batch Ingestion API guide" and its troubleshooting page for errors and the two forms of
JSON. Where these are silent the readers do as Apache Spark does, except that a row with more values
than there are columns is corrupt, and so is one with a value of more than 131072 characters.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from emulator.data_plane.errors import FileError
from emulator.data_plane.parquet import parquet_columns, parquet_rows
from emulator.json_types import Json, JsonObject, dumps, loads

CORRUPT = "_corrupt_record"
"""Under this name a row that cannot be read carries its text."""

MAX_CORRUPT_CHARACTERS = 4096
"""How many characters of a corrupt row are kept."""

_BOM = b"\xef\xbb\xbf"
_STEP = re.compile(r"[./]")


class Row(NamedTuple):
    """One row of a file: its number from 1, its fields, and why it cannot be read if it cannot."""

    number: int
    value: JsonObject
    corrupt: str = ""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How a file is to be read; the defaults are those of the documents.

    Args:
        delimiter: One character between the columns of a delimited file.
        quote: The character around values that hold delimiters or line breaks; empty for none.
        escape: The character that takes its meaning from the next one; empty for none.
        header: Whether the first row of a delimited file names its columns.
        columns: The names of the columns of a file without a header; by default `_c0`, `_c1`, …
        charset: Encoding of a delimited file, by any of its names.
        null_markers: Texts that stand for nothing; the empty one always does.
        is_multi_line_json: A JSON file is one value, an array of records, instead of one record in
            each line. A file that begins with `[` is taken as an array in any case.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = "\\"
    header: bool = True
    columns: tuple[str, ...] = ()
    charset: str = "UTF-8"
    null_markers: tuple[str, ...] = ()
    is_multi_line_json: bool = False


def read_rows(content: bytes, format: str, options: ReadOptions | None = None) -> Iterator[Row]:
    """Yield the rows of a file.

    Args:
        content: The file, unpacked.
        format: `delimited` or `csv`, `json`, `parquet` or `parquet_xdm`; in any case.
        options: How to read it.

    Raises:
        FileError: The file as a whole cannot be read; at the first row.
        KeyError: There is no such format.
    """
    return _READERS[format.lower()](content, options or ReadOptions())


def column_names(content: bytes, format: str, options: ReadOptions | None = None) -> list[str]:
    """Return the names of a file's columns, also of one without rows.

    Of JSON these are the names of the first readable record.

    Raises:
        FileError: The file as a whole cannot be read.
        KeyError: There is no such format.
    """
    options = options or ReadOptions()
    if format.lower() in ("delimited", "csv") and options.header:
        return _header(_records(content, options))
    if format.lower() in ("parquet", "parquet_xdm"):
        return parquet_columns(content)
    readable = (row.value for row in read_rows(content, format, options) if not row.corrupt)
    return list(next(readable, {}))


def _delimited(content: bytes, options: ReadOptions) -> Iterator[Row]:
    records = _records(content, options)
    names = _header(records) if options.header else list(options.columns)
    nulls = frozenset(("", *options.null_markers))
    for number, record in enumerate(records, 1):
        values = record.values
        if record.fault:
            yield _corrupt(number, record.text, record.fault)
            continue
        if not options.header and len(names) < len(values) and not options.columns:
            names += [f"_c{index}" for index in range(len(names), len(values))]
        if len(values) > len(names):
            fault = f"the row has {len(values)} values for {len(names)} columns"
            yield _corrupt(number, record.text, fault)
        else:
            fields = zip(names, values, strict=False)
            yield Row(number, {n: None if text in nulls else text for n, text in fields})


class _Record(NamedTuple):
    """One record of a delimited file; `text` is that of a record that cannot be read."""

    values: list[str]
    text: str
    fault: str = ""


def _header(records: Iterator[_Record]) -> list[str]:
    first = next(records)
    if first.fault or not any(name.strip() for name in first.values):
        raise FileError("118", "CSV file contains empty header row.")
    return [name.strip() for name in first.values]


def _records(content: bytes, options: ReadOptions) -> Iterator[_Record]:
    """Yield the records of a delimited file, its header included, without blank lines.

    Raises:
        FileError: The file is empty, or its charset or special characters cannot be used.
    """
    if not content.strip():
        raise FileError("106", "Dataset file is empty. Please upload file with data.")
    decodes = _decodes(content, options.charset)
    source = _RememberedLines(content.removeprefix(_BOM), options.charset)
    reader = _csv_reader(source, options)
    while True:
        source.lines.clear()
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _Record([], "".join(source.lines), str(error))
            continue
        if not decodes and any("\ufffd" in line for line in source.lines):
            yield _Record([], "".join(source.lines), f"the row is not {options.charset}")
        elif values:
            yield _Record(values, "".join(source.lines))


def _csv_reader(source: _RememberedLines, options: ReadOptions) -> Iterator[list[str]]:
    try:
        return csv.reader(
            source,
            delimiter=options.delimiter,
            quotechar=options.quote or None,
            quoting=csv.QUOTE_MINIMAL if options.quote else csv.QUOTE_NONE,
            escapechar=None if options.escape == options.quote else options.escape or None,
            strict=True,
        )
    except (TypeError, ValueError) as error:
        text = f"The file cannot be read with these characters: {error}"
        raise FileError("EMULATOR-SIGNS", text) from error


class _RememberedLines:
    """The lines of a text, with those that the record in work is made of."""

    def __init__(self, content: bytes, charset: str) -> None:
        self._text = io.TextIOWrapper(
            io.BytesIO(content), encoding=charset, errors="replace", newline=""
        )
        self.lines: list[str] = []

    def __iter__(self) -> _RememberedLines:
        return self

    def __next__(self) -> str:
        line = next(self._text)
        self.lines.append(line)
        return line


def _decodes(content: bytes, charset: str) -> bool:
    try:
        content.decode(charset)
    except UnicodeDecodeError:
        return False
    except LookupError:
        raise FileError("EMULATOR-CHARSET", f"The charset {charset} is not known.") from None
    return True


def _json(content: bytes, options: ReadOptions) -> Iterator[Row]:
    content = content.removeprefix(_BOM)
    if not content.strip():
        raise FileError("106", "Dataset file is empty. Please upload file with data.")
    if options.is_multi_line_json or content.lstrip().startswith(b"["):
        yield from _json_array(content)
        return
    number = 0
    for line in io.BytesIO(content):
        if line.isspace():
            continue
        number += 1
        yield _json_row(number, line)


def _json_array(content: bytes) -> Iterator[Row]:
    try:
        found = loads(content)
    except ValueError as error:
        yield _corrupt(1, content[:MAX_CORRUPT_CHARACTERS].decode("utf-8", "replace"), str(error))
        return
    for number, item in enumerate(found if isinstance(found, list) else [found], 1):
        if isinstance(item, dict):
            yield Row(number, item)
        else:
            yield _corrupt(number, dumps(item).decode(), "the record is not an object")


def _json_row(number: int, line: bytes) -> Row:
    try:
        found: Json = loads(line)
    except ValueError as error:
        return _corrupt(number, line.decode("utf-8", "replace"), str(error))
    if isinstance(found, dict):
        return Row(number, found)
    return _corrupt(number, line.decode("utf-8", "replace"), "the record is not an object")


def _parquet(content: bytes, options: ReadOptions) -> Iterator[Row]:
    for number, value in enumerate(parquet_rows(content), 1):
        yield Row(number, value)


def _corrupt(number: int, text: str, fault: str) -> Row:
    return Row(number, {CORRUPT: text.rstrip("\r\n")[:MAX_CORRUPT_CHARACTERS]}, fault)


def nested_rows(rows: Iterable[Row], fields: Collection[str]) -> Iterator[Row]:
    """Yield rows whose columns are nested where their names are paths such as `person.name`.

    A column is a path if it is not a field of the schema itself but its first step is one. Missing
    values are left out, so that no empty object is made.

    Args:
        rows: Rows of a flat file.
        fields: The names of the schema's fields at its root.
    """
    paths: dict[str, list[str]] = {}
    for row in rows:
        if row.corrupt:
            yield row
            continue
        nested: JsonObject = {}
        for name, value in row.value.items():
            if value is None:
                continue
            steps = paths.get(name)
            if steps is None:
                steps = paths[name] = _steps(name, fields)
            _put(nested, steps, value)
        yield Row(row.number, nested)


def _steps(name: str, fields: Collection[str]) -> list[str]:
    steps = [step for step in _STEP.split(name) if step]
    return steps if name not in fields and steps and steps[0] in fields else [name]


def _put(row: JsonObject, steps: list[str], value: object) -> None:
    place = row
    for step in steps[:-1]:
        inner = place.setdefault(step, {})
        if not isinstance(inner, dict):  # another column has a plain value here
            inner = place[step] = {}
        place = inner
    place[steps[-1]] = value


_READERS = {
    "delimited": _delimited,
    "csv": _delimited,
    "json": _json,
    "parquet": _parquet,
    "parquet_xdm": _parquet,
}

FORMATS = tuple(_READERS)
"""The formats that can be read."""
