"""Texts that a regular expression may take long for, made from what it is parsed to.

Each repetition of the expression is repeated many times, behind the least that has to come before
it, and then something follows that fits nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

STRANGE = ("", "\x00", "!", "\n")
"""What ends a text."""

MANY = 10
"""How often something may be repeated for that to be worth while."""

_PARSER: Any = vars(re)["_parser"]
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_CHARACTERS = "a0-_. /:@,\"'[](){}<>=&%\\\t\nzA\x00é"

Make = Callable[[int], str]
"""Makes a text of about so many characters."""


def worst_texts(pattern: str, flags: int = 0) -> list[Make]:
    """Return what makes texts that an expression may take long for."""
    parsed = _PARSER.parse(pattern, flags)
    texts: list[Make] = [partial(_repeated, "", _sample(parsed) or "a", end) for end in STRANGE]
    for before, pump in dict.fromkeys(_pumps(parsed, "")):
        texts += [partial(_repeated, before, pump, end) for end in STRANGE]
        texts.append(partial(_repeated, "", before + pump * 3, ""))
        texts.append(partial(_repeated, "", before or pump, ""))
        texts.append(partial(_repeated, "", f"-{before}{pump * MANY}", ""))
    return texts


def _repeated(before: str, pump: str, end: str, size: int) -> str:
    return before + pump * (size // len(pump)) + end


def _pumps(items: Any, before: str) -> Iterator[tuple[str, str]]:
    """Yield what can be repeated, each with the least that comes before it."""
    for op, argument in items:
        kind = str(op)
        if kind in _REPEATS:
            _, high, inner = argument
            if high > MANY:
                yield from ((before, pump) for pump in _alternatives(inner))
        for inner in _parts(kind, argument):
            yield from _pumps(inner, before)
        before += _sample([(op, argument)])


def _parts(kind: str, argument: Any) -> list[Any]:
    """Return the expressions that a part of one is made of."""
    if kind in _REPEATS:
        return [argument[2]]
    if kind == "SUBPATTERN":
        return [argument[3]]
    if kind == "BRANCH":
        return list(argument[1])
    if kind in ("ASSERT", "ASSERT_NOT"):
        return [argument[1]]
    return [argument] if kind == "ATOMIC_GROUP" else []


def _alternatives(items: Any) -> set[str]:
    """Return texts of an expression: one of each alternative."""
    found = {_sample(items) or "a"}
    for op, argument in items:
        for inner in _parts(str(op), argument):
            found |= _alternatives(inner)
    return found


def _sample(items: Any) -> str:
    """Return a short text of an expression."""
    return "".join(_sample_of(str(op), argument) for op, argument in items)


def _sample_of(kind: str, argument: Any) -> str:
    if kind == "LITERAL":
        return chr(argument)
    if kind == "NOT_LITERAL":
        return "b" if argument == ord("a") else "a"
    if kind == "IN":
        negated = str(argument[0][0]) == "NEGATE"
        return next((one for one in _CHARACTERS if _is_in(one, argument) is not negated), "a")
    if kind in _REPEATS:
        return _sample(argument[2]) * min(int(argument[0]), 3)
    if kind in ("SUBPATTERN", "BRANCH", "ATOMIC_GROUP"):
        return _sample(_parts(kind, argument)[0])
    return "a" if kind == "ANY" else ""


def _is_in(char: str, choices: Any) -> bool:
    return any(_is_member(char, str(op), argument) for op, argument in choices)


def _is_member(char: str, kind: str, argument: Any) -> bool:
    if kind == "LITERAL":
        return ord(char) == int(argument)
    if kind == "RANGE":
        return bool(argument[0] <= ord(char) <= argument[1])
    if kind != "CATEGORY":
        return False
    name = str(argument)
    kinds = {
        "DIGIT": char.isdigit(),
        "WORD": char.isalnum() or char == "_",
        "SPACE": char.isspace(),
    }
    return kinds[name.rpartition("_")[2]] is ("NOT" not in name)
