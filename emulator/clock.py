"""Time: the only place that reads the machine's clock."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime, timedelta
from math import isfinite
from typing import Protocol, Self

from emulator.moments import to_duration, to_milliseconds

MAX_MOMENT = 253_370_764_800_000
"""The latest time that a clock may show, a year before dates end: what expires has a date too."""

MOST_SHOWN = 80
"""How many characters of a value that is no time an error repeats."""

START = 1_600_000_000_000
"""Where a manual clock stands at first: 2020-09-13T12:26:40Z."""

Moment = int | str | datetime
"""A time: milliseconds since 1970-01-01 UTC, ISO 8601 with a time zone, or an aware datetime."""

Duration = float | str | timedelta
"""How long: seconds, ISO 8601 such as `P1DT12H`, or a timedelta."""


class ClockError(ValueError):
    """A clock cannot be moved so; the message says why, and the clock stands where it stood."""


class Clock(Protocol):
    """Where every timestamp comes from."""

    def now(self) -> int:
        """Return milliseconds since 1970-01-01 UTC."""


class SystemClock:
    """The machine's own time, also as freezegun and time-machine change it."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000


def machine_time() -> int:
    """Return microseconds since 1970-01-01 UTC by the machine, whatever an emulator's clock shows.

    It says in which order processes have done what, and nothing else.
    """
    return time.time_ns() // 1000


class MovableClock(ABC):
    """A clock that goes where it is told to, but not back."""

    kind = ""

    def __init__(self, position: int) -> None:
        """Stand at a position, which a reset goes back to."""
        self.start = self.position = position
        self.moving = threading.RLock()
        """Held by whoever moves the clock step by step, so that moves follow one another."""
        self.on_move: Callable[[], object] | None = None
        """Called when it has been moved."""

    @abstractmethod
    def now(self) -> int:
        """Return milliseconds since 1970-01-01 UTC."""

    def jump(self, now: int) -> None:
        """Be at a time, also at an earlier one: with a state that is of then."""
        self.position += now - self.now()
        self._moved()

    def reset(self) -> None:
        """Be again as it was at first."""
        self.position = self.start
        self._moved()

    def begin(self, position: int) -> None:
        """Be at a position, and have begun there."""
        self.start = self.position = position
        self._moved()

    def _moved(self) -> None:
        if self.on_move is not None:
            self.on_move()

    def copy(self) -> Self:
        """Return a clock of the same time that is moved on its own."""
        return type(self)(self.position)

    def set(self, now: Moment) -> None:
        """Move to a time.

        Raises:
            ClockError: It is earlier than now, later than the year 9998, or not a time.
        """
        with self.moving:
            self.jump(self.checked(read_moment(now)))

    def advance(self, by: Duration) -> None:
        """Move forward.

        Raises:
            ClockError: It is negative, leads beyond the year 9998, or is not a duration.
        """
        with self.moving:
            self.jump(self.checked(self.now() + read_duration(by)))

    def checked(self, to: int) -> int:
        """Return a time that the clock may move to.

        Raises:
            ClockError: It is earlier than now, or later than the year 9998.
        """
        if to > MAX_MOMENT:
            raise ClockError("the time is later than the year 9998")
        if to < self.now():
            raise ClockError("the clock does not go back: the time is earlier than now")
        return to


class ManualClock(MovableClock):
    """A clock that stands still until it is set or advanced; its position is its time."""

    kind = "manual"

    def __init__(self, now: int = START) -> None:
        super().__init__(now)

    def now(self) -> int:
        return self.position


class ShiftedClock(MovableClock):
    """The machine's own time, so many milliseconds later or earlier: that is its position."""

    kind = "shifted"

    def __init__(self, shift: int) -> None:
        super().__init__(shift)
        self._system = SystemClock()

    def now(self) -> int:
        return self._system.now() + self.position


def make_clock(text: str) -> Clock:
    """Return the clock that a setting describes; the machine's own if it is empty.

    Raises:
        ClockError: It is none of `system`, `manual`, a moment with a time zone, and a signed
            duration; or the clock would show a year before 1970 or after 9998.
    """
    if text in ("", "system"):
        return SystemClock()
    if text == "manual":
        return ManualClock()
    if text[0] not in "+-":
        return ManualClock(read_moment(text))
    sign = -1 if text[0] == "-" else 1
    clock = ShiftedClock(sign * read_duration(text[1:]))
    _in_range(clock.now())
    return clock


def on_the_machine(clock: Clock, moment: int) -> int | None:
    """Return when the machine's clock shows what a clock shows at a moment, in milliseconds.

    None for a clock that is not the machine's, however late or early.
    """
    if isinstance(clock, ShiftedClock):
        return moment - clock.position
    return moment if isinstance(clock, SystemClock) else None


def read_moment(value: object) -> int:
    """Return a time in milliseconds since 1970.

    Raises:
        ClockError: It is not a time, has no time zone, or is not in the years 1970 to 9998.
    """
    try:
        if isinstance(value, datetime):
            value = value.isoformat()
        if isinstance(value, str):
            return _in_range(to_milliseconds(value))
    except (ValueError, OverflowError) as error:
        if isinstance(error, ClockError):
            raise
        expected = "expected ISO 8601 with a time zone, such as 2026-01-01T00:00:00Z"
        raise ClockError(f"{_named(value)} is not a time: {expected}") from error
    if isinstance(value, int) and not isinstance(value, bool):
        return _in_range(value)
    what = "ISO 8601, a datetime with a time zone, or whole milliseconds since 1970"
    raise ClockError(f"{_named(value)} is not a time: expected {what}")


def _named(value: object) -> str:
    """Return a value as an error names it: not more of it than can be read."""
    shown = repr(value)
    return shown if len(shown) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}…"


def _in_range(moment: int) -> int:
    if not 0 <= moment <= MAX_MOMENT:
        raise ClockError("the time is not in the years 1970 to 9998")
    return moment


def read_duration(value: object) -> int:
    """Return a duration in milliseconds.

    Raises:
        ClockError: It is not a duration, or is negative.
    """
    what = "ISO 8601 without years and months, such as P1DT12H, a timedelta, or seconds"
    wrong = ClockError(f"{_named(value)} is not a duration: expected {what}")
    if isinstance(value, timedelta):
        value = value.total_seconds()
    backwards = ClockError("the clock does not go back: the duration is negative")
    if isinstance(value, str):
        if value.startswith("-P"):
            raise backwards
        try:
            return to_duration(value)
        except ValueError as error:
            raise wrong from error
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong
    if isinstance(value, float) and not isfinite(value):
        raise wrong
    if value < 0:
        raise backwards
    # A number that no clock could show need not be exact.
    return round(min(value, MAX_MOMENT) * 1000)
