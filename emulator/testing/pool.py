"""Emulators that tests borrow: made once in a process for the same settings, then reset."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from emulator.app import create_emulator
from emulator.clock import make_clock
from emulator.coverage.files import CoveragePart
from emulator.emulator import Emulator
from emulator.settings import Settings
from emulator.state import State
from emulator.testing import run
from emulator.web.message import HeadObserver

if TYPE_CHECKING:
    from emulator.serving.server import Server
    from emulator.web.message import Handler, Request, Response

COUNTING = threading.Event()
"""Set if the coverage of all tests is reported at the end."""

LATE_CALLS: Counter[str] = Counter()
"""How many calls came by servers after the test had ended that they belonged to, by test."""

_LOCK = threading.Lock()
_MADE: list[Emulator] = []
_FREE: defaultdict[Settings, list[Emulator]] = defaultdict(list)
_SCENARIOS: dict[tuple[Settings, str], State] = {}


def borrow(settings: Settings) -> Emulator:
    """Return an unused emulator, as new; its clock starts as `run.start_of_clocks` or settings say.

    Raises:
        SettingError, ContractError, FixtureError: As `create_emulator`.
    """
    with _LOCK:
        free = _FREE[settings]
        emulator = free.pop() if free else None
    if emulator is not None:
        emulator.reset()
        if emulator.journal is not None:
            emulator.journal.forget()
        return emulator
    like = next(iter(_MADE), None)
    clock = make_clock(settings.clock or run.start_of_clocks())
    emulator = create_emulator(settings, clock=clock, like=like)
    with _LOCK:
        _MADE.append(emulator)
    return emulator


def give_back(settings: Settings, emulator: Emulator) -> None:
    """Return a borrowed emulator to the pool."""
    if COUNTING.is_set() and emulator.journal is not None:
        emulator.journal.clear()
    with _LOCK:
        _FREE[settings].append(emulator)


def put_scenario(settings: Settings, emulator: Emulator, name: str) -> None:
    """Load a scenario into an emulator that has just been borrowed.

    Raises:
        SeedError: It does not exist or cannot be built; nothing has changed.
    """
    state = _SCENARIOS.get((settings, name))
    if state is None:
        emulator.load_scenario(name)
        _SCENARIOS[(settings, name)] = emulator.snapshot()
    else:
        emulator.restore(state)


def coverage_parts() -> list[CoveragePart]:
    """Return the coverage of each emulator that this process has made for its tests."""
    return [
        CoveragePart(str(made.settings.contracts or ""), made.coverage.current().to_json())
        for made in _MADE
        if made.coverage is not None
    ]


class Switch:
    """Lets a server that is kept serve one handler after the other."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    def handle(self, request: Request) -> Response:
        """Return the response to a request."""
        return self.handler.handle(request)

    def body_limit(self, method: str, target: str) -> int:
        """Return how many bytes of a request's body are to be read."""
        return self.handler.body_limit(method, target)

    def refused_head(self, status: int, rule: str, reason: str) -> None:
        """Tell the handler, if it wants to know, that a request was refused for its head."""
        if isinstance(self.handler, HeadObserver):
            self.handler.refused_head(status, rule, reason)


_SERVERS: dict[int, tuple[Server, Switch]] = {}


def server_of(emulator: Emulator) -> tuple[Server, Switch]:
    """Return the server of an emulator, started now or before, and what it serves."""
    from emulator.serving.server import Server

    with _LOCK:
        if id(emulator) not in _SERVERS:
            switch = Switch(emulator.application)
            server = Server(switch).__enter__()
            _SERVERS[id(emulator)] = (server, switch)
        return _SERVERS[id(emulator)]


def close() -> None:
    """Stop all servers and close all emulators that are not borrowed."""
    with _LOCK:
        while _SERVERS:
            server, _ = _SERVERS.popitem()[1]
            server.__exit__(None, None, None)
        for free in _FREE.values():
            for emulator in free:
                emulator.close()
                _MADE.remove(emulator)
        _FREE.clear()
