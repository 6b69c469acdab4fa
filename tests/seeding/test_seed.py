"""Random data: coherent, the same for the same seed, added as a whole or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.clock import ManualClock
from emulator.emulator import Emulator
from emulator.fixtures.journey import GIVEN
from emulator.seeding import SeedError
from emulator.serving.server import Server
from emulator.testing.client import AepClient
from tests.bodies import CATALOG, CONVERSION, FLOW_SERVICE, HEADERS, ORGANIZATION, SCHEMA_REGISTRY
from tests.doors.test_cli import run
from tests.emulators import aep_for, new_emulator

XED = {"Accept": "application/vnd.adobe.xed+json;version=1"}
XED_ID = {"Accept": "application/vnd.adobe.xed-id+json"}


def client_of(emulator: Emulator, organization: str = GIVEN["organization"]) -> AepClient:
    aep = aep_for(emulator)
    aep.headers = {**HEADERS, "x-gw-ims-org-id": organization}
    return aep


@pytest.fixture
def aep(emulator: Emulator) -> AepClient:
    return client_of(emulator)


def items(aep: AepClient, kind: str) -> list[Any]:
    found: list[Any] = aep.ok("GET", f"{FLOW_SERVICE}/{kind}?limit=100")["items"]
    return found


def schemas(aep: AepClient) -> list[Any]:
    found: list[Any] = aep.ok("GET", f"{SCHEMA_REGISTRY}/tenant/schemas", headers=XED_ID)["results"]
    return found


def test_data_is_as_specified_and_every_reference_resolves(
    emulator: Emulator, aep: AepClient
) -> None:
    made = emulator.seed(datasets=6, flows=4, schemas=2, connections=3)
    assert made == {"schemas": 2, "datasets": 6, "connections": 3, "flows": 4}
    datasets = aep.ok("GET", f"{CATALOG}/dataSets?limit=100")
    assert (len(schemas(aep)), len(datasets)) == (2, 6)
    assert {row["schemaRef"]["id"] for row in datasets.values()} <= {
        row["$id"] for row in schemas(aep)
    }
    assert len(items(aep, "connections")) == 3
    flows = items(aep, "flows")
    assert len(flows) == 4
    for flow in flows:
        (source,) = aep.ok(
            "GET", f"{FLOW_SERVICE}/sourceConnections/{flow['sourceConnectionIds'][0]}"
        )["items"]
        aep.ok("GET", f"{FLOW_SERVICE}/connections/{source['baseConnectionId']}")
        (target,) = aep.ok(
            "GET", f"{FLOW_SERVICE}/targetConnections/{flow['targetConnectionIds'][0]}"
        )["items"]
        schema = datasets[target["params"]["dataSetId"]]["schemaRef"]["id"]
        assert target["data"]["schema"]["id"] == schema
        mapping = flow["transformations"][0]["params"]["mappingId"]
        assert aep.ok("GET", f"{CONVERSION}/mappingSets/{mapping}")["xdmSchema"] == schema
    assert items(aep, "runs") == []


def test_what_is_not_said_follows_from_the_rest(emulator: Emulator) -> None:
    assert emulator.seed(flows=6) == {"schemas": 1, "datasets": 3, "connections": 2, "flows": 6}
    assert emulator.seed() == {"schemas": 0, "datasets": 0, "connections": 0, "flows": 0}
    assert emulator.seed(datasets=0, flows=1)["datasets"] == 1


def state_of(emulator: Emulator) -> Any:
    content = emulator.wsgi_app.test_client().get("/_emulator/state").get_data()
    return json.loads(content)["organizations"]


def test_the_same_seed_gives_the_same_data_and_another_word_other_data(emulator: Emulator) -> None:
    empty = emulator.snapshot()
    states = []
    for word in ("a", "a", "b"):
        emulator.restore(empty)
        emulator.seed(datasets=3, flows=2, seed=word)
        states.append(state_of(emulator))
    assert states[0] == states[1]
    assert states[0] != states[2]


def test_data_can_be_added_to_data(emulator: Emulator, aep: AepClient) -> None:
    for _ in range(2):
        emulator.seed(datasets=4, schemas=4, flows=1)
    titles = [row["title"] for row in schemas(aep)]
    assert len(titles) == len(set(titles)) == 8
    assert len(items(aep, "flows")) == 2


def test_data_is_added_to_one_sandbox_and_keeps_what_is_there(emulator: Emulator) -> None:
    other = client_of(emulator, ORGANIZATION)
    emulator.seed(datasets=1)
    emulator.seed(ORGANIZATION, "dev", datasets=2)
    assert len(other.ok("GET", f"{CATALOG}/dataSets")) == 0
    assert len(other.ok("GET", f"{CATALOG}/dataSets", x_sandbox_name="dev")) == 2
    assert len(client_of(emulator).ok("GET", f"{CATALOG}/dataSets")) == 1


def test_flows_have_a_past(emulator: Emulator, aep: AepClient) -> None:
    now = ManualClock().now()
    made = emulator.seed(flows=2, datasets=2, runs={"days": 28, "failing": 0.5})
    assert made["runs"] == 8
    runs = items(aep, "runs")
    assert len(runs) == 8
    assert {run["state"] for run in runs} == {"success", "failed"}
    days = sorted({(now - run["createdAt"]) // (24 * 3600 * 1000) for run in runs})
    assert days == [6, 13, 20, 27]
    flows = {flow["id"] for flow in items(aep, "flows")}
    assert {run["flowId"] for run in runs} == flows
    batches = aep.ok("GET", f"{CATALOG}/batches?limit=100")
    for one in runs:
        summary = one["metrics"]["recordSummary"]
        assert summary["outputRecordCount"] == (5 if one["state"] == "success" else 0)
        target = next(part for part in one["activities"] if "targetInfo" in part)
        assert target["targetInfo"][0]["reference"]["ids"][0] in batches
    # The clock of whoever looks has not moved, and no run is due that has been made.
    assert emulator.platform.clock.now() == now
    assert len(items(aep, "runs")) == 8


def test_a_specification_that_cannot_be_met_changes_nothing(
    emulator: Emulator, aep: AepClient
) -> None:
    before = emulator.snapshot()
    for spec, said in (
        ({"datasets": -1}, "datasets"),
        ({"flows": "many"}, "flows"),
        ({"elephants": 1}, "elephants"),
        ({"runs": {"days": 0}}, "runs.days"),
        ({"flows": 10**6}, "flows"),
    ):
        with pytest.raises(SeedError, match=said):
            emulator.seed(**spec)
    with pytest.raises(SeedError, match="sandbox_exists"):
        emulator.seed(sandbox="nowhere", datasets=1)
    assert emulator.snapshot() == before


def test_data_can_be_created_although_bodies_are_limited() -> None:
    strict = new_emulator(
        enforce="strict", auth="issued", api_keys=("only",), organizations=(GIVEN["organization"],)
    )
    assert strict.seed(flows=1)["flows"] == 1
    with pytest.raises(SeedError, match="organization"):
        strict.seed(ORGANIZATION, datasets=1)
    assert strict.engine.enforce == "strict"


def test_nobody_who_watches_sees_how_it_is_made(emulator: Emulator) -> None:
    emulator.faults.add({"kind": "error", "status": 503})
    seen: list[Any] = []
    emulator.engine.after.append(seen.append)
    emulator.seed(datasets=1)
    assert seen == []
    assert emulator.faults.all()[0].seen == 0


def ask(emulator: Emulator, method: str, path: str, body: Any, **headers: str) -> tuple[int, Any]:
    client = emulator.wsgi_app.test_client()
    answer = client.open(f"/_emulator{path}", method=method, json=body, headers=headers)
    return answer.status_code, answer.get_json(silent=True)


def test_the_control_api_seeds_where_it_is_told(emulator: Emulator) -> None:
    status, made = ask(emulator, "POST", "/seed", {"datasets": 1})
    assert (status, made["organization"], made["sandbox"]) == (201, GIVEN["organization"], "prod")
    body = {"datasets": 2, "organization": ORGANIZATION, "sandbox": "dev"}
    _, made = ask(emulator, "POST", "/seed", body)
    assert (made["organization"], made["sandbox"]) == (ORGANIZATION, "dev")
    headers = {"x-gw-ims-org-id": ORGANIZATION, "x-sandbox-name": "dev"}
    _, made = ask(emulator, "POST", "/seed", {"datasets": 3}, **headers)
    assert made == {"organization": ORGANIZATION, "sandbox": "dev", "created": made["created"]}
    other = client_of(emulator, ORGANIZATION)
    assert len(other.ok("GET", f"{CATALOG}/dataSets", x_sandbox_name="dev")) == 5


@pytest.mark.parametrize(
    "body", [[], {"datasets": "two"}, {"organization": 1}, {"sandbox": "gone"}]
)
def test_the_control_api_refuses_what_it_cannot_do(emulator: Emulator, body: Any) -> None:
    before = emulator.snapshot()
    if isinstance(body, dict):
        body = {"flows": 1, **body}
    status, answer = ask(emulator, "POST", "/seed", body)
    assert (status, answer["error"]) == (400, "invalid seed")
    assert emulator.snapshot() == before


def test_the_command_seeds(emulator: Emulator, aep: AepClient, server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}"
    words = ("--datasets", "2", "--flows", "1", "--days", "14", "--failing", "1", "--word", "x")
    done = run("seed", *words, "--url", url)
    assert (done.returncode, done.stderr) == (0, "")
    assert "runs         2" in done.stdout
    assert {run["state"] for run in items(aep, "runs")} == {"failed"}
    refused = run("seed", "--datasets", "-1", "--url", url)
    assert (refused.returncode, "datasets" in refused.stderr) == (2, True)
