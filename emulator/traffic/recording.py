"""What every reader of recorded traffic yields: one exchange, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from emulator.budgets import RECORDED_CALL_BYTES
from emulator.json_types import Json, short_json

Fields = list[tuple[str, str]]
"""Header fields in their order, repeated names included."""


class Readable(Protocol):
    """A file as readers need it."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, none at the end."""


class TrafficError(Exception):
    """A recording cannot be read; the message names the file, the place and the reason."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where an exchange stands: a file, and a place in it such as `entry 17`."""

    file: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.file}: {self.place}" if self.place else self.file


@dataclass(slots=True)
class RecordedReply:
    """The reply. `body` is None where the recording lacks it."""

    status: int
    headers: Fields = field(default_factory=list)
    body: bytes | None = b""


@dataclass(slots=True)
class RecordedCall:
    """One request and, its reply if there was one.

    Args:
        url: Absolute, or a path with its query.
        body: None where the recording lacks it.
        unknown: Texts in the request that stand for something else: variables without a value,
            and what a recorder wrote over secrets. What rules say of them is not decided.
        started: Milliseconds since 1970-01-01 UTC, if known.
    """

    source: Source
    method: str
    url: str
    headers: Fields = field(default_factory=list)
    body: bytes | None = b""
    reply: RecordedReply | None = None
    unknown: tuple[str, ...] = ()
    started: int | None = None


def content_of(path: Path) -> bytes:
    """Return a file of a recording that is read whole.

    Raises:
        TrafficError: It is too large for that.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(RECORDED_CALL_BYTES + 1)
    if len(content) > RECORDED_CALL_BYTES:
        raise TrafficError(f"{path}: has more than {RECORDED_CALL_BYTES} bytes")
    return content


def headers_by_name(fields: Fields) -> dict[str, str]:
    """Return header fields by lower-case name, repeated ones joined as RFC 9110 says."""
    joined: dict[str, str] = {}
    for name, value in fields:
        key = name.lower()
        if key.startswith(":"):  # HTTP/2 writes method and path among the headers
            continue
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return joined


def status_of(value: Json) -> int:
    """Return the status of a reply.

    Raises:
        ValueError: It is not a status of HTTP.
    """
    number = int(value)
    if not 100 <= number <= 999:
        raise ValueError(f"{short_json(value)} is not a status")
    return number


def reason_of(error: Exception) -> str:
    """Return why a part of a recording could not be read, for a `TrafficError`."""
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


def fields_of(headers: Json) -> Fields:
    """Return the header fields that a recording writes as an object or as a list.

    A value of an object may be a list of values; a list holds pairs, or objects with a name (or
    `key`) and a value.

    Raises:
        ValueError: It is neither.
    """
    if headers is None:
        return []
    if isinstance(headers, Mapping):
        return [(name, text) for name, value in headers.items() for text in _texts(value)]
    if not isinstance(headers, list):
        raise ValueError("headers are an object or a list")
    fields: Fields = []
    for row in headers:
        if isinstance(row, Mapping):
            fields.append((str(row.get("name", row.get("key", ""))), str(row.get("value", ""))))
        elif isinstance(row, list) and len(row) == 2:
            fields.append((str(row[0]), str(row[1])))
        else:
            raise ValueError("a header is a pair, or an object with a name and a value")
    return fields


def _texts(value: Json) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
