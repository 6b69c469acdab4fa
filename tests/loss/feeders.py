"""Clients whose flows run, and what has to hold of their runs after a kill."""

from __future__ import annotations

import time
from collections.abc import Callable

from emulator.emulator import Emulator
from emulator.json_types import JsonObject, loads
from emulator.ongoing import INTERRUPTED
from emulator.sandbox import Sandbox
from emulator.testing.client import AepClient
from tests.bodies import (
    CONVERSION,
    FLOW_SERVICE,
    ORGANIZATION,
    World,
    base_connection,
    flow,
    mapping_set,
    source_connection,
    target_connection,
)
from tests.emulators import aep_for
from tests.loss.writers import CONNECTIONS, SOURCES, Ledger, Writer
from tests.processes.serving import until

FLOWS = f"{FLOW_SERVICE}/flows"
RUNS = f"{FLOW_SERVICE}/runs"
MOST_ROWS = 12_000
"""Rows that a file has at most: a run of it takes about half a second."""


class Feeder(Writer):
    """A client that puts files with rows, each with an id of its own, and has flows read them."""

    def __init__(self, url: str, ledger: Ledger, seed: str) -> None:
        super().__init__(url, ledger, seed)
        self.files: dict[str, list[str]] = {}
        """The ids of the rows in each file that was acknowledged."""
        self.cut_off: dict[str, list[str]] = {}
        """Of the one that was not."""
        self.flow = ""
        self.runs: list[str] = []
        """Those that were answered to have succeeded."""
        self.due: list[str] = []
        """The flows that were due as soon as they were created."""

    def make_lake(self) -> None:
        super().make_lake()
        base = self.made(CONNECTIONS, base_connection())
        source = self.made(SOURCES, source_connection(base))
        body = target_connection(self.schema, self.dataset)
        target = self.made(f"{FLOW_SERVICE}/targetConnections", body)
        mapping = self.made(f"{CONVERSION}/mappingSets", mapping_set(self.schema), 200)
        self.world = World(base, source, self.schema, self.dataset, target, mapping)
        self.flow = self.made_flow(4_000_000_000)

    def made(self, path: str, body: JsonObject, status: int = 201) -> str:
        id: str = self.call("POST", path, status, json=body).json()["id"]
        return self.took(id)

    def made_flow(self, start: int) -> str:
        schedule = {"startTime": start, "frequency": "once"}
        return self.made(FLOWS, flow(self.world, scheduleParams=schedule))

    def feed(self) -> None:
        """Put a file, and order a run that reads it."""
        name = f"{len(self.files)}.tsv"
        ids = [f"{name}-{number}" for number in range(self.chance.randrange(1, MOST_ROWS))]
        rows = "".join(f"{id}\tAda\tLovelace\n" for id in ids)
        self.cut_off = {name: ids}
        self.put(self.world.base, f"leads/{name}", f"Id\tFirstName\tLastName\n{rows}".encode())
        self.cut_off, self.files[name] = {}, ids
        self.runs.append(self.made(RUNS, {"flowId": self.flow}))

    def fall_due(self) -> None:
        """Create a flow that is due, and look at its run until it has ended."""
        due = self.made_flow(int(time.time()))
        self.due.append(due)
        while not self.is_over.is_set():
            items = self.call("GET", f"{RUNS}?property=flowId=={due}", 200).json()["items"]
            if items and items[0]["metrics"]["statusSummary"]["status"] == "success":
                self.runs.append(items[0]["id"])
                return
            assert not items or state(items[0]) == ("inProgress", [])

    STEPS: tuple[Callable[[Feeder], None], ...] = (feed, feed, fall_due)  # type: ignore[assignment]


def state(run: JsonObject) -> tuple[str, list[str]]:
    summary = run["metrics"]["statusSummary"]
    return summary["status"], [error["code"] for error in summary.get("errors", ())]


def check_runs(feeder: Feeder, emulator: Emulator) -> int:
    """Check the runs of a client after a kill; return how many of them were interrupted."""
    aep = aep_for(emulator)
    aep.headers["x-sandbox-name"] = feeder.sandbox
    due = due_flows(feeder, emulator)
    until(lambda: all(has_run(aep, id) for id in due))
    runs = {id: runs_of(aep, id) for id in (feeder.flow, *due)}
    states = {run["id"]: state(run) for of_flow in runs.values() for run in of_flow}
    for id in feeder.runs:
        assert states[id] == ("success", []), f"the run {id} is lost"
    for flow_id in due:
        assert len(runs[flow_id]) == 1, "a due run was not carried out once"
    lost = ("failed", [INTERRUPTED])
    assert all(found in (("success", []), lost) for found in states.values()), states
    amounts = []
    for run in (run for of_flow in runs.values() for run in of_flow):
        amounts.append(len(landed(feeder, emulator, run)))
        assert amounts[-1] == (0 if state(run) == lost else rows_of(run)), run
    check_batches(feeder, emulator, [amount for amount in amounts if amount])
    check_rows(feeder, emulator, aep)
    return list(states.values()).count(lost)


def due_flows(feeder: Feeder, emulator: Emulator) -> set[str]:
    """Return the flows that were due at once, also one whose creation was cut off and is there."""
    flows = emulator.platform.store.scan(Sandbox(ORGANIZATION, feeder.sandbox), "flow")
    found = {one.key for one in flows if feeder.world.source in one.body["sourceConnectionIds"]}
    assert found.issuperset([feeder.flow, *feeder.due]), "a flow is lost"
    return found - {feeder.flow}


def has_run(aep: AepClient, flow_id: str) -> bool:
    """Tell whether a flow has run: another process may still be at it."""
    found = runs_of(aep, flow_id)
    return bool(found) and all(state(run)[0] != "inProgress" for run in found)


def check_batches(feeder: Feeder, emulator: Emulator, amounts: list[int]) -> None:
    """Check that all batches have ended, and that what has landed is what runs have landed."""
    batches = emulator.platform.store.scan(Sandbox(ORGANIZATION, feeder.sandbox), "batch")
    about = {"type": "dataSet", "id": feeder.dataset}
    mine = [batch for batch in batches if about in batch.body["relatedObjects"]]
    assert {batch.body["status"] for batch in mine} <= {"success", "failed"}
    rows = [len(rows_in(feeder, emulator, batch.key)) for batch in mine]
    assert sorted(filter(None, rows)) == sorted(amounts), "rows of no run"


def check_rows(feeder: Feeder, emulator: Emulator, aep: AepClient) -> None:
    """Check that each row has landed once, after a run has read what others have not landed."""
    aep.ok("POST", RUNS, {"flowId": feeder.flow})
    rows = [
        row for run in runs_of(aep, feeder.flow) for row in landed(feeder, emulator, run)
    ]  # fmt: skip
    assert len(set(rows)) == len(rows), "rows have landed twice"
    known = {id for ids in feeder.files.values() for id in ids}
    assert known <= set(rows), "rows are lost"
    further = {id for ids in feeder.cut_off.values() for id in ids}
    assert set(rows) - known in (set(), further), "half of a file"


def runs_of(aep: AepClient, flow_id: str) -> list[JsonObject]:
    items: list[JsonObject] = aep.ok("GET", f"{RUNS}?limit=100&property=flowId=={flow_id}")["items"]
    return items


def rows_of(run: JsonObject) -> int:
    return int(run["metrics"]["recordSummary"].get("outputRecordCount", 0))


def landed(feeder: Feeder, emulator: Emulator, run: JsonObject) -> list[str]:
    """Return the ids of the rows that a run has landed; one that reads nothing has no batch."""
    targets = [target for act in run["activities"] for target in act.get("targetInfo", ())]
    batches = [id for target in targets for id in target.get("reference", {}).get("ids", ())]
    return [row for batch in batches for row in rows_in(feeder, emulator, batch)]


def rows_in(feeder: Feeder, emulator: Emulator, batch: str) -> list[str]:
    """Return the ids of the rows that a batch has landed."""
    sandbox = Sandbox(ORGANIZATION, feeder.sandbox)
    blobs = emulator.platform.blobs
    parts = (
        blobs.read(sandbox, key) or b"" for key in blobs.keys(sandbox, f"batches/{batch}/data/")
    )
    return [loads(line)["_id"] for part in parts for line in part.splitlines()]
