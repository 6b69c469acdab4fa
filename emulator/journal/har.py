"""Entries as an HTTP archive, HAR 1.2, for browsers' tools and to be verified elsewhere.

What the emulator knows beyond HTTP stands in members that begin with an underscore, which the
format leaves to its writers.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from emulator import __version__
from emulator.journal.entry import Entry
from emulator.journal.masks import mask_body
from emulator.journal.shown import shown
from emulator.json_types import JsonObject, dumps

UNKNOWN = -1
"""What the format says where a size or a time is not known."""


def har(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Yield the archive piece by piece; entries belong in it from the oldest on."""
    creator = {"name": "aep-emulator", "version": __version__}
    yield b'{"log":{"version":"1.2","creator":%s,"entries":[' % dumps(creator)
    separator = b""
    for entry in entries:
        yield separator + dumps(_entry(entry))
        separator = b",\n"
    yield b"]}}\n"


def _entry(entry: Entry) -> JsonObject:
    said = shown(entry)
    return {
        "startedDateTime": said["time"],
        "time": 0,
        "request": _request(entry, said["request"]),
        "response": _response(entry, said["response"]),
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
        "_emulator": {
            name: said[name]
            for name in ("id", "operation", "test", "edition", "enforce", "expects", "findings")
        },
    }


def _request(entry: Entry, said: JsonObject) -> JsonObject:
    _, _, query = said["url"].partition("?")
    request: JsonObject = {
        "method": said["method"],
        "url": said["url"] if entry.base_url else "http://localhost" + said["url"],
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(said["headers"].items()),
        "queryString": _pairs(parse_qsl(query, keep_blank_values=True)),
        "headersSize": UNKNOWN,
        "bodySize": len(entry.body),
    }
    if entry.body or entry.body_is_cut:
        media_type = entry.headers.get("content-type", "")
        masked = mask_body(entry.body, media_type)
        request["postData"] = {"mimeType": media_type, **_text(masked, entry.body_is_cut)}
    return request


def _response(entry: Entry, said: JsonObject) -> JsonObject:
    headers = dict(said["headers"])
    media_type = headers.get("content-type", "application/json")
    content: JsonObject = {"size": len(entry.reply_body), "mimeType": media_type}
    if entry.reply_body:
        content |= _text(mask_body(entry.reply_body, media_type), entry.reply_is_cut)
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
        "bodySize": len(entry.reply_body),
    }


def _text(masked: bytes, is_cut: bool) -> JsonObject:
    """Return a body as text, or in base64; one that was not kept whole is left out."""
    if is_cut:
        return {"comment": "too long to be kept"}
    try:
        return {"text": masked.decode()}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(masked).decode(), "encoding": "base64"}


def _pairs(pairs: Iterable[tuple[str, Any]]) -> list[JsonObject]:
    return [{"name": name, "value": value} for name, value in pairs]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
