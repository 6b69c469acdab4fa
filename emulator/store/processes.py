"""Which processes work on one store, and which have ended, in whatever way.

A process holds a lock for as long as it lives, which the engine itself gives up when the process
ends: in PostgreSQL an advisory lock of a connection of its own, beside SQLite a file that SQLite
locks. Its number stands in the table `process` from before its first write until another process
has ended what it may have left behind.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from emulator.store.base import StoreFull, StoreUnavailable

_log = logging.getLogger("emulator")

TICK_SECONDS = 0.2
"""How often a process that is served looks after what it shares with others."""


class Processes(Protocol):
    """The processes of a store, as one of them sees them."""

    number: int
    """Its own number. None comes again; 0 is a process that shares nothing."""
    on_tick: list[Callable[[], object]]
    """Called about five times a second, on a thread of its own, in a served process that shares
    its store; never in a process that shares nothing."""
    on_gone: list[Callable[[frozenset[int]], object]]
    """Called in a tick with the numbers of processes that have ended, until all have returned.

    Several living processes may call theirs at the same time, and more than once, so each has to
    do its work in one transaction that finds nothing left the second time.
    """

    def living(self) -> frozenset[int]:
        """Return the numbers of the processes that live, with its own.

        Raises:
            StoreUnavailable: The store does not answer.
        """

    def end_gone(self) -> None:
        """Call `on_gone` if processes are gone."""

    def tick(self) -> None:
        """Look once after what is shared: call `on_gone` if need be, then `on_tick`."""

    def start(self) -> None:
        """Call `tick` from now on."""

    def close(self) -> None:
        """Be gone."""


class Alone:
    """A process that shares nothing."""

    number = 0

    def __init__(self) -> None:
        self.on_tick: list[Callable[[], object]] = []
        self.on_gone: list[Callable[[frozenset[int]], object]] = []

    def living(self) -> frozenset[int]:
        return frozenset((self.number,))

    def end_gone(self) -> None:
        """Nothing is shared."""

    def tick(self) -> None:
        """Nothing is shared."""

    def start(self) -> None:
        """Nothing is shared."""

    def close(self) -> None:
        """Nothing is held."""


class Lock(Protocol):
    """What tells others that a process lives."""

    def hold(self) -> None:
        """Take the lock of this process, or make sure that it is still held."""

    def held(self, numbers: frozenset[int]) -> frozenset[int]:
        """Return which of some other processes hold theirs, and so live."""

    def forget(self, number: int) -> None:
        """Remove what has remained of the lock of a process that is gone."""

    def close(self) -> None:
        """Give the lock up."""


class Registry(Protocol):
    """The table of processes."""

    def numbers(self) -> frozenset[int]:
        """Return the other processes, those that are gone and have left something included."""

    def remove(self, number: int) -> None:
        """Take a process out."""


class SharingProcesses:
    """The processes of a database."""

    def __init__(self, number: int, lock: Lock, registry: Registry) -> None:
        """Be the process of a number, which is in the registry and holds its lock."""
        self.number = number
        self.on_tick: list[Callable[[], object]] = []
        self.on_gone: list[Callable[[frozenset[int]], object]] = []
        self._lock = lock
        self._registry = registry
        self._ended = threading.Event()
        self._one_at_a_time = threading.RLock()
        self._fails = False

    def living(self) -> frozenset[int]:
        return self._lock.held(self._registry.numbers()) | {self.number}

    def end_gone(self) -> None:
        with self._one_at_a_time:
            self._lock.hold()
            # Whoever is in the table has taken its lock before; so the table is read first.
            others = self._registry.numbers()
            gone = others - self._lock.held(others)
            if gone:
                for function in list(self.on_gone):
                    function(gone)
                for number in gone:
                    self._registry.remove(number)
                    self._lock.forget(number)

    def tick(self) -> None:
        self.end_gone()
        for function in list(self.on_tick):
            function()

    def start(self) -> None:
        threading.Thread(target=self._run, name="tick", daemon=True).start()

    def _run(self) -> None:
        while not self._ended.wait(TICK_SECONDS):
            try:
                self.tick()
                self._fails = False
            except (StoreUnavailable, StoreFull) as error:
                self._say(f"the store fails: {error}")
            except Exception:  # noqa: BLE001 - what is shared has to be looked after all the same
                _log.exception("what is shared with other processes could not be looked after")

    def _say(self, text: str) -> None:
        if not self._fails and not self._ended.is_set():
            _log.error("%s", text)
        self._fails = True

    def close(self) -> None:
        # It stays in the table: threads that end with the process may leave something.
        self._ended.set()
        with self._one_at_a_time:
            self._lock.close()
