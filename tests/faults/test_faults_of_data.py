"""Faults of runs and batches, through the engine that carries them out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from emulator.clock import ManualClock
from emulator.emulator import Emulator
from emulator.fixtures.journey import GIVEN
from emulator.sandbox import Sandbox
from emulator.testing.client import AepClient
from tests.bodies import CATALOG, FLOW_SERVICE, HEADERS
from tests.emulators import aep_for
from tests.services.lake import ANN, BOB, Lake, lines

RUNS = f"{FLOW_SERVICE}/runs"


@pytest.fixture
def aep(emulator: Emulator) -> AepClient:
    """A client of an emulator that holds the tutorial's flow, which has run once on no file."""
    emulator.load_scenario("tutorial-complete")
    made = aep_for(emulator)
    made.headers = {**HEADERS, "x-gw-ims-org-id": GIVEN["organization"]}
    return made


def order(aep: AepClient, file: str = "") -> Any:
    """Run the flow, on a new file if one is named; return the run as it reads then."""
    flow = aep.ok("GET", f"{FLOW_SERVICE}/flows")["items"][0]
    base = aep.ok("GET", f"{FLOW_SERVICE}/connections")["items"][0]["id"]
    if file:
        path = f"/_emulator/files/{base}/leads/incoming/{file}.tsv"
        status, _, _ = aep.send("PUT", path, aep.headers, b"Id\tFirstName\tLastName\n1\tAda\tL\n")
        assert status == 201
    id = aep.ok("POST", RUNS, {"flowId": flow["id"]})["id"]
    return aep.ok("GET", f"{RUNS}/{id}")["items"][0]


def summary(run: Any) -> Any:
    return run["metrics"]["statusSummary"]


def test_a_run_fails_as_the_documents_show_it(emulator: Emulator, aep: AepClient) -> None:
    emulator.faults.add({"kind": "failedRun", "count": 1})
    failed = order(aep, "a")
    assert failed["state"] == "failed"
    assert summary(failed)["errors"] == [
        {"code": "CONNECTOR-2001-500", "message": "Error occurred at copy activity."}
    ]
    # It has read nothing, so the next run finds the file.
    good = order(aep)
    assert (good["state"], good["metrics"]["recordSummary"]["outputRecordCount"]) == ("success", 1)
    assert emulator.faults.all()[0].fired == 1


def test_a_run_is_stuck_until_its_time_has_passed(emulator: Emulator, aep: AepClient) -> None:
    emulator.faults.add({"kind": "stuckRun", "seconds": 600, "count": 1})
    stuck = order(aep, "a")
    clock = emulator.platform.clock
    assert isinstance(clock, ManualClock)
    states = []
    for _ in range(3):
        states.append(aep.ok("GET", f"{RUNS}/{stuck['id']}")["items"][0]["state"])
        clock.advance(300)
    assert states == ["inProgress", "inProgress", "success"]
    assert emulator.faults.all()[0].fired == 1


def test_a_stuck_run_goes_on_when_its_fault_is_taken_away(
    emulator: Emulator, aep: AepClient
) -> None:
    emulator.faults.add("stuckRun")
    stuck = order(aep, "a")
    assert stuck["state"] == "inProgress"
    emulator.faults.clear()
    (run,) = aep.ok("GET", f"{RUNS}/{stuck['id']}")["items"]
    assert (run["state"], run["metrics"]["recordSummary"]["outputRecordCount"]) == ("success", 1)


def test_a_batch_fails_and_lands_nothing(emulator: Emulator, aep: AepClient) -> None:
    emulator.faults.add({"kind": "failedBatch", "code": "999", "message": "Out of space."})
    run = order(aep, "a")
    assert (run["state"], run["metrics"]["recordSummary"]["outputRecordCount"]) == ("failed", 0)
    place = Sandbox(GIVEN["organization"], GIVEN["sandbox"])
    (batch,) = [stored.body for stored in emulator.platform.store.scan(place, "batch")]
    assert batch["status"] == "failed"
    assert batch["errors"][0] == {"code": "999", "description": "Out of space."}


def test_an_uploaded_batch_fails(emulator: Emulator) -> None:
    lake = Lake(aep_for(emulator))
    emulator.faults.add({"kind": "failedBatch", "count": 1, "datasets": ["Leads"]})
    failed, good = lake.batch(lake.ingest(ANN)), lake.batch(lake.ingest(ANN))
    assert (failed["status"], good["status"]) == ("failed", "success")
    assert failed["errors"][0]["code"] == "EMULATOR-FAULT"
    assert failed["metrics"]["outputRecordCount"] == 0


def test_a_batch_waits_for_some_reads_or_until_its_fault_is_gone(emulator: Emulator) -> None:
    lake = Lake(aep_for(emulator))
    emulator.faults.add({"kind": "stuckBatch", "reads": 2, "count": 1})
    late = lake.ingest(ANN)
    assert [lake.status(late) for _ in range(4)] == ["loaded", "staging", "success", "success"]
    assert lake.status(lake.ingest(BOB)) == "success"
    emulator.faults.add({"kind": "stuckBatch", "datasets": [lake.dataset]})
    stuck = lake.ingest(BOB)
    assert {lake.status(stuck) for _ in range(9)} == {"loaded", "staging"}
    emulator.faults.clear()
    assert lake.status(stuck) == "success"
    assert lake.batch(stuck)["metrics"]["outputRecordCount"] == 1
    assert lake.status(lake.ingest(BOB)) == "success"


def test_a_batch_waits_no_longer_than_its_own_fault_lasts(emulator: Emulator) -> None:
    lake, faults = Lake(aep_for(emulator)), emulator.faults
    clock = emulator.platform.clock
    assert isinstance(clock, ManualClock)
    end = (datetime.fromtimestamp(clock.now() / 1000, UTC) + timedelta(hours=1)).isoformat()
    faults.add({"kind": "stuckBatch", "id": "short", "until": end})
    stuck = lake.ingest(ANN)
    faults.add({"kind": "stuckBatch", "id": "other"})
    assert [lake.status(stuck) for _ in range(3)] == ["loaded", "staging", "staging"]
    clock.advance(3600)
    assert lake.status(stuck) == "success"
    # What the other one holds is not let go by taking away the first.
    held = lake.ingest(BOB)
    faults.remove("short")
    assert [lake.status(held) for _ in range(3)] == ["loaded", "staging", "staging"]


def test_the_call_in_which_one_fired_names_it(emulator: Emulator, aep: AepClient) -> None:
    emulator.faults.add({"kind": "failedRun", "id": "broken", "count": 1})
    assert order(aep, "a")["state"] == "failed"
    lake = Lake(aep_for(emulator))
    emulator.faults.add({"kind": "stuckBatch", "id": "late", "count": 1})
    batch = lake.create()
    lake.put(batch, lines(ANN))
    assert lake.act(batch).headers["x-emulator-fault"] == "late"
    assert "x-emulator-fault" not in lake.api.call("GET", f"{CATALOG}/batches/{batch}").headers
    assert emulator.journal is not None
    named = [
        (entry.operation, entry.faults) for entry in emulator.journal.entries() if entry.faults
    ]
    assert named == [
        ("batch_ingestion.act_on_batch", ("late",)),
        ("flow_service.create_run", ("broken",)),
    ]


@pytest.mark.parametrize(
    ("narrowed", "hit"),
    [
        ({"flows": ["Leads from *"]}, True),
        ({"flows": ["Other*"]}, False),
        ({"sandboxes": ["dev"]}, False),
        ({"organizations": [GIVEN["organization"]]}, True),
        ({"until": "2020-01-01T00:00:00Z"}, False),
        ({"after": 1}, False),
    ],
)
def test_runs_are_chosen_like_calls(
    emulator: Emulator, aep: AepClient, narrowed: dict[str, Any], hit: bool
) -> None:
    emulator.faults.add({"kind": "failedRun", **narrowed})
    assert (order(aep)["state"] == "failed") is hit


def test_they_leave_calls_alone(emulator: Emulator, aep: AepClient) -> None:
    for kind in ("stuckRun", "failedRun", "failedBatch", "stuckBatch"):
        emulator.faults.add(kind)
        answer = aep.call("GET", RUNS, x_emulator_fault=kind)
        assert (answer.status, answer.rule) == (400, "platform.unusable_fault")
    assert "x-emulator-fault" not in aep.call("GET", f"{FLOW_SERVICE}/connections").headers
    assert [fault.seen for fault in emulator.faults.all()] == [0, 0, 0, 0]


def test_a_run_with_the_id_of_one_that_was_stuck_is_not(emulator: Emulator, aep: AepClient) -> None:
    start = emulator.snapshot()
    emulator.faults.add({"kind": "stuckRun", "count": 1})
    stuck = order(aep)
    emulator.restore(start)
    again = order(aep)
    assert (stuck["id"], stuck["state"]) == (again["id"], "inProgress")
    assert again["state"] == "success"
