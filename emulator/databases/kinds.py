"""Types of columns: how their values compare, and how exploring a connection shows them.

"Create a dataflow for protocols sources" and that for advertising sources print the types `integer`
and `long` with their bounds, and strings with the format date-time; those of numbers, booleans and
dates are made likewise (assumed).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from emulator.json_types import JsonObject


class Kind(Enum):
    """How the values of a column compare."""

    INTEGER = auto()
    DECIMAL = auto()
    DOUBLE = auto()
    BOOLEAN = auto()
    TEXT = auto()
    DATE = auto()
    MOMENT = auto()
    OTHER = auto()
    """By us alone: no condition on them is said in SQL."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Args:
        name: Its name, as the database gives it.
        kind: How its values compare.
        shape: Its `type` and `xdm`, as exploring shows them.
        is_whole: Whether decimals without a fraction are integers: it has no decimal places, or any
            number of them.
        has_zone: Whether its moments have a zone in the database.
    """

    name: str
    kind: Kind
    shape: JsonObject
    is_whole: bool = False
    has_zone: bool = False

    @property
    def shown(self) -> JsonObject:
        """The column as exploring shows it."""
        return {"name": self.name, **self.shape}


_INT = 2**31
_SAFE = 2**53
_INTEGER: JsonObject = {
    "type": "integer",
    "xdm": {"type": "integer", "minimum": -_INT, "maximum": _INT - 1},
}
_LONG: JsonObject = {
    "type": "long",
    "xdm": {"type": "integer", "minimum": -_SAFE, "maximum": _SAFE - 1},
}
_NUMBER: JsonObject = {"type": "number", "xdm": {"type": "number"}}
_BOOLEAN: JsonObject = {"type": "boolean", "xdm": {"type": "boolean"}}
_STRING: JsonObject = {"type": "string", "xdm": {"type": "string"}}


def _dated(format: str) -> JsonObject:
    return {"type": "string", "meta:xdmType": format, "xdm": {"type": "string", "format": format}}


_DATE, _DATE_TIME = _dated("date"), _dated("date-time")


def column_of(name: str, type: TypeEngine[object], backend: str) -> Column:
    """Return a column of a reflected type.

    Args:
        name: Its name.
        type: Its type, as SQLAlchemy reflects it.
        backend: The name of the database's kind, such as `postgresql`.
    """
    match type:
        case sa.Boolean():
            return Column(name, Kind.BOOLEAN, _BOOLEAN)
        case sa.Integer():
            is_long = isinstance(type, sa.BigInteger) or backend == "sqlite"
            return Column(name, Kind.INTEGER, _LONG if is_long else _INTEGER)
        case sa.Float():
            return Column(name, _kind_of_float(type, backend), _NUMBER)
        case sa.Numeric():
            return Column(name, Kind.DECIMAL, _NUMBER, is_whole=not type.scale)
        case sa.DateTime():
            return Column(name, Kind.MOMENT, _DATE_TIME, has_zone=bool(type.timezone))
        case sa.Date():
            return Column(name, Kind.DATE, _DATE)
        case sa.String():
            return Column(name, _kind_of_text(type, backend), _STRING)
    return Column(name, Kind.OTHER, _STRING)


def _kind_of_float(type: sa.Float[Any], backend: str) -> Kind:
    """Return the kind of a floating-point type.

    Short ones differ in SQL from what drivers return.
    """
    is_double = backend == "sqlite" or (backend == "postgresql" and isinstance(type, sa.Double))
    return Kind.DOUBLE if is_double else Kind.OTHER


def _kind_of_text(type: sa.String, backend: str) -> Kind:
    """Return the kind of a type of text: OTHER if blanks fill it up, or it has its own order."""
    if backend == "sqlite":
        return Kind.TEXT
    if backend == "postgresql":
        return Kind.TEXT if type.__class__ in (sa.VARCHAR, sa.TEXT) else Kind.OTHER
    is_plain = not isinstance(type, sa.CHAR | sa.NCHAR | sa.Enum)
    return Kind.TEXT if is_plain else Kind.OTHER
