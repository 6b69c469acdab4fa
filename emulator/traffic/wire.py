"""Header fields and bodies on their way through a relay: what is passed on, what is recorded."""

from __future__ import annotations

import http.client
import re
import selectors
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BufferedReader

from emulator.traffic.recording import Fields
from emulator.traffic.room import Room

MAX_BODY_BYTES = 16 * 1024**2
"""Bodies of more bytes go through, but are not judged."""

CHUNK_BYTES = 64 * 1024

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_FOLD = re.compile(r"\r?\n[ \t]+")
_LENGTH = re.compile(r"[0-9]{1,18}")

HOP_BY_HOP = frozenset(
    "connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer "
    "transfer-encoding upgrade expect".split()
)
"""Header fields about one connection: RFC 9110, 7.6.1. `Expect` is answered here."""


@dataclass(slots=True)
class BodyRecorder:
    """Collects the body that passes through, unless it is too long to be judged or finds no room.

    `is_cut` says that it has broken off, or is not collected any more.
    """

    room: Room
    pieces: list[bytes] = field(default_factory=list)
    length: int = 0
    is_cut: bool = False

    def add(self, piece: bytes) -> None:
        if self.is_cut:
            return
        if self.length + len(piece) > MAX_BODY_BYTES or not self.room.take(len(piece)):
            self.is_cut = True
            self.release()
            return
        self.length += len(piece)
        self.pieces.append(piece)

    @property
    def body(self) -> bytes | None:
        """The body, or None if not all of it is there."""
        return None if self.is_cut else b"".join(self.pieces)

    def release(self) -> None:
        """Forget what was collected."""
        self.pieces.clear()
        self.room.release(self.length)
        self.length = 0


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


def for_upstream(fields: Fields, host: str) -> Iterator[tuple[str, str]]:
    """Yield a request's header fields as the upstream gets them: `Host` is its own name."""
    if not any(name.lower() == "host" for name, _ in fields):
        yield "Host", host
    for name, value in end_to_end(fields):
        if name.lower() == "host":
            yield name, host
        else:
            yield name, value


class StrictResponse(http.client.HTTPResponse):
    """A reply whose head's lines end with CR and LF, and have none of them within.

    The standard library takes each of them for the end of a line.
    """

    def begin(self) -> None:
        """Read the head.

        Raises:
            http.client.HTTPException: It cannot be read.
        """
        whole: object = self.fp
        lines: object = _HeadLines(self.fp)
        vars(self)["fp"] = lines
        super().begin()
        if vars(self)["fp"] is lines:  # without a body it has been closed already
            vars(self)["fp"] = whole


class _HeadLines:
    def __init__(self, file: BufferedReader) -> None:
        self._file = file
        self.close, self.flush = file.close, file.flush

    def readline(self, limit: int) -> bytes:
        line = self._file.readline(limit)
        if line and (not line.endswith(b"\r\n") or b"\r" in line[:-2]):
            raise http.client.HTTPException("its reply has a bare CR or LF in its head")
        return line


def reply_fields(response: http.client.HTTPResponse) -> Fields:
    """Return the header fields of a reply, of which two readers would understand the same.

    Raises:
        http.client.HTTPException: There are none such, so the reply is not passed on.
    """
    if response.msg.defects or response.msg.get_payload() or _CONTROL.search(response.reason):
        raise http.client.HTTPException("its reply has a malformed head")
    fields = [(name, _FOLD.sub(" ", value)) for name, value in response.getheaders()]
    if any(_CONTROL.search(name + value) for name, value in fields):
        raise http.client.HTTPException("its reply has control characters in its head")
    codings = [value.lower() for name, value in fields if name.lower() == "transfer-encoding"]
    lengths = {value.strip() for name, value in fields if name.lower() == "content-length"}
    if codings not in ([], ["chunked"]):
        raise http.client.HTTPException("its reply has an unknown transfer coding")
    if len(lengths) > 1 or not all(_LENGTH.fullmatch(length) for length in lengths):
        raise http.client.HTTPException("its reply has several lengths, or one that is no number")
    return list(_with_one_length(fields, lengths if not codings else set()))


def _with_one_length(fields: Fields, lengths: set[str]) -> Iterator[tuple[str, str]]:
    """Yield fields with a length once, at its first place; without one if there is none."""
    for name, value in fields:
        if name.lower() != "content-length":
            yield name, value
        elif lengths:
            yield name, lengths.pop()


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
    """Return a body without its content coding, or None if that cannot be undone here.

    What comes out has the same limit as what goes in: a body beyond it is not judged.
    """
    codings = [value.lower() for name, value in fields if name.lower() == "content-encoding"]
    if not body or not codings or codings == ["identity"]:
        return body
    if codings not in (["gzip"], ["deflate"]):
        return None
    decoder = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        content = decoder.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error:
        return None
    return content if decoder.eof and len(content) <= MAX_BODY_BYTES else None
