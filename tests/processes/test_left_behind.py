"""A run or a batch whose process has ended is ended once, as an interrupted one, by any other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from emulator.app import create_emulator
from emulator.emulator import Emulator
from emulator.json_types import JsonObject
from emulator.left_behind import end_left_behind
from emulator.ongoing import INTERRUPTED
from emulator.sandbox import Sandbox
from emulator.scope import CLAIM
from emulator.settings import Settings
from emulator.state import take_settled
from emulator.state.file import from_json, to_json
from emulator.store import StoreUnavailable, open_stores
from emulator.testing.client import AepClient
from tests.bodies import CATALOG, FLOW_SERVICE, ORGANIZATION, World, flow, make_world
from tests.emulators import aep_for, new_emulator
from tests.files import put
from tests.services.lake import ANN, BOB, Lake, lines

PROD = Sandbox(ORGANIZATION, "prod")
Open = Callable[[], Emulator]


class Killed(BaseException):
    """The process ends here: nothing handles it."""


@pytest.fixture
def opened(url: str) -> Iterator[Open]:
    """Return a function that opens the database as another process does."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(
            closing(create_emulator(Settings(store=url), like=new_emulator()))
        )


def kill(emulator: Emulator) -> None:
    """Let go of its lock, as the engine does when a process ends."""
    processes = emulator.stores.processes
    processes.close()
    with closing(open_stores(emulator.settings.store, "", 0)) as stores:
        while processes.number in stores.processes.living():  # a server learns of it a bit later
            pass


def while_reading(emulator: Emulator, act: Callable[[], object]) -> None:
    """Act once, when the next batch is about to be read."""
    acts = [act]

    def hook(_: Sandbox, __: JsonObject) -> None:
        if acts:
            acts.pop()()

    emulator.platform.batch_hooks.append(hook)


def die() -> None:
    raise Killed


def make_flow(aep: AepClient, world: World, **schedule: object) -> str:
    body = flow(world, scheduleParams=schedule or {"startTime": 4_000_000_000, "frequency": "once"})
    id: str = aep.ok("POST", f"{FLOW_SERVICE}/flows", body)["id"]
    return id


def world_with_rows(aep: AepClient) -> World:
    made = make_world(aep)
    put(aep, made.base, "leads/incoming/a.tsv")
    return made


def runs(aep: AepClient) -> list[tuple[str, list[str]]]:
    """The status and the codes of all runs, the newest first."""
    items = aep.ok("GET", f"{FLOW_SERVICE}/runs")["items"]
    found = [item["metrics"]["statusSummary"] for item in items]
    return [(one["status"], [error["code"] for error in one.get("errors", ())]) for one in found]


def batches(aep: AepClient) -> list[str]:
    return sorted(batch["status"] for batch in aep.ok("GET", f"{CATALOG}/batches").values())


def claims(emulator: Emulator) -> list[str]:
    return [stored.key for stored in emulator.platform.store.scan(PROD, CLAIM)]


def landed(aep: AepClient) -> int:
    return len(aep.ok("GET", f"{CATALOG}/dataSetFiles"))


def test_a_later_start_ends_a_run_and_the_next_run_reads_what_it_would_have(opened: Open) -> None:
    first = opened()
    aep = aep_for(first)
    flow_id = make_flow(aep, world_with_rows(aep))
    while_reading(first, die)
    with pytest.raises(Killed):
        aep.call("POST", f"{FLOW_SERVICE}/runs", {"flowId": flow_id})
    assert runs(aep) == [("inProgress", [])]
    assert batches(aep) == ["loading"]
    kill(first)
    second = opened()
    aep = aep_for(second)
    assert runs(aep) == [("failed", [INTERRUPTED])]
    assert batches(aep) == ["failed"]
    assert (claims(second), landed(aep)) == ([], 0)
    assert second.platform.blobs.keys(PROD, "batches/") == []
    run = aep.ok("POST", f"{FLOW_SERVICE}/runs", {"flowId": flow_id})["id"]
    found = aep.ok("GET", f"{FLOW_SERVICE}/runs/{run}")["items"][0]
    assert found["metrics"]["recordSummary"]["outputRecordCount"] == 2
    assert aep.ok("GET", f"{FLOW_SERVICE}/flows/{flow_id}")["items"][0]["lastRunDetails"]


def test_a_living_process_ends_a_batch_of_another_one(opened: Open) -> None:
    first, second = opened(), opened()
    aep, other = aep_for(first), aep_for(second)
    lake = Lake(aep)
    batch = lake.create()
    lake.put(batch, lines(ANN, BOB))
    while_reading(first, die)
    with pytest.raises(Killed):
        lake.act(batch)
    second.stores.processes.tick()
    assert batches(other) == ["loaded"]
    kill(first)
    second.stores.processes.tick()
    second.stores.processes.tick()
    found = other.ok("GET", f"{CATALOG}/batches/{batch}")[batch]
    assert (found["status"], found["errors"][0]["code"]) == ("failed", INTERRUPTED)
    assert found["version"] == "1.0.2"  # completed, and ended once
    assert second.platform.blobs.keys(PROD, "batches/") == []


def test_a_due_run_is_begun_once_also_if_its_process_ends(opened: Open) -> None:
    first, second = opened(), opened()
    aep, other = aep_for(first), aep_for(second)
    world = world_with_rows(aep)
    while_reading(first, die)
    now = first.platform.clock.now() // 1000
    make_flow(aep, world, startTime=now, frequency="once")
    with pytest.raises(Killed):
        aep.call("GET", f"{FLOW_SERVICE}/runs")
    assert runs(other) == [("inProgress", [])]
    kill(first)
    second.stores.processes.tick()
    assert runs(other) == [("failed", [INTERRUPTED])]
    assert claims(second) == []


def test_what_others_have_ended_is_not_written_again(opened: Open) -> None:
    """A process that was only slow, or cut off from the database for a while."""
    first, second = opened(), opened()
    aep, other = aep_for(first), aep_for(second)
    flow_id = make_flow(aep, world_with_rows(aep))
    while_reading(first, lambda: end_left_behind(second.engine, lambda _: True))
    answer = aep.call("POST", f"{FLOW_SERVICE}/runs", {"flowId": flow_id})
    assert answer.headers["x-emulator-rule"] == "platform.interrupted"
    assert runs(other) == [("failed", [INTERRUPTED])]
    assert (batches(other), landed(other), claims(second)) == (["failed"], 0, [])
    assert second.platform.blobs.keys(PROD, "batches/") == []
    aep.ok("POST", f"{FLOW_SERVICE}/runs", {"flowId": flow_id})
    assert runs(other)[0] == ("success", [])


def test_nothing_of_a_run_outlives_a_reset_by_another_process(opened: Open) -> None:
    first, second = opened(), opened()
    aep, other = aep_for(first), aep_for(second)
    flow_id = make_flow(aep, world_with_rows(aep))
    while_reading(first, lambda: other.call("POST", "/_emulator/reset"))
    answer = aep.call("POST", f"{FLOW_SERVICE}/runs", {"flowId": flow_id})
    assert answer.headers["x-emulator-rule"] == "platform.interrupted"
    assert second.platform.store.is_empty()
    assert not list(second.platform.blobs.everything())


def test_one_process_at_a_time_carries_out_runs_of_a_sandbox(opened: Open) -> None:
    first, second = opened(), opened()
    aep, other = aep_for(first), aep_for(second)
    world = world_with_rows(aep)
    seen: list[object] = []
    while_reading(first, lambda: seen.append(runs(other)))
    now = first.platform.clock.now() // 1000
    make_flow(aep, world, startTime=now, frequency="once")
    assert runs(aep) == [("success", [])]
    assert seen == [[("inProgress", [])]]
    assert runs(other) == [("success", [])]
    assert claims(second) == []


def test_an_ordered_run_waits_for_another_process(opened: Open) -> None:
    first, second = opened(), opened()
    aep, other = aep_for(first), aep_for(second)
    flow_id = make_flow(aep, world_with_rows(aep))
    begun, order = threading.Event(), {"flowId": flow_id}

    def order_another() -> None:
        begun.set()
        other.ok("POST", f"{FLOW_SERVICE}/runs", order)

    thread = threading.Thread(target=order_another)

    def start_and_wait() -> None:
        thread.start()
        while len(claims(first)) < 4:  # runner, run and batch of the first, run of the second
            assert thread.is_alive()

    while_reading(first, start_and_wait)
    aep.ok("POST", f"{FLOW_SERVICE}/runs", order)
    thread.join()
    items = aep.ok("GET", f"{FLOW_SERVICE}/runs")["items"]
    rows = [item["metrics"]["recordSummary"]["outputRecordCount"] for item in items]
    assert sorted(rows) == [0, 2]  # what one has read is not new for the other
    assert claims(second) == []


def test_what_the_store_did_not_let_end_is_ended_when_it_is_back(opened: Open) -> None:
    emulator = opened()
    aep = aep_for(emulator)
    flow_id = make_flow(aep, world_with_rows(aep))

    def fail() -> None:
        raise StoreUnavailable("gone for a while")

    while_reading(emulator, fail)
    answer = aep.call("POST", f"{FLOW_SERVICE}/runs", {"flowId": flow_id})
    assert answer.headers["x-emulator-rule"] == "platform.store_unavailable"
    emulator.stores.processes.tick()
    assert runs(aep) == [("failed", [INTERRUPTED])]
    assert claims(emulator) == []


def test_a_state_that_was_saved_amid_a_run_has_it_ended_when_it_is_loaded() -> None:
    first = new_emulator()
    aep, states = aep_for(first), list[JsonObject]()

    def save() -> None:
        states.append(to_json(take_settled(first.engine, 1.0), "aep-emulator"))

    flow_id = make_flow(aep, world_with_rows(aep))
    while_reading(first, save)
    aep.ok("POST", f"{FLOW_SERVICE}/runs", {"flowId": flow_id})
    assert runs(aep) == [("success", [])]
    assert claims(first) == []
    second = new_emulator()
    platform = second.platform
    state = from_json(states[0], second.contract, platform.documents, platform.ids)
    second.restore(state)
    aep = aep_for(second)
    assert runs(aep) == [("failed", [INTERRUPTED])]
    assert (batches(aep), claims(second), landed(aep)) == (["failed"], [], 0)
    aep.ok("POST", f"{FLOW_SERVICE}/runs", {"flowId": flow_id})
    assert runs(aep)[0] == ("success", [])
