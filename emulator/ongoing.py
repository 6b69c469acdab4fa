"""Long work that is going on: runs, ingestion, seeding. It can be given up, and others see why.

Whoever works checks now and then whether to go on:

    with platform.ongoing.work(sandbox):
        for row in rows:
            platform.ongoing.check()

A reset interrupts the work of its sandboxes, the end of the process all there is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from emulator.json_types import JsonObject
from emulator.sandbox import Sandbox

Claim = tuple[str, JsonObject]
"""The key of a claim, and its body; see `emulator/claims.py`."""

INTERRUPTED = "EMULATOR-1001-503"
"""The code of a run or batch that was interrupted."""


INTERRUPTED_TEXT = "It was interrupted: the emulator ended or was reset meanwhile."


class Interrupted(Exception):
    """The work is not to be finished: the emulator ends, or what it is about has gone."""

    code = INTERRUPTED

    def __init__(self) -> None:
        super().__init__(INTERRUPTED_TEXT)


class Work:
    """One piece of long work.

    `is_interrupted` says that it is to end soon; `is_void` that what it is about has been erased or
    replaced, so that nothing of it may be written any more. `claim` tells other processes of it.
    """

    __slots__ = ("claim", "is_interrupted", "is_void", "outer", "sandbox", "stops")

    def __init__(self, sandbox: Sandbox, outer: Work | None, claim: Claim | None) -> None:
        self.sandbox = sandbox
        self.outer = outer
        self.claim = claim
        self.is_interrupted = self.is_void = False
        self.stops: list[Callable[[], object]] = []

    def interrupt(self) -> None:
        """Have it given up; what it waits for is told to stop, by threads of their own."""
        self.is_interrupted = True
        for stop in self.stops:
            threading.Thread(target=stop, daemon=True).start()


class Ongoing:
    """The long work of one emulator. A thread's work is what it began last and has not ended."""

    def __init__(self) -> None:
        self._works: set[Work] = set()
        self._lock = threading.Lock()
        self._of_thread = threading.local()
        self._ended = False

    @contextmanager
    def work(self, sandbox: Sandbox, claim: Claim | None = None) -> Iterator[None]:
        """Work in a sandbox for as long as the block lasts."""
        work = Work(sandbox, getattr(self._of_thread, "work", None), claim)
        with self._lock:
            work.is_interrupted = self._ended
            self._works.add(work)
        self._of_thread.work = work
        try:
            yield
        finally:
            self._of_thread.work = work.outer
            with self._lock:
                self._works.discard(work)

    @contextmanager
    def stopping(self, stop: Callable[[], object]) -> Iterator[None]:
        """Have something stopped if this thread's work is interrupted while the block waits for it.

        Args:
            stop: Stops it; it is called by another thread, and may be too late.
        """
        work: Work | None = getattr(self._of_thread, "work", None)
        if work is None:
            yield
            return
        with self._lock:
            work.stops.append(stop)
        try:
            yield
        finally:
            with self._lock:
                work.stops.remove(stop)

    def check(self) -> None:
        """Go on, unless this thread's work is to be given up.

        Raises:
            Interrupted: It is.
        """
        work: Work | None = getattr(self._of_thread, "work", None)
        if work is not None and work.is_interrupted:
            raise Interrupted

    def check_end(self) -> None:
        """Go on, unless the process ends.

        Raises:
            Interrupted: It does.
        """
        if self._ended:
            raise Interrupted

    def check_place(self) -> None:
        """Go on, unless what this thread works on has been erased: then nothing may be written.

        Raises:
            Interrupted: It has.
        """
        work: Work | None = getattr(self._of_thread, "work", None)
        while work is not None:
            if work.is_void:
                raise Interrupted
            work = work.outer

    def claims(self) -> Iterator[tuple[Sandbox, Claim]]:
        """Yield the claims by which this thread works."""
        work: Work | None = getattr(self._of_thread, "work", None)
        while work is not None:
            if work.claim is not None:
                yield work.sandbox, work.claim
            work = work.outer

    def let_go(self, sandbox: Sandbox, key: str) -> None:
        """Go on without a claim: what this thread has claimed by it is done."""
        work: Work | None = getattr(self._of_thread, "work", None)
        while work is not None:
            if work.sandbox == sandbox and work.claim is not None and work.claim[0] == key:
                work.claim = None
            work = work.outer

    def void(self, organization: str | None = None, name: str | None = None) -> list[Sandbox]:
        """Interrupt what others work on in what is about to be erased; return where that is."""
        own: Work | None = getattr(self._of_thread, "work", None)
        places: set[Sandbox] = set()
        with self._lock:
            for work in self._works:
                inside = organization in (None, work.sandbox.organization)
                if work is not own and inside and name in (None, work.sandbox.name):
                    work.is_void = True
                    work.interrupt()
                    places.add(work.sandbox)
        return sorted(places)

    def end(self) -> None:
        """Interrupt all work, and what begins from now on: the process ends."""
        with self._lock:
            self._ended = True
            for work in self._works:
                work.interrupt()

    @property
    def is_idle(self) -> bool:
        """Whether nobody is working."""
        return not self._works
