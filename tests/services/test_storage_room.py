"""The budget for all that is kept: what does not fit is refused, and changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.data_plane.errors import NO_ROOM
from emulator.emulator import Emulator
from emulator.testing.client import AepClient
from tests.bodies import FLOW_SERVICE, base_connection
from tests.data_plane.test_runs import Plant
from tests.emulators import aep_for, new_emulator
from tests.files import put
from tests.services.lake import IMPORT, Lake, lines

LIMIT = 400_000
RULE = "platform.body.storage_has_room"


@pytest.fixture
def emulator() -> Emulator:
    return new_emulator(max_stored=LIMIT)


@pytest.fixture
def api(emulator: Emulator) -> AepClient:
    return aep_for(emulator)


@pytest.fixture
def lake(api: AepClient) -> Lake:
    return Lake(api)


def control(api: AepClient, method: str, path: str, content: bytes | None = None) -> Any:
    return api.exchange(method, f"/_emulator{path}", api.headers, content)


def test_an_upload_without_room_is_refused_in_the_services_form(lake: Lake) -> None:
    batch = lake.create()
    assert lake.put(batch, b"x" * 300_000, "a").status == 200
    refused = lake.put(batch, b"x" * 100_000, "b")
    assert (refused.status, refused.rule) == (413, RULE)
    assert "--max-stored" in str(refused.json)
    assert lake.api.call("HEAD", lake.path(batch, "b")).status == 404


def test_deleting_and_reset_make_room(lake: Lake, emulator: Emulator) -> None:
    batch = lake.create()
    assert lake.put(batch, b"x" * 300_000, "a").status == 200
    assert lake.act(batch, "ABORT").status == 200
    batch = lake.create()
    assert lake.put(batch, b"x" * 300_000, "a").status == 200
    control(lake.api, "POST", "/reset", b"{}")
    assert emulator.platform.room.used == 0


def test_resources_without_room_are_refused_and_deleted_ones_make_room(api: AepClient) -> None:
    description = "x" * 50_000
    ids: list[str] = []
    while True:
        sent = base_connection(name=f"{len(ids)}", description=description)
        answer = api.call("POST", f"{FLOW_SERVICE}/connections", sent)
        if answer.status != 201:
            break
        ids.append(answer.json["id"])
    assert (answer.status, answer.rule) == (413, RULE)
    assert len(ids) == 7
    assert api.call("DELETE", f"{FLOW_SERVICE}/connections/{ids[0]}").status == 204
    assert api.call("POST", f"{FLOW_SERVICE}/connections", sent).status == 201


def test_isolated_emulators_share_the_room(api: AepClient) -> None:
    sent = base_connection(description="x" * 300_000)
    path = f"{FLOW_SERVICE}/connections"
    assert api.call("POST", path, sent, headers={"x_emulator_test": "one"}).status == 201
    assert api.call("POST", path, sent, headers={"x_emulator_test": "two"}).rule == RULE
    assert control(api, "DELETE", "/worlds/one").status == 204
    assert api.call("POST", path, sent, headers={"x_emulator_test": "two"}).status == 201


def test_a_batch_without_room_for_its_data_fails(lake: Lake) -> None:
    batch = lake.create()
    rows = lines(*({"_id": f"{number}" * 50} for number in range(1500)))
    assert len(rows) > LIMIT / 2
    assert lake.put(batch, rows).status == 200
    assert lake.act(batch).status == 200
    found = lake.batch(batch)
    assert (found["status"], found["errors"][0]["code"]) == ("failed", NO_ROOM)
    batch = lake.ingest({"_id": "1"})
    assert lake.status(batch) == "success"


def test_a_run_without_room_for_its_data_fails() -> None:
    plant = Plant(max_stored=LIMIT)
    rows = b"".join(b"%d\tAda\tLovelace\n" % number for number in range(13_000))
    plant.put("a.csv", b"Id\tFirstName\tLastName\n" + rows)
    data = {"format": "delimited", "properties": {"columnDelimiter": "\t"}}
    source = plant.source(params={"path": "a.csv", "type": "file"}, data=data)
    (run,) = plant.runs(plant.flow(source))
    assert run["metrics"]["statusSummary"]["status"] == "failed"
    (error,) = run["activities"][1]["statusSummary"]["extensions"]["errors"]
    assert error["code"] == NO_ROOM
    assert plant.landed(run) == []


def test_files_of_connections_without_room_are_refused(api: AepClient) -> None:
    put(api, "any", "a", b"x" * 300_000)
    refused = control(api, "PUT", "/files/any/b", b"x" * 100_001)
    assert refused.status == 413
    assert "--max-stored" in refused.json["detail"]
    put(api, "any", "a", b"x" * 100_000)
    put(api, "any", "b", b"x" * 100_001)


def test_a_state_without_room_is_refused(api: AepClient) -> None:
    put(api, "any", "a", b"x" * 300_000)
    state = control(api, "GET", "/state").content
    small = aep_for(new_emulator(max_stored=200_000))
    refused = small.exchange("PUT", "/_emulator/state", small.headers, state)
    assert refused.status == 413
    assert "--max-stored" in refused.json["detail"]
    assert json.loads(control(small, "GET", "/state").content)["organizations"] == {}
    assert control(api, "PUT", "/state", state).status == 200


def test_previews_and_reads_need_no_room(lake: Lake) -> None:
    batch = lake.create()
    assert lake.put(batch, b"x" * 399_000, "a").status in (200, 413)
    path = f"{IMPORT}/batches/{batch}/datasets/{lake.dataset}/preview"
    assert lake.api.call("GET", path).status in (200, 400)
