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
from typing import Any

from emulator.filters.comparisons import regular_expression
from emulator.json_types import Json, JsonObject
from emulator.moments import from_milliseconds, is_date_time, is_day, utc_text

Read = Callable[[Any], Json]
Check = Callable[[Any], bool]


def conversion(node: JsonObject) -> tuple[str, Read] | None:
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
    return (str(kind), _READERS[kind]) if kind in _READERS else None


def constraints(node: JsonObject) -> list[tuple[str, Check]]:
    """Return the constraints of a scalar field: keywords, each with what it has to hold."""
    made = (
        (keyword, make(node[keyword])) for keyword, make in _CONSTRAINTS.items() if keyword in node
    )
    return [(keyword, check) for keyword, check in made if check is not None]


_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_BITS = {"byte": 8, "short": 16, "int": 32}


def _to_string(value: Any) -> Json:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _to_boolean(value: Any) -> Json:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def _to_integer(value: Any, least: int, most: int) -> Json:
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        value = int(value) if isfinite(value) else None
    elif isinstance(value, str):
        value = int(value) if _INTEGER.fullmatch(value) else None
    return value if isinstance(value, int) and least <= value <= most else None


def _to_number(value: Any) -> Json:
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _to_day(value: Any) -> Json:
    if isinstance(value, str):
        return value if is_day(value) else None
    moment = _moment_of(value)
    return moment and moment.date().isoformat()


def _to_moment(value: Any) -> Json:
    if isinstance(value, str):
        return value if is_date_time(value, strict=True) else None
    moment = _moment_of(value)
    return moment and utc_text(moment)


def _moment_of(value: Any) -> datetime | None:
    """Return the moment that an integer is, in milliseconds since 1970."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return from_milliseconds(value)


_READERS: dict[Any, Read] = {
    "string": _to_string,
    "boolean": _to_boolean,
    "number": _to_number,
}


def _enum(values: Any) -> Check | None:
    if not isinstance(values, list):
        return None
    known = set(map(str, values))
    return lambda value: str(value) in known


def _pattern(text: Any) -> Check | None:
    found = regular_expression(text) if isinstance(text, str) else None
    return None if found is None else lambda value: found(str(value))


def _bound(holds: Callable[[Any, Any], bool]) -> Callable[[Any], Check | None]:
    def make(limit: Any) -> Check | None:
        is_number = isinstance(limit, int | float) and not isinstance(limit, bool)
        return (lambda value: holds(value, limit)) if is_number else None

    return make


def _within(holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Compare numbers only: bounds say nothing about texts."""
    return lambda value, limit: not isinstance(value, int | float) or holds(value, limit)


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

_CONSTRAINTS: dict[str, Callable[[Any], Check | None]] = {
    "enum": _enum,
    "format": _FORMATS.get,
    "pattern": _pattern,
    "minLength": _bound(lambda value, limit: len(str(value)) >= limit),
    "maxLength": _bound(lambda value, limit: len(str(value)) <= limit),
    "minimum": _bound(_within(lambda value, limit: value >= limit)),
    "maximum": _bound(_within(lambda value, limit: value <= limit)),
    "exclusiveMinimum": _bound(_within(lambda value, limit: value > limit)),
    "exclusiveMaximum": _bound(_within(lambda value, limit: value < limit)),
}
