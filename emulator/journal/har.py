"""Entries as an HTTP archive, HAR 1.2, for browsers' tools and to be verified elsewhere.

What the emulator adds to HTTP is in the member `_emulator`; the format lets writers add members
that begin with an underscore.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from urllib.parse import parse_qsl

from emulator import __version__
from emulator.journal.entry import Entry
from emulator.journal.entry_json import full_entry
from emulator.journal.masks import mask_body
from emulator.json_types import Json, JsonObject, dumps

UNKNOWN = -1
"""The format's value for a size or a time that is not known."""


def har(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Yield the archive piece by piece; the entries have to come oldest first."""
    creator = {"name": "aep-emulator", "version": __version__}
    yield b'{"log":{"version":"1.2","creator":%s,"entries":[' % dumps(creator)
    separator = b""
    for entry in entries:
        yield separator + dumps(_entry(entry))
        separator = b",\n"
    yield b"]}}\n"


def _entry(entry: Entry) -> JsonObject:
    shown = full_entry(entry)
    return {
        "startedDateTime": shown["time"],
        "time": 0,
        "request": _request(entry, shown["request"]),
        "response": _response(entry, shown["response"]),
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
        "_emulator": {
            name: shown[name]
            for name in ("id", "operation", "test", "edition", "enforce", "expects", "findings")
        },
    }


def _request(entry: Entry, shown: JsonObject) -> JsonObject:
    _, _, query = shown["url"].partition("?")
    request: JsonObject = {
        "method": shown["method"],
        "url": shown["url"] if entry.base_url else "http://localhost" + shown["url"],
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(shown["headers"].items()),
        "queryString": _pairs(parse_qsl(query, keep_blank_values=True)),
        "headersSize": UNKNOWN,
        "bodySize": len(entry.body),
    }
    if entry.body or entry.body_truncated:
        media_type = entry.headers.get("content-type", "")
        masked = mask_body(entry.body, media_type)
        request["postData"] = {"mimeType": media_type, **_text(masked, entry.body_truncated)}
    return request


def _response(entry: Entry, shown: JsonObject) -> JsonObject:
    headers = dict(shown["headers"])
    media_type = headers.get("content-type", "application/json")
    content: JsonObject = {"size": len(entry.response_body), "mimeType": media_type}
    if entry.response_body:
        content |= _text(mask_body(entry.response_body, media_type), entry.response_truncated)
        headers.setdefault("content-type", media_type)
    return {
        "status": entry.status,
        "statusText": _phrase(entry.status),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(headers.items()),
        "content": content,
        "redirectURL": headers.get("location", ""),
        "headersSize": UNKNOWN,
        "bodySize": len(entry.response_body),
    }


def _text(masked: bytes, is_truncated: bool) -> JsonObject:
    """Return a body as text or in base64; of a truncated body only a comment."""
    if is_truncated:
        return {"comment": "truncated by the emulator"}
    try:
        return {"text": masked.decode()}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(masked).decode(), "encoding": "base64"}


def _pairs(pairs: Iterable[tuple[str, Json]]) -> list[JsonObject]:
    return [{"name": name, "value": value} for name, value in pairs]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
