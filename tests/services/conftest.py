"""An emulator for each test, called without a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from emulator.clock import ManualClock
from emulator.emulator import Emulator
from emulator.state import State
from tests.aep import Aep, World, make_world
from tests.emulators import new_emulator
from tests.services.lake import Lake


def aep_for(emulator: Emulator) -> Aep:
    """Return a client of an emulator in this process."""
    client = emulator.wsgi_app.test_client()

    def send(
        method: str, path: str, headers: dict[str, str], content: bytes | None
    ) -> tuple[int, dict[str, str], bytes]:
        reply = client.open(path, method=method, headers=headers, data=content)
        found = {name.lower(): value for name, value in reply.headers.items()}
        return reply.status_code, found, reply.get_data()

    return Aep(send, emulator.contract)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_600_000_000_000)


@pytest.fixture
def make(clock: ManualClock) -> Callable[..., Aep]:
    """Return a function that makes an emulator with settings, and a client of it."""

    def build(**settings: Any) -> Aep:
        return aep_for(new_emulator(clock, **settings))

    return build


@pytest.fixture
def api(make: Callable[..., Aep]) -> Aep:
    return make()


@pytest.fixture
def world(api: Aep) -> World:
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
def strict(strict_emulator: Emulator) -> Aep:
    """An emulator for which warnings refuse too: one for all tests, empty for each."""
    strict_emulator.platform.erase()
    return aep_for(strict_emulator)
