"""Single values: what converts to which type of XDM, and the constraints that a field may have.

A conversion returns the converted value, or None where the value does not convert. Source: "Batch
Ingestion API guide", data type conversions: texts become every scalar, numbers each other and
texts, whole numbers moments in milliseconds since 1970; booleans become nothing else. A number with
a fraction loses it in an integer field. Moments are written in RFC 3339, with a zone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import partial
from math import isfinite
from operator import ge, gt, le, lt

from emulator.filters.comparisons import regular_expression
from emulator.json_types import Json, JsonObject
from emulator.moments import from_milliseconds, is_date_time, is_day, utc_text

Convert = Callable[[object], Json]
"""Returns the converted value, or None where the value does not convert."""

Check = Callable[[Json], bool]
"""Tells whether a converted value keeps a constraint."""


def conversion(node: JsonObject) -> tuple[str, Convert] | None:
    """Return the name of a scalar field's type and the conversion to it; None of other fields."""
    kind, format = node.get("type"), node.get("format")
    if kind == "string" and format == "date":
        return "date", _to_day
    if kind == "string" and format == "date-time":
        return "date-time", _to_moment
    if kind == "integer":
        name = str(node.get("meta:xdmType", "long"))
        half = 2 ** (_BITS.get(name, 64) - 1)
        return name, partial(_to_integer, least=-half, most=half - 1)
    return (str(kind), _CONVERSIONS[kind]) if kind in _CONVERSIONS else None


def constraints(node: JsonObject) -> list[tuple[str, Check]]:
    """Return the constraints of a scalar field: keywords, each with what it has to hold."""
    made = (
        (keyword, make(node[keyword])) for keyword, make in _CONSTRAINTS.items() if keyword in node
    )
    return [(keyword, check) for keyword, check in made if check is not None]


_INTEGER_TEXT = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER_TEXT = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_BITS = {"byte": 8, "short": 16, "int": 32}


def _to_string(value: object) -> str | None:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _to_boolean(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def _to_integer(value: object, least: int, most: int) -> int | None:
    number = None
    if isinstance(value, float):
        number = int(value) if isfinite(value) else None
    elif isinstance(value, str):
        number = int(value) if _INTEGER_TEXT.fullmatch(value) else None
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    return number if number is not None and least <= number <= most else None


def _to_number(value: object) -> float | None:
    if isinstance(value, str):
        return float(value) if _NUMBER_TEXT.fullmatch(value) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _to_day(value: object) -> str | None:
    if isinstance(value, str):
        return value if is_day(value) else None
    moment = _moment_of(value)
    return None if moment is None else moment.date().isoformat()


def _to_moment(value: object) -> str | None:
    if isinstance(value, str):
        return value if is_date_time(value, strict=True) else None
    moment = _moment_of(value)
    return None if moment is None else utc_text(moment)


def _moment_of(value: object) -> datetime | None:
    """Return the moment that an integer is, in milliseconds since 1970."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return from_milliseconds(value)


_CONVERSIONS: dict[Json, Convert] = {
    "string": _to_string,
    "boolean": _to_boolean,
    "number": _to_number,
}


def _enum(values: Json) -> Check | None:
    if not isinstance(values, list):
        return None
    known = set(map(str, values))
    return lambda value: str(value) in known


def _pattern(text: Json) -> Check | None:
    found = regular_expression(text) if isinstance(text, str) else None
    return None if found is None else lambda value: found(str(value))


def _bound(
    holds: Callable[[float, float], bool], measure: Callable[[Json], float | None]
) -> Callable[[Json], Check | None]:
    """Return what makes the check of a bound: what `measure` says of a value holds against it."""

    def make(limit: Json) -> Check | None:
        if isinstance(limit, bool) or not isinstance(limit, int | float):
            return None
        return lambda value: (size := measure(value)) is None or holds(size, limit)

    return make


def _length(value: Json) -> float:
    return len(str(value))


def _number(value: Json) -> float | None:
    """Return a number; bounds say nothing of texts."""
    return value if isinstance(value, int | float) else None


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


def _is_address(value: str, version: int) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(value).version == version
    except ValueError:
        return False


_FORMATS: dict[str, Check] = {
    "email": lambda value: bool(_EMAIL.fullmatch(value)),
    "uri": lambda value: bool(_URI.fullmatch(value)),
    "ipv4": partial(_is_address, version=4),
    "ipv6": partial(_is_address, version=6),
}

_CONSTRAINTS: dict[str, Callable[[Json], Check | None]] = {
    "enum": _enum,
    "format": _FORMATS.get,
    "pattern": _pattern,
    "minLength": _bound(ge, _length),
    "maxLength": _bound(le, _length),
    "minimum": _bound(ge, _number),
    "maximum": _bound(le, _number),
    "exclusiveMinimum": _bound(gt, _number),
    "exclusiveMaximum": _bound(lt, _number),
}
