"""A clock that several processes move as one, by a value that they share."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.clock import MovableClock
from emulator.store.values import CLOCK, Values


class SharedClock:
    """Has a clock follow the moves of other processes, and tells them its own.

    The value is kind, start, position, and how often the clock has been moved.
    """

    def __init__(self, clock: MovableClock, values: Values, *, is_isolated: bool) -> None:
        """Move a clock with others. That of an isolated emulator begins where theirs does."""
        self._clock = clock
        self._values = values
        self._is_isolated = is_isolated
        self._moves = 0
        clock.on_move = self._tell

    def follow(self, values: Mapping[str, str]) -> None:
        """Be where the clock has been moved to last, by whichever process."""
        kind, start, position, moves = _read(values.get(CLOCK, ""))
        clock = self._clock
        if moves <= self._moves or kind != clock.kind:
            return
        if not self._is_isolated and start != clock.start:
            return  # it was another clock, by another setting
        # Whoever moves it knows better: what it tells others comes after this value.
        if clock.moving.acquire(blocking=False):
            try:
                clock.start, clock.position, self._moves = start, position, moves
            finally:
                clock.moving.release()

    def _tell(self) -> None:
        clock = self._clock
        with self._values.exclusive():
            known = _read(self._values.all().get(CLOCK, ""))[3]
            self._moves = max(self._moves, known) + 1
            text = f"{clock.kind} {clock.start} {clock.position} {self._moves}"
            self._values.set(CLOCK, text)


def _read(text: str) -> tuple[str, int, int, int]:
    if not text:
        return "", 0, 0, 0
    kind, start, position, moves = text.split()
    return kind, int(start), int(position), int(moves)
