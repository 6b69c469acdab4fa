"""Numbers of calls that no other process gives: a process takes them some at a time."""

from __future__ import annotations

from collections import deque

from emulator.store.calls import Calls

NUMBERS = 100
"""How many are taken at a time, and how many there are to be, at least."""


class CallNumbers:
    """The numbers that a process has taken, and not given to calls yet."""

    def __init__(self, calls: Calls) -> None:
        """Have none before `replenish`."""
        self._calls = calls
        self._held: deque[int] = deque()
        self._given = 0
        self.clear = self._held.clear

    def next(self) -> int:
        """Return the next one; 0 if there is none, because others come faster than the store."""
        self._given += 1
        return self._held.popleft() if self._held else 0

    @property
    def become_few(self) -> bool:
        """Whether the last one that was given leaves so few that it is time for `replenish`."""
        return len(self._held) == NUMBERS // 2

    def replenish(self, early: int = 0) -> None:
        """Take further ones if there are too few: for twice the calls since it was last called.

        `early` calls have come too early for theirs.
        """
        given, self._given = self._given, 0
        wanted = max(NUMBERS, 2 * given) + early
        if len(self._held) < wanted:
            first = self._calls.take_numbers(wanted)
            self._held.extend(range(first, first + wanted))

    def give_back(self) -> None:
        """Let the next process go on with those that are left, as far as they follow each other."""
        if not self._held:
            return
        first = last = self._held[-1]
        while self._held and self._held.pop() == first:
            first -= 1
        self._calls.give_back(range(first + 1, last + 1))
