"""The journal of a running emulator: the latest exchanges, and what all of them cover."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.contract import Contract
from emulator.journal.entry import TEST_HEADER, Entry
from emulator.journal.packing import JournalItem, is_remarkable, judged_by

if TYPE_CHECKING:
    from emulator.coverage.coverage import Coverage
    from emulator.web.exchange import Exchange

_log = logging.getLogger("emulator")

MOST_BYTES = 64 * 1024**2
"""About so many bytes are kept in all."""

BATCH = 32
"""So many exchanges are counted and packed at a time."""

OWN_PATHS = "/_emulator"
"""What is asked of the emulator itself is not journaled."""


class Journal:
    """A ring of the latest exchanges, and the coverage of all of them.

    While a call is answered, a reference to it is taken and nothing else; every so often those
    that have been answered are counted. Masking, reading and writing wait for whoever asks.
    """

    def __init__(self, contract: Contract, most: int, most_bytes: int = MOST_BYTES) -> None:
        """Keep at most so many exchanges, of about so many bytes, but always the latest."""
        self._most = most
        self._most_bytes = most_bytes
        self._kept: deque[JournalItem] = deque()
        self._fresh: list[JournalItem] = []
        self._bytes = 0
        self._latest = 0
        self._counted = 0
        self._contract = contract
        self._coverage: Coverage | None = None
        self._lock = threading.RLock()

    def add(self, exchange: Exchange) -> None:
        """Take an exchange. Its reply may still be changed by others before it goes out."""
        if exchange.incoming.target.startswith(OWN_PATHS):
            return
        with self._lock:
            if len(self._fresh) >= BATCH:
                self._settle()
            self._latest += 1
            self._keep(JournalItem(self._latest, exchange))

    def add_entry(self, entry: Entry) -> None:
        """Take an exchange that somebody else has watched and judged; it gets its number here."""
        with self._lock:
            self._settle()
            self._latest += 1
            entry.number = self._counted = self._latest
            self._keep(JournalItem(entry.number, entry))
            self._whole().add(entry)

    def _keep(self, item: JournalItem) -> None:
        self._fresh.append(item)
        self._kept.append(item)
        self._bytes += item.size
        while len(self._kept) > self._most or (
            self._bytes > self._most_bytes and len(self._kept) > 1
        ):
            self._let_go()

    def _settle(self) -> None:
        """Count and pack the exchanges that have been answered."""
        for item in self._fresh:
            before = item.size
            try:
                self._count(item)
            except Exception:  # noqa: BLE001 - whose call is answered now cannot help it
                _log.exception("call %d cannot be counted", item.number)
            if not item.is_gone:
                self._bytes += item.size - before
        self._fresh.clear()

    def _count(self, item: JournalItem) -> None:
        exchange = item.exchange
        item.pack()
        if item.number <= self._counted or exchange is None:
            return
        self._counted = item.number
        if is_remarkable(exchange):
            self._whole().add(item.entry)
            return
        incoming = exchange.incoming
        self._whole().count(
            incoming.headers.get(TEST_HEADER, ""),
            exchange.edition.name,
            incoming.operation.id,
            judged_by(exchange),
            exchange.reply.status,
            exchange.request,
        )

    def _let_go(self) -> None:
        oldest = self._kept.popleft()
        self._bytes -= oldest.size
        oldest.is_gone = True

    def coverage(self) -> Coverage:
        """Return what all exchanges so far have covered."""
        with self._lock:
            self._settle()
            return self._whole()

    def _whole(self) -> Coverage:
        if self._coverage is None:
            from emulator.coverage.coverage import Coverage  # the start does without

            self._coverage = Coverage(self._contract)
        return self._coverage

    def entries(self, *, newest_first: bool = True) -> Iterator[Entry]:
        """Yield the entries that are kept."""
        with self._lock:
            kept = list(self._kept)
        for item in reversed(kept) if newest_first else kept:
            yield item.entry

    def entry(self, number: int) -> Entry | None:
        """Return an entry by its number; None if it never was, or is no longer kept."""
        with self._lock:
            return next((item.entry for item in self._kept if item.number == number), None)

    def clear(self, test: str | None = None) -> None:
        """Forget the entries, or those of one test; what they covered stays counted."""
        with self._lock:
            self._settle()
            left = [item for item in self._kept if test is not None and item.entry.test != test]
            self._kept = deque(left)
            self._bytes = sum(item.size for item in left)

    def forget(self) -> None:
        """Forget the entries that are kept, and number the next one 1.

        What was counted stays; the latest may not have been. `clear` before counts these too.
        """
        with self._lock:
            self._kept.clear()
            self._fresh.clear()
            self._bytes = self._latest = self._counted = 0

    def clear_coverage(self, test: str | None = None) -> None:
        """Count anew, of all or of one test, from the next exchange on."""
        with self._lock:
            self._settle()
            if test is not None:
                self._coverage = self._whole().without(test)
                return
            self._counted = self._latest
            self._coverage = None
