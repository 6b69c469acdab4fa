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
from emulator.journal.entry_json import full_entry
from emulator.journal.masked import MaskedEntry
from emulator.json_types import Json, JsonObject, dumps

_CONTROLS = [chr(code) for code in range(32) if chr(code) not in "\t\n\r"]
"""Characters for which JSON needs six."""

UNKNOWN = -1
"""The format's value for a size or a time that is not known."""


def har(entries: Iterable[MaskedEntry]) -> Iterator[bytes]:
    """Yield the archive piece by piece; the entries have to come oldest first."""
    creator = {"name": "aep-emulator", "version": __version__}
    yield b'{"log":{"version":"1.2","creator":%s,"entries":[' % dumps(creator)
    separator = b""
    for entry in entries:
        yield separator + dumps(_entry(entry))
        separator = b",\n"
    yield b"]}}\n"


def _entry(entry: MaskedEntry) -> JsonObject:
    shown = full_entry(entry, max_body=0)
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


def _request(entry: MaskedEntry, shown: JsonObject) -> JsonObject:
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
        sent = _text(entry.body, entry.body_truncated)
        request["postData"] = {"mimeType": media_type, **sent}
    return request


def _response(entry: MaskedEntry, shown: JsonObject) -> JsonObject:
    headers = dict(shown["headers"])
    media_type = headers.get("content-type", "application/json")
    content: JsonObject = {"size": len(entry.response_body), "mimeType": media_type}
    if entry.response_body:
        content |= _text(entry.response_body, entry.response_truncated)
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


def _text(body: bytes, is_truncated: bool) -> JsonObject:
    """Return a body as text, or in base64 if that is not text; of a truncated one a comment."""
    if is_truncated:
        return {"comment": "truncated by the emulator"}
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = ""
    if not text or sum(map(text.count, _CONTROLS)) > len(text) // 4:
        return {"text": base64.b64encode(body).decode(), "encoding": "base64"}
    return {"text": text}


def _pairs(pairs: Iterable[tuple[str, Json]]) -> list[JsonObject]:
    return [{"name": name, "value": value} for name, value in pairs]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
