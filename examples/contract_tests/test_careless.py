"""The careless client's own tests: all pass, and only the report shows the mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from leads import CarelessClient

if TYPE_CHECKING:
    from aep_emulator.testing import Aep


@pytest.fixture
def client(aep: Aep) -> CarelessClient:
    return CarelessClient(platform=aep.url, ims=aep.url)


def test_a_flow_is_set_up(client: CarelessClient) -> None:
    assert client.set_up("Leads")


def test_a_flow_is_renamed(client: CarelessClient) -> None:
    client.rename_flow(client.set_up("Leads"), "Better leads")


def test_flows_are_listed(client: CarelessClient) -> None:
    assert client.list_flows() == []
