"""Values of a database as JSON, like those that files of tables have.

Moments are in UTC: "timezones for all table-based batch sources must be configured to UTC" ("Create
a dataflow for database sources"), so one without a zone is taken as UTC. Integers beyond 64 bits
are floats, bytes are Base64. What JSON has no form for is null: infinite numbers and moments, and
days beyond the years 1 to 9999.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from emulator.databases.kinds import Column, Kind
from emulator.json_types import Json
from emulator.moments import is_date_time, is_day, to_moment

INT64 = range(-(2**63), 2**63)

Convert = Callable[[Any], Json]


def converter(column: Column) -> Convert:
    """Return what makes JSON of the values of a column."""
    match column.kind:
        case Kind.BOOLEAN:
            return _boolean
        case Kind.DATE | Kind.MOMENT:
            return _moment
        case Kind.DECIMAL if column.is_whole:
            return _whole
    return plain


def plain(value: Any) -> Json:
    """Return a value of a driver as JSON, whatever it is."""
    match value:
        case None | str() | bool():
            return value
        case int():
            return value if value in INT64 else _finite(value)
        case float() | Decimal():
            return _finite(value)
        case datetime():
            return utc_text(value)
        case date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(value).decode()
        case Mapping():
            return {str(name): plain(item) for name, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
    return str(value)


def utc_text(moment: datetime) -> str | None:
    """Return a moment in UTC such as `2027-03-31T12:00:00Z`; None beyond the years 1 to 9999."""
    if moment.tzinfo is None:
        return f"{moment.isoformat()}Z"
    try:
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return None


def _finite(number: int | float | Decimal) -> float | None:
    try:
        value = float(number)
    except (OverflowError, ValueError):  # a signalling NaN
        return None
    return value if math.isfinite(value) else None


def _whole(value: Any) -> Json:
    """Return a decimal as an integer where it has no fraction."""
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return plain(int(value)) if value.adjusted() < 20 else _finite(value)
    return plain(value)


def _boolean(value: Any) -> Json:
    """Return a truth value, which some databases keep as 0 or 1."""
    return bool(value) if value in (0, 1) and isinstance(value, int) else plain(value)


def _moment(value: Any) -> Json:
    """Return a day or moment, which SQLite keeps as a text."""
    if not isinstance(value, str) or is_day(value) or not is_date_time(value, strict=False):
        return plain(value)
    try:
        return utc_text(to_moment(value, UTC)) or value
    except ValueError:  # a zone that is a day or more away
        return value
