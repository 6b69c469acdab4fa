"""The client's tests with `mock_aep`: it uses Adobe's own hosts, and no request leaves."""

from __future__ import annotations

from leads import LeadsClient

from aep_emulator import mock_aep

FLOWS = "/data/foundation/flowservice/flows"


@mock_aep
def test_a_flow_is_set_up() -> None:
    client = LeadsClient()
    flow = client.set_up("Leads")
    assert client.platform == "https://platform.adobe.io"
    assert client.call("GET", f"{FLOWS}/{flow}")["items"][0]["name"] == "Leads flow"


def test_each_starts_with_nothing() -> None:
    with mock_aep(edition="2020-09") as aep:
        assert LeadsClient().call("GET", FLOWS)["items"] == []
        aep.assert_no_violations()
        aep.assert_called("flow_service.list_flows", times=1)
