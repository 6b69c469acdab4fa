"""The careful client's own tests; they announce the refusals that they expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from leads import LeadsClient, PlatformError

if TYPE_CHECKING:
    from aep_emulator.testing import Aep


@pytest.fixture
def client(aep: Aep) -> LeadsClient:
    return LeadsClient(platform=aep.url, ims=aep.url)


def test_a_flow_is_set_up_and_renamed(client: LeadsClient) -> None:
    flow = client.set_up("Leads")
    client.rename_flow(flow, "Better leads")


def test_a_data_set_needs_a_schema_that_exists(aep: Aep, client: LeadsClient) -> None:
    with (
        aep.expects_refusal(rule="catalog.create_dataset.schema_exists"),
        pytest.raises(PlatformError),
    ):
        client.create_dataset("Leads", "https://ns.adobe.com/unknown/schemas/none")


def test_the_flow_was_changed_meanwhile(aep: Aep, client: LeadsClient) -> None:
    path = f"/data/foundation/flowservice/flows/{client.set_up('Leads')}"
    patch = [{"op": "replace", "path": "/name", "value": "Leads"}]
    with (
        aep.expects_refusal(rule="flow_service.update_flow.if_match_is_current"),
        pytest.raises(PlatformError),
    ):
        client.call("PATCH", path, patch, **{"If-Match": '"another"'})
