"""Rows of JSON files: a record in each line, or an array of records. One record is in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from emulator.budgets import MIB, ROW_BYTES, ROW_VALUES
from emulator.data_plane.errors import FileError
from emulator.data_plane.rows import (
    MAX_CORRUPT_CHARACTERS,
    ReadOptions,
    Row,
    begun,
    corrupt,
)
from emulator.data_plane.streams import PIECE_BYTES
from emulator.json_types import MAX_DEPTH, Json, dumps, has_more_values_than, is_deeper_than, loads

CORRUPT_FILE = "INGEST-1401-400"
"""The documented code of corrupted data, here of a whole file."""

_SMALL_BYTES = MIB
"""An array of no more bytes is read at once."""

_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{},"]', re.DOTALL)
_IN_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_TOO_LONG = f"the record has more than {ROW_BYTES} bytes"
_TOO_DEEP = f"the record has more than {MAX_DEPTH} levels"


def json_rows(source: BinaryIO, options: ReadOptions) -> Iterator[Row]:
    """Yield the records of a JSON file.

    Raises:
        FileError: It is empty, or is an array that breaks off or is broken between its records,
            and too large to be read at once.
    """
    head, stream = begun(source)
    if options.is_multi_line_json or head.startswith(b"["):
        yield from _value_rows(stream)
        return
    number = 0
    while line := stream.readline(ROW_BYTES + 1):
        if line.isspace():
            continue
        number += 1
        if len(line) > ROW_BYTES:
            yield corrupt(number, _shown(line), _TOO_LONG)
            while line and not line.endswith(b"\n"):
                line = stream.readline(ROW_BYTES)
        else:
            yield _row(number, line)


def _value_rows(stream: BinaryIO) -> Iterator[Row]:
    """Yield the records of a file that is one value.

    A small file is one corrupt row if any of it is broken; of a large one, which is read record by
    record, this is known only behind good ones, so the whole file is refused then.
    """
    text = stream.read(_SMALL_BYTES + 1)
    if len(text) <= _SMALL_BYTES:
        yield from _whole(text)
    elif text.lstrip().startswith(b"["):
        for number, item in enumerate(_Items(text, stream), 1):
            if item is None:
                yield corrupt(number, "", _TOO_LONG)
            else:
                yield _item_row(number, item)
    else:
        text += stream.read(ROW_BYTES + 1 - len(text))
        if len(text) > ROW_BYTES:
            yield corrupt(1, _shown(text), _TOO_LONG)
        else:
            yield _row(1, text)


def _whole(text: bytes) -> Iterator[Row]:
    try:
        if is_deeper_than(text, MAX_DEPTH + 1):
            raise _TooMuch(_TOO_DEEP)
        found = loads(text)
    except ValueError as error:
        yield corrupt(1, _shown(text), str(error))
        return
    for number, item in enumerate(found if isinstance(found, list) else [found], 1):
        if isinstance(item, dict):
            yield Row(number, item)
        else:
            yield corrupt(number, dumps(item).decode(), "the record is not an object")


def _row(number: int, line: bytes) -> Row:
    try:
        found = _parsed(line)
    except ValueError as error:
        return corrupt(number, _shown(line), str(error))
    if isinstance(found, dict):
        return Row(number, found)
    return corrupt(number, _shown(line), "the record is not an object")


def _item_row(number: int, item: bytes) -> Row:
    """Return the record that is an item of a large array.

    Raises:
        FileError: It is not JSON, so the array is broken.
    """
    try:
        found = _parsed(item)
    except _TooMuch as error:
        return corrupt(number, _shown(item), str(error))
    except ValueError as error:
        raise _broken(number, str(error)) from error
    if isinstance(found, dict):
        return Row(number, found)
    return corrupt(number, _shown(item), "the record is not an object")


class _TooMuch(ValueError):
    """A record is JSON, as far as it has been looked at, but has too many values or levels."""


def _parsed(text: bytes) -> Json:
    """Return the value of a text.

    Raises:
        ValueError: It is not JSON, or is more than may be read.
    """
    if has_more_values_than(text, ROW_VALUES):
        raise _TooMuch(f"the record has more than {ROW_VALUES} values")
    if is_deeper_than(text, MAX_DEPTH):
        raise _TooMuch(_TOO_DEEP)
    return loads(text)


class _Items:
    """The texts of an array's items, and None in place of one that is too long.

    Iterating raises a `FileError` where the array is broken.
    """

    def __init__(self, text: bytes, stream: BinaryIO) -> None:
        """Read an array that begins with `text`; `stream` has what follows."""
        self._text, self._stream = text, stream
        self._begin = self._at = text.index(b"[") + 1
        self._is_kept = True
        self._number = 1

    def __iter__(self) -> Iterator[bytes | None]:
        sign = b","
        while sign != b"]":
            self._begin, self._is_kept = self._at, True
            sign = self._find_end()
            item = self._text[self._begin : self._at - 1]
            if sign == b"]" and self._number == 1 and self._is_kept and not item.strip():
                break  # it has no items
            yield item if self._is_kept and len(item) <= ROW_BYTES else None
            self._number += 1
        rest = self._text[self._at :]
        while rest.isspace() or not rest:
            if not (rest := self._stream.read(PIECE_BYTES)):
                return
        raise self._broken("there is something behind the array")

    def _find_end(self) -> bytes:
        """Go behind the comma or bracket that ends an item, and return it."""
        depth = 0
        while True:
            token = _TOKEN.search(self._text, self._at)
            sign = token[0] if token else b""
            if token is None or sign == b'"':  # the rest of it comes with the next piece
                self._at = token.start() if token else len(self._text)
                self._read_on()
                continue
            self._at = token.end()
            if sign in (b"{", b"["):
                depth += 1
            elif depth and sign in (b"}", b"]"):
                depth -= 1
            elif not depth and sign in (b",", b"]"):
                return sign
            elif not depth and sign == b"}":
                raise self._broken("unexpected character")

    def _read_on(self) -> None:
        """Read the next piece; of an item that is too long nothing is kept but its structure."""
        if len(self._text) - self._begin > 2 * ROW_BYTES:
            self._is_kept, self._begin = False, self._at
            if len(self._text) - self._at > ROW_BYTES:  # one string
                inside = _IN_STRING.match(self._text, self._at + 1)
                self._text = b'"' + self._text[inside.end() if inside else self._at + 1 :]
                self._begin = self._at = 0
        known = self._text[self._begin :]
        piece = self._stream.read(max(PIECE_BYTES, len(known)))
        if not piece:
            raise self._broken("unexpected end of data")
        self._text, self._at, self._begin = known + piece, self._at - self._begin, 0

    def _broken(self, reason: str) -> FileError:
        return _broken(self._number, reason)


def _broken(number: int, reason: str) -> FileError:
    text = f"Row {number} is corrupted and cannot be read, so the file is not a JSON array: "
    return FileError(CORRUPT_FILE, text + reason)


def _shown(text: bytes) -> str:
    return text[: 4 * MAX_CORRUPT_CHARACTERS].decode("utf-8", "replace")
