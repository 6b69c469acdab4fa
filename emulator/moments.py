"""Days and moments as ISO 8601 and RFC 3339 write them; numbers are milliseconds since 1970 UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo

DAY = 24 * 3600 * 1000
"""A day in milliseconds."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = r"([0-9]{1,9})"
_DURATION = re.compile(
    rf"P(?=.)(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(?:T(?=.)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:([0-9]{{1,9}}(?:\.[0-9]{{1,9}})?)S)?)?"
)
_ZONE = r"(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})"
_RFC_3339 = re.compile(
    rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[Tt ][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}})(?:\.[0-9]+)?{_ZONE}"
)
_DATE_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?P<seconds>:[0-9]{2})?)"
    rf"(?(seconds)(?:\.[0-9]+)?){_ZONE}?"
)


def to_milliseconds(text: str, missing_zone: tzinfo | None = None) -> int:
    """Return the milliseconds of a day or moment in any form of ISO 8601.

    Args:
        text: The day or moment.
        missing_zone: The zone of a text that names none; without it the text has to name one.

    Raises:
        ValueError: The text is not ISO 8601, or has no zone.
    """
    return round(to_moment(text, missing_zone).timestamp() * 1000)


def to_moment(text: str, missing_zone: tzinfo | None = None) -> datetime:
    """Return the moment with its zone of a day or moment in any form of ISO 8601.

    Arguments and errors are those of `to_milliseconds`.
    """
    moment = datetime.fromisoformat(text.upper())  # RFC 3339 has t and z too
    if moment.tzinfo is None:
        if missing_zone is None:
            raise ValueError(f"{text!r} has no time zone")
        moment = moment.replace(tzinfo=missing_zone)
    return moment


def to_duration(text: str) -> int:
    """Return the milliseconds of a duration in ISO 8601, such as `P1DT12H` or `PT0.5S`.

    Raises:
        ValueError: It is not a duration, or has years or months, which differ in length.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration such as P1DT12H")
    weeks, days, hours, minutes, seconds = (float(number or 0) for number in match.groups())
    return round((weeks * 7 + days) * DAY + ((hours * 60 + minutes) * 60 + seconds) * 1000)


def from_milliseconds(number: int) -> datetime | None:
    """Return a moment in UTC; None beyond the years 1 to 9999."""
    try:
        return EPOCH + timedelta(milliseconds=number)
    except OverflowError:
        return None


def utc_text(moment: datetime) -> str:
    """Return a moment of UTC to the millisecond, such as `2027-03-31T12:00:00.500Z`."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_day(text: str) -> bool:
    """Tell whether a text is a day of the calendar, such as `2027-03-31`."""
    if not _DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_date_time(text: str, *, strict: bool) -> bool:
    """Tell whether a text is a moment such as `2027-03-31T12:00:00.5Z`, or with a blank for the T.

    Args:
        text: The text.
        strict: Whether seconds and zone have to be there, as RFC 3339 says.
    """
    match = (_RFC_3339 if strict else _DATE_TIME).fullmatch(text)
    if match is None:
        return False
    try:
        datetime.fromisoformat(match[1])
    except ValueError:
        return False
    return True


def microseconds(text: str) -> int | None:
    """Return the microseconds since 1970 of a day or moment, in UTC unless it says otherwise.

    None for a text that is neither.
    """
    if not is_day(text) and not is_date_time(text, strict=False):
        return None
    try:
        return (to_moment(text, UTC) - EPOCH) // timedelta(microseconds=1)
    except ValueError:  # a zone that is a day or more away
        return None
