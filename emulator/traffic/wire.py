"""Header fields and bodies on their way through a relay: what is passed on, what is recorded."""

from __future__ import annotations

import http.client
import selectors
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BufferedIOBase
from typing import BinaryIO

from emulator.traffic.recording import Fields

MAX_BODY_BYTES = 16 * 1024**2
"""Bodies of more bytes go through, but are not judged."""

CHUNK_BYTES = 64 * 1024

HOP_BY_HOP = frozenset(
    "connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer "
    "transfer-encoding upgrade expect".split()
)
"""Header fields about one connection: RFC 9110, 7.6.1. `Expect` is answered here."""


@dataclass(slots=True)
class BodyRecorder:
    """Collects the body that passes through, unless it is too long to be judged."""

    pieces: list[bytes] = field(default_factory=list)
    length: int = 0
    is_cut: bool = False

    def add(self, piece: bytes) -> None:
        self.length += len(piece)
        if self.length <= MAX_BODY_BYTES:
            self.pieces.append(piece)

    @property
    def body(self) -> bytes | None:
        """The body, or None if it is too long or broke off."""
        whole = self.length <= MAX_BODY_BYTES and not self.is_cut
        return b"".join(self.pieces) if whole else None


def end_to_end(fields: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the header fields that are meant for the other end."""
    fields = list(fields)
    left_out = HOP_BY_HOP | named_by_connection(fields)
    return (field for field in fields if field[0].lower() not in left_out)


def named_by_connection(fields: Iterable[tuple[str, str]]) -> set[str]:
    return {
        part.strip().lower()
        for name, value in fields
        if name.lower() == "connection"
        for part in value.split(",")
    }


def for_upstream(fields: Fields, host: str, chunked: bool) -> Iterator[tuple[str, str]]:
    """Yield a request's header fields as the upstream gets them: `Host` is its own name."""
    if not any(name.lower() == "host" for name, _ in fields):
        yield "Host", host
    for name, value in end_to_end(fields):
        if name.lower() == "host":
            yield name, host
        elif not (chunked and name.lower() == "content-length"):
            # With both, the two ends might not agree about where the body ends.
            yield name, value


def chunks(file: BinaryIO | BufferedIOBase) -> Iterator[bytes]:
    """Yield the chunks of a body, cut into pieces; trailers are read and left out."""
    while True:
        size = file.readline(CHUNK_BYTES).partition(b";")[0].strip()
        try:
            left = int(size, 16)
        except ValueError:
            raise ConnectionAbortedError("the request's body is not chunked as it says") from None
        if left == 0:
            break
        while left > 0:
            piece = file.read(min(left, CHUNK_BYTES))
            if not piece:
                raise ConnectionAbortedError("the request's body broke off")
            left -= len(piece)
            yield piece
        file.readline(CHUNK_BYTES)
    while file.readline(CHUNK_BYTES).strip():
        pass


def pieces_of(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yield a reply's body as it comes.

    Raises:
        http.client.HTTPException: It breaks off.
    """
    while piece := response.read1(CHUNK_BYTES):
        yield piece
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    response.close()  # of a sized body it does not notice the end itself


def is_gone(connection: http.client.HTTPConnection) -> bool:
    """Tell whether the upstream has closed a connection, or sent data without a request."""
    if connection.sock is None:
        return True
    with selectors.DefaultSelector() as selector:
        selector.register(connection.sock, selectors.EVENT_READ)
        return bool(selector.select(0))


def decoded(body: bytes | None, fields: Iterable[tuple[str, str]]) -> bytes | None:
    """Return a body without its content coding, or None if that cannot be undone here."""
    codings = [value.lower() for name, value in fields if name.lower() == "content-encoding"]
    if not body or not codings or codings == ["identity"]:
        return body
    if codings not in (["gzip"], ["deflate"]):
        return None
    try:
        return zlib.decompress(body, wbits=zlib.MAX_WBITS | 32)
    except zlib.error:
        return None
