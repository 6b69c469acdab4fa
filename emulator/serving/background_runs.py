"""Carries out flow runs at their time, without anybody looking at them.

One thread sleeps until something is due, in any sandbox of the emulator or of one that is isolated
behind its address; a few workers carry it out. What stands still has nothing that comes due by
itself: an emulator with a manual clock is passed over.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from typing import NamedTuple

from emulator.budgets import MAX_BACKGROUND_SANDBOXES
from emulator.clock import ManualClock
from emulator.due import catch_up, first_due, scopes
from emulator.emulator import Emulator
from emulator.sandbox import Sandbox
from emulator.scope import Scope
from emulator.services.interfaces import FIRST_DUE
from emulator.serving.workers import Workers
from emulator.shared import engines_with
from emulator.web.engine import Engine

_log = logging.getLogger("emulator")

MAX_SLEEP_SECONDS = 10.0
"""The longest sleep: the machine's clock may be set, and another process may have gone."""

HELD_SECONDS = 1.0
"""How long what is still due afterwards waits, such as a run that a fault holds up."""

FAILED_SECONDS = 10.0
"""How long a sandbox waits in which something went wrong that is not about a run."""


class _Place(NamedTuple):
    engine: Engine
    sandbox: Sandbox


class _Held(NamedTuple):
    """What is due in a sandbox and not asked for again before a time of `time.monotonic`."""

    due: int | None
    until: float


class BackgroundRuns:
    """The thread and the workers of one emulator that is served."""

    def __init__(self, emulator: Emulator) -> None:
        """Begin nothing before `start`."""
        self._emulator = emulator
        self._workers = Workers("runs", MAX_BACKGROUND_SANDBOXES)
        self._changed = threading.Event()
        self._lock = threading.Lock()
        self._busy: set[_Place] = set()
        self._held: dict[_Place, _Held] = {}
        self._is_idle = threading.Condition(self._lock)
        self._ended = False

    def start(self) -> None:
        """Carry out what is due from now on."""
        self._emulator.platform.on_due_change.append(self._changed.set)
        threading.Thread(target=self._run, name="due-runs", daemon=True).start()

    def stop(self) -> None:
        """Begin no further runs. Returns at once."""
        self._ended = True
        self._changed.set()
        self._workers.close()

    def wait(self, seconds: float) -> None:
        """Wait until the runs have ended that were begun, after `stop`, or for so long."""
        with self._is_idle:
            self._is_idle.wait_for(lambda: not self._busy, seconds)

    def _run(self) -> None:
        while not self._ended:
            self._changed.clear()
            try:
                seconds = self._begin_due()
            except Exception:  # noqa: BLE001 - runs of later days must not be lost by it
                _log.exception("what is due could not be read")
                seconds = MAX_SLEEP_SECONDS
            self._changed.wait(seconds)

    def _begin_due(self) -> float:
        """Have a worker carry out whatever is due; return in how many seconds to look again."""
        seconds, seen = MAX_SLEEP_SECONDS, set()
        for engine in self._engines():
            if isinstance(engine.platform.clock, ManualClock):
                continue
            engine.refresh()
            for scope in scopes(engine):
                place = _Place(engine, scope.sandbox)
                seen.add(place)
                seconds = min(seconds, self._begin(place, scope))
        with self._lock:
            self._held = {place: held for place, held in self._held.items() if place in seen}
        return seconds

    def _engines(self) -> Iterable[Engine]:
        if self._emulator.stores.processes.number:
            return engines_with(self._emulator, FIRST_DUE)
        return (self._emulator.engine, *self._emulator.isolated.engines())

    def _begin(self, place: _Place, scope: Scope) -> float:
        """Have a sandbox's due runs carried out; return in how many seconds to look again."""
        due = first_due(scope)
        if due is None:
            return MAX_SLEEP_SECONDS
        ahead = (due - scope.now()) / 1000
        if ahead > 0:
            return ahead
        with self._lock:
            held = self._held.get(place)
            if place in self._busy or self._ended:
                return MAX_SLEEP_SECONDS  # its end is told
            if held is not None and held.due == due and held.until > time.monotonic():
                return held.until - time.monotonic()
            self._busy.add(place)
        self._workers.submit(lambda: self._carry_out(place, scope))
        return MAX_SLEEP_SECONDS

    def _carry_out(self, place: _Place, scope: Scope) -> None:
        """Carry out what is due in a sandbox; what is still due then is held for a while."""
        seconds, due = HELD_SECONDS, first_due(scope)
        try:
            # Another process that is at it is not waited for: others are due here.
            catch_up(place.engine, scope, waits=not place.engine.platform.processes.number)
            due = first_due(scope)
        except Exception:  # noqa: BLE001 - a worker must go on, and so must the other sandboxes
            _log.exception("what is due in the sandbox %s could not be carried out", scope.sandbox)
            seconds = FAILED_SECONDS
        with self._is_idle:
            self._held[place] = _Held(due, time.monotonic() + seconds)
            self._busy.discard(place)
            self._is_idle.notify_all()
        self._changed.set()
