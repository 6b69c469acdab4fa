"""What a state file has of the credentials of connections, and what becomes of these."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emulator.clock import ManualClock
from emulator.serving.server import Server
from emulator.testing.client import AepClient
from tests.bodies import (
    FLOW_SERVICE,
    ORGANIZATION,
    SCHEMA_REGISTRY,
    base_connection,
    flow,
    make_world,
    profile_schema,
)
from tests.doors.test_cli import run
from tests.emulators import aep_for, new_emulator

CONNECTIONS = f"{FLOW_SERVICE}/connections"
STATE = "/_emulator/state"
SECRET = "Pl41nS3cretValue0123456789"
AUTH = {
    "specName": "ConnectionString",
    "params": {"connectionString": f"AccountKey={SECRET}", "folderPath": "/kept"},
}


@pytest.fixture
def aep() -> AepClient:
    return aep_for(new_emulator(ManualClock(1_600_000_000_000)))


def state_of(aep: AepClient, query: str = "") -> Any:
    status, _, content = aep.send("GET", STATE + query, {}, None)
    assert status == 200
    return json.loads(content)


def load(aep: AepClient, state: Any) -> None:
    headers = {"content-type": "application/json"}
    assert aep.send("PUT", STATE, headers, json.dumps(state).encode())[0] == 200


def connection_in(state: Any) -> Any:
    return state["organizations"][ORGANIZATION]["prod"]["documents"]["connection"][0]["body"]


def test_credentials_are_masked_unless_they_are_asked_for(aep: AepClient) -> None:
    aep.ok("POST", CONNECTIONS, base_connection(auth=AUTH, description=f"with {SECRET}"))
    masked, whole = state_of(aep), state_of(aep, "?secrets=true")
    assert SECRET not in json.dumps(masked)
    shown = connection_in(masked)
    assert shown["auth"]["params"] == {"connectionString": "******", "folderPath": "/kept"}
    assert shown["description"] == "with ******"
    assert connection_in(whole)["auth"] == AUTH
    status, _, content = aep.send("GET", f"{STATE}?secrets=maybe", {}, None)
    assert (status, "secrets" in json.loads(content)["detail"]) == (400, True)


def test_a_state_without_credentials_is_written_as_it_is(aep: AepClient) -> None:
    aep.ok("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", profile_schema("password"))
    assert state_of(aep) == state_of(aep, "?secrets=true")


def test_connections_work_once_a_masked_state_is_loaded(aep: AepClient) -> None:
    world = make_world(aep)
    before = aep.ok("GET", f"{CONNECTIONS}/{world.base}")
    masked = state_of(aep)
    aep.send("POST", "/_emulator/reset", {"content-type": "application/json"}, b"{}")
    load(aep, masked)
    assert aep.ok("GET", f"{CONNECTIONS}/{world.base}") == before
    assert state_of(aep)["organizations"] == masked["organizations"]
    rows = b"id\tfirstName\tlastName\tstreet\n1\tAda\tLovelace\tSt James\n"
    query = f"organization={ORGANIZATION.replace('@', '%40')}&sandbox=prod"
    path = f"/_emulator/files/{world.base}/leads/a.tsv?{query}"
    headers = {"content-type": "application/octet-stream"}
    assert aep.send("PUT", path, headers, rows)[0] == 201
    explored = aep.ok("GET", f"{CONNECTIONS}/{world.base}/explore?objectType=root")
    assert "leads" in json.dumps(explored)
    created = aep.ok("POST", f"{FLOW_SERVICE}/flows", flow(world))
    aep.send("POST", "/_emulator/tick", {"content-type": "application/json"}, b"{}")
    (ended,) = aep.ok("GET", f"{FLOW_SERVICE}/runs?property=flowId=={created['id']}")["items"]
    assert ended["metrics"]["recordSummary"]["inputRecordCount"] == 1
    change = [{"op": "replace", "path": "/name", "value": "renamed"}]
    aep.ok("PATCH", f"{CONNECTIONS}/{world.base}", change, If_Match=before["items"][0]["etag"])


def test_the_command_writes_secrets_on_demand(aep: AepClient, tmp_path: Path) -> None:
    emulator = new_emulator(ManualClock(1_600_000_000_000))
    aep_for(emulator).ok("POST", CONNECTIONS, base_connection(auth=AUTH))
    file = tmp_path / "state.json"
    with Server(emulator.application) as server:
        url = f"http://127.0.0.1:{server.port}"
        for flags, is_written in (([], False), (["--with-secrets"], True)):
            assert run("state", "save", str(file), "--url", url, *flags).returncode == 0
            assert (SECRET in file.read_text(encoding="utf-8")) is is_written
