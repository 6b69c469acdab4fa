"""An emulator for each test, called without a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from emulator.clock import ManualClock
from emulator.emulator import Emulator
from emulator.state import State
from emulator.testing.client import AepClient
from tests.bodies import World, make_world
from tests.emulators import aep_for, new_emulator
from tests.services.lake import Lake


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_600_000_000_000)


@pytest.fixture
def make(clock: ManualClock) -> Callable[..., AepClient]:
    """Return a function that makes an emulator with settings, and a client of it."""

    def build(**settings: Any) -> AepClient:
        return aep_for(new_emulator(clock, **settings))

    return build


@pytest.fixture
def api(make: Callable[..., AepClient]) -> AepClient:
    return make()


@pytest.fixture
def world(api: AepClient) -> World:
    """What a flow needs, in the emulator that `api` calls."""
    return make_world(api)


@pytest.fixture(scope="module")
def first_lake() -> Iterator[tuple[Emulator, Lake, State]]:
    """An emulator with an empty data set, as it is before any test."""
    emulator = new_emulator(ManualClock(1_600_000_000_000))
    lake = Lake(aep_for(emulator))
    yield emulator, lake, emulator.snapshot()
    emulator.close()


@pytest.fixture
def lake(first_lake: tuple[Emulator, Lake, State]) -> Lake:
    """An empty data set; its clock stands where it began."""
    emulator, lake, state = first_lake
    emulator.restore(state)
    assert isinstance(emulator.platform.clock, ManualClock)
    emulator.platform.clock.set(1_600_000_000_000)
    return lake


@pytest.fixture(scope="module")
def strict_emulator() -> Iterator[Emulator]:
    made = new_emulator(enforce="strict")
    yield made
    made.close()


@pytest.fixture
def strict(strict_emulator: Emulator) -> AepClient:
    """An emulator for which warnings refuse too: one for all tests, empty for each."""
    strict_emulator.platform.erase()
    return aep_for(strict_emulator)
