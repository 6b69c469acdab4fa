"""Rows of delimited text, line by line: no more of a file is in memory than one record."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from emulator.budgets import FILE_COLUMNS, ROW_BYTES
from emulator.data_plane.errors import FileError, OverBudget
from emulator.data_plane.rows import ReadOptions, Row, begun, corrupt

_MARK = "\udcff"
"""What stands for bytes that are not of the charset: no text has it."""

_MARKING = "emulator.undecodable"
_OF_PYTHON = frozenset("idna punycode raw_unicode_escape undefined unicode_escape utf_7".split())
"""Encodings that are no charsets of files."""


def delimited_rows(source: BinaryIO, options: ReadOptions) -> Iterator[Row]:
    """Yield the rows of a delimited file.

    Raises:
        FileError: The file as a whole cannot be read.
    """
    records = _records(source, options)
    names = _header(records) if options.header else list(options.columns)
    nulls = frozenset(("", *options.null_markers))
    for number, record in enumerate(records, 1):
        values = record.values
        if record.fault:
            yield corrupt(number, record.text, record.fault)
            continue
        if not options.header and len(names) < len(values) and not options.columns:
            added = range(len(names), min(len(values), FILE_COLUMNS))
            names += [f"_c{index}" for index in added]
        if len(values) > len(names):
            fault = f"the row has {len(values)} values for {len(names)} columns"
            yield corrupt(number, record.text, fault)
        else:
            fields = zip(names, values, strict=False)
            value = {n: None if text in nulls else text for n, text in fields}
            yield Row(number, value, "", names)


def header_names(source: BinaryIO, options: ReadOptions) -> list[str]:
    """Return the names in the header of a delimited file; errors as `delimited_rows`."""
    return _header(_records(source, options))


class _Record(NamedTuple):
    """One record of a delimited file; `text` is that of a record that cannot be read."""

    values: list[str]
    text: str
    fault: str = ""


def _header(records: Iterator[_Record]) -> list[str]:
    first = next(records, None)
    if first is not None and first.fault:
        raise FileError("118", f"The header row of the CSV file cannot be read: {first.fault}.")
    if first is None or not any(name.strip() for name in first.values):
        raise FileError("118", "CSV file contains empty header row.")
    if len(first.values) > FILE_COLUMNS:
        raise OverBudget(f"The file has more than {FILE_COLUMNS} columns.")
    return [name.strip() for name in first.values]


def _records(source: BinaryIO, options: ReadOptions) -> Iterator[_Record]:
    """Yield the records of a delimited file, its header included, without blank lines.

    Raises:
        FileError: The file is empty, or its charset or special characters cannot be used.
    """
    _, stream = begun(source)
    lines = _RememberedLines(stream, options.charset)
    reader = _csv_reader(lines, options)
    while True:
        lines.clear()
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _Record([], lines.text, str(error))
            continue
        if not lines.are_decoded:
            yield _Record([], lines.text, f"the row is not {options.charset}")
        elif values:
            yield _Record(values, lines.text)


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

    def __init__(self, stream: BinaryIO, charset: str) -> None:
        self._text = _decoded(stream, charset)
        self._lines: list[str] = []
        self._length = 0
        self.are_decoded = True

    @property
    def text(self) -> str:
        return "".join(self._lines)

    def clear(self) -> None:
        """Begin with the next record."""
        self._lines.clear()
        self._length, self.are_decoded = 0, True

    def __iter__(self) -> _RememberedLines:
        return self

    def __next__(self) -> str:
        line = self._line()
        if not line:
            raise StopIteration
        self._length += len(line)
        if self._length > ROW_BYTES:
            self._skip_rest(line)
            raise csv.Error(f"the row has more than {ROW_BYTES} characters")
        self._lines.append(line)
        if not line.isascii() and not _is_unicode(line):
            self.are_decoded = False
        return line

    def _line(self) -> str:
        try:
            return self._text.readline(ROW_BYTES + 1)
        except UnicodeError as error:
            text = f"The file cannot be read in its charset: {error}"
            raise FileError("EMULATOR-CHARSET", text) from error

    def _skip_rest(self, line: str) -> None:
        """Skip what is left of a line that is too long."""
        self._lines.append(line[:ROW_BYTES])
        while line and not line.endswith(("\n", "\r")):
            line = self._line()


def _is_unicode(line: str) -> bool:
    """Tell whether a text has no surrogates, so that it can be written as UTF-8."""
    try:
        line.encode()
    except UnicodeEncodeError:
        return False
    return True


def _decoded(stream: BinaryIO, charset: str) -> io.TextIOWrapper:
    """Return the text of a file, in which a mark stands for what is not of its charset."""
    codecs.register_error(_MARKING, lambda error: (_MARK, _end_of(error)))
    try:
        if codecs.lookup(charset[:64]).name.replace("-", "_") in _OF_PYTHON:
            raise LookupError(charset)
        return io.TextIOWrapper(stream, encoding=charset, errors=_MARKING, newline="")
    except (LookupError, ValueError):
        text = f"The charset {charset[:64]} is not known."
        raise FileError("EMULATOR-CHARSET", text) from None


def _end_of(error: UnicodeError) -> int:
    """Return where to go on behind bytes that cannot be decoded."""
    if isinstance(error, UnicodeDecodeError):
        return error.end
    raise error
