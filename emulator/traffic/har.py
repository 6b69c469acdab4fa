"""HAR 1.2, entry by entry: a recording of any size in the memory of its largest entry.

Source: "HTTP Archive (HAR) format" 1.2. What browsers and proxies add (`encoding` of request
bodies, pseudo headers of HTTP/2, status 0 where no answer came) is understood.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import UTC
from urllib.parse import urlencode

import ijson

from emulator.json_types import Json, JsonObject
from emulator.moments import from_milliseconds, to_milliseconds
from emulator.traffic.recording import (
    Readable,
    RecordedCall,
    RecordedReply,
    Source,
    TrafficError,
    fields_of,
    reason_of,
    status_of,
)


def read_har(file: Readable, name: str) -> Iterator[RecordedCall]:
    """Yield the exchanges of a HAR, with `entry N` (from 0) as their place.

    Raises:
        TrafficError: It is not JSON, or an entry lacks what makes it one; those before it have
            been yielded.
    """
    entries = ijson.items(file, "log.entries.item", use_float=True)
    number = 0
    try:
        for number, entry in enumerate(entries):
            yield read_entry(entry, Source(name, f"entry {number}"))
    except ijson.JSONError as error:
        reason = str(error).partition("\n")[0]
        raise TrafficError(f"{name}: not JSON behind entry {number}: {reason}") from error


def read_entry(entry: JsonObject, source: Source) -> RecordedCall:
    """Return an entry of a HAR as an exchange.

    Raises:
        TrafficError: It has no request with method and URL, or what it has is of another type.
    """
    try:
        request = entry["request"]
        return RecordedCall(
            source=source,
            method=str(request["method"]).upper(),
            url=str(request["url"]),
            headers=fields_of(request.get("headers")),
            body=_sent(request),
            reply=_reply(entry.get("response")),
            started=moment(entry.get("startedDateTime")),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TrafficError(f"{source}: not an entry of a HAR: {reason_of(error)}") from error


def _sent(request: JsonObject) -> bytes | None:
    data = request.get("postData")
    if data is None:
        return None if (request.get("bodySize") or 0) > 0 else b""
    if "text" in data:
        return _decoded(data["text"], data.get("encoding") or data.get("_encoding"))
    if "params" in data:
        pairs = [(param["name"], param.get("value", "")) for param in data["params"]]
        # Only of URL-encoded forms do the parameters give the bytes back.
        return urlencode(pairs).encode() if "urlencoded" in str(data.get("mimeType")) else None
    return None


def _reply(response: Json) -> RecordedReply | None:
    if not response or not response.get("status"):
        return None
    content = response.get("content") or {}
    body: bytes | None
    if "text" in content:
        body = _decoded(content["text"], content.get("encoding"))
    else:
        left_out = max(content.get("size") or 0, response.get("bodySize") or 0) > 0
        body = None if left_out else b""
    return RecordedReply(status_of(response["status"]), fields_of(response.get("headers")), body)


def _decoded(text: Json, encoding: Json) -> bytes:
    if encoding != "base64":
        return str(text).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text, validate=False)
    except binascii.Error as error:
        raise ValueError(f"a body is not base64: {error}") from error


def moment(text: Json) -> int | None:
    """Return an ISO 8601 time in milliseconds since 1970-01-01 UTC, or None if it is not one.

    A moment beyond the years 1 to 9999 of UTC is not one either.
    """
    try:
        number = to_milliseconds(str(text), missing_zone=UTC)
    except (ValueError, OverflowError):
        return None
    return None if from_milliseconds(number) is None else number
