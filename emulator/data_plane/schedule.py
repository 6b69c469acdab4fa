"""When a flow's runs are due: `scheduleParams` as times on a grid. Pure; times in milliseconds.

A start that has passed when the flow is enabled means "at once" for its first run; the later
ones are due on the grid of start and interval (assumed: no document says).
"""

from __future__ import annotations

from typing import NamedTuple

from emulator.json_types import Json, JsonObject

_HOUR = 3_600_000
_UNITS = {"minute": 60_000, "hour": _HOUR, "day": 24 * _HOUR, "week": 7 * 24 * _HOUR}
_FIRST_IN_MILLISECONDS = 10**12
"""Numbers from here on are taken for milliseconds, smaller ones for seconds."""


class Schedule(NamedTuple):
    """A flow's schedule. `every` is the distance of its runs, None for a flow that runs once.

    No run is due after `end`, which flow specs of 2020 have and later ones have not.
    """

    start: int
    every: int | None
    backfill: bool
    end: int | None = None


def read_schedule(params: Json) -> Schedule | None:
    """Return the schedule that `scheduleParams` describe, or None if they describe none."""
    sent: JsonObject = params if isinstance(params, dict) else {}
    start = read_time(sent.get("startTime"))
    frequency = str(sent.get("frequency", "")).lower()
    backfill = str(sent.get("backfill", "true")).lower() != "false"
    end = read_time(sent.get("endTime"))
    if start is None:
        return None
    if frequency == "once":
        return Schedule(start, None, backfill, end)
    interval = str(sent.get("interval", ""))
    is_number = interval.isdecimal() and len(interval) <= 9
    if frequency not in _UNITS or not is_number or int(interval) == 0:
        return None
    return Schedule(start, int(interval) * _UNITS[frequency], backfill, end)


def read_time(value: Json) -> int | None:
    """Return a point of time that was sent in seconds or milliseconds, as number or text."""
    text = str(value)
    if isinstance(value, bool) or not text.isdecimal() or len(text) > 18:
        return None
    number = int(text)
    return number if number >= _FIRST_IN_MILLISECONDS else number * 1000


def first_due(schedule: Schedule, since: int) -> int:
    """Return when a flow that is enabled at `since` runs for the first time."""
    return max(schedule.start, since)


def due_after(schedule: Schedule, after: int) -> int | None:
    """Return the first time on the grid that is later than `after`; None after the only one."""
    if schedule.every is None:
        return None
    if after < schedule.start:
        return schedule.start
    return schedule.start + ((after - schedule.start) // schedule.every + 1) * schedule.every
