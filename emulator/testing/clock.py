"""The clock of an emulator in a test's hand: what comes due on its way is carried out."""

from __future__ import annotations

from emulator.clock import (
    ClockError,
    Duration,
    Moment,
    MovableClock,
    read_duration,
    read_moment,
)
from emulator.due import move_clock
from emulator.emulator import Emulator


class AepClock:
    """The clock of one emulator. Unless the settings say otherwise it stands still until moved."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def now(self) -> int:
        """Return the time in milliseconds since 1970."""
        return self._emulator.platform.clock.now()

    def set(self, now: Moment) -> int:
        """Move to a time; return how many runs came due on the way and have ended.

        It may be an earlier one while the emulator holds nothing: then there is no past.

        Args:
            now: A datetime with a time zone, ISO 8601 with one, or milliseconds since 1970.

        Raises:
            ClockError: It is none of these, is earlier than now or later than the year 9998, or
                the emulator follows the machine's clock.
        """
        clock = self._movable()
        to = read_moment(now)
        with clock.moving:
            if to < clock.now() and self._is_empty():
                clock.jump(to)
                return 0
            return move_clock(self._emulator.engine, clock, to)

    def advance(self, by: Duration) -> int:
        """Move forward; return how many runs came due on the way and have ended.

        Args:
            by: A timedelta, ISO 8601 such as `P1DT12H`, or seconds.

        Raises:
            ClockError: It is none of these or negative, leads beyond the year 9998, or the emulator
                follows the machine's clock.
        """
        clock = self._movable()
        with clock.moving:
            to = clock.now() + read_duration(by)
            return move_clock(self._emulator.engine, clock, to)

    def _is_empty(self) -> bool:
        held = self._emulator.platform.store.dump()
        return not held.documents and not self._emulator.isolated.names()

    def _movable(self) -> MovableClock:
        clock = self._emulator.platform.clock
        if not isinstance(clock, MovableClock):
            said = "the emulator follows the machine's clock, because the setting clock is system"
            raise ClockError(said)
        return clock
