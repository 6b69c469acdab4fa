"""The coverage of a running emulator, which counts the calls of its journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.contract import Contract
from emulator.journal.entry import Entry
from emulator.journal.journal import Journal
from emulator.json_types import JsonObject

if TYPE_CHECKING:
    from emulator.coverage.coverage import Coverage


class LiveCoverage:
    """Counts the calls of a journal in a coverage, which is made with the first of them."""

    def __init__(self, contract: Contract, journal: Journal) -> None:
        """Become the journal's counter."""
        self._contract = contract
        self._journal = journal
        self._coverage: Coverage | None = None
        journal.counter = self

    def add(self, entry: Entry) -> None:
        """Count a call; the journal calls this."""
        self._counting().add(entry)

    def count(
        self,
        test: str,
        edition: str,
        operation: str,
        judged: tuple[str, ...],
        status: int,
        document: JsonObject | None,
    ) -> None:
        """Count a call without findings; the journal calls this."""
        self._counting().count(test, edition, operation, judged, status, document)

    def current(self) -> Coverage:
        """Return what all calls so far have covered."""
        with self._journal.settled():
            return self._counting()

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
