"""The journal where a store outlives the process: its calls are written there, for all to read.

A call is taken as in memory. A thread counts and packs what has been answered, and writes it once a
second, or at once if another process asks because somebody wants to read. What cannot be written
waits, as much of it as the journal may keep.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from emulator.budgets import JOURNAL_BYTES
from emulator.clock import machine_time
from emulator.journal.item import JournalItem, Packed
from emulator.journal.journal import Journal
from emulator.journal.numbers import CallNumbers
from emulator.journal.packs import beyond, calls_behind, in_order
from emulator.journal.writer import CallWriter, Counted
from emulator.journal.written import entry_of
from emulator.store import StoreFull, StoreUnavailable
from emulator.store.calls import CallPack, Calls, PackedCall

if TYPE_CHECKING:
    from emulator.contract import Operation
    from emulator.journal.entry import Entry
    from emulator.web.exchange import Exchange

_log = logging.getLogger("emulator")

LOOK_SECONDS = 0.2
"""How often a process looks whether others have asked it to write."""

WRITE_SECONDS = 1.0
"""How often calls are written if nobody asks."""

ANSWER_SECONDS = 10.0
"""How long a reader waits for other processes that live and do not write."""

END_SECONDS = 2.0
"""How long the end waits for the thread."""

POLL_SECONDS = 0.02
"""How often a reader looks whether they have written."""

MANY_FRESH = 500
"""How many calls wait to be packed until the thread is woken for them."""

MAX_FRESH = 1000
"""How many calls wait to be packed; beyond that the call itself does it."""


class LastingJournal(Journal):
    """A journal whose calls lie in a store that several processes share.

    What is taken here is what has not been written yet; readers read the store. Numbers are taken
    in blocks, so that a call knows its own at once.
    """

    max_fresh = MAX_FRESH

    take_counted: Callable[[], Counted | None] = lambda: None
    """Returns what has been counted since it was last called."""

    after_write: Callable[[], object] = lambda: None
    """Called now and then after something has been written, on the thread that writes."""

    def __init__(
        self,
        calls: Calls,
        operations: Mapping[str, Operation],
        max_entries: int,
        max_bytes: int = JOURNAL_BYTES,
    ) -> None:
        """Keep at most so many calls of all processes; `operations` are those of the contract."""
        super().__init__(max_entries, max_bytes)
        self._calls = calls
        self._operations = operations
        self._counting = threading.RLock()
        self._beginning = threading.Lock()
        self._numbers = CallNumbers(calls)
        self._numbering = threading.RLock()
        self._early = 0
        self._moment = 0
        self._writer = CallWriter(calls, self._next, self._let_go)
        self._untrimmed = self._passed_over = 0
        self._thread: threading.Thread | None = None
        self._has_joined = False
        self._fails = False
        self._wake = threading.Event()
        self._ended = threading.Event()

    def add(self, exchange: Exchange) -> None:
        if self._thread is None:
            self.begin()
        super().add(exchange)
        # Not each time: two threads that take turns at short notice cost more than they do.
        if len(self._fresh) == MANY_FRESH:
            self._wake.set()

    def add_entry(self, entry: Entry) -> None:
        if self._thread is None:
            self.begin()
        super().add_entry(entry)

    def begin(self) -> None:
        """Be known to the other processes, before the first call is answered."""
        if self._thread is not None:
            return
        with self._beginning:
            if self._thread is not None or self._ended.is_set():
                return
            try:
                self._join()
            except (StoreUnavailable, StoreFull) as error:
                self._failed(error)
            thread = threading.Thread(target=self._run, name="journal", daemon=True)
            thread.start()
            self._thread = thread

    def _join(self) -> None:
        self._calls.join()
        self._has_joined = True
        self._replenish()

    def _take(self, content: Exchange | Packed) -> JournalItem:
        with self._lock:
            # Those that have come too early for a number get theirs first, so numbers rise.
            number = 0 if self._early else self._numbers.next()
            if self._numbers.become_few:
                self._wake.set()
            self._early += not number
            self._latest = number
            self._moment = max(machine_time(), self._moment + 1)
            item = JournalItem(self._latest, content, self._moment)
            self._keep(item)
        return item

    def _replenish(self) -> None:
        """Take numbers, and give the first of them to calls that have come too early for one."""
        with self._numbering:
            self._numbers.replenish(self._early)
            with self._lock:
                if self._early:
                    early = [item for item in self._items if not item.number]
                    for item in early:
                        item.number = self._numbers.next()
                    self._early = sum(not item.number for item in early)

    def _run(self) -> None:
        looked = written = time.monotonic()
        while not self._ended.is_set():
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()
            now = time.monotonic()
            looks = now - looked >= LOOK_SECONDS
            writes = looks and now - written >= WRITE_SECONDS
            try:
                self.settle()
                if looks or not self._fails:
                    self._tend(looks=looks, writes=writes)
            except (StoreUnavailable, StoreFull) as error:
                self._failed(error)
            except Exception:  # noqa: BLE001 - later calls have to be written all the same
                _log.exception("calls could not be written to the journal")
            looked, written = now if looks else looked, now if writes else written

    def _tend(self, *, looks: bool, writes: bool) -> None:
        """Do what is to be done now and then."""
        if not self._has_joined:
            self._join()
        self._replenish()
        question = self._calls.question() if looks else 0
        if writes or question:
            self._writer.write()
        if question:
            self._calls.answer(question)
        if writes and self._untrimmed > self._max_entries // 10:
            self._trim_all()
        if writes:
            self.after_write()
        if writes and self._fails:
            _log.info("the journal is written again")
            self._fails = False

    def _failed(self, error: Exception) -> None:
        if not self._fails:
            _log.error("the journal waits until the store can be written: %s", error)
        self._fails = True

    def _next(self) -> tuple[list[JournalItem], Counted | None]:
        """Return all that has been answered and is not written yet."""
        if self._early:
            self._replenish()
        with self.settled():
            counted = self.take_counted()
            with self._lock:
                return [item for item in self._items if item.exchange is None], counted

    def _let_go(self, items: Sequence[JournalItem]) -> None:
        """Keep no longer what has been written."""
        written = set(map(id, items))
        with self._lock:
            self._bytes -= sum(item.size for item in items if not item.is_gone)
            self._items = deque(item for item in self._items if id(item) not in written)
            self._untrimmed += len(items)

    def _trim_all(self) -> None:
        """Let packs go that are no longer kept; of the others readers pass over what is not."""
        packs = self._calls.packs()
        gone = set(beyond(packs, self._max_entries, self._max_bytes))
        if gone:
            self._calls.drop(gone)
        left = sum(one.calls for one in packs if one.pack not in gone)
        passed_over = max(0, left - self._max_entries)
        with self._lock:
            self.gone += sum(one.calls for one in packs if one.pack in gone)
            self.gone += passed_over - self._passed_over
        self._passed_over, self._untrimmed = passed_over, 0

    def flush(self) -> None:
        """Have all processes write what they have answered so far.

        Those that do not within `ANSWER_SECONDS` are not waited for any longer.

        Raises:
            StoreUnavailable, StoreFull: The store cannot be used now.
        """
        asked = self._calls.ask()
        self._writer.write()
        deadline = time.monotonic() + ANSWER_SECONDS
        while self._calls.unanswered(asked):
            if time.monotonic() > deadline:
                _log.warning("a process has not written its calls within %g s", ANSWER_SECONDS)
                break
            time.sleep(POLL_SECONDS)
        self._trim_all()

    def entries(self, *, newest_first: bool = True, behind: int = 0) -> Iterator[Entry]:
        self.flush()
        packs = self._calls.packs()
        calls = in_order(packs, self._calls.read, newest_first=newest_first)
        too_many = max(0, sum(one.calls for one in packs) - self._max_entries)
        kept: Iterator[PackedCall] = (
            islice(calls, self._max_entries) if newest_first else islice(calls, too_many, None)
        )
        if behind:
            last = self._find(behind, packs)
            kept = calls_behind(kept, behind, last, newest_first=newest_first)
        return (entry_of(call, self._operations) for call in kept)

    def length(self) -> int:
        self.flush()
        return min(self._max_entries, sum(one.calls for one in self._calls.packs()))

    def entry(self, number: int) -> Entry | None:
        self.flush()
        found = self._find(number, self._calls.packs())
        return None if found is None else entry_of(found, self._operations)

    def _find(self, number: int, packs: Iterable[CallPack]) -> PackedCall | None:
        near = (one.pack for one in packs if one.lowest <= number <= one.highest)
        calls = (call for pack in near for call in self._calls.read(pack))
        return next((call for call in calls if call.number == number), None)

    def clear(self, test: str | None = None) -> None:
        self.flush()
        packs = [one.pack for one in self._calls.packs()]
        if test is None:
            self._calls.drop(packs)
            self.gone = self._passed_over = 0
            return
        for one in packs:
            calls = self._calls.read(one)
            left = [call for call in calls if call.test != test]
            if len(left) < len(calls):
                self._calls.rewrite(one, left)

    def forget(self) -> None:
        with self._writer.lock:
            self._writer.write()
            with self._lock:
                super().forget()
                self._numbers.clear()
                self._passed_over = self._early = 0
            self._calls.restart()
            if self._has_joined:
                self._replenish()

    def close(self) -> None:
        """Write what is left, and be no longer one of the processes that are asked."""
        with self._beginning:
            self._ended.set()
        if self._thread is None:
            return
        self._wake.set()
        self._thread.join(END_SECONDS)
        if not self._writer.lock.acquire(timeout=END_SECONDS):
            self._say_what_is_lost("the store does not answer")
            return
        try:
            self._writer.write()
            self._numbers.give_back()
            self._calls.leave()
        except (StoreUnavailable, StoreFull) as error:
            self._say_what_is_lost(error)
        finally:
            self._writer.lock.release()

    def _say_what_is_lost(self, why: object) -> None:
        with self._lock:
            calls = len(self._items)
        if calls:
            _log.error("the journal loses its last calls (%d): %s", calls, why)
