"""Long work: others go on meanwhile, and a reset, an end or another client may cut it short."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from emulator.emulator import Emulator
from emulator.json_types import JsonObject
from emulator.ongoing import INTERRUPTED
from emulator.sandbox import Sandbox
from emulator.testing.client import AepClient
from tests.bodies import (
    CATALOG,
    FLOW_SERVICE,
    ORGANIZATION,
    World,
    flow,
    make_world,
    source_connection,
)
from tests.emulators import aep_for, new_emulator
from tests.files import put
from tests.services.lake import ANN, BOB, IMPORT, Lake, lines

PROD = Sandbox(ORGANIZATION, "prod")
BATCHES = f"{CATALOG}/batches"


@pytest.fixture
def emulator() -> Emulator:
    return new_emulator()


@pytest.fixture
def aep(emulator: Emulator) -> AepClient:
    return aep_for(emulator)


@pytest.fixture
def other(emulator: Emulator) -> AepClient:
    """Another client: one client's requests wait for one another."""
    return aep_for(emulator)


@pytest.fixture
def world(aep: AepClient) -> World:
    """What a flow is made of, with two rows to read."""
    made = make_world(aep)
    put(aep, made.base, "leads/incoming/a.tsv")
    return made


def make_flow(aep: AepClient, world: World) -> str:
    body = flow(world, scheduleParams={"startTime": 4_000_000_000, "frequency": "once"})
    id: str = aep.ok("POST", f"{FLOW_SERVICE}/flows", body)["id"]
    return id


def order(aep: AepClient, flow_id: str) -> JsonObject:
    id = aep.ok("POST", f"{FLOW_SERVICE}/runs", {"flowId": flow_id})["id"]
    run: JsonObject = aep.ok("GET", f"{FLOW_SERVICE}/runs/{id}")["items"][0]
    return run


def while_reading(emulator: Emulator, act: Callable[[], object]) -> None:
    """Have another thread act once, when the next batch is about to be read."""
    acts = [act]

    def hook(_: Sandbox, __: JsonObject) -> None:
        if acts:
            other = threading.Thread(target=acts.pop())
            other.start()
            other.join()

    emulator.platform.batch_hooks.append(hook)


def summary(run: JsonObject) -> tuple[str, list[str]]:
    found = run["metrics"]["statusSummary"]
    return found["status"], [error["code"] for error in found["errors"]]


def data_keys(emulator: Emulator) -> list[str]:
    return [key for key in emulator.platform.blobs.keys(PROD, "batches/") if "/upload/" not in key]


def test_others_write_in_the_sandbox_while_a_run_reads(
    emulator: Emulator, aep: AepClient, other: AepClient, world: World
) -> None:
    flow_id, made = make_flow(aep, world), list[Any]()

    def write() -> None:
        body = source_connection(world.base)
        made.append(other.ok("POST", f"{FLOW_SERVICE}/sourceConnections", body))
        made.append(other.ok("GET", f"{FLOW_SERVICE}/runs")["items"])

    while_reading(emulator, write)
    assert summary(order(aep, flow_id)) == ("success", [])
    created, runs = made
    assert created["id"]
    assert [run["metrics"]["statusSummary"]["status"] for run in runs] == ["inProgress"]


def test_a_run_that_the_end_interrupts_has_failed_and_landed_nothing(
    emulator: Emulator, aep: AepClient, world: World
) -> None:
    flow_id = make_flow(aep, world)
    while_reading(emulator, emulator.application.interrupt)
    assert summary(order(aep, flow_id)) == ("failed", [INTERRUPTED])
    (batch,) = aep.ok("GET", BATCHES).values()
    assert (batch["status"], batch["errors"][0]["code"]) == ("failed", INTERRUPTED)
    assert data_keys(emulator) == []
    assert aep.ok("GET", f"{CATALOG}/dataSetFiles") == {}


def test_what_an_interrupted_run_was_to_read_is_read_by_the_next(
    emulator: Emulator, aep: AepClient, other: AepClient, world: World
) -> None:
    flow_id, batch = make_flow(aep, world), list[str]()

    def delete() -> None:
        batch.extend(other.ok("GET", BATCHES))
        other.ok("DELETE", f"{BATCHES}/{batch[0]}")

    while_reading(emulator, delete)
    assert summary(order(aep, flow_id)) == ("failed", [INTERRUPTED])
    assert data_keys(emulator) == []
    run = order(aep, flow_id)
    assert run["metrics"]["recordSummary"]["outputRecordCount"] == 2
    assert list(aep.ok("GET", BATCHES)) != batch


def test_nothing_of_a_run_outlives_a_reset(
    emulator: Emulator, aep: AepClient, other: AepClient, world: World
) -> None:
    flow_id = make_flow(aep, world)
    while_reading(emulator, lambda: other.call("POST", "/_emulator/reset"))
    answer = aep.call("POST", f"{FLOW_SERVICE}/runs", {"flowId": flow_id})
    assert (answer.status, answer.headers["x-emulator-rule"]) == (503, "platform.interrupted")
    assert not emulator.platform.store.dump().documents
    assert not list(emulator.platform.blobs.everything())


def test_a_batch_that_is_deleted_while_it_is_ingested_is_gone(
    emulator: Emulator, aep: AepClient, other: AepClient
) -> None:
    lake = Lake(aep)
    batch = lake.create()
    lake.put(batch, lines(ANN, BOB))
    while_reading(emulator, lambda: other.ok("DELETE", f"{BATCHES}/{batch}"))
    assert lake.act(batch).status == 200
    assert aep.ok("GET", BATCHES) == {}
    assert emulator.platform.blobs.keys(PROD, "batches/") == []


def test_a_batch_is_ingested_once_though_two_complete_it(
    emulator: Emulator, aep: AepClient, other: AepClient
) -> None:
    lake = Lake(aep)
    batch = lake.create()
    lake.put(batch, lines(ANN, BOB))
    statuses = list[str]()

    def complete() -> None:
        path = f"{IMPORT}/batches/{batch}?action=COMPLETE"
        assert other.call("POST", path).status == 200
        statuses.append(other.ok("GET", f"{BATCHES}/{batch}")[batch]["status"])

    while_reading(emulator, complete)
    lake.act(batch)
    assert [*statuses, lake.status(batch)] == ["loaded", "success"]
    assert len(aep.ok("GET", f"{CATALOG}/dataSetFiles")) == 1
