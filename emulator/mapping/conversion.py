"""Converts values to the type of their XDM field.

Documented (Data Prep, 'Data format handling'; sheet section 6.3) are: which texts are booleans,
in exactly these cases; numbers to texts; texts to dates by a list of formats, in its order. Assumed
is the rest: an empty text is null for everything but a text; a text of digits is a number; a number
without a fraction is a whole one; a number is a date in milliseconds since 1970; a boolean is not a
number, and a number is not a boolean; neither arrays nor objects become texts; nothing becomes an
array. What cannot be converted raises `MappingError`.
"""

from __future__ import annotations

from collections.abc import Callable

from emulator.json_types import Json, JsonObject
from emulator.mapping.errors import FAILURES, MappingError, reason_of
from emulator.mapping.values import Found, kind, moment, number, plain, shown, text, whole
from emulator.mapping.zones import iso

TRUE = frozenset("y yes Y YES on ON true TRUE".split())
FALSE = frozenset("n N no NO off OFF false FALSE".split())

_BITS = {"byte": 8, "short": 16, "int": 32, "integer": 32, "long": 64}

Lost = list[str]
"""What members of an object or items of an array could not be converted: place and reason."""

Convert = Callable[[Json, Lost], Json]
"""Converts one value that is not null; for what is inside of it, it notes what was lost."""


def to_boolean(value: Json) -> Json:
    """Convert to a boolean: the documented texts, in exactly these cases."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if value in TRUE:
            return True
        if value in FALSE:
            return False
    raise MappingError(f"{shown(value)} is not a boolean")


def to_number(value: Json) -> Json:
    """Convert to a number."""
    return plain(number(value))


def to_whole(bits: int) -> Callable[[Json], Json]:
    """Return the conversion to a whole number of that many bits."""
    limit = 2 ** (bits - 1)

    def convert(value: Json) -> Json:
        found = whole(value)
        if not -limit <= found < limit:
            raise MappingError(f"{found} does not fit {bits} bits")
        return found

    return convert


def to_date(value: Json) -> Json:
    """Convert to a date without a time, as it stands in its own zone."""
    return moment(value).date().isoformat()


def to_date_time(value: Json) -> Json:
    """Convert to a date and time in ISO 8601, in its own zone."""
    return iso(moment(value))


def scalar(field: JsonObject) -> Callable[[Json], Json] | None:
    """Return the conversion to a field's type, None if it is not a scalar; null stays null."""
    base, xdm = field.get("type"), field.get("meta:xdmType")
    if base == "string":
        form = field.get("format") or xdm
        if form not in ("date", "date-time"):
            return text
        return _or_null(to_date if form == "date" else to_date_time)
    if base == "integer":
        return _or_null(to_whole(_BITS.get(str(xdm), 64)))
    if base == "number":
        return _or_null(to_number)
    return _or_null(to_boolean) if base == "boolean" else None


def _or_null(convert: Callable[[Json], Json]) -> Callable[[Json], Json]:
    def converted(value: Json) -> Json:
        if isinstance(value, Found):
            value = text(value)
        return None if value == "" else convert(value)

    return converted


def converter(field: JsonObject | None, *, nulls: bool) -> Convert:
    """Return the conversion to a field of a resolved XDM schema, however deep it goes.

    Of an object, only members that the schema knows are kept, as documented of copied objects; a
    member that cannot be converted is lost alone (assumed). Without a field, or with one that does
    not say its type, a value is copied as it is.

    Args:
        field: The field's part of the schema.
        nulls: Whether members of objects may be null; otherwise they are left out.
    """
    field = field or {}
    convert = scalar(field)
    if convert is not None:
        return lambda value, lost: convert(value)
    if field.get("type") == "array":
        return _array(converter(field.get("items"), nulls=nulls))
    named, others = field.get("properties"), field.get("additionalProperties")
    if isinstance(named, dict) and named:
        members = _Lazy({name: one for name, one in named.items() if isinstance(one, dict)}, nulls)
        return _object(members.get, nulls=nulls)
    if isinstance(others, dict) and others:
        each = converter(others, nulls=nulls)
        return _object(lambda name: each, nulls=nulls)
    if field.get("type") == "object":
        return _object(lambda name: _copy(nulls=nulls), nulls=nulls)
    return _copy(nulls=nulls)


class _Lazy:
    """The conversions of an object's members, made when a member is first seen.

    A resolved schema has thousands of fields, of which a mapping set fills ten.
    """

    def __init__(self, fields: dict[str, JsonObject], nulls: bool) -> None:
        self._fields = fields
        self._nulls = nulls
        self._made: dict[str, Convert | None] = {}

    def get(self, name: str) -> Convert | None:
        if name not in self._made:
            field = self._fields.get(name)
            self._made[name] = None if field is None else converter(field, nulls=self._nulls)
        return self._made[name]


def _copy(*, nulls: bool) -> Convert:
    return lambda value, lost: plain(value, nulls=nulls)


def _object(member: Callable[[str], Convert | None], *, nulls: bool) -> Convert:
    def convert(value: Json, lost: Lost) -> Json:
        if not isinstance(value, dict):
            raise MappingError(f"{kind(value)} is not an object")
        made: JsonObject = {}
        for name, item in value.items():
            known = member(name)
            if known is None:
                continue
            kept = _inner(known, item, name, lost)
            if kept is not None or nulls:
                made[name] = kept
        return made

    return convert


def _array(each: Convert) -> Convert:
    def convert(value: Json, lost: Lost) -> Json:
        if not isinstance(value, list):
            raise MappingError(f"{kind(value)} is not an array")
        return [_inner(each, item, f"[{index}]", lost) for index, item in enumerate(value)]

    return convert


def _inner(convert: Convert, item: Json, place: str, lost: Lost) -> Json:
    """Return an inner value, null if it cannot be converted, which is then noted."""
    if item is None:
        return None
    deeper: Lost = []
    try:
        made = convert(item, deeper)
    except FAILURES as failure:
        lost.append(f"{place}: {reason_of(failure)}")
        return None
    lost.extend(f"{place}{'' if one.startswith('[') else '.'}{one}" for one in deeper)
    return made
