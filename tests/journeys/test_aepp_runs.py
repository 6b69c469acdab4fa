"""aepp moves data: it explores, uploads to the landing zone, orders runs and reads them."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.bodies import DATA_LAKE
from tests.files import LEADS
from tests.journeys.conftest import Running
from tests.journeys.library import Library
from tests.journeys.test_aepp import create_flow


@pytest.fixture
def storage(shared: Running, organization: str, made: dict[str, str]) -> dict[str, str]:
    """What a flow needs, with a file where its connection reads."""
    area = f"{shared.url}/_emulator/files/{made['base']}"
    where = {"organization": organization, "sandbox": "prod"}
    put = requests.put(f"{area}/leads/a.tsv", data=LEADS, params=where, timeout=30)
    assert put.status_code == 201
    return made


def test_runs_are_ordered_listed_and_read(library: Library, storage: dict[str, str]) -> None:
    flows = library.flows
    flow_id = create_flow(library, storage)["id"]
    (scheduled,) = flows.getRuns(prop=f"flowId=={flow_id}")
    assert scheduled["metrics"]["recordSummary"]["outputRecordCount"] == 2
    ordered = flows.createRun(flowId=flow_id)
    (read,) = flows.getRun(ordered["id"])
    assert (read["flowId"], read["state"]) == (flow_id, "success")
    for _ in range(4):
        flows.createRun(flowId=flow_id)
    pages = flows.getRuns(limit=2, prop=[f"flowId=={flow_id}", "state==success"])
    assert len({run["id"] for run in pages}) == 6
    assert flows.getRuns(prop=["metrics.statusSummary.status==failed"]) == []
    shown = flows.getFlow(flow_id)
    assert shown["lastRunDetails"]["state"] == "success"
    refused = flows.createRun(flowId="wrong")
    assert refused["status"] == 400


def test_a_manager_tells_of_its_runs(library: Library, storage: dict[str, str]) -> None:
    from aepp.flowservice import FlowManager

    id = create_flow(library, storage)["id"]
    library.flows.createRun(flowId=id)
    manager = FlowManager(id, config=library.configuration)
    assert [run["flowId"] for run in manager.getRuns()] == [id, id]


def test_the_landing_zone_is_filled_explored_and_ingested(
    library: Library, storage: dict[str, Any]
) -> None:
    flows = library.flows
    address, _, token = flows.getLandingZoneSASUri().partition("?")
    kind = {"x-ms-blob-type": "BlockBlob"}
    put = requests.put(f"{address}/in/a.tsv?{token}", data=LEADS, headers=kind, timeout=30)
    assert put.status_code == 201
    assert [item["name"] for item in flows.exploreLandingZone()] == ["in"]
    (file,) = flows.exploreLandingZone("folder", object="in")
    assert file["path"] == "dlz-user-container/in/a.tsv"
    content = flows.getLandingZoneContent(file=file["path"])
    assert content["properties"] == {"fileType": "delimited", "columnDelimiter": "\t"}
    assert content["data"][0] == {"Id": "1", "FirstName": "Ada", "LastName": "Lovelace"}
    plain = flows.getLandingZoneContent("delimited", file["path"], determineProperties=False)
    assert plain["format"] == "flat"
    spec = {"id": flows.getConnectionSpecIdFromName("landing-zone"), "version": "1.0"}
    source = {
        "name": "From the landing zone",
        "data": {"format": "delimited", "properties": {"columnDelimiter": "\t"}},
        "params": {"path": file["path"], "type": "file"},
        "connectionSpec": spec,
    }
    made = {**storage, "source": flows.createSourceConnection(data=source)["id"]}
    flow_id = create_flow(library, made)["id"]
    (run,) = flows.getRuns(prop=f"flowId=={flow_id}")
    assert run["metrics"]["recordSummary"]["outputRecordCount"] == 2
    assert flows.getTargetConnection(made["target"])["connectionSpec"]["id"] == DATA_LAKE
