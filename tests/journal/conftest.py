"""An emulator with a journal for each test, and two clients of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.clock import ManualClock
from emulator.coverage.live import LiveCoverage
from emulator.emulator import Emulator
from emulator.journal.journal import Journal
from emulator.testing.client import AepClient
from tests.emulators import aep_for, new_emulator

Control = Callable[..., Any]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_600_000_000_000)


@pytest.fixture
def emulator(clock: ManualClock) -> Emulator:
    return new_emulator(clock)


@pytest.fixture
def api(emulator: Emulator) -> AepClient:
    return aep_for(emulator)


@pytest.fixture
def journal(emulator: Emulator) -> Journal:
    assert emulator.journal is not None
    return emulator.journal


@pytest.fixture
def coverage(emulator: Emulator) -> LiveCoverage:
    assert emulator.coverage is not None
    return emulator.coverage


@pytest.fixture
def control(emulator: Emulator) -> Control:
    return control_of(emulator)


def control_of(emulator: Emulator) -> Control:
    """Return a function that calls the control API and returns its JSON, or its status."""
    client = emulator.wsgi_app.test_client()

    def call(path: str, method: str = "GET", status: int = 200) -> Any:
        reply = client.open(f"/_emulator/{path}", method=method)
        assert reply.status_code == status, reply.get_data()
        return reply.get_json() if reply.get_data() else None

    return call
