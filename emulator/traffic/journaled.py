"""The journal's own export: the answer of `GET /_emulator/journal?format=full`, in a file.

Its entries are masked; what stands in place of a secret has the form of one. The newest come first
unless the export asked otherwise, so the whole file, which is one page, is put in order.
"""

from __future__ import annotations

from collections.abc import Iterator

import ijson

from emulator.json_types import JsonObject, dumps
from emulator.traffic.har import moment
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


def read_journal(file: Readable, name: str) -> Iterator[RecordedCall]:
    """Yield the exchanges of a journal's page, the oldest first, with `call ID` as their place.

    Raises:
        TrafficError: It is not JSON, or its entries are not those of `format=full`.
    """
    try:
        entries = list(ijson.items(file, "entries.item", use_float=True))
    except ijson.JSONError as error:
        raise TrafficError(f"{name}: not JSON: {str(error).partition(chr(10))[0]}") from error
    try:
        entries.sort(key=lambda entry: entry["id"])
        yield from (_exchange(entry, name) for entry in entries)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        hint = "; a journal is exported with format=full"
        raise TrafficError(
            f"{name}: not an entry of a journal: {reason_of(error)}{hint}"
        ) from error


def _exchange(entry: JsonObject, name: str) -> RecordedCall:
    request, reply = entry["request"], entry["response"]
    return RecordedCall(
        source=Source(name, f"call {entry['id']}"),
        method=str(request["method"]),
        # Whatever the emulator was called, what was asked of it was asked of the platform.
        url=str(entry["path"]),
        headers=fields_of(request.get("headers")),
        body=_body(request),
        reply=RecordedReply(
            status_of(reply["status"]), fields_of(reply.get("headers")), _body(reply)
        ),
        started=moment(entry.get("time")),
    )


def _body(half: JsonObject) -> bytes | None:
    if half.get("truncated"):
        return None
    if "body" in half:
        return dumps(half["body"])
    return str(half.get("text", "")).encode()
