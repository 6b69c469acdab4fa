"""Emulators for tests: each new, all sharing the contract and fixtures that nobody changes."""

from __future__ import annotations

from functools import cache
from typing import Any

from emulator.app import create_emulator
from emulator.clock import Clock, ManualClock
from emulator.emulator import Emulator
from emulator.settings import Settings


@cache
def _first() -> Emulator:
    return create_emulator(Settings(), clock=ManualClock())


def new_emulator(clock: Clock | None = None, **settings: Any) -> Emulator:
    """Return a new emulator, by default one whose clock stands still."""
    return create_emulator(Settings(**settings), clock=clock or ManualClock(), like=_first())
