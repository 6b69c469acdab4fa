"""Calls that the page shows: of the client that the scenarios are made by."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from emulator.fixtures.journey import GIVEN

HEADERS = {
    "Authorization": "Bearer any-token",
    "x-api-key": GIVEN["apiKey"],
    "x-gw-ims-org-id": GIVEN["organization"],
    "x-sandbox-name": GIVEN["sandbox"],
}
FLOWS = "/data/foundation/flowservice/flows"
BAD_FLOW: dict[str, Any] = {
    "name": "Leads",
    "flowSpec": {"id": "9753525b-82c7-4dce-8a9b-5ccfce2b9876", "version": "1.0"},
    "sourceConnectionIds": ["e15c9fa6-7916-4865-87b7-05685307e880"],
    "targetConnectionIds": ["ac0e1f36-8bd2-4485-bb1d-9d42d2e1b062"],
    "transformations": [
        {
            "name": "Mapping",
            "params": {"mappingId": "aed1c28f6e5c0f753401c79ff287e341", "mappingVersion": "0"},
        }
    ],
    "scheduleParams": {"startTime": "1597784298", "frequency": "hourly", "interval": "1"},
}
"""Wrong in one place; what it is made of is in the scenario."""

FREQUENCY = "flow_service.create_flow.frequency_is_known"


def refused(client: FlaskClient, **headers: str) -> None:
    answer = client.post(FLOWS, json=BAD_FLOW, headers={**HEADERS, **headers})
    assert answer.status_code == 400
