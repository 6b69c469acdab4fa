"""The journal of a running emulator: a ring of the latest calls."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from emulator.budgets import JOURNAL_BYTES
from emulator.journal.entry import CallKind, Entry, Keys
from emulator.journal.item import JournalItem, Packed, PackedEntry
from emulator.journal.packing import PackedExchange, is_large, is_remarkable, kind_of

if TYPE_CHECKING:
    from emulator.json_types import JsonObject
    from emulator.web.exchange import Exchange

_log = logging.getLogger("emulator")

BATCH = 32
"""How many exchanges are counted and packed at a time."""

CONTROL_PATHS = "/_emulator"
"""Calls of the control API are not journaled."""


class CallCounter(Protocol):
    """What counts the calls of a journal: a coverage."""

    def add(self, entry: Entry, keys: Keys | None = None) -> object:
        """Count a call."""

    def count(
        self, kind: CallKind, status: int, document: JsonObject | None, keys: Keys | None = None
    ) -> object:
        """Count a call without findings, by its status and request document."""

    def keys(self, kind: CallKind, document: JsonObject) -> Keys:
        """Return which rules apply to a request: what takes long of counting a large one."""


class Journal:
    """A ring of the latest calls, each of which is counted once by what `counter` returns.

    While a call is answered, only a reference to it is taken; calls that have been answered are
    counted and packed in batches, large ones at once. Masking and writing JSON are left to the
    readers.

    Attributes:
        gone: How many calls it has let go of, to keep within its size, since it was cleared.
    """

    counter: Callable[[], CallCounter] | None = None
    max_fresh = BATCH
    """How many exchanges wait to be counted and packed; the call that comes then does it."""

    def __init__(self, max_entries: int, max_bytes: int = JOURNAL_BYTES) -> None:
        """Keep at most so many calls, of about so many bytes, but always the latest."""
        self.gone = 0
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._items: deque[JournalItem] = deque()
        self._fresh: list[JournalItem] = []
        self._bytes = 0
        self._latest = 0
        self._lock = threading.RLock()
        self._counting = self._lock
        """Held by whoever counts calls; it is taken before `_lock`, which guards what is kept."""

    def add(self, exchange: Exchange) -> None:
        """Take an exchange. Others may still change its reply before it goes out."""
        if exchange.incoming.target.startswith(CONTROL_PATHS):
            return
        if is_large(exchange):
            try:
                self._add_large(exchange)
            except Exception:  # noqa: BLE001 - the call that is answered now must not fail
                _log_failure(self._latest, exchange)
            return
        if len(self._fresh) >= self.max_fresh:
            self.settle()
        with self._lock:
            item = self._take(exchange)
            exchange.incoming.number = item.number
            self._fresh.append(item)

    def _take(self, content: Exchange | Packed) -> JournalItem:
        """Keep a call under the next number."""
        with self._lock:
            self._latest += 1
            item = JournalItem(self._latest, content)
            self._keep(item)
        return item

    def _add_large(self, exchange: Exchange) -> None:
        """Take an exchange without keeping it; what takes long does not hold up other calls."""
        packed, entry, keys = PackedExchange(exchange), None, None
        if self.counter is not None and exchange.request is not None:
            keys = self.counter().keys(kind_of(exchange), exchange.request)
        if is_remarkable(exchange):
            from emulator.journal.masked import masked  # with the first large call of its kind

            entry = replace(masked(packed.entry(0)), described=exchange.request)
        with self._counting:
            exchange.incoming.number = number = self._take(packed).number
            self._count(exchange, entry, number, keys)

    def add_entry(self, entry: Entry) -> None:
        """Take a call that was observed and judged elsewhere; it gets its number here."""
        packed = PackedEntry(entry)
        with self._counting:
            self._settle()
            entry.number = self._take(packed).number
            if self.counter is not None:
                self.counter().add(entry)

    def _keep(self, item: JournalItem) -> None:
        self._items.append(item)
        self._bytes += item.size
        self._trim()

    def _trim(self) -> None:
        """Let the oldest calls go, until what is left fits."""
        while len(self._items) > self._max_entries or (
            self._bytes > self._max_bytes and len(self._items) > 1
        ):
            oldest = self._items.popleft()
            self._bytes -= oldest.size
            oldest.is_gone = True
            self.gone += 1

    def _settle(self) -> None:
        """Count and pack the exchanges that have been answered."""
        with self._lock:
            fresh, self._fresh = self._fresh, []
        for item in fresh:
            self._settle_one(item)
        with self._lock:
            self._trim()

    def _settle_one(self, item: JournalItem) -> None:
        exchange = item.exchange
        try:
            packed = item.packed()
            with self._lock:
                before = item.size
                item.keep(packed)
                if not item.is_gone:
                    self._bytes += item.size - before
            if exchange is not None:
                entry = packed.entry(item.number) if is_remarkable(exchange) else None
                self._count(exchange, entry, item.number)
        except Exception:  # noqa: BLE001 - the call that is answered now must not fail
            _log_failure(item.number, exchange)

    def _count(
        self, exchange: Exchange, entry: Entry | None, number: int, keys: Keys | None = None
    ) -> None:
        """Count an exchange, by its entry if there is more to count than its success."""
        if self.counter is None:
            return
        counter = self.counter()
        if entry is None:
            status = exchange.reply.status
            counter.count(kind_of(exchange), status, exchange.request, keys)
            return
        entry.number, entry.described = number, exchange.request
        counter.add(entry, keys)

    def settle(self) -> None:
        """Count and pack all calls so far."""
        with self._counting:
            self._settle()

    @contextmanager
    def settled(self) -> Iterator[None]:
        """Hold the journal still, with all calls so far counted."""
        with self._counting:
            self._settle()
            yield

    def entries(self, *, newest_first: bool = True, behind: int = 0) -> Iterator[Entry]:
        """Yield the entries that are kept; with `behind` those that come after this number."""
        with self._lock:
            items = list(self._items)
        for item in reversed(items) if newest_first else items:
            if not behind or (item.number < behind if newest_first else item.number > behind):
                yield item.entry

    def length(self) -> int:
        """Return how many entries are kept."""
        with self._lock:
            return len(self._items)

    def entry(self, number: int) -> Entry | None:
        """Return an entry by its number; None if it is not kept, or no longer."""
        with self._lock:
            return next((item.entry for item in self._items if item.number == number), None)

    def clear(self, test: str | None = None) -> None:
        """Forget the entries, of one test or all; what they covered stays counted."""
        with self.settled():
            left = [item for item in self._items if test is not None and item.entry.test != test]
            self._items = deque(left)
            self._bytes = sum(item.size for item in left)
            self.gone = 0 if test is None else self.gone

    def forget(self) -> None:
        """Forget all entries, and number the next one 1.

        What has been counted stays, but the latest calls may not have been; `clear` counts them.
        """
        with self._lock:
            self._items.clear()
            self._fresh.clear()
            self._bytes = self._latest = self.gone = 0

    def close(self) -> None:
        """Release what is held."""


def _log_failure(number: int, exchange: Exchange | None) -> None:
    from emulator.web.failures import failure_text  # needed by failures alone

    said = failure_text(exchange.incoming) if exchange is not None else ""
    _log.error("call %d cannot be counted: %s", number, said)
