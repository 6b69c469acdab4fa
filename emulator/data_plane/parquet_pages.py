"""What the pages of a Parquet file unpack to, found by their own headers before any is decoded.

The footer says how much there is, but whoever wrote it may have erred or lied; what a reader then
allocates follows from the headers of the pages. Those are small structures of Thrift's compact
protocol, right in front of each page.

Source: "Parquet file format", `parquet.thrift` (PageHeader), and "Thrift compact protocol".
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from emulator.data_plane.errors import FileError

DELTA_BYTE_ARRAY = 7
"""The encoding in which values share their beginnings, so that short pages hold long values."""

DELTA_LENGTH_BYTE_ARRAY = 6

_DICTIONARIES = (2, 8)
"""Encodings of data pages whose values are those of the dictionary page."""

_HEADER_BYTES = (256, 64 * 1024, 16 * 1024**2)
"""How many bytes a header is looked for in, one after the other; it may hold statistics."""

_DICTIONARY, _V2 = 7, 8
"""Members of a header that say what kind of page it is."""

_CODECS = ("UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW")
_STRUCT = 12
_MAX_LEVELS = 16
_Struct = dict[int, object]


class Page(NamedTuple):
    """One page: where its data is, what it is compressed to and unpacks to, its values, encoding.

    Sizes are in bytes. Values of nested columns count the missing ones too.
    """

    at: int
    packed: int
    size: int
    values: int
    encoding: int
    is_dictionary: bool = False

    @property
    def refers(self) -> bool:
        """Whether its values are those of a dictionary."""
        return self.encoding in _DICTIONARIES and not self.is_dictionary


class Chunk(NamedTuple):
    """A column in a row group: where its pages are, as the footer says; sizes are in bytes."""

    begin: int
    length: int
    values: int
    codec: str


def chunks(file: BinaryIO) -> list[list[Chunk]]:
    """Return the columns of each row group, by the footer.

    pyarrow tells them too, but ends the process where some of their statistics are damaged.

    Raises:
        FileError: The footer cannot be read.
    """
    size = file.seek(-8, io.SEEK_END)
    length = int.from_bytes(file.read(4), "little")
    file.seek(max(0, size - length))
    try:
        footer = _Thrift(file.read(length)).struct()
        groups = footer.get(4)
        return [[_chunk(column) for column in _list(group[1])] for group in _list(groups)]
    except (IndexError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise _damaged(size, f"the footer: {error}") from error


def _list(value: object) -> list[dict[int, object]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise TypeError("it lacks a list")
    return value


def _chunk(column: _Struct) -> Chunk:
    found = column[3]
    if not isinstance(found, dict):
        raise TypeError("a column has no pages")
    numbers = [found.get(field, 0) for field in (4, 5, 7, 9, 11)]
    codec, values, length, data, dictionary = (n if isinstance(n, int) else -1 for n in numbers)
    if min(codec, values, length, data) < 0 or codec >= len(_CODECS):
        raise ValueError("a column has a wrong number")
    return Chunk(dictionary if 0 < dictionary < data else data, length, values, _CODECS[codec])


def pages(file: BinaryIO, begin: int, length: int, values: int) -> Iterator[Page]:
    """Yield the pages of a column chunk.

    Args:
        file: The file.
        begin: Where its first page begins.
        length: How many bytes it has.
        values: How many values the footer says that it has: readers stop there.

    Raises:
        FileError: A header cannot be read.
    """
    at, left = begin, values
    while at < begin + length and left > 0:
        page = _page(file, at)
        at = page.at + page.packed
        if not page.is_dictionary:
            left -= page.values
        yield page


def _page(file: BinaryIO, at: int) -> Page:
    """Return the page whose header is at a place."""
    for limit in _HEADER_BYTES:
        file.seek(at)
        reader = _Thrift(file.read(limit))
        try:
            header = reader.struct()
        except IndexError:  # it may be longer
            continue
        except (ValueError, OverflowError) as error:
            raise _damaged(at, str(error)) from error
        return _described(header, at, at + reader.at)
    raise _damaged(at, "its header does not end")


def _described(header: _Struct, at: int, data: int) -> Page:
    size, packed = _number(header, 2, at), _number(header, 3, at)
    for field in (5, 7, 8):
        kind = header.get(field)
        if isinstance(kind, dict):
            encoding = _number(kind, 4 if field == _V2 else 2, at)
            is_dictionary = field == _DICTIONARY
            return Page(data, packed, size, _number(kind, 1, at), encoding, is_dictionary)
    return Page(data, packed, size, 0, 0)  # of an index, which readers pass over


def _number(members: _Struct, field: int, at: int) -> int:
    found = members.get(field)
    if not isinstance(found, int) or found < 0:
        raise _damaged(at, "its header lacks a number, or has a wrong one")
    return found


def _damaged(at: int, reason: str) -> FileError:
    return FileError("200", f"Error in validating schema: the page at byte {at}: {reason}")


class _Thrift:
    """Reads structures of the compact protocol; what is neither number nor structure is skipped.

    Reading raises an IndexError where the bytes end, and a ValueError where they are wrong.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def struct(self, level: int = 0) -> _Struct:
        """Return the members of a structure by their numbers."""
        if level > _MAX_LEVELS:
            raise ValueError("its header nests too deep")
        members: _Struct = {}
        number = 0
        while (head := self._byte()) != 0:
            step = head >> 4
            number = number + step if step else self._signed()
            members[number] = self._value(head & 15, level)
        return members

    def _value(self, kind: int, level: int) -> object:
        match kind:
            case 1 | 2:
                return kind == 1
            case 3:
                return self._byte()
            case 4 | 5 | 6:
                return self._signed()
            case 7:
                self._skip(8)
            case 8:
                self._skip(self._unsigned())
            case 9 | 10:
                head = self._byte()
                count = head >> 4 if head >> 4 < 15 else self._unsigned()
                return self._items(count, (head & 15,), level)
            case 11:
                count = self._unsigned()
                kinds = self._byte() if count else 0
                self._items(count, (kinds >> 4, kinds & 15), level)
            case 12:
                return self.struct(level + 1)
            case _:
                raise ValueError("its header has a member of no known type")
        return None

    def _items(self, count: int, kinds: tuple[int, ...], level: int) -> list[object]:
        """Return the structures of a collection; its other items are skipped."""
        if level > _MAX_LEVELS:
            raise ValueError("its header nests too deep")
        found: list[object] = []
        for _ in range(count):
            for kind in kinds:
                if kind in (1, 2):  # of collections even a boolean has a byte
                    self._skip(1)
                else:
                    value = self._value(kind, level + 1)
                    if kind == _STRUCT:
                        found.append(value)
        return found

    def _byte(self) -> int:
        found = self._data[self.at]
        self.at += 1
        return found

    def _skip(self, count: int) -> None:
        self.at += count
        if self.at > len(self._data):
            raise IndexError("the header goes on")

    def _unsigned(self) -> int:
        found = shift = 0
        while True:
            byte = self._byte()
            found |= (byte & 127) << shift
            if byte < 128:
                return found
            shift += 7
            if shift > 63:
                raise ValueError("its header has a number that does not end")

    def _signed(self) -> int:
        found = self._unsigned()
        return (found >> 1) ^ -(found & 1)
