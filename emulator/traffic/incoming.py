"""What a client sends over a connection: heads and bodies, read strictly and within budgets.

Whatever another reader might understand differently is refused, because it is going to have one.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

from emulator import budgets
from emulator.traffic.recording import Fields
from emulator.web.heads import (
    HeadError,
    check_framing,
    check_size,
    head_too_large,
    target_too_long,
    too_slow,
    unreadable,
)

PIECE_BYTES = 64 * 1024

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_TEXT = rb"[\t\x20-\x7e\x80-\xff]*"
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb") ([\x21-\x7e]+) HTTP/1\.([01])")
_FIELD_LINE = re.compile(rb"(" + _TOKEN + rb"):(" + _TEXT + rb")")
_LENGTH = re.compile(r"[0-9]{1,18}")
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;" + _TEXT + rb")?")
_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request: `length` is that of the body if it is not chunked."""

    method: str
    target: str
    version: str
    fields: Fields
    length: int
    is_chunked: bool


class Incoming:
    """Reads the requests of one connection.

    Its methods raise HeadError for what is refused, and OSError if the connection breaks.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = bytearray()
        self._seconds = 0.0
        self.awaited_since: float | None = None
        """Since when the client is awaited; None while it is not."""

    def head(self) -> Head | None:
        """Return the next head, or None if no request comes any more."""
        try:
            if not self._begins():
                return None
        except HeadError:  # nothing has begun that could be refused
            return None
        self._seconds = budgets.HEAD_SECONDS
        seen = 0
        while (end := self._buffer.find(_END, max(0, seen - 3))) < 0:
            # Behind a CR at the end an LF may still come.
            known = len(self._buffer) - self._buffer.endswith(b"\r")
            if _BARE.search(self._buffer, max(0, seen - 1), known):
                raise unreadable("its lines do not end with CR and LF.")
            seen = len(self._buffer)
            if seen > 2 * budgets.HEAD_BYTES:
                raise head_too_large() if b"\r\n" in self._buffer else target_too_long()
            if not self._receive():
                return None
        raw = bytes(self._buffer[:end])
        del self._buffer[: end + len(_END)]
        return parse_head(raw)

    def body(self, head: Head) -> Iterator[bytes]:
        """Yield the body of a request as it comes, without its chunks and trailers."""
        self._seconds = budgets.BODY_SECONDS
        if not head.is_chunked:
            yield from self._bytes(head.length)
            return
        while size := self._chunk_size():
            yield from self._bytes(size)
            if self._line():
                raise unreadable("a chunk is longer than its size.")
        trailers = 0
        while line := self._line():
            trailers += len(line)
            if trailers > budgets.HEAD_BYTES:
                raise head_too_large()

    def drain(self, seconds: float) -> None:
        """Read and forget what the client sends, so that it gets to read what it was told."""
        self._seconds = seconds
        try:
            while self._receive():
                self._buffer.clear()
        except (HeadError, OSError):
            pass

    def _begins(self) -> bool:
        """Wait for the first bytes of a request; lines without content may come before."""
        self._seconds = budgets.IDLE_SECONDS
        while not self._buffer or self._buffer.startswith(b"\r\n"):
            if self._buffer.startswith(b"\r\n"):
                del self._buffer[:2]
            elif not self._receive():
                return False
        return True

    def _bytes(self, left: int) -> Iterator[bytes]:
        while left > 0:
            if not self._buffer and not self._receive():
                raise unreadable("its body broke off.")
            piece = bytes(self._buffer[: min(left, PIECE_BYTES)])
            del self._buffer[: len(piece)]
            left -= len(piece)
            self._seconds += len(piece) / budgets.MIN_BODY_RATE
            yield piece

    def _chunk_size(self) -> int:
        found = _CHUNK_LINE.fullmatch(self._line())
        if found is None:
            raise unreadable("its body is not chunked as it says.")
        return int(found[1], 16)

    def _line(self) -> bytes:
        """Return a line between or behind chunks, without its end."""
        seen = 0
        while (end := self._buffer.find(b"\r\n", max(0, seen - 1))) < 0:
            seen = len(self._buffer)
            if seen > budgets.HEAD_BYTES:
                raise head_too_large()
            if not self._receive():
                raise unreadable("its body broke off.")
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _receive(self) -> bool:
        """Wait for more; tell whether there was any."""
        self.awaited_since = begun = time.monotonic()
        self._connection.settimeout(max(self._seconds, 0.001))
        try:
            received = self._connection.recv(PIECE_BYTES)
        except TimeoutError:
            raise too_slow() from None
        finally:
            self.awaited_since = None
        self._seconds -= time.monotonic() - begun
        self._buffer += received
        return bool(received)


def parse_head(raw: bytes) -> Head:
    """Return a request's head.

    Raises:
        HeadError: It is too large, or has not one meaning only.
    """
    first, *rest = raw.split(b"\r\n")
    request_line = _REQUEST_LINE.fullmatch(first)
    if request_line is None:
        raise unreadable("its first line is not one of HTTP/1.1.")
    lines: list[tuple[bytes, bytes]] = []
    for line in rest:
        found = _FIELD_LINE.fullmatch(line)
        if found is None:
            raise unreadable("one of its headers is malformed.")
        lines.append((found[1], found[2].strip(b" \t")))
    method, target, minor = request_line.groups()
    check_size(target, lines)
    check_framing(target, [(name.lower(), value) for name, value in lines])
    fields = [(name.decode("ascii"), value.decode("latin-1")) for name, value in lines]
    length, is_chunked = _framing(fields, minor)
    version = f"HTTP/1.{minor.decode()}"
    return Head(method.decode(), target.decode(), version, fields, length, is_chunked)


def _framing(fields: Fields, minor: bytes) -> tuple[int, bool]:
    """Return the length of a body, and whether it is chunked instead."""
    lengths = [value for name, value in fields if name.lower() == "content-length"]
    codings = [value for name, value in fields if name.lower() == "transfer-encoding"]
    if len(lengths) + len(codings) > 1:
        raise unreadable("it says more than once how long it is.")
    if codings and minor == b"0":
        raise unreadable("HTTP/1.0 has no chunks.")
    if lengths and not _LENGTH.fullmatch(lengths[0]):
        raise unreadable("its length is no number of bytes.")
    return int(lengths[0]) if lengths else 0, bool(codings)
