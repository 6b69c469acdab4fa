"""An emulator that has been called by a careless client, and the report on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulator.emulator import Emulator
from emulator.json_types import JsonObject
from emulator.reports.report import build
from emulator.serving.server import Server
from emulator.testing.client import AepClient
from tests.bodies import FLOW_SERVICE, base_connection
from tests.emulators import aep_for, new_emulator

CONNECTIONS = f"{FLOW_SERVICE}/connections"
NAME = "flow_service.create_connection.name_is_text"
SPEC = "flow_service.create_connection.connection_spec_is_sent"
LIMIT = "flow_service.list_flows.limit_is_at_most_100"
TEST = "tests/test_client.py::test_names"


def call_carelessly(api: AepClient) -> None:
    """Create, break a rule twice unexpectedly and one as expected, get a warning, miss a path."""
    api.ok("POST", CONNECTIONS, base_connection())
    api.call("POST", CONNECTIONS, base_connection(name=3), x_emulator_test=TEST)
    api.call("POST", CONNECTIONS, base_connection(name=["<b>&"]))
    api.call("POST", CONNECTIONS, {"name": "a"}, x_emulator_expects=SPEC)
    api.call("GET", f"{FLOW_SERVICE}/flows?limit=500")
    api.call("GET", f"{FLOW_SERVICE}/nowhere")
    api.ok("GET", f"{FLOW_SERVICE}/flows", x_emulator_expects=LIMIT)


@pytest.fixture(scope="module")
def called() -> Iterator[Emulator]:
    """Called once for all tests of a module; none of them changes it."""
    made = new_emulator()
    call_carelessly(aep_for(made))
    yield made
    made.close()


@pytest.fixture(scope="module")
def report(called: Emulator) -> JsonObject:
    assert called.coverage is not None
    now = called.engine.platform.clock.now()
    return build(called.contract, called.coverage.current(), date=now)


@pytest.fixture(scope="module")
def url(called: Emulator) -> Iterator[str]:
    with Server(called.application) as server:
        yield f"http://127.0.0.1:{server.port}"
