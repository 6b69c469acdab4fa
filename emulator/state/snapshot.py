"""The state of an emulator at one moment, in memory; taking and restoring it is cheap."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from emulator.clock import ManualClock
from emulator.left_behind import end_left_behind
from emulator.sandbox import Sandbox
from emulator.scope import CLAIM
from emulator.store import Blob, Snapshot, Store

if TYPE_CHECKING:
    from emulator.web.engine import Engine


@dataclass(frozen=True, slots=True)
class State:
    """What an emulator held at one moment; it never changes and can be restored at any time.

    `clock` is in milliseconds since 1970, and None of an emulator that uses the machine's time.
    `requests` counts the requests whose ids the emulator has made.
    """

    store: Snapshot
    blobs: tuple[Blob, ...]
    edition: str
    enforce: str
    clock: int | None = None
    requests: int = 0

    @property
    def size(self) -> int:
        """About how many bytes its documents and files have."""
        documents = sum(self.store.size(place) for place in self.store.documents)
        return documents + sum(len(blob.content) for blob in self.blobs)

    @property
    def sandboxes(self) -> set[Sandbox]:
        """The sandboxes that hold something."""
        places = (*self.store.documents, *self.store.counters)
        return {place[0] for place in places} | {blob.sandbox for blob in self.blobs}

    def holds_what(self, other: State) -> bool:
        """Tell whether it holds the same as another one; requests do not count.

        The kinds of a store that nobody has written to are the same objects in both, so this takes
        no longer for many documents.
        """
        mine, theirs = self.store.documents, other.store.documents
        return (
            mine.keys() == theirs.keys()
            and all(rows is theirs[place] for place, rows in mine.items())
            and self.store.counters == other.store.counters
            and self.blobs == other.blobs
            and (self.edition, self.enforce, self.clock)
            == (other.edition, other.enforce, other.clock)
        )


def take_settled(engine: Engine, seconds: float) -> State:
    """Return the present state without anything half-done: between two writers of each sandbox.

    Whoever writes in a sandbox longer than so many seconds is not waited for any more.
    """
    platform, seen = engine.platform, take(engine)
    documents, counters, blobs = {}, {}, list[Blob]()
    for sandbox in sorted(seen.sandboxes):
        with _between_writers(platform.store, sandbox, seconds):
            now = platform.store.dump()
            blobs.extend(platform.blobs.everything(sandbox))
        documents.update({at: rows for at, rows in now.documents.items() if at[0] == sandbox})
        counters.update({at: number for at, number in now.counters.items() if at[0] == sandbox})
    return replace(seen, store=Snapshot(documents, counters), blobs=tuple(blobs))


@contextmanager
def _between_writers(store: Store, sandbox: Sandbox, seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while store.is_busy(sandbox) and time.monotonic() < end:
        time.sleep(0.005)
    if store.is_busy(sandbox):
        yield
    else:
        with store.exclusive(sandbox):
            yield


def take(engine: Engine) -> State:
    """Return the present state of an emulator."""
    clock = engine.platform.clock
    return State(
        store=engine.platform.store.dump(),
        blobs=tuple(engine.platform.blobs.everything()),
        edition=engine.edition,
        enforce=engine.enforce,
        clock=clock.now() if isinstance(clock, ManualClock) else None,
        requests=engine.request_ids.count,
    )


def restore_part(
    engine: Engine, state: State, organization: str | None = None, name: str | None = None
) -> None:
    """Replace what an organization, or one of its sandboxes, holds by what a state holds of it.

    By default that is everything; edition, enforcement and clock stay as they are in any case.
    """
    platform = engine.platform
    held = {place[0] for place in (*platform.store.dump().documents, *state.store.documents)}
    places = {
        sandbox
        for sandbox in (*held, *(blob.sandbox for blob in state.blobs))
        if organization in (None, sandbox.organization) and name in (None, sandbox.name)
    }
    with platform.replacing(organization, name), platform.room.exempt():
        platform.blobs.erase(organization, name)
        for place in sorted(places):
            platform.store.load(state.store, place)
        for blob in state.blobs:
            if blob.sandbox in places:
                platform.blobs.put(*blob)
        platform.erased(organization, name)


def restore(engine: Engine, state: State) -> None:
    """Replace all that an emulator holds by a state, its own earlier one or another's.

    An emulator that uses the machine's time keeps using it.
    """
    clock, blobs = engine.platform.clock, engine.platform.blobs
    with engine.platform.replacing(), engine.platform.room.exempt():
        engine.platform.store.load(state.store)
        blobs.erase()
        for blob in state.blobs:
            blobs.put(*blob)
        engine.platform.erased()
        engine.edition = state.edition
        engine.enforce = state.enforce
        engine.request_ids.count = state.requests
        if state.clock is not None and isinstance(clock, ManualClock):
            clock.jump(state.clock)
        if any(kind == CLAIM for _, kind in state.store.documents):
            end_left_behind(engine, lambda _: True)  # nobody goes on with what went on then
