"""Dates and times: reading texts of unknown format."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

from emulator.mapping.errors import MappingError
from emulator.mapping.patterns import MAX_DATE, pattern
from emulator.mapping.zones import zone
from emulator.moments import from_milliseconds

FORMATS = (
    "yyyy-MM-dd HH:mm:ssZ",
    "yyyy-MM-dd HH:mm:ss.SSSZ",
    "yyyy-MM-dd HH:mm:ss.SSS",
    "yyyy-MM-dd'T'HH:mm:ss.SSSX",
    "yyyy-MM-dd'T'HH:mm:ss'Z'",
    "yyyy-MM-dd",
    "yyyy/MM/dd",
    "yyyy.MM.dd",
    "yyyy-MMM-dd",
    "yyyyMMdd",
    "MM-dd-yyyy",
    "MMddyyyy",
    "M/dd/yyyy",
    "dd.M.yyyy",
    "M/dd/yyyy hh:mm:ss a",
    "dd.M.yyyy hh:mm:ss a",
    "dd.MMM.yyyy",
    "dd-MMM-yyyy",
)
"""The formats that are tried on a text, in the documented order; the first that fits counts."""

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)? ?"
    r"(Z|[+-]\d\d(?::?\d\d)?|[A-Z]{2,5})?)?",
    re.ASCII,
)


@lru_cache(maxsize=8192)
def read_moment(value: int | str) -> datetime:
    """Return the moment that a text or a number of milliseconds since 1970 stands for.

    ISO 8601 is read before the list, with which it never disagrees; it also takes what an example
    of `date` shows and the list lacks: a time without seconds. A missing zone is UTC, as the
    examples show.

    Raises:
        MappingError: No format fits.
    """
    if isinstance(value, int):
        moment = from_milliseconds(value)
        if moment is None:
            raise MappingError(f"{value} is beyond the year 9999")
        return moment
    if len(value) > MAX_DATE:
        raise MappingError(f'"{value[:60]}" is too long for a date')
    return _read_iso(value.strip()) or _read_listed(value.strip())


def _read_iso(text: str) -> datetime | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    day, time, second, fraction, offset = match.groups()
    microsecond = (fraction or "").ljust(6, "0")[:6]
    try:
        local = datetime.fromisoformat(f"{day}T{time or '00:00'}:{second or '00'}.{microsecond}")
        return local.replace(tzinfo=zone(offset or "UTC"))
    except (ValueError, MappingError):
        return None


def _read_listed(text: str) -> datetime:
    for written in FORMATS:
        try:
            return pattern(written).read(text)
        except MappingError:
            continue
    raise MappingError(f'"{text[:60]}" is not a date in a known format')
