"""Where what a journey creates is read and listed, and all of it at one moment."""

from __future__ import annotations

from typing import Any

from emulator.testing.client import AepClient
from tests.bodies import CATALOG, CONVERSION, FLOW_SERVICE, SCHEMA_REGISTRY

ACCEPT = "application/vnd.adobe.xed+json;version=1"
LIST_ACCEPT = "application/vnd.adobe.xed-id+json"
READ = {
    "${baseConnection}": f"{FLOW_SERVICE}/connections",
    "${dataSetBaseConnection}": f"{FLOW_SERVICE}/connections",
    "${sourceConnection}": f"{FLOW_SERVICE}/sourceConnections",
    "${compressedSourceConnection}": f"{FLOW_SERVICE}/sourceConnections",
    "${targetConnection}": f"{FLOW_SERVICE}/targetConnections",
    "${flowSpec}": f"{FLOW_SERVICE}/flowSpecs",
    "${flow}": f"{FLOW_SERVICE}/flows",
    "${adHocClass}": f"{SCHEMA_REGISTRY}/tenant/classes",
    "${adHocSchema}": f"{SCHEMA_REGISTRY}/tenant/schemas",
    "${schema}": f"{SCHEMA_REGISTRY}/tenant/schemas",
    "${dataSet}": f"{CATALOG}/dataSets",
    "${mappingSet}": f"{CONVERSION}/mappingSets",
}
"""Where each created object is read and listed."""


def reading(known: dict[str, Any], edition: str) -> dict[str, str]:
    """Return the headers that a read needs in every service."""
    return {
        "Authorization": f"Bearer {known['accessToken']}",
        "x-api-key": known["apiKey"],
        "x-gw-ims-org-id": known["organization"],
        "x-sandbox-name": known["sandbox"],
        "Accept": ACCEPT,
        "x-emulator-edition": edition,
    }


def everything(aep: AepClient, known: dict[str, Any], edition: str) -> dict[str, bytes]:
    """Return every list of the journey's services as it stands."""
    headers = {**reading(known, edition), "Accept": LIST_ACCEPT}
    places = sorted(set(READ.values()))
    answers = {place: aep.exchange("GET", place, headers) for place in places}
    assert {answer.status for answer in answers.values()} == {200}
    return {place: answer.content for place, answer in answers.items()}
