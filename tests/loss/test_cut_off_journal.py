"""A served emulator is killed amid calls: its journal lacks those of the last moment at most.

No call, and no number of one, is there twice, and the coverage has counted what the journal has.
`make test` kills it once on each kind of database; `make loss` a hundred times.
"""

from __future__ import annotations

import time
from contextlib import closing
from functools import partial

from emulator.emulator import Emulator
from tests.loss.test_kills import KILLS, WRITERS, opened, write_until_killed
from tests.loss.writers import Ledger

LATE = 3.0 if KILLS else 1.5
"""Seconds before the kill whose calls may be lost: about one, and some for a busy machine."""

SOONER = "" if KILLS else "from emulator.journal import lasting; lasting.WRITE_SECONDS = 0.2"
"""In `make test` calls are written five times as often, so that half as much time is enough."""

FLAGS = ["--journal", "100000"]


def test_the_journal_loses_the_last_moment_at_most(store: str) -> None:
    with closing(opened(store=store)) as fresh:
        fresh.reset()
        assert fresh.journal is not None
        fresh.journal.clear()
        assert fresh.coverage is not None
        fresh.coverage.clear()
    numbers: set[int] = set()
    counted = 0
    for number in range(KILLS or 1):
        ledger = Ledger()
        killed = write_until_killed(
            ledger, ["--store", store, *FLAGS], f"{number}", partial(time.sleep, LATE), SOONER
        )
        with closing(opened(store=store, journal=100_000)) as emulator:
            found = journaled(emulator)
            assert numbers.isdisjoint(found.values()), "a number came twice"
            numbers.update(found.values())
            check_journaled(ledger, set(found), killed)
            assert emulator.coverage is not None
            before, counted = counted, emulator.coverage.current().calls
            assert counted - before == len(found), "the coverage has not what the journal has"
            assert emulator.journal is not None
            emulator.journal.clear()


def journaled(emulator: Emulator) -> dict[str, int]:
    """Return the numbers of the calls that are in the journal, by their request ids."""
    assert emulator.journal is not None
    entries = list(emulator.journal.entries())
    found = {entry.headers["x-request-id"]: entry.number for entry in entries}
    assert len(set(found.values())) == len(found) == len(entries), "a call is there twice"
    return found


def check_journaled(ledger: Ledger, found: set[str], killed: float) -> None:
    """Check that only the last calls of each client are lost."""
    assert len(ledger.answered) == WRITERS
    lost: list[float] = []
    for calls in ledger.answered:
        there = [request in found for request, _ in calls]
        assert there == sorted(there, reverse=True), "a call is lost from between others"
        lost += [killed - at for request, at in calls if request not in found]
        assert there[0], "no call of a client is there"
    assert max(lost, default=0.0) < LATE
