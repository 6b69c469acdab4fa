"""Functions of date and time. A missing zone is UTC, as the documented examples show."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from emulator.json_types import JsonObject
from emulator.mapping.context import Context
from emulator.mapping.errors import MappingError
from emulator.mapping.functions.definition import Category
from emulator.mapping.moments import read_moment
from emulator.mapping.patterns import pattern
from emulator.mapping.values import moment
from emulator.mapping.zones import zone

CATEGORY = Category("Date and time")

_NAMES = {
    "year": "year yyyy yy",
    "quarter": "quarter qq q",
    "month": "month mm m",
    "day of year": "dayofyear dy y",
    "day": "day dd d",
    "week": "week ww w",
    "weekday": "weekday dw",
    "hour": "hour hh hh24",
    "hour12": "hh12",
    "minute": "minute mi n",
    "second": "second ss s",
    "millisecond": "millisecond sss",
}
_COMPONENTS = {name: component for component, names in _NAMES.items() for name in names.split()}
_SETTABLE = ("year", "month", "day", "hour", "minute", "second")


@CATEGORY.function()
def now(context: Context) -> datetime:
    """Tell the present time."""
    return context.now()


@CATEGORY.function()
def timestamp(context: Context) -> int:
    """Tell the present time in milliseconds since 1970."""
    return context.milliseconds()


@CATEGORY.function()
def format(date: datetime, format: str) -> str:
    """Write a date in a format."""
    return pattern(format).write(date)


@CATEGORY.function()
def dformat(timestamp: int, format: str) -> str:
    """Write a time in milliseconds since 1970 in a format, in UTC."""
    return pattern(format).write(read_moment(timestamp))


@CATEGORY.function()
def date(date: Any, format: str | None = None, default_date: Any = None) -> datetime | None:
    """Read a date from a text: in the format, else in any of the known ones.

    If the text is null the default date stands in for it. An empty text counts as null (assumed);
    a text of another format is an error.
    """
    if date is None or date == "":
        return None if default_date is None else moment(default_date)
    if format and isinstance(date, str):
        return pattern(format).read(date.strip())
    return moment(date)


@CATEGORY.function()
def date_part(component: str, date: datetime) -> int:
    """Take one part out of a date, for instance its month.

    Upper and lower case are the same. Weeks are those of ISO 8601, weekdays go from 1 for Monday,
    and `w`, which is listed twice, is the week (assumed).
    """
    part = _COMPONENTS.get(component.lower())
    if part is None:
        raise MappingError(f"{component!r} is not a part of a date")
    parts = {
        "quarter": (date.month + 2) // 3,
        "day of year": date.timetuple().tm_yday,
        "week": date.isocalendar().week,
        "weekday": date.isoweekday(),
        "hour12": date.hour % 12 or 12,
        "millisecond": date.microsecond // 1000,
    }
    return parts[part] if part in parts else int(getattr(date, part))


@CATEGORY.function()
def set_date_part(component: str, value: int, date: datetime) -> datetime:
    """Replace one part of a date.

    Milliseconds stay, although the (malformed) example drops them (assumed).
    """
    part = _COMPONENTS.get(component.lower())
    if part not in _SETTABLE:
        raise MappingError(f"{component!r} is not a part of a date that can be set")
    try:
        changes: JsonObject = {str(part): value}
        return date.replace(**changes)
    except (ValueError, OverflowError) as error:
        raise MappingError(f"not a date: {error}") from None


@CATEGORY.function("make_timestamp")
def make_date_time(
    year: int,
    month: int,
    day: int,
    hour: int,
    minute: int,
    second: int,
    nanosecond: int,
    timezone: str,
) -> datetime:
    """Make a date of its parts.

    It keeps its zone, where the example prints Los Angeles as UTC; what is finer than a microsecond
    is cut off (assumed).
    """
    microsecond = nanosecond // 1000
    try:
        return datetime(year, month, day, hour, minute, second, microsecond, tzinfo=zone(timezone))
    except (ValueError, OverflowError) as error:
        raise MappingError(f"not a date: {error}") from None


@CATEGORY.function()
def zone_date_to_utc(date: datetime) -> datetime:
    """Convert a date to UTC."""
    return date.astimezone(UTC)


@CATEGORY.function()
def zone_date_to_zone(date: datetime, zone_id: str) -> datetime:
    """Convert a date to a zone."""
    return date.astimezone(zone(zone_id))
