"""The coverage of a running emulator, which counts the calls of its journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.contract import Contract
from emulator.journal.journal import Journal

if TYPE_CHECKING:
    from emulator.coverage.coverage import Coverage


class LiveCoverage:
    """Counts the calls of a journal in a coverage, which is made with the first of them."""

    def __init__(self, contract: Contract, journal: Journal) -> None:
        """Count the calls of a journal from now on."""
        self._contract = contract
        self._journal = journal
        self._coverage: Coverage | None = None
        journal.counter = self._counting

    def current(self) -> Coverage:
        """Return what all calls so far have covered."""
        with self._journal.settled():
            return self._counting()

    def snapshot(self) -> Coverage:
        """Return what all calls so far have covered, to be read while others are counted."""
        with self._journal.settled():
            return self._counting().snapshot()

    def clear(self, test: str | None = None) -> None:
        """Count anew from the next call on: all calls, or those of one test."""
        with self._journal.settled():
            self._coverage = None if test is None else self._counting().without(test)

    def _counting(self) -> Coverage:
        if self._coverage is None:
            # Imported with the first call, so that the start does without.
            from emulator.coverage.coverage import Coverage

            self._coverage = Coverage(self._contract)
        return self._coverage
