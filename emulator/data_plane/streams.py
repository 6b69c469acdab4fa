"""Streams of bytes: made of pieces, guarded against greedy readers, or read forwards only."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO, cast

from emulator.data_plane.errors import OverBudget

PIECE_BYTES = 64 * 1024
"""How many bytes are read at once."""


def opened(content: bytes | BinaryIO) -> BinaryIO:
    """Return bytes as a stream, and a stream as it is."""
    return io.BytesIO(content) if isinstance(content, bytes) else content


class PieceStream(io.RawIOBase):
    """Reads what an iterator yields."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    @classmethod
    def of(cls, pieces: Iterator[bytes]) -> BinaryIO:
        """Return a buffered stream of pieces."""
        return cast("BinaryIO", io.BufferedReader(cls(pieces), PIECE_BYTES))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # as it is called
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


class Guarded(io.RawIOBase):
    """A stream of which no more than so many bytes are read while it is guarded.

    Those who read archives keep what they read of directories and headers, however long it is.
    """

    def __init__(self, source: BinaryIO, most: int) -> None:
        self._source = source
        self._most = self._left = most
        self._is_guarded = True

    @property
    def is_guarded(self) -> bool:
        """Whether what is read counts; each guarded part may be as long as all of them."""
        return self._is_guarded

    @is_guarded.setter
    def is_guarded(self, guarded: bool) -> None:
        self._is_guarded, self._left = guarded, self._most

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        wanted = -1 if size is None else size
        if not self._is_guarded:
            return self._source.read(wanted)
        most = self._left + 1
        found = self._source.read(most if wanted < 0 else min(wanted, most))
        self._left -= len(found)
        if self._left < 0:
            raise OverBudget(f"its directory or headers have more than {self._most} bytes")
        return found

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        return self._source.tell()


class Forward(io.RawIOBase):
    """Makes a stream that cannot seek one that seeks forwards, and a few bytes backwards."""

    _REMEMBERED = 1024

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._at = 0
        self._behind = b""  # what was read last
        self._ahead = b""  # of that what is to be read again

    @classmethod
    def over(cls, source: BinaryIO) -> BinaryIO:
        """Return such a stream."""
        return cast("BinaryIO", cls(source))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        wanted = PIECE_BYTES if size is None or size < 0 else size
        found, self._ahead = self._ahead[:wanted], self._ahead[wanted:]
        if len(found) < wanted:
            found += self._source.read(wanted - len(found))
        self._at += len(found)
        self._behind = (self._behind + found)[-self._REMEMBERED :]
        return found

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence != io.SEEK_SET:
            raise io.UnsupportedOperation("the end of a compressed file is not known")
        back = self._at - offset
        if back > len(self._behind):
            raise io.UnsupportedOperation("a compressed file is read forwards")
        if back > 0:
            self._ahead = self._behind[-back:] + self._ahead
            self._behind, self._at = self._behind[:-back], offset
        while self._at < offset and self.read(min(PIECE_BYTES, offset - self._at)):
            pass
        return self._at

    def tell(self) -> int:
        return self._at
