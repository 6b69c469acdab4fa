r"""Attribute paths: `a.b[0].c`, `a[*].b`, `${First Name}`, `street\.name`; and reading them.

Paths follow `emulator/xdm/paths.py`, which names fields of schemas; here an index keeps its number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from emulator.json_types import MISSING, Json, JsonObject
from emulator.mapping.errors import MappingError

if TYPE_CHECKING:
    from emulator.mapping.context import Context


class Each(Enum):
    """The step `[*]`."""

    ITEM = "[*]"


Step: TypeAlias = str | int | Each
"""A name, an index, or every item."""

Read: TypeAlias = "Callable[[JsonObject, Context], Json]"
"""What an expression compiles to: a row and its context in, a value out."""

MAX_INDEX = 9_999
"""The highest index of a destination: an index makes an array of that length (assumed)."""

MAX_PATH = 4_096
"""Characters of a path, as many as an expression may have."""

_STEP = re.compile(
    r"(?:\$\{(?P<wrapped>(?:[^}\\]|\\.)+)\}|(?P<plain>(?:[^.\[\]{}\\\s]|\\.)+))"
    r"(?P<items>(?:\[(?:\d{1,9}|\*)\])*)"
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def unescaped(name: str) -> str:
    r"""Return the name that a written one stands for, without `${…}` and backslashes."""
    bare = name[2:-1] if name.startswith("${") else name
    return _ESCAPE.sub(r"\1", bare)


@lru_cache(maxsize=4096)
def parse_steps(path: str) -> tuple[Step, ...]:
    """Return the steps of a path.

    Raises:
        MappingError: It is not a path.
    """
    if len(path) > MAX_PATH:
        raise MappingError(f"{path[:60]!r} is too long for a path")
    steps: list[Step] = []
    position = 0
    while True:
        match = _STEP.match(path, position)
        if match is None:
            raise MappingError(f"{path!r} is not a path", position)
        steps.append(unescaped(match["wrapped"] or match["plain"]))
        items = re.findall(r"[*\d]+", match["items"])
        steps.extend(Each.ITEM if item == "*" else int(item) for item in items)
        position = match.end()
        if position == len(path):
            return tuple(steps)
        if path[position] != ".":
            raise MappingError(f"{path!r} is not a path", position)
        position += 1


def shown(steps: tuple[Step, ...]) -> str:
    """Return steps as a path is written."""
    text = ""
    for step in steps:
        if isinstance(step, str):
            text += ("." if text else "") + step.replace(".", "\\.")
        else:
            text += "[*]" if step is Each.ITEM else f"[{step}]"
    return text


def taken(value: Json, step: Step) -> Json:
    """Return what one step leads to: null where there is nothing, a list for every item."""
    if isinstance(step, str):
        return value.get(step) if isinstance(value, dict) else None
    if not isinstance(value, list):
        return None
    if isinstance(step, int):
        return value[step] if 0 <= step < len(value) else None
    return value


def follow(value: Json, steps: tuple[Step, ...]) -> Json:
    """Return what steps lead to; behind a `[*]` it is a list, with a place for each item."""
    for index, step in enumerate(steps):
        value = taken(value, step)
        if value is None:
            return None
        if step is Each.ITEM:
            rest = steps[index + 1 :]
            return [follow(item, rest) for item in value] if rest else value
    return value


def exists(row: JsonObject, path: str) -> bool:
    """Return whether a path leads to something in a row, even if that is null."""
    if path in row:
        return True
    value: Json = row
    for step in parse_steps(path):
        if isinstance(step, str):
            value = value.get(step, MISSING) if isinstance(value, dict) else MISSING
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step] if step < len(value) else MISSING
        elif not isinstance(value, list) or not value:
            value = MISSING
        else:
            value = value[0]
        if value is MISSING:
            return False
    return True


def reader(steps: tuple[Step, ...], literal: str) -> Read:
    """Return a function that reads a path from a row.

    A column whose whole name is `literal` goes before the path: headers of flat files have dots,
    and one page maps such a header unescaped.
    """
    if len(steps) == 1 and isinstance(steps[0], str):
        return column(steps[0])
    inner = _through_names if all(isinstance(step, str) for step in steps) else follow
    return lambda row, context: row[literal] if literal in row else inner(row, steps)


def column(name: str) -> Read:
    """Return a function that reads the one column of that name."""
    return lambda row, context: row.get(name)


def _through_names(value: Json, steps: tuple[Step, ...]) -> Json:
    for name in steps:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
