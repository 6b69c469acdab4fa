"""What a process does for a store that it shares with others, beside answering requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from emulator.clock import MovableClock
from emulator.emulator import Emulator
from emulator.json_types import JsonObject
from emulator.left_behind import end_broken, end_left_behind
from emulator.scope import CLAIM
from emulator.shared_clock import SharedClock
from emulator.store.values import MADE
from emulator.web.engine import Engine


def share(emulator: Emulator) -> None:
    """Look from now on after what other processes have left behind, and do so once."""
    processes = emulator.stores.processes

    def end_gone(gone: frozenset[int]) -> None:
        def is_left(claim: JsonObject) -> bool:
            return claim["process"] in gone

        for engine in engines_with(emulator, CLAIM):
            end_left_behind(engine, is_left)
        emulator.platform.due_changed()  # what was theirs to carry out

    def end_own() -> None:
        for engine in (emulator.engine, *emulator.isolated.engines()):
            end_broken(engine)

    processes.on_gone.append(end_gone)
    processes.on_tick.append(end_own)
    processes.end_gone()


def share_clock(engine: Engine, *, is_isolated: bool) -> None:
    """Have an emulator's clock stand where other processes of its store have moved it."""
    clock = engine.platform.clock
    if engine.platform.processes.number and isinstance(clock, MovableClock):
        shared = SharedClock(clock, engine.values, is_isolated=is_isolated)
        engine.on_values.append(shared.follow)
        engine.refresh()


def share_isolated(base: Emulator, made: Emulator) -> None:
    """Let an isolated emulator be the same one in all processes: others drop it, and make it anew.

    What it is like is in its values, so nothing of one that was dropped is left in this process.
    """
    engine = made.engine

    def begin(values: Mapping[str, str]) -> None:
        if MADE in values:
            return
        with made.platform.store.alone():
            if MADE in engine.values.all():
                return
            engine.values.set(MADE, "1")
            base.engine.refresh()
            clock, first = made.platform.clock, base.platform.clock
            if isinstance(clock, MovableClock) and isinstance(first, MovableClock):
                clock.begin(first.position)
            made.faults.restart()
            if made.start is not None and made.platform.store.is_empty():
                made.restore(made.start)

    engine.on_values.insert(0, begin)
    engine.refresh()


def engines_with(emulator: Emulator, kind: str) -> Iterator[Engine]:
    """Yield an emulator's engine, and those of its isolated ones that hold documents of a kind."""
    yield emulator.engine
    for name in emulator.stores.worlds(kind):
        yield emulator.isolated(name).engine
