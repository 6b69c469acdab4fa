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


def restore(engine: Engine, state: State) -> None:
    """Replace all that an emulator holds by a state, its own earlier one or another's.

    An emulator that uses the machine's time keeps using it.
    """
    clock, blobs = engine.platform.clock, engine.platform.blobs
    with engine.platform.replacing():
        engine.platform.store.load(state.store)
        blobs.erase()
        for blob in state.blobs:
            blobs.put(*blob)
        engine.platform.erased()
    engine.edition = state.edition
    engine.enforce = state.enforce
    engine.requests = state.requests
    if state.clock is not None and isinstance(clock, ManualClock):
        clock.set(state.clock)
