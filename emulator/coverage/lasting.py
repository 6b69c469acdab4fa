"""The coverage of all processes whose journal lies in one store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.budgets import MIB
from emulator.contract import Contract
from emulator.coverage.live import LiveCoverage
from emulator.journal.lasting import LastingJournal
from emulator.json_types import loads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.coverage.coverage import Coverage
    from emulator.store.calls import Calls

PARTS = 60
"""After how many writes of a process it looks whether the parts are to be added up."""

MAX_PARTS = 500


class LastingCoverage(LiveCoverage):
    """Counts the calls of a journal since they were last written; a store has what was before.

    What is written are parts, which readers add up; now and then one part takes the place of many.
    """

    def __init__(self, contract: Contract, journal: LastingJournal, calls: Calls) -> None:
        """Count the calls of a journal, and read what other processes have counted."""
        super().__init__(contract, journal)
        self._calls = calls
        self._lasting = journal
        self._writes = 0
        journal.take_counted = self._take
        journal.after_write = self._tidy

    def current(self) -> Coverage:
        self._lasting.flush()
        return self._sum(self._calls.counted())

    def snapshot(self) -> Coverage:
        return self.current()

    def clear(self, test: str | None = None) -> None:
        self._lasting.flush()
        while not self._clear(self._calls.counted(), test):
            """A part has been added up meanwhile."""

    def _clear(self, parts: Mapping[int, bytes], test: str | None) -> bool:
        left = b"" if test is None else _written(self._sum(parts).without(test))
        return self._calls.recount(parts, left)

    def _take(self) -> Coverage | None:
        """Return what has been counted, and count anew; the journal holds still."""
        counted = self._counting()
        if not counted.calls:
            return None
        self._coverage = counted.anew()
        return counted

    def _sum(self, parts: Mapping[int, bytes]) -> Coverage:
        whole = self._counting().anew()
        for content in parts.values():
            whole.merge(loads(content))
        return whole

    def _tidy(self) -> None:
        """Put one part in place of all, if they have grown so much that it is worth its time."""
        self._writes += 1
        if self._writes % PARTS:
            return
        sizes = self._calls.counted_sizes().values()
        largest = max(sizes, default=0)
        if len(sizes) > MAX_PARTS or sum(sizes) - largest > min(largest, MIB):
            parts = self._calls.counted()
            self._calls.recount(parts, _written(self._sum(parts)))


def _written(coverage: Coverage) -> bytes:
    return b"".join(coverage.written())
