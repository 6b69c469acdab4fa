"""Names for JSON values, for signatures; reading and writing JSON; pointers into it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, TypeAlias

import orjson

Json: TypeAlias = Any
"""Any JSON value."""

JsonObject: TypeAlias = dict[str, Any]
"""A JSON object."""

MISSING: Any = object()
"""What a pointer yields where there is no value."""

MAX_DEPTH = 100
"""How many levels of arrays and objects a body may have; one that has more is not read."""

_STRINGS_AND_BRACKETS = re.compile(rb'"[^"]*"|[\[\]{}]')
_STRINGS_AND_FOLLOWED = re.compile(rb'"[^"]*"|[\[{](?!\s*[\]}])|,')

loads = orjson.loads
dumps = orjson.dumps


def copy(value: Json) -> Json:
    """Return a copy of a JSON value that shares nothing with it."""
    return orjson.loads(orjson.dumps(value))


def split_pointer(pointer: str) -> tuple[str, ...]:
    """Return the unescaped steps of a JSON pointer."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


pointer_steps = lru_cache(maxsize=4096)(split_pointer)
"""The same for pointers of the contract, which are split once; those of requests may be long."""


def at(document: Json, pointer: str) -> Json:
    """Return the value at a JSON pointer, the first one where it has a `*`, or `MISSING`."""
    value = document
    for step in pointer_steps(pointer):
        if isinstance(value, dict):
            value = value.get(step, MISSING)
        elif isinstance(value, list):
            return next((found for _, found in walk(document, pointer)), MISSING)
        else:
            return MISSING
    return value


def value_at(document: Json, pointer: str) -> Json:
    """Return the value at a JSON pointer that a request has sent, or `MISSING`."""
    value = document
    for step in split_pointer(pointer):
        if isinstance(value, dict):
            value = value.get(step, MISSING)
        elif isinstance(value, list) and step.isdecimal() and len(step) < 10:
            value = value[int(step)] if int(step) < len(value) else MISSING
        else:
            return MISSING
    return value


def walk(document: Json, pointer: str) -> Iterator[tuple[str, Json]]:
    """Yield (pointer, value) for each place a pointer names; `*` stands for every array item."""
    yield from _walk(document, pointer_steps(pointer), "")


def _walk(value: Json, steps: tuple[str, ...], path: str) -> Iterator[tuple[str, Json]]:
    if not steps:
        yield path, value
        return
    step, rest = steps[0], steps[1:]
    if isinstance(value, dict):
        if step in value:
            yield from _walk(value[step], rest, f"{path}/{escape_step(step)}")
    elif isinstance(value, list):
        if step == "*":
            for index, item in enumerate(value):
                yield from _walk(item, rest, f"{path}/{index}")
        elif step.isdecimal() and len(step) < 10 and int(step) < len(value):
            yield from _walk(value[int(step)], rest, f"{path}/{step}")


def nested(steps: tuple[str, ...], value: Json) -> Json:
    """Return a value within an object for each step; within a list where a step is a position.

    Positions are numbers, `-` as in a JSON Patch, and `*`.
    """
    for step in reversed(steps):
        is_position = step.isdecimal() or step in ("-", "*")
        value = [value] if is_position else {step: value}
    return value


def among(values: Iterable[Json]) -> Callable[[Json], bool]:
    """Return what tells whether a value is one of these, in one step however many they are."""
    plain: set[Json] = set()
    composed: set[bytes] = set()
    for value in values:
        if isinstance(value, dict | list):
            composed.add(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))
        else:
            plain.add(value)

    def is_among(value: Json) -> bool:
        if isinstance(value, dict | list):
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS) in composed
        return value in plain

    return is_among


def is_deeper_than(text: bytes, levels: int) -> bool:
    """Tell whether a JSON text has more levels of arrays and objects than this."""
    if text.count(b"[") + text.count(b"{") <= levels:
        return False
    depth = 0
    for match in _STRINGS_AND_BRACKETS.finditer(_without_escapes(text)):
        bracket = match[0]
        if bracket in (b"[", b"{"):
            depth += 1
            if depth > levels:
                return True
        elif bracket in (b"]", b"}"):
            depth -= 1
    return False


def has_more_values_than(text: bytes, values: int) -> bool:
    """Tell whether a JSON text has more values, those within others included, than this.

    Parsed, a value costs up to a hundred times what it is written in. Each but the outermost is
    the first one of its array or object, or stands behind a comma.
    """
    if text.count(b"[") + text.count(b"{") + text.count(b",") < values:
        return False
    found, strings = 1, 0
    for match in _STRINGS_AND_FOLLOWED.finditer(_without_escapes(text)):
        if match[0][:1] == b'"':
            strings += 1
        else:
            found += 1
        # A string is a value or a name: where there are more, the text is not JSON.
        if found > values or strings > 2 * values:
            return True
    return False


def _without_escapes(text: bytes) -> bytes:
    """Return a JSON text of which every string ends at its next quote."""
    return text.replace(b"\\\\", b"").replace(b'\\"', b"")


def dotted(document: Json, path: str) -> Json:
    """Return the value at a dotted path such as `flowSpec.id`, or `MISSING`."""
    value = document
    for step in path.split("."):
        if not isinstance(value, dict):
            return MISSING
        value = value.get(step, MISSING)
    return value


def flattened(row: JsonObject, head: str = "") -> JsonObject:
    """Return a row with a member for every value but null, by its dotted path."""
    flat: JsonObject = {}
    for name, value in row.items():
        if isinstance(value, dict) and value:
            flat |= flattened(value, f"{head}{name}.")
        elif value is not None:
            flat[head + name] = value
    return flat


def as_object(value: Json) -> JsonObject:
    """Return a value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def escape_step(step: str) -> str:
    """Return a member name as a step of a JSON pointer."""
    return step.replace("~", "~0").replace("/", "~1")


_MAX_SHORT = 120


def short_json(value: Json) -> str:
    """Return a value as JSON of at most 120 characters, for a sentence."""
    text = dumps(value).decode()
    return text if len(text) <= _MAX_SHORT else text[:_MAX_SHORT] + "…"
