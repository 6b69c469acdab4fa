"""Writes answered calls into a store, each once, whatever becomes of an attempt."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from emulator.budgets import MIB
from emulator.journal.item import JournalItem
from emulator.journal.written import CallPacker
from emulator.store import StoreFull, StoreUnavailable
from emulator.store.calls import Calls, PackedCall

_log = logging.getLogger("emulator")

PACK = 256
"""How many calls are written as one pack at most."""

PACK_BYTES = MIB
"""How many bytes they have, if they are more than one."""


class Counted(Protocol):
    """What calls cover, to be written."""

    def written(self) -> Iterator[bytes]:
        """Yield it piece by piece."""


@dataclass(slots=True)
class _Batch:
    """Calls that are written together with what they cover, all or nothing."""

    number: int
    items: Sequence[JournalItem]
    counted: bytes


class CallWriter:
    """Writes the calls of a journal.

    What could not be written, or of which nobody knows whether it was, is tried again as it was,
    under the same number, before anything else is written.

    Attributes:
        lock: Held while something is written.
    """

    def __init__(
        self,
        calls: Calls,
        next: Callable[[], tuple[Sequence[JournalItem], Counted | None]],
        let_go: Callable[[Sequence[JournalItem]], object],
    ) -> None:
        """Write what `next` returns, and then hand the calls to `let_go`."""
        self._calls = calls
        self._next = next
        self._let_go = let_go
        self._packer = CallPacker()
        self._batch: _Batch | None = None
        self._batches = 0
        self.lock = threading.RLock()

    def write(self) -> None:
        """Write what has been answered so far.

        Raises:
            StoreUnavailable, StoreFull: It cannot be written now, and waits.
        """
        with self.lock:
            if self._batch is not None:
                self._write(self._batch)
            items, counted = self._next()
            if items or counted is not None:
                self._batches += 1
                content = b"".join(counted.written()) if counted is not None else b""
                self._write(_Batch(self._batches, items, content))

    def _write(self, batch: _Batch) -> None:
        self._batch = batch
        try:
            self._number(batch.items)
            self._calls.write(batch.number, _parted(self._packed(batch.items)), batch.counted)
        except (StoreUnavailable, StoreFull):
            raise
        except Exception:  # noqa: BLE001 - what comes later has to be written all the same
            _log.exception("%d calls cannot be written to the journal", len(batch.items))
        self._batch = None
        self._let_go(batch.items)

    def _number(self, items: Iterable[JournalItem]) -> None:
        """Give numbers to those that have come too early for one."""
        early = [item for item in items if not item.number]
        if early:
            first = self._calls.take_numbers(len(early))
            for number, item in enumerate(early, first):
                item.number = number

    def _packed(self, items: Iterable[JournalItem]) -> Iterator[PackedCall]:
        """Yield those calls that there is still room for, packed."""
        for item in items:
            if item.is_gone:
                continue
            try:
                packed = self._packer.packed(item)
            except Exception:  # noqa: BLE001 - the others have to be written all the same
                _log.exception("call %d cannot be written to the journal", item.number)
            else:
                yield packed


def _parted(calls: Iterable[PackedCall]) -> Iterator[list[PackedCall]]:
    """Yield calls in the packs in which they are written."""
    part: list[PackedCall] = []
    size = 0
    for call in calls:
        if part and (len(part) >= PACK or size + call.size > PACK_BYTES):
            yield part
            part, size = [], 0
        part.append(call)
        size += call.size
    if part:
        yield part
