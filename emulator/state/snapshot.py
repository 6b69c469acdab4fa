"""The state of an emulator at one moment, in memory; taking and restoring it is cheap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.clock import ManualClock
from emulator.store import Blob, Snapshot

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


def take(engine: Engine) -> State:
    """Return the present state of an emulator."""
    clock = engine.platform.clock
    return State(
        store=engine.platform.store.dump(),
        blobs=tuple(engine.platform.blobs.everything()),
        edition=engine.edition,
        enforce=engine.enforce,
        clock=clock.now() if isinstance(clock, ManualClock) else None,
        requests=engine.requests,
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
    engine.requests = state.requests
    if state.clock is not None and isinstance(clock, ManualClock):
        clock.jump(state.clock)
