"""Emulators for tests: each new, all sharing the contract and fixtures that nobody changes."""

from __future__ import annotations

from functools import cache
from typing import Any

from emulator.app import create_emulator
from emulator.clock import Clock, ManualClock
from emulator.contract import Contract
from emulator.emulator import Emulator
from emulator.json_types import copy
from emulator.platform import Platform
from emulator.settings import Settings
from emulator.store import Change, MemoryStore
from emulator.testing.client import AepClient, in_process
from emulator.testing.in_process import InProcessTransport
from emulator.web.self_check import SelfCheck
from tests.addresses import StaysHere
from tests.bodies import HEADERS


@cache
def _first() -> Emulator:
    return create_emulator(Settings(), clock=ManualClock())


def shipped_contract() -> Contract:
    """Return the contract of all of these emulators, read and compiled once in a process."""
    return _first().contract


@cache
def _self_check() -> SelfCheck:
    """Return what all share: it learns of each operation once what is documented."""
    return SelfCheck(_first().contract)


class CheckedStore(MemoryStore):
    """A store that holds what services write against the models of their documents."""

    documents: Platform | None = None

    def write(self, *changes: Change) -> None:
        for change in changes:
            if self.documents is not None and change.body is not None:
                model = self.documents.documents.find(change.kind)
                assert model is not None, change.kind
                assert (fault := model.fault(change.key, copy(change.body))) is None, (
                    change,
                    fault,
                )
        super().write(*changes)


def new_emulator(clock: Clock | None = None, **settings: Any) -> Emulator:
    """Return a new emulator, by default one whose clock stands still.

    What its services write is held against the models of their documents.
    It holds what it answers against the contract, as the setting `self_check` wants it, unless it
    only observes: what nobody refuses has no documented answer. No address in a reply leaves this
    machine.
    """
    store = CheckedStore()
    made = create_emulator(
        Settings(**settings), clock=clock or ManualClock(), store=store, like=_first()
    )
    store.documents = made.platform
    after = made.engine.after
    after.insert(0, StaysHere())
    is_checked = made.settings.self_check or made.settings.enforce != "observe"
    if made.contract is _first().contract and is_checked:
        # It takes the place of the emulator's own, which would learn everything anew.
        after[:] = [_self_check(), *(one for one in after if not isinstance(one, SelfCheck))]
    return made


def aep_for(emulator: Emulator) -> AepClient:
    """Return a client of an emulator in this process."""
    clock = emulator.platform.clock
    wait = clock.advance if isinstance(clock, ManualClock) else _nobody_waits
    transport = InProcessTransport(emulator.application.handle, wait)
    return AepClient(in_process(transport, "http://localhost"), emulator.contract, dict(HEADERS))


def _nobody_waits(seconds: float) -> None:
    """Answers are late only by a fault, and faults need a clock that stands still."""
    raise AssertionError(f"an answer is {seconds} seconds late")
