"""The scenario `tutorial-ids`: requests of the tutorials are accepted with the ids they print."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.emulator import Emulator
from emulator.testing.client import AepClient
from tests.bodies import FLOW_SERVICE
from tests.emulators import aep_for, new_emulator
from tests.journeys.state import READ, reading
from tests.journeys.tutorial import RUNS, TUTORIALS, Played, Step, given, send

SCHEMAS = "https://ns.adobe.com/{TENANT_ID}/schemas/"
PRINTED = {
    "2020-03": {
        "baseConnection": "4cb0c374-d3bb-4557-b139-5712880adc55",
        "adHocSchema": f"{SCHEMAS}140c03de81b959db95879033945cfd4c",
        "sourceConnection": "9a603322-19d2-4de9-89c6-c98bd54eb184",
        "schema": f"{SCHEMAS}417a33eg81a221bd10495920574gfa2d",
        "dataSet": "5c8c3c555033b814b69f947f",
        "dataSetBaseConnection": "d6c3988d-14ef-4000-8398-8d14ef000021",
        "targetConnection": "4ee890c7-519c-4291-bd20-d64186b62da8",
        "mappingSet": "ab91c736-1f3d-4b09-8424-311d3d3e3cea",
        "flowSpec": "9753525b-82c7-4dce-8a9b-5ccfce2b9876",
        "flow": "8256cfb4-17e6-432c-a469-6aedafb16cd5",
    },
    "2020-09": {
        "baseConnection": "9e2541a0-b143-4d23-a541-a0b143dd2301",
        "sourceConnection": "26b53912-1005-49f0-b539-12100559f0e2",
        "schema": f"{SCHEMAS}995dabbea86d58e346ff91bd8aa741a9f36f29b1019138d4",
        "dataSet": "5f3c3cedb2805c194ff0b69a",
        "targetConnection": "f7eb08fa-5f04-4e45-ab08-fa5f046e45ee",
        "mappingSet": "bf5286a9c1ad4266baca76ba3adc9366",
        "flowSpec": "9753525b-82c7-4dce-8a9b-5ccfce2b9876",
        "flow": "dbc5c132-bc2a-4625-85c1-32bc2a262558",
    },
}
"""The ids in the requests of each page, and the id of the flow, which only its answer prints."""

TENANTS = ["{TENANT_ID}", ""]
"""The tenant id of the pages, for whom replaces it nowhere; and the organization's own."""


class Reader:
    """Somebody who pastes requests, with nothing replaced but host, token, organization, sandbox.

    Without a tenant id in the settings, `{TENANT_ID}` is replaced too.
    """

    def __init__(self, tenant: str, organization: str, name: str) -> None:
        self.emulator: Emulator = new_emulator(tenant=tenant)
        self.emulator.load_scenario("tutorial-ids", organization, "prod")
        self.aep: AepClient = aep_for(self.emulator)
        own = self.emulator.platform.derived.tenant_id(organization)
        ids = {key: id.replace("{TENANT_ID}", own) for key, id in PRINTED[name].items()}
        self.known: dict[str, Any] = {**given(self.aep, organization), **ids}
        self._loaded = self.emulator.snapshot()

    def again(self) -> None:
        self.emulator.restore(self._loaded)

    def paste(self, step: Step, edition: str) -> Played:
        """Send a request with the ids of the page, whatever has been answered before."""
        played = send(self.aep, step, self.known, edition)
        answer = played.answer
        assert played.accepted, (step.name, answer.status, answer.rule, answer.content)
        return played


def printed(name: str) -> list[Step]:
    """Return the requests that a page prints."""
    return [step for step in TUTORIALS[name].steps if not step.preparatory]


@pytest.mark.parametrize("tenant", TENANTS)
@pytest.mark.parametrize(("name", "edition"), RUNS)
def test_every_request_of_a_page_is_accepted_in_order_and_by_itself(
    organization: str, name: str, edition: str, tenant: str
) -> None:
    reader = Reader(tenant, organization, name)
    for step in printed(name):
        reader.paste(step, edition)
    for step in printed(name):
        reader.again()
        reader.paste(step, edition)


@pytest.mark.parametrize(("name", "edition"), RUNS)
def test_every_id_of_a_page_leads_to_what_the_page_means(
    organization: str, name: str, edition: str
) -> None:
    reader = Reader("", organization, name)
    for key in PRINTED[name]:
        id = reader.known[key].replace(":", "%3A").replace("/", "%2F")
        path = f"{READ['${' + key + '}']}/{id}"
        headers = reading(reader.known, edition)
        answer = reader.aep.exchange("GET", path, headers)
        assert (answer.status, reader.known[key] in answer.content.decode()) == (200, True), key


@pytest.mark.parametrize(("name", "edition"), RUNS)
def test_a_pasted_flow_brings_rows(organization: str, name: str, edition: str) -> None:
    reader = Reader("", organization, name)
    flow = reader.paste(TUTORIALS[name].step("flow"), edition).answer.json["id"]
    headers = reading(reader.known, edition)
    path = f"{FLOW_SERVICE}/runs?property=flowId=={flow}&limit=1"
    (run,) = reader.aep.exchange("GET", path, headers).json["items"]
    assert run["metrics"]["recordSummary"]["outputRecordCount"] == 2
