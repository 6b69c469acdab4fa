"""Time zones by the names that data and patterns give them, and moments as ISO 8601 text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from emulator.mapping.errors import MappingError

_HOURS = {"GMT": 0, "UTC": 0, "UT": 0, "Z": 0, "WET": 0, "BST": 1, "CET": 1, "CEST": 2, "EET": 2}
_HOURS |= {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
_HOURS |= {"AKST": -9, "AKDT": -8, "HST": -10, "EEST": 3, "MSK": 3, "JST": 9, "AEST": 10}
_OFFSET = re.compile(r"(?:GMT|UTC)?([+-])(\d{1,2})(?::?(\d\d))?", re.ASCII)


@lru_cache(maxsize=1024)
def zone(name: str) -> tzinfo:
    """Return a zone: `Europe/Paris`, `UTC`, `-0800`, `GMT+1`, or an abbreviation such as `PST`.

    Abbreviations are fixed offsets: PST is eight hours behind UTC all year, as one example takes
    it.

    Raises:
        MappingError: The zone is unknown.
    """
    if name in _HOURS:
        return timezone(timedelta(hours=_HOURS[name]), name) if _HOURS[name] else UTC
    match = _OFFSET.fullmatch(name)
    if match and int(match[2]) < 24:
        offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        return timezone(-offset if match[1] == "-" else offset) if offset else UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise MappingError(f"{name!r} is not a time zone") from None


def iso(moment: datetime) -> str:
    """Return a moment as ISO 8601 text: UTC as `Z`, milliseconds only where there are some."""
    fraction = moment.microsecond
    digits = "seconds" if not fraction else "microseconds" if fraction % 1000 else "milliseconds"
    text = moment.isoformat(timespec=digits)
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text
