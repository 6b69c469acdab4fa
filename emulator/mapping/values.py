"""Values of the language: JSON values and moments, and how one kind is read as another.

The documents say little of this. Where they are silent, what Apache Commons JEXL does is assumed,
or a Java method's parameter type.
"""

from __future__ import annotations

import re
import struct
from datetime import datetime
from typing import Any

from emulator.json_types import Json, JsonObject
from emulator.mapping.errors import MappingError
from emulator.mapping.moments import read_moment
from emulator.mapping.zones import iso

MAX_TEXT = 1_000_000
"""Characters that one function may make (ours: a row must not exhaust the memory)."""

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_MAX_INTEGER = 2**63
_MAX_DIGITS = 400
_PLAIN = {str, bool, type(None)}


class Found(dict[str, Any]):
    """A map of one entry that is read as its value where a text is wanted; see `map_get_values`."""


def kind(value: Json) -> str:
    """Return what a value is, with its article, for reasons."""
    names = {bool: "a boolean", str: "a text", int: "a number", float: "a number"}
    names |= {list: "an array", dict: "an object", Found: "an object", datetime: "a date"}
    return "null" if value is None else names.get(type(value), type(value).__name__)


def text(value: Json) -> str:
    """Return a value as text: numbers in digits, moments in ISO 8601.

    Raises:
        MappingError: It is an array or an object.
    """
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Found) and len(value) == 1:
        return text(next(iter(value.values())))
    if isinstance(value, str):
        return str(value)
    raise MappingError(f"{kind(value)} is not a string")


def number(value: Json) -> int | float:
    """Return a number, or the number that a text stands for; spaces around it are ignored.

    Raises:
        MappingError: It is neither, or not a finite number.
    """
    if type(value) is int or (type(value) is float and value - value == 0):
        return value
    if isinstance(value, str | Found):
        digits = text(value).strip()
        if len(digits) <= _MAX_DIGITS and _NUMBER.fullmatch(digits):
            found = int(digits) if digits.lstrip("+-").isdigit() else float(digits)
            if found - found == 0:
                return found
    raise MappingError(f"{shown(value)} is not a number")


def whole(value: Json) -> int:
    """Return a number without a fraction; `3.0` and `"3"` are such numbers.

    Raises:
        MappingError: It is of another type.
    """
    found = number(value)
    if found != int(found):
        raise MappingError(f"{shown(value)} is not a whole number")
    return int(found)


def flag(value: Json) -> bool:
    """Return whether a value counts as true.

    True are: true, numbers but 0, texts but "" and "false", dates, and arrays and objects that are
    not empty (assumed, after JEXL). Null counts as false.
    """
    if isinstance(value, str):
        return value not in ("", "false")
    return bool(value)


def array(value: Json) -> list[Json]:
    """Return an array as it is.

    Raises:
        MappingError: It is of another type.
    """
    if isinstance(value, list):
        return value
    raise MappingError(f"{kind(value)} is not an array")


def entries(value: Json) -> JsonObject:
    """Return an object or map as it is.

    Raises:
        MappingError: It is neither.
    """
    if isinstance(value, dict):
        return value
    raise MappingError(f"{kind(value)} is not an object")


def moment(value: Json) -> datetime:
    """Return a date: as it is, milliseconds since 1970, or a text in one of the known formats.

    Raises:
        MappingError: It is of another type.
    """
    if isinstance(value, datetime):
        return value
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise MappingError(f"{kind(value)} is not a date")
    return read_moment(value)


def key(value: Json) -> str:
    """Return the key of a map: other primitive keys are turned into texts."""
    if value is None:
        raise MappingError("null cannot be a key")
    return text(value)


def float32(value: float) -> float:
    """Return the shortest decimal that a 32-bit float keeps apart from its neighbours.

    Raises:
        MappingError: It is too large for 32 bits.
    """
    try:
        packed = struct.pack(">f", value)
    except OverflowError:
        raise MappingError(f"{value} does not fit 32 bits") from None
    candidates = (float(f"{value:.{digits}g}") for digits in range(1, 10))
    return next((found for found in candidates if struct.pack(">f", found) == packed), value)


def bounded(length: int) -> int:
    """Return a length that a text may be made of.

    Raises:
        MappingError: It is too long.
    """
    if length > MAX_TEXT:
        raise MappingError(f"a text of {length} characters is too long")
    return length


def shown(value: Json) -> str:
    """Return a value for a reason: short, with texts in quotes."""
    written = f'"{value}"' if isinstance(value, str) else text_or_kind(value)
    return written if len(written) <= 60 else f"{written[:57]}…"


def text_or_kind(value: Json) -> str:
    """Return a value as text where that is possible, else what it is."""
    return kind(value) if value is None or isinstance(value, list | dict) else text(value)


def plain(value: Json, *, nulls: bool = True) -> Json:
    """Return a copy of a value that is JSON through and through and shares nothing with it.

    Args:
        value: Any value of the language.
        nulls: Whether the members of objects may be null; otherwise such members are left out.

    Raises:
        MappingError: It holds a number that JSON's readers cannot keep, or a function.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, int):
        if -_MAX_INTEGER <= value < 2 * _MAX_INTEGER:
            return value
        raise MappingError("the number does not fit 64 bits")
    if isinstance(value, float):
        return number(value)
    if isinstance(value, dict):
        return {
            str(name): plain(item, nulls=nulls)
            for name, item in value.items()
            if nulls or item is not None
        }
    if isinstance(value, list):
        return [plain(item, nulls=nulls) for item in value]
    if isinstance(value, datetime):
        return iso(value)
    raise MappingError(f"{kind(value)} is not a value of the mapping language")
