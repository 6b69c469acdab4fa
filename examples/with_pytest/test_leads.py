"""The client's tests with the fixtures of the pytest plugin: nothing to start or to clean up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from leads import CarelessClient, LeadsClient, PlatformError

if TYPE_CHECKING:
    from aep_emulator.testing import Aep

COMPRESSION = "flow_service.create_source_connection.compression_type_is_known"
FLOWS = "/data/foundation/flowservice/flows"


@pytest.fixture
def client(aep: Aep) -> LeadsClient:
    return LeadsClient(platform=aep.url, ims=aep.url)


def test_a_flow_is_set_up(aep: Aep, client: LeadsClient) -> None:
    client.set_up("Leads")
    aep.assert_called("flow_service.create_flow", times=1, body_contains={"name": "Leads flow"})
    aep.assert_no_violations()


def test_a_flow_is_renamed(aep: Aep, client: LeadsClient) -> None:
    flow = client.set_up("Leads")
    client.rename_flow(flow, "Better leads")
    assert aep.session.get(f"{FLOWS}/{flow}").json()["items"][0]["name"] == "Better leads"
    aep.assert_no_violations()


@pytest.mark.parametrize("edition", ["2020-09", "latest"])
def test_it_does_so_in_every_edition_that_we_support(
    aep: Aep, client: LeadsClient, edition: str
) -> None:
    aep.edition = edition
    client.set_up("Leads")
    aep.assert_no_violations()


def test_a_refusal_reaches_the_caller(aep: Aep, client: LeadsClient) -> None:
    with (
        aep.expects_refusal(rule="catalog.create_dataset.schema_exists"),
        pytest.raises(PlatformError, match="400"),
    ):
        client.create_dataset("Leads", "https://ns.adobe.com/unknown/schemas/none")
    aep.assert_no_violations()


@pytest.mark.aep(
    faults=[{"kind": "error", "status": 429, "services": ["schema_registry"], "count": 1}]
)
def test_a_busy_platform_reaches_the_caller_too(client: LeadsClient) -> None:
    with pytest.raises(PlatformError, match="429"):
        client.create_schema("Leads")
    assert client.create_schema("Leads")


def test_the_careless_client_does_not_get_away_with_it(aep: Aep) -> None:
    CarelessClient(platform=aep.url, ims=aep.url).set_up("Leads")
    with pytest.raises(AssertionError, match=COMPRESSION):
        aep.assert_no_violations()


def test_another_process_could_call_it_as_well(aep_server: Aep) -> None:
    client = LeadsClient(platform=aep_server.url, ims=aep_server.url)
    assert client.set_up("Leads")
    aep_server.assert_no_violations()
