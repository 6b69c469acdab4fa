"""How values are written on the page: times, sizes, JSON, and the names of its sections."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import orjson

from emulator.json_types import Json, dumps
from emulator.moments import from_milliseconds, utc_text
from emulator.plurals import counted
from emulator.reports.thresholds import percent


class Section(NamedTuple):
    """A section of the page."""

    path: str
    name: str


SECTIONS = (
    (Section("journal", "Journal"),),
    (Section("resources", "Resources"), Section("runs", "Runs"), Section("files", "Files")),
    (
        Section("coverage", "Coverage"),
        Section("operations", "Operations"),
        Section("rules", "Rules"),
        Section("editions", "Editions"),
    ),
    (
        Section("clock", "Clock"),
        Section("faults", "Faults"),
        Section("worlds", "Isolated emulators"),
    ),
)
"""The sections in groups: what is called, what is there, the contract, the emulator itself."""

_KIBI = 1024


def clock_time(value: Json) -> str:
    """Return the time of day of an ISO 8601 time, or of milliseconds."""
    return day_and_time(value).partition(" ")[2]


def day_and_time(value: Json) -> str:
    """Return a time in UTC for people: of ISO 8601, or of milliseconds."""
    if isinstance(value, int) and not isinstance(value, bool):
        moment = from_milliseconds(value)
        value = utc_text(moment) if moment else str(value)
    text = str(value).removesuffix("Z").replace("T", " ")
    return text.partition(".")[0]


def bytes_text(size: int) -> str:
    """Return a size in the largest unit that leaves at least one of it."""
    amount, units = float(size), ["bytes", "KiB", "MiB", "GiB"]
    while amount >= _KIBI and len(units) > 1:
        amount /= _KIBI
        units.pop(0)
    shown = f"{amount:.0f}" if units[0] == "bytes" else f"{amount:.1f}"
    return f"{shown} {units[0]}"


def pretty(value: Json) -> str:
    """Return JSON on several lines."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def short(value: Json, most: int = 160) -> str:
    """Return a text, or the JSON of another value, cut to so many characters."""
    text = value if isinstance(value, str) else dumps(value).decode()
    return text if len(text) <= most else text[: most - 1] + "…"


FILTERS: dict[str, Callable[..., str]] = {
    "bytes_text": bytes_text,
    "clock_time": clock_time,
    "counted": counted,
    "day_and_time": day_and_time,
    "percent": percent,
    "pretty": pretty,
    "short": short,
}
"""What templates use as filters."""
