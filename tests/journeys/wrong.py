"""A tutorial's request with one single thing wrong, in every way that can be generated from it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from emulator.fixtures.journey import fill
from tests.journeys.tutorial import Step

MAX_BODY = 64 * 1024
"""The limit that the matrix sets, so that a body over it is quickly made."""

OTHER_VALUES: dict[str, tuple[Any, ...]] = {
    "null": (None,),
    "boolean": (True,),
    "number": (7,),
    "text": ("wrong",),
    "list": ([], ["wrong"]),
    "object": ({}, {"wrong": 7}),
}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

HEADERS: dict[str, list[str]] = {
    "Authorization": ["", "token", "Bearer", "Bearer two words", "Basic dXNlcjpwYXNz"],
    "x-api-key": ["", "two words"],
    "x-gw-ims-org-id": ["", "nobody", "0123456789ABCDEF01234567", "a b@AdobeOrg"],
    "x-sandbox-name": ["", "nowhere", "Prod", "*", "prod dev"],
    "Content-Type": ["", "text/plain", "application/xml", "application/x-www-form-urlencoded"],
    "x-emulator-edition": ["1999-12"],
}

BODIES: dict[str, bytes] = {
    "empty": b"",
    "blank": b"   ",
    "null": b"null",
    "a boolean": b"true",
    "a number": b"7",
    "a text": b'"wrong"',
    "a list": b"[]",
    "a list of objects": b"[{}]",
    "an empty object": b"{}",
    "an open brace": b"{",
    "not JSON": b"name=wrong",
    "not a number": b'{"name": NaN}',
    "not UTF-8": b'{"name": "\xff"}',
    "half a surrogate": b'{"name": "\\ud800"}',
    "two values": b"{} {}",
    "too deep in lists": b"[" * 5000 + b"]" * 5000,
    "too deep in objects": b'{"a":' * 5000 + b"1" + b"}" * 5000,
    "too deep and open": b"[" * 60000,
    "too long": b'{"name": "' + b"a" * MAX_BODY + b'"}',
}

QUERIES = ["nonsense=1", "mode=draft", "mode=nonsense", "%FF=%FE"]
FILTERS = [
    "property=",
    "property=name",
    "property===CloudStorageToAEP",
    "property=name~~CloudStorageToAEP",
    "property=name=CloudStorageToAEP",
    "property=name==",
    "property=nonsense==CloudStorageToAEP",
    "property=name>>CloudStorageToAEP",
    "limit=wrong",
    "limit=0",
    "limit=-1",
    "limit=99999999999999999999",
    "orderby=nonsense",
    "orderby=",
    "count=wrong",
    "continuationToken=wrong",
]


@dataclass(frozen=True)
class Wrong:
    """A request to be sent; `what` says what is wrong with it."""

    what: str
    method: str
    path: str
    headers: dict[str, str]
    content: bytes | None


def wrongs(step: Step, known: dict[str, Any], edition: str) -> Iterator[Wrong]:
    """Yield every request that differs in one thing from a step's."""
    headers = {**step.right_headers(known), "x-emulator-edition": edition}
    content = step.content(known)
    path = fill(step.path, known)

    def made(what: str, **changes: Any) -> Wrong:
        right = {"method": step.method, "path": path, "headers": headers, "content": content}
        return Wrong(what, **{**right, **changes})

    for what, changed in _headers(headers):
        yield made(what, headers=changed)
    for query in QUERIES if step.body is not None else [*QUERIES, *FILTERS]:
        joined = path.partition("?")[0] if query in FILTERS else path
        mark = "&" if "?" in joined else "?"
        yield made(f"query {query}", path=f"{joined}{mark}{query}")
    if content is None:
        return
    for name, raw in BODIES.items():
        yield made(f"body {name}", content=raw)
    yield made("body cut off", content=content[:-1])
    yield made("body with more after it", content=content + b"}")
    for what, body in _bodies(step.body, known):
        yield made(what, content=json.dumps(body).encode())


def _headers(right: dict[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    for name, values in HEADERS.items():
        if name not in right:
            continue
        if name != "x-emulator-edition":
            yield f"header {name} missing", {k: v for k, v in right.items() if k != name}
        for value in values:
            yield f"header {name}: {value}", {**right, name: value}


def _bodies(template: Any, known: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield a body for each member that is missing, of another type, empty or unknown."""
    right = fill(template, known)
    for steps in _places(template):
        place = "/".join(str(step) for step in steps)
        yield f"without {place}", _changed(right, steps)
        here = _at(right, steps)
        for kind, values in OTHER_VALUES.items():
            if kind != _kind(here) or kind == "text":
                for value in values:
                    yield f"{place} := {json.dumps(value)}", _changed(right, steps, value)
        if here and isinstance(here, str | list | dict):
            empty = type(here)()
            yield f"{place} := {json.dumps(empty)}", _changed(right, steps, empty)
        if isinstance(here, str) and (unknown := _unknown(_at(template, steps), here)):
            yield f"{place} := an unknown id", _changed(right, steps, unknown)


def _unknown(template: str, here: str) -> str:
    """Return an id of the same form that nothing has, or "" for a text that is no id."""
    if _UUID.fullmatch(here):
        return "00000000-0000-4000-8000-000000000000"
    if "://" in here:
        return re.sub("/[^/]*$", "/0123456789abcdef", here)
    return "0" * len(here) if "${" in template else ""


def _places(value: Any, *above: str | int) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*above, key)
            yield from _places(item, *above, key)


def _at(value: Any, steps: tuple[str | int, ...]) -> Any:
    for step in steps:
        value = value[step]
    return value


def _changed(right: Any, steps: tuple[str | int, ...], *value: Any) -> Any:
    """Return a copy with the value at a place replaced, or taken out if there is none.

    What lies beside the way to the place is shared, for nobody changes it.
    """
    step, *further = steps
    body = copy.copy(right)
    if further:
        body[step] = _changed(right[step], tuple(further), *value)
    elif value:
        body[step] = value[0]
    else:
        del body[step]
    return body


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    kinds = {type(None): "null", int: "number", float: "number", str: "text", list: "list"}
    return kinds.get(type(value), "object")
