"""Names for JSON values, for signatures; reading and writing JSON; pointers into it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import orjson

Json: TypeAlias = Any
"""Any JSON value."""

JsonObject: TypeAlias = dict[str, Any]
"""A JSON object."""

MISSING: Any = object()
"""What a pointer yields where there is nothing."""

loads = orjson.loads
dumps = orjson.dumps


def copy(value: Json) -> Json:
    """Return a copy of a JSON value that shares nothing with it."""
    return orjson.loads(orjson.dumps(value))


def at(document: Json, pointer: str) -> Json:
    """Return the value at a JSON pointer without wildcards, or `MISSING`."""
    for _, value in walk(document, pointer):
        return value
    return MISSING


def walk(document: Json, pointer: str) -> Iterator[tuple[str, Json]]:
    """Yield (pointer, value) for each place a pointer names; `*` stands for every array item."""
    yield from _walk(document, [_unescape(step) for step in pointer.split("/")[1:]], "")


def _walk(value: Json, steps: list[str], path: str) -> Iterator[tuple[str, Json]]:
    if not steps:
        yield path, value
        return
    step, rest = steps[0], steps[1:]
    if isinstance(value, dict):
        if step in value:
            yield from _walk(value[step], rest, f"{path}/{_escape(step)}")
    elif isinstance(value, list):
        if step == "*":
            for index, item in enumerate(value):
                yield from _walk(item, rest, f"{path}/{index}")
        elif step.isdecimal() and len(step) < 10 and int(step) < len(value):
            yield from _walk(value[int(step)], rest, f"{path}/{step}")


def dotted(document: Json, path: str) -> Json:
    """Return the value at a dotted path such as `flowSpec.id`, or `MISSING`."""
    value = document
    for step in path.split("."):
        if not isinstance(value, dict) or step not in value:
            return MISSING
        value = value[step]
    return value


def _unescape(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


def _escape(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
