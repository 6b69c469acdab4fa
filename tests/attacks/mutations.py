"""Requests that are nearly right: the examples of the contract, each changed in a few places."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple

from emulator.contract import Contract, Operation
from tests.bodies import HEADERS

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 10**30, -(2**63), 1e308, "", "a", "prod", "é\u202e\x00", "~1"),
    *("x" * 5000, "2020-13-45", "*/*", "${a}", "a.b[0].c", "' or 1=1 --", "../../etc/passwd"),
    *([], {}, [[]], [None], {"": ""}, {"id": 5}, {"id": []}, {"id": "x", "version": "1.0"}),
)
"""What a member may be instead."""

QUERIES = (
    *("limit=0", "limit=-1", "limit=x", "limit=99999999999999999999", "start=1e9", "page=2"),
    *("orderby=-a", "orderBy=desc:a", "sort=", "count=true", "property=a==b", "property=~", "a"),
    *("property=a>1", "filter=name==a", "continuationToken=x", "mode=draft", "op=enable", "%FF=%"),
    *("objectType=file&object=a&preview=true", "objectType=root", "properties=a,b", "nonsense=1"),
)
HEADER_VALUES = ("", "x", "é", "a" * 9000, "application/json", "*/*;q=2", "bytes=9-1", "0", ",,")
CONTENT_TYPES = ("text/plain", "application/xml", "multipart/form-data; boundary=x", "x/y;;", "")
BODIES = (b"", b"{", b"null", b"\xff\xfe", b"[" * 500, b'{"a":' * 200, b'{"a":1,"a":2}', b"NaN")
SEGMENT = re.compile(r"\{([^}]+)\}")


class Sent(NamedTuple):
    """A request to an operation."""

    operation: str
    method: str
    path: str
    headers: dict[str, str]
    content: bytes | None


class Mutations:
    """Makes requests of an edition's operations, always the same from the same seed."""

    def __init__(self, contract: Contract, ids: Mapping[str, str], seed: int) -> None:
        """`ids` has what there is, by the path segment before its id."""
        self._operations = [item for item in contract.operations.values() if item.emulated]
        self._ids = ids
        self._random = Random(seed)

    def __iter__(self) -> Iterator[Sent]:
        """Yield requests for ever, every operation in its turn."""
        while True:
            for operation in self._operations:
                yield self._request(operation)

    def _request(self, operation: Operation) -> Sent:
        chance = self._random.random
        example = operation.example or {}
        headers = {**HEADERS, **example.get("headers", {})}
        query = "&".join(f"{name}={value}" for name, value in example.get("query", {}).items())
        if chance() < 0.3:
            query = f"{query}&{self._random.choice(QUERIES)}"
        if chance() < 0.15:
            del headers[self._random.choice(list(headers))]
        if chance() < 0.15:
            name = self._random.choice([*headers, "accept", "if-match", "range", "content-range"])
            headers[name] = self._random.choice(HEADER_VALUES)
        content = self._content(operation, example, headers)
        path = operation.base_path + self._path(operation.path, example.get("path", {}))
        return Sent(operation.id, operation.method, f"{path}?{query}", headers, content)

    def _path(self, template: str, given: Mapping[str, str]) -> str:
        steps = template.split("/")
        known = {
            step: self._ids[before]
            for before, step in pairwise(steps)
            if before in self._ids and step.startswith("{")
        }

        def value(found: re.Match[str]) -> str:
            if self._random.random() < 0.15:
                return self._random.choice(("x", "%FF", "%2E%2E", "a%2Fb", "9" * 300, "%00"))
            return known.get(found[0]) or str(given.get(found[1], "x"))

        return SEGMENT.sub(value, template)

    def _content(
        self, operation: Operation, example: Mapping[str, Any], headers: dict[str, str]
    ) -> bytes | None:
        if operation.method in ("GET", "HEAD") or operation.body == "none":
            return None
        headers.setdefault("content-type", operation.consumes[0].replace("*/*", "text/csv"))
        if self._random.random() < 0.1:
            headers["content-type"] = self._random.choice(CONTENT_TYPES)
        if self._random.random() < 0.05:
            return self._random.choice(BODIES)
        body = deepcopy(example.get("body"))
        for _ in range(self._random.randint(0, 3)):
            body = self._changed(body)
        return json.dumps(body).encode()

    def _changed(self, body: Any) -> Any:
        """Change one place of a body, or all of it."""
        places = list(_places(body))
        if not places or self._random.random() < 0.03:
            return deepcopy(self._random.choice(VALUES))
        self._random.choice(places)(self._random)
        return body


def _places(value: Any) -> Iterator[Callable[[Random], None]]:
    """Yield what changes each place in a value: removes it, replaces it, renames it, doubles it."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield lambda random, name=name: _change_member(random, value, name)  # type: ignore[misc]
            yield from _places(item)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield lambda random, number=number: _change_item(random, value, number)  # type: ignore[misc]
            yield from _places(item)


def _change_member(random: Random, owner: dict[str, Any], name: str) -> None:
    kind, value = random.randrange(4), owner.pop(name)
    if kind == 1:
        owner[name + random.choice(("s", "X", ""))] = value
    elif kind > 1:
        owner[name] = deepcopy(random.choice(VALUES))


def _change_item(random: Random, owner: list[Any], number: int) -> None:
    kind = random.randrange(3)
    if kind == 0:
        del owner[number]
    elif kind == 1:
        owner.append(deepcopy(owner[number]))
    else:
        owner[number] = deepcopy(random.choice(VALUES))
