"""Decompressors under one interface: they take pieces, and return pieces of limited size."""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Callable
from typing import Protocol

from emulator.data_plane.streams import PIECE_BYTES


class Decoder(Protocol):
    """Unpacks one compressed stream."""

    ignores_garbage: bool
    """Whether what follows a stream may be something else."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes out before something goes in."""

    @property
    def unused(self) -> bytes:
        """What was given of the next stream, once this one has ended."""

    def decode(self, data: bytes) -> tuple[bytes, bytes]:
        """Return at most a piece of what comes out, and what is left of the input.

        Raises:
            zlib.error: The stream is damaged; of bzip2 it is an OSError.
        """


class Zlib:
    """The formats of zlib: gzip, deflate with a head and without one."""

    ignores_garbage = False

    def __init__(self, bits: int, *, is_last: bool = False) -> None:
        """Unpack a format by its window bits; `is_last` leaves alone what follows the stream."""
        self._decoder = zlib.decompressobj(bits)
        self._is_last = is_last
        self.needs_input = True

    @classmethod
    def of_gzip(cls) -> Zlib:
        """Return the decoder of a gzip member; the library checks its length and checksum."""
        return cls(zlib.MAX_WBITS | 16)

    @staticmethod
    def of_deflate(head: bytes) -> Callable[[], Zlib]:
        """Return what makes decoders of deflate, with zlib's head or without one: RFC 1950, 2.2."""
        has_head = head[0] & 0x8F == 8 and int.from_bytes(head[:2]) % 31 == 0
        bits = zlib.MAX_WBITS if has_head else -zlib.MAX_WBITS
        return lambda: Zlib(bits, is_last=True)

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def unused(self) -> bytes:
        return b"" if self._is_last else self._decoder.unused_data

    def decode(self, data: bytes) -> tuple[bytes, bytes]:
        piece = self._decoder.decompress(data, PIECE_BYTES)
        left = self._decoder.unconsumed_tail
        self.needs_input = not left and len(piece) < PIECE_BYTES
        return piece, left


class Bzip2:
    """The format of bzip2."""

    ignores_garbage = True

    def __init__(self) -> None:
        self._decoder = bz2.BZ2Decompressor()

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def needs_input(self) -> bool:
        return self._decoder.needs_input

    @property
    def unused(self) -> bytes:
        return self._decoder.unused_data

    def decode(self, data: bytes) -> tuple[bytes, bytes]:
        return self._decoder.decompress(data, PIECE_BYTES), b""
