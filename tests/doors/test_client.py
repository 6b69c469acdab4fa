"""The client that needs no library: what it sends, and what its responses say."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import IncompleteRead

import pytest

from emulator.testing import Aep
from emulator.testing.client import AepClient
from tests.bodies import FLOW_SERVICE, base_connection

CONNECTIONS = f"{FLOW_SERVICE}/connections"


@pytest.fixture
def local() -> Iterator[Aep]:
    with Aep() as aep:
        yield aep


@pytest.fixture
def client(local: Aep) -> AepClient:
    return local.client


def test_an_accepted_request_gives_its_json(client: AepClient) -> None:
    made = client.ok("POST", CONNECTIONS, base_connection())
    path = f"{CONNECTIONS}/{made['id']}"
    assert client.ok("GET", path)["items"][0]["name"] == "Blob"
    assert client.ok("DELETE", path) is None


def test_a_refusal_is_explained(client: AepClient) -> None:
    with pytest.raises(AssertionError) as caught:
        client.ok("POST", CONNECTIONS, {"name": 3})
    said = str(caught.value)
    assert said.startswith(f"POST {CONNECTIONS} was answered 400\n")
    assert "flow_service.create_connection." in said
    assert client.contract.rules[client.call("POST", CONNECTIONS, {"name": 3}).rule].states in said


def test_a_response_names_what_was_passed_over(client: AepClient) -> None:
    response = client.call("GET", f"{FLOW_SERVICE}/flows?limit=500")
    assert (response.status, response.rule) == (200, "")
    assert response.warnings == ["flow_service.list_flows.limit_is_at_most_100"]


def test_headers_can_be_left_out_added_and_replaced(client: AepClient) -> None:
    assert client.call("GET", CONNECTIONS, without=("x-gw-ims-org-id",)).status == 400
    assert client.call("GET", CONNECTIONS, x_sandbox_name="none").status == 404
    assert client.call("GET", CONNECTIONS, headers={"x-sandbox-name": "none"}).status == 404
    assert client.call("POST", CONNECTIONS, content=b"{").status == 400


def test_a_link_is_followed(client: AepClient, local: Aep) -> None:
    assert client.ok("GET", f"{local.url}{CONNECTIONS}") == client.ok("GET", CONNECTIONS)


def test_faults_of_the_connection_are_raised(client: AepClient, local: Aep) -> None:
    local.faults.add({"kind": "reset", "count": 1})
    with pytest.raises(ConnectionResetError):
        client.call("GET", CONNECTIONS)
    local.faults.add({"kind": "truncate", "bytes": 5, "count": 1})
    with pytest.raises(IncompleteRead) as caught:
        client.call("GET", CONNECTIONS)
    assert len(caught.value.partial) == 5
    local.faults.add({"kind": "delay", "seconds": 2})
    before = local.clock.now()
    assert client.call("GET", CONNECTIONS).status == 200
    assert local.clock.now() - before == 2000


def test_the_journal_sees_its_calls(client: AepClient, local: Aep) -> None:
    client.call("POST", CONNECTIONS, {"name": 3})
    assert [entry.operation for entry in local.journal] == ["flow_service.create_connection"]
