"""The flow engine: what runs read, when they run, what lands, and what makes them fail."""

from __future__ import annotations

import bz2
import gzip
import json
from typing import Any

import pytest

from emulator.clock import ManualClock
from emulator.data_plane.files import File
from emulator.data_plane.metrics import NO_ROWS
from emulator.data_plane.runs import MAX_CAUGHT_UP
from emulator.data_plane.sources import matching
from emulator.emulator import Emulator
from emulator.json_types import JsonObject
from emulator.sandbox import Sandbox
from emulator.testing.client import AepClient
from tests.bodies import (
    CATALOG,
    CLOUD_STORAGE_TO_AEP,
    CONVERSION,
    FLOW_SERVICE,
    ORGANIZATION,
    World,
    base_connection,
    flow,
    make_world,
    mapping_set,
    source_connection,
)
from tests.emulators import aep_for, new_emulator
from tests.files import LEADS, put

PROD = Sandbox(ORGANIZATION, "prod")
NOW = 1_600_000_000
"""The second in which the clock starts."""

HOUR = 3600
MYSQL = "26d738e0-8963-47ea-aadf-c60de735468a"
HUB_SPOT = "cc6a4487-9e91-433e-a3a3-9cf6626c1806"
CRM_TO_AEP = "14518937-270c-4525-bdec-c2ba7cce3860"
MORE = b"Id\tFirstName\tLastName\n3\tGrace\tHopper\n"
CORRUPT = b"Id\tFirstName\tLastName\n1\tAda\tLovelace\n2\ttoo\tmany\tvalues\n"


class Plant:
    """An emulator with a schema, a data set of JSON files, and whatever flows a test wants."""

    def __init__(self, **settings: Any) -> None:
        self.clock = ManualClock(NOW * 1000)
        self.emulator: Emulator = new_emulator(self.clock, **settings)
        self.api: AepClient = aep_for(self.emulator)
        made = make_world(self.api, fileDescription={"format": "json"})
        self.base, self.schema, self.dataset = made.base, made.schema, made.dataset
        self.target, self.mapping = made.target, made.mapping

    def make(self, collection: str, body: Any, query: str = "") -> str:
        id: str = self.api.ok("POST", f"{FLOW_SERVICE}/{collection}{query}", body)["id"]
        return id

    def source(self, **changes: Any) -> str:
        return self.make("sourceConnections", source_connection(self.base, **changes))

    def flow_body(self, source: str = "", **changes: Any) -> dict[str, Any]:
        parts = World(
            self.base, source or self.source(), self.schema, self.dataset, self.target, self.mapping
        )
        return flow(parts, **changes)

    def flow(self, source: str = "", query: str = "", **changes: Any) -> str:
        return self.make("flows", self.flow_body(source, **changes), query)

    def put(self, path: str, content: bytes = LEADS) -> None:
        put(self.api, self.base, path, content)

    def runs(self, flow_id: str = "") -> list[dict[str, Any]]:
        query = "?orderby=createdAt&limit=100" + (f"&property=flowId=={flow_id}" if flow_id else "")
        items: list[dict[str, Any]] = self.api.ok("GET", f"{FLOW_SERVICE}/runs{query}")["items"]
        return items

    def act(self, flow_id: str, op: str) -> None:
        self.api.ok("POST", f"{FLOW_SERVICE}/flows/{flow_id}/action?op={op}")

    def patch(self, collection: str, id: str, *operations: dict[str, Any]) -> None:
        path = f"{FLOW_SERVICE}/{collection}/{id}"
        etag = self.api.ok("GET", path)["items"][0]["etag"]
        self.api.ok("PATCH", path, list(operations), if_match=etag)

    def batch(self, run: dict[str, Any]) -> str:
        """The id of the batch that a run has made."""
        (id,) = run["activities"][1]["targetInfo"][0]["reference"]["ids"]
        return str(id)

    def stored_batch(self, run: dict[str, Any]) -> JsonObject:
        """The batch that a run has made, as Catalog keeps it."""
        stored = self.emulator.platform.store.read(PROD, "batch", self.batch(run))
        assert stored is not None
        body: JsonObject = stored.body
        return body

    def landed(self, run: dict[str, Any]) -> list[Any]:
        """The rows that a run has landed."""
        blobs, prefix = self.emulator.platform.blobs, f"batches/{self.batch(run)}/data/"
        parts = (blobs.read(PROD, key) or b"" for key in blobs.keys(PROD, prefix))
        return [json.loads(line) for part in parts for line in part.splitlines()]

    def ids(self, run: dict[str, Any]) -> list[str]:
        return [row["_id"] for row in self.landed(run)]


@pytest.fixture
def plant() -> Plant:
    return Plant()


def every(frequency: str = "hour", interval: int = 1, start: int = NOW, **more: Any) -> Any:
    return {"startTime": start, "frequency": frequency, "interval": interval, **more}


def once(start: int = NOW) -> dict[str, Any]:
    return {"startTime": start, "frequency": "once"}


def starts(runs: list[dict[str, Any]]) -> list[int]:
    """When runs began, in seconds after the start of the clock."""
    times = (run["metrics"]["durationSummary"]["startedAtUTC"] for run in runs)
    return [time // 1000 - NOW for time in times]


def counts(run: dict[str, Any]) -> tuple[int, int, int]:
    """Rows in, rows out, rows failed."""
    summary = run["metrics"]["recordSummary"]
    read, written, failed = ("inputRecordCount", "outputRecordCount", "failedRecordCount")
    return summary[read], summary[written], summary[failed]


def status(run: dict[str, Any]) -> tuple[str, list[str]]:
    summary = run["metrics"]["statusSummary"]
    return summary["status"], [error["code"] for error in summary["errors"]]


# What lands


def test_a_run_lands_the_rows_of_a_file(plant: Plant) -> None:
    plant.put("leads/a.tsv")
    id = plant.flow()
    (run,) = plant.runs(id)
    assert plant.landed(run) == [
        {"_id": "1", "person": {"name": {"firstName": "Ada", "lastName": "Lovelace"}}},
        {"_id": "2", "person": {"name": {"firstName": "Alan", "lastName": "Turing"}}},
    ]
    assert (counts(run), status(run)) == ((2, 2, 0), ("success", []))
    assert run["metrics"]["sizeSummary"]["inputBytes"] == len(LEADS)
    files = run["metrics"]["fileSummary"]
    assert (files["inputFileCount"], files["outputFileCount"]) == (1, 1)
    batch = plant.stored_batch(run)
    assert (batch["status"], batch["tags"]["flowId"]) == ("success", [id])
    shown = plant.api.ok("GET", f"{CATALOG}/dataSets/{plant.dataset}")[plant.dataset]
    assert shown["lastBatchId"] == plant.batch(run)


def test_links_to_manifests_lead_to_this_emulator(plant: Plant) -> None:
    plant.put("leads/a.tsv", CORRUPT)
    options = {"partialIngestionPercent": 50, "errorDiagnosticsEnabled": True}
    (run,) = plant.runs(plant.flow(options=options))
    promotion = run["activities"][1]
    meta = f"http://localhost/data/foundation/export/batches/{plant.batch(run)}/meta?path="
    files = promotion["fileSummary"]["extensions"]["manifest"]
    assert files == {"fileInfo": f"{meta}input_files"}
    errors = promotion["statusSummary"]["extensions"]["manifest"]
    assert errors == {
        "failedRecords": f"{meta}row_errors",
        "sampleErrors": f"{meta}row_error_samples.json",
    }

    def follow(link: str) -> str:
        sent = plant.api.send("GET", link.removeprefix("http://localhost"), plant.api.headers, None)
        assert sent[0] == 200
        return sent[2].decode()

    assert "leads/a.tsv" in follow(files["fileInfo"] + "/input_files_0.json")
    assert "parsing_errors_0.json" in follow(errors["failedRecords"])
    assert "too" in follow(errors["sampleErrors"])


def test_what_has_landed_is_read_through_data_access(plant: Plant) -> None:
    plant.put("leads/a.tsv")
    (run,) = plant.runs(plant.flow())
    export = "/data/foundation/export"
    (file,) = plant.api.ok("GET", f"{export}/batches/{plant.batch(run)}/files")["data"]
    (part,) = plant.api.ok("GET", f"{export}/files/{file['dataSetFileId']}")["data"]
    link = part["_links"]["self"]["href"].removeprefix("http://localhost")
    content = plant.api.send("GET", link, plant.api.headers, None)[2]
    assert [json.loads(line)["_id"] for line in content.splitlines()] == ["1", "2"]
    path = f"{CATALOG}/batches/{plant.batch(run)}"
    batch = plant.api.ok("GET", path)[plant.batch(run)]
    assert batch["metrics"]["outputRecordCount"] == 2


@pytest.mark.parametrize(
    ("name", "content", "data"),
    [
        ("a.csv", LEADS.replace(b"\t", b","), {"format": "delimited"}),
        ("a.csv", LEADS.replace(b"\t", b";"), {"format": "delimited", "columnDelimiter": ";"}),
        (
            "a.txt",
            LEADS.replace(b"\t", b"|"),
            {"format": "delimited", "properties": {"columnDelimiter": "|"}},
        ),
        (
            "a.json",
            b'{"Id": 1, "FirstName": "Ada"}\n{"Id": "2", "FirstName": "Alan"}\n',
            {"format": "json"},
        ),
        ("a.json", b'[{"Id": "1"}, {"Id": "2"}]', {"format": "json"}),
        (
            "a.tsv.gz",
            gzip.compress(LEADS, mtime=0),
            {
                "format": "delimited",
                "columnDelimiter": "\t",
                "properties": {"compressionType": "gzip"},
            },
        ),
        (
            "a.json.bz2",
            bz2.compress(b'[{"Id": "1"}, {"Id": "2"}]'),
            {"format": "json", "properties": {"compressionType": "bzip2"}},
        ),
    ],
)
def test_files_of_every_form_are_read(
    plant: Plant, name: str, content: bytes, data: dict[str, Any]
) -> None:
    plant.put(f"in/{name}", content)
    source = plant.source(data=data, params={"path": f"/in/{name}"})
    (run,) = plant.runs(plant.flow(source))
    assert plant.ids(run) == ["1", "2"]


def test_parquet_is_read(plant: Plant) -> None:
    pytest.importorskip("pyarrow")
    from emulator.data_plane.parquet import write_parquet

    plant.put("a.parquet", write_parquet([{"Id": "1"}, {"Id": "2"}]))
    source = plant.source(data={"format": "parquet"}, params={"path": "a.parquet"})
    (run,) = plant.runs(plant.flow(source))
    assert plant.ids(run) == ["1", "2"]


def test_a_landing_zone_is_read_without_a_connection(plant: Plant) -> None:
    put(plant.api, "dlz-user-container", "in/a.tsv")
    body = source_connection("")
    del body["baseConnectionId"]
    spec = {"id": "26f526f2-58f4-4712-961d-e41bf1ccc0e8", "version": "1.0"}
    params = {"path": "dlz-user-container/in/a.tsv"}
    source = plant.make("sourceConnections", {**body, "connectionSpec": spec, "params": params})
    (run,) = plant.runs(plant.flow(source))
    assert plant.ids(run) == ["1", "2"]


def test_the_version_of_the_mapping_set_that_a_flow_names_counts(plant: Plant) -> None:
    plant.put("leads/a.tsv")
    first = plant.flow()
    other = {"sourceAttribute": "LastName", "destinationXdmPath": "_id", "version": 0}
    path = f"{CONVERSION}/mappingSets/{plant.mapping}"
    plant.api.ok("PUT", path, mapping_set(plant.schema, mappings=[other]))
    params = {"mappingId": plant.mapping, "mappingVersion": 1}
    second = plant.flow(transformations=[{"name": "Mapping", "params": params}])
    assert plant.ids(plant.runs(first)[0]) == ["1", "2"]
    assert plant.ids(plant.runs(second)[0]) == ["Lovelace", "Turing"]


def test_a_flow_without_mapping_lands_what_fits_the_schema(plant: Plant) -> None:
    plant.put("a.json", b'{"_id": "1", "other": 2, "person": {"name": {"firstName": "Ada"}}}')
    source = plant.source(data={"format": "json"}, params={"path": "a.json"})
    (run,) = plant.runs(plant.flow(source, transformations=[]))
    assert plant.landed(run) == [{"_id": "1", "person": {"name": {"firstName": "Ada"}}}]


def test_a_flow_stays_with_its_connections_as_they_were(plant: Plant) -> None:
    plant.put("leads/a.tsv")
    plant.put("later/b.tsv", MORE)
    source = plant.source(params={"path": "/leads/*.tsv"})
    move = {"op": "replace", "path": "/params/path", "value": "/later/*.tsv"}
    draft = plant.flow(source, "?mode=draft", scheduleParams=every())
    before = plant.flow(source, scheduleParams=every())
    plant.patch("sourceConnections", source, move)
    assert plant.ids(plant.runs(before)[0]) == ["1", "2"]
    plant.act(draft, "publish")
    assert plant.ids(plant.runs(draft)[0]) == ["3"]
    other = plant.source(params={"path": "/later/*.tsv"})
    patch = {"op": "replace", "path": "/sourceConnectionIds", "value": [other]}
    plant.patch("flows", before, patch)
    plant.clock.advance(HOUR)
    plant.put("later/b.tsv", MORE)
    plant.clock.advance(HOUR)
    assert plant.ids(plant.runs(before)[2]) == ["3"]  # the one before was due when it was put


# Which files


def files(*paths: str) -> list[File]:
    return [File(path, 1, 1, number) for number, path in enumerate(sorted(paths), 1)]


AREA = files("a.csv", "in/a.csv", "in/b.tsv", "in/deep/c.csv", "in/deep/er/d.csv", "other/e.csv")


@pytest.mark.parametrize(
    ("path", "recursive", "expected"),
    [
        ("in/a.csv", False, ["in/a.csv"]),
        ("in/a.csv", True, ["in/a.csv"]),
        ("in", False, ["in/a.csv", "in/b.tsv"]),
        ("in", True, ["in/a.csv", "in/b.tsv", "in/deep/c.csv", "in/deep/er/d.csv"]),
        ("", False, ["a.csv"]),
        ("*.csv", False, ["a.csv"]),
        ("in/*.csv", False, ["in/a.csv"]),
        ("in/*.csv", True, ["in/a.csv", "in/deep/c.csv", "in/deep/er/d.csv"]),
        ("in/?.tsv", False, ["in/b.tsv"]),
        ("in/*/c.csv", False, ["in/deep/c.csv"]),
        ("**/*.csv", False, [file.path for file in AREA if file.path.endswith("csv")]),
        ("in/*.parquet", True, []),
        ("in/+.csv", False, None),
        ("nowhere", True, None),
        ("in/a", False, None),
    ],
)
def test_a_path_means_files(path: str, recursive: bool, expected: list[str] | None) -> None:
    found = matching(AREA, path, recursive)
    assert (None if found is None else [file.path for file in found]) == expected


def test_later_runs_read_what_is_new_or_changed(plant: Plant) -> None:
    plant.put("leads/a.tsv")
    plant.put("leads/b.tsv", MORE)
    id = plant.flow(scheduleParams=every())
    plant.runs(id)
    plant.clock.advance(HOUR - 60)
    plant.put("leads/b.tsv", MORE)
    plant.clock.advance(60)
    plant.runs(id)
    plant.clock.advance(HOUR)
    first, second, third = plant.runs(id)
    assert [counts(run)[0] for run in (first, second, third)] == [3, 1, 0]
    assert plant.ids(second) == ["3"]
    assert status(third) == ("success", [])
    assert "reference" not in third["activities"][1]["targetInfo"][0]
    window = second["metrics"]["durationSummary"]["extensions"]
    assert window == {"windowStart": NOW * 1000, "windowEnd": (NOW + HOUR) * 1000}


def test_files_written_within_the_second_of_a_run_are_read_by_the_next(plant: Plant) -> None:
    plant.put("leads/a.tsv")
    id = plant.flow(scheduleParams=every())
    plant.runs(id)
    plant.put("leads/b.tsv", MORE)
    plant.clock.advance(HOUR)
    assert [counts(run)[0] for run in plant.runs(id)] == [2, 1]


@pytest.mark.parametrize("looks_first", [False, True])
def test_a_run_reads_what_was_there_when_it_became_due(plant: Plant, looks_first: bool) -> None:
    """All of it within one millisecond, so that nothing but the order of events can tell."""
    plant.put("leads/a.tsv")
    id = plant.flow(scheduleParams=every())
    if looks_first:
        plant.runs(id)
    plant.put("leads/b.tsv", MORE)
    plant.make("runs", {"flowId": id})
    plant.put("leads/c.tsv", MORE)
    assert [counts(run)[0] for run in plant.runs(id)] == [2, 1]
    plant.clock.advance(HOUR)
    plant.put("leads/d.tsv", MORE)
    assert [counts(run)[0] for run in plant.runs(id)] == [2, 1, 1]


def test_a_run_that_is_looked_at_late_reads_what_was_there_in_time(plant: Plant) -> None:
    id = plant.flow(scheduleParams=every())
    plant.clock.advance(HOUR - 1)
    plant.put("leads/a.tsv")
    plant.clock.advance(2)
    plant.put("leads/b.tsv", MORE)
    plant.clock.advance(HOUR)
    runs = plant.runs(id)
    assert starts(runs) == [0, HOUR, 2 * HOUR]
    assert [counts(run)[0] for run in runs] == [0, 2, 1]


def test_without_backfill_the_first_run_reads_what_came_after_the_start(plant: Plant) -> None:
    plant.put("leads/a.tsv")
    plant.clock.advance(10)
    schedule = every(start=NOW + 5, backfill="false")
    plant.put("leads/b.tsv", MORE)
    id = plant.flow(scheduleParams=schedule)
    assert [counts(run)[0] for run in plant.runs(id)] == [1]


def test_an_order_with_a_window_reads_what_was_written_within(plant: Plant) -> None:
    for path in ("leads/a.tsv", "leads/b.tsv", "leads/c.tsv"):
        plant.put(path, MORE)
        plant.clock.advance(10.5)
    id = plant.flow(scheduleParams=once(NOW + HOUR))
    window = {"startTime": NOW, "windowStartTime": NOW + 10, "windowEndTime": NOW + 21}
    plant.make("runs", {"flowId": id, "params": window})
    late = {**window, "windowStartTime": (NOW + 21) * 1000, "windowEndTime": (NOW + 30) * 1000}
    plant.make("runs", {"flowId": id, "params": late})
    plant.make("runs", {"flowId": id})
    assert [counts(run)[0] for run in plant.runs(id)] == [2, 1, 3]


# When


def test_a_start_that_has_passed_means_at_once_and_then_the_grid(plant: Plant) -> None:
    plant.clock.advance(100)
    id = plant.flow(scheduleParams=every("minute", 30, NOW - HOUR))
    assert starts(plant.runs(id)) == [100]
    plant.clock.advance(HOUR)
    assert starts(plant.runs(id)) == [100, 1800, 3600]


@pytest.mark.parametrize(
    ("frequency", "seconds"), [("minute", 60), ("hour", HOUR), ("day", 86400), ("week", 604800)]
)
def test_a_start_to_come_is_waited_for(plant: Plant, frequency: str, seconds: int) -> None:
    # Samples send texts; the times are in milliseconds here, which is understood as well.
    schedule = {
        "startTime": str((NOW + 10) * 1000),
        "frequency": frequency,
        "interval": "15",
    }
    id = plant.flow(scheduleParams=schedule)
    plant.clock.advance(9)
    assert plant.runs(id) == []
    plant.clock.advance(1)
    assert starts(plant.runs(id)) == [10]
    plant.clock.advance(15 * seconds)
    assert starts(plant.runs(id)) == [10, 10 + 15 * seconds]


@pytest.mark.parametrize(("edition", "runs"), [("2020-09", 3), ("latest", 5)])
def test_a_schedule_ends_where_its_flow_spec_says_that_it_can(edition: str, runs: int) -> None:
    plant = Plant(edition=edition)
    id = plant.flow(scheduleParams=every("minute", 15, endTime=NOW + 1800))
    plant.clock.advance(HOUR)
    assert starts(plant.runs(id)) == [900 * number for number in range(runs)]
    plant.clock.advance(HOUR)
    assert len(plant.runs(id)) == (runs if edition == "2020-09" else 9)


def test_once_is_once(plant: Plant) -> None:
    plant.put("leads/a.tsv")
    id = plant.flow(scheduleParams=once())
    plant.clock.advance(1000 * HOUR)
    assert starts(plant.runs(id)) == [0]
    assert plant.runs(id)[0]["activities"][0]["statusSummary"]["extensions"] == {"type": "one-time"}
    plant.act(id, "disable")
    plant.act(id, "enable")
    assert starts(plant.runs(id)) == [0]


def test_a_disabled_flow_does_not_run_and_makes_up_for_nothing(plant: Plant) -> None:
    id = plant.flow(scheduleParams=every())
    plant.clock.advance(HOUR)
    plant.act(id, "disable")
    plant.clock.advance(5 * HOUR + 60)
    assert starts(plant.runs(id)) == [0, HOUR]
    plant.put("leads/a.tsv")
    plant.act(id, "enable")
    assert starts(plant.runs(id)) == [0, HOUR]
    plant.clock.advance(HOUR)
    runs = plant.runs(id)
    assert starts(runs) == [0, HOUR, 7 * HOUR]
    assert counts(runs[2])[0] == 2


def test_a_draft_runs_when_it_has_been_published(plant: Plant) -> None:
    id = plant.flow(query="?mode=draft", scheduleParams=every())
    plant.clock.advance(HOUR + 5)
    assert plant.runs(id) == []
    plant.act(id, "publish")
    assert starts(plant.runs(id)) == [HOUR + 5]


def test_an_order_waits_for_its_flow_and_fails_without(plant: Plant) -> None:
    plant.put("leads/a.tsv")
    id = plant.flow(scheduleParams=once(NOW + 100 * HOUR))
    params = {"startTime": NOW + HOUR, "windowStartTime": NOW - 1, "windowEndTime": NOW + 1}
    plant.make("runs", {"flowId": id, "params": params})
    plant.act(id, "disable")
    plant.clock.advance(2 * HOUR)
    assert [run["state"] for run in plant.runs(id)] == ["scheduled"]
    plant.act(id, "enable")
    assert [run["state"] for run in plant.runs(id)] == ["success"]
    plant.make("runs", {"flowId": id, "params": {**params, "startTime": NOW + 3 * HOUR}})
    assert plant.api.call("DELETE", f"{FLOW_SERVICE}/flows/{id}").status == 204
    plant.clock.advance(HOUR)
    assert status(plant.runs(id)[1]) == ("failed", ["CONNECTOR-2001-500"])


def test_another_schedule_is_another_plan(plant: Plant) -> None:
    id = plant.flow(scheduleParams=every("day"))
    plant.runs(id)
    plant.patch("flows", id, {"op": "replace", "path": "/name", "value": "b"})
    plant.patch(
        "flows", id, {"op": "replace", "path": "/scheduleParams/frequency", "value": "hour"}
    )
    plant.clock.advance(2 * HOUR)
    assert starts(plant.runs(id)) == [0, HOUR, 2 * HOUR]


def test_a_deleted_flow_runs_no_more_and_its_runs_stay(plant: Plant) -> None:
    id = plant.flow(scheduleParams=every())
    plant.clock.advance(HOUR)
    assert plant.api.call("DELETE", f"{FLOW_SERVICE}/flows/{id}").status == 204
    plant.clock.advance(HOUR)
    assert starts(plant.runs(id)) == [0, HOUR]


def test_a_flow_without_schedule_runs_on_order_only(plant: Plant) -> None:
    body = plant.flow_body()
    del body["scheduleParams"]
    id = plant.make("flows", body)
    plant.clock.advance(HOUR)
    assert plant.runs(id) == []
    plant.make("runs", {"flowId": id})
    assert starts(plant.runs(id)) == [HOUR]


def test_flows_run_in_the_order_of_their_times(plant: Plant) -> None:
    slow = plant.flow(scheduleParams=every("hour", 2, NOW + 1))
    fast = plant.flow(scheduleParams=every("hour", 1, NOW + 2))
    plant.clock.advance(3 * HOUR)
    runs = plant.runs()
    assert [run["flowId"] for run in runs] == [slow, fast, fast, slow, fast]
    assert [run["createdAt"] for run in runs] == sorted(run["createdAt"] for run in runs)


def test_too_many_missed_runs_are_not_made_up_for(plant: Plant) -> None:
    id = plant.flow(scheduleParams=every("minute", 15))
    plant.runs(id)
    plant.put("leads/a.tsv")
    plant.clock.advance(365 * 86400)
    runs = plant.api.ok("GET", f"{FLOW_SERVICE}/runs?orderby=createdAt&limit=100")["items"]
    assert plant.api.ok("GET", f"{FLOW_SERVICE}/runs?count=true")["count"] == 1 + MAX_CAUGHT_UP
    year = 365 * 86400
    assert starts(runs[:2]) == [0, year - (MAX_CAUGHT_UP - 1) * 900]
    assert counts(runs[1])[0] == 2


# Ticks


def test_time_ticks(plant: Plant) -> None:
    plant.put("leads/a.tsv")
    plant.flow(scheduleParams=every())

    def tick(**body: str) -> Any:
        content = json.dumps(body).encode()
        status, _, reply = plant.api.send("POST", "/_emulator/tick", {}, content)
        return status, json.loads(reply)

    assert tick(organization="other") == (200, {"runs": 0})
    assert tick(organization=ORGANIZATION, sandbox="dev") == (200, {"runs": 0})
    assert tick(organization=ORGANIZATION, sandbox="prod") == (200, {"runs": 1})
    assert tick() == (200, {"runs": 0})
    plant.clock.advance(2 * HOUR)
    assert tick() == (200, {"runs": 2})
    assert tick(flow="a")[0] == 400
    shown = plant.api.ok("GET", f"{CATALOG}/dataSets/{plant.dataset}")[plant.dataset]
    assert shown["lastBatchStatus"] == "success"


# What fails


def test_a_file_that_is_not_there_fails_the_run(plant: Plant) -> None:
    id = plant.flow(plant.source(params={"path": "/leads/a.tsv"}), scheduleParams=every())
    (run,) = plant.runs(id)
    assert status(run) == ("failed", ["CONNECTOR-2001-500"])
    message = run["metrics"]["statusSummary"]["errors"][0]["message"]
    assert message == ("Error occurred at copy activity. There is no file or folder /leads/a.tsv.")
    (copy,) = run["activities"]
    assert copy["statusSummary"]["status"] == "failed"
    shown = plant.api.ok("GET", f"{FLOW_SERVICE}/flows/{id}")["items"][0]
    assert shown["lastRunDetails"]["state"] == "failed"
    plant.put("leads/a.tsv")
    plant.clock.advance(HOUR)
    assert status(plant.runs(id)[1]) == ("success", [])


@pytest.mark.parametrize(
    ("content", "data", "code"),
    [
        (b"", {"format": "delimited"}, "106"),
        (b" , \n1,2\n", {"format": "delimited"}, "118"),
        (b"Id\n1\n", {"format": "delimited", "properties": {"compressionType": "gzip"}}, None),
        (b"no Parquet", {"format": "parquet"}, "200"),
    ],
)
def test_a_file_that_cannot_be_read_fails_run_and_batch(
    plant: Plant, content: bytes, data: dict[str, Any], code: str | None
) -> None:
    if data["format"] == "parquet":
        pytest.importorskip("pyarrow")
    plant.put("a", content)
    source = plant.source(data=data, params={"path": "a"})
    (run,) = plant.runs(plant.flow(source))
    assert status(run) == ("failed", ["CONNECTOR-2001-500"])
    errors = run["activities"][1]["statusSummary"]["extensions"]["errors"]
    assert errors[0]["code"] == (code or "CONNECTOR-2001-500")
    batch = plant.stored_batch(run)
    assert batch["status"] == "failed"
    assert plant.landed(run) == []


def test_bad_rows_fail_a_run_unless_they_are_few(plant: Plant) -> None:
    plant.put("leads/a.tsv", CORRUPT)
    (strict,) = plant.runs(plant.flow())
    assert (counts(strict), status(strict)[0]) == ((2, 0, 2), "failed")
    assert plant.landed(strict) == []
    (few,) = plant.runs(plant.flow(options={"partialIngestionPercent": 50}))
    assert (counts(few), status(few)) == ((2, 1, 1), ("success", ["CONNECTOR-2001-500"]))
    assert plant.ids(few) == ["1"]
    (many,) = plant.runs(plant.flow(options={"partialIngestionPercent": "49.9"}))
    assert status(many)[0] == "failed"
    (error,) = few["activities"][1]["statusSummary"]["extensions"]["errors"]
    assert error["code"] == "INGEST-1211-400"
    options = {"partialIngestionPercent": 50, "errorDiagnosticsEnabled": "true"}
    (told,) = plant.runs(plant.flow(options=options))
    errors = told["activities"][1]["statusSummary"]["extensions"]["errors"]
    assert [error["code"] for error in errors] == ["INGEST-1212-400", "INGEST-1401-400"]
    assert errors[1]["recordCount"] == 1


def test_a_failed_transformation_is_a_warning(plant: Plant) -> None:
    plant.put("a.json", b'{"Id": "1", "Born": "2000-01-01"}\n{"Id": "2", "Born": "never"}\n')
    rows = [
        {"source": "Id", "sourceType": "ATTRIBUTE", "destination": "_id"},
        {"source": "Born", "sourceType": "ATTRIBUTE", "destination": "person.birthDate"},
    ]
    output = {"schemaRef": {"id": plant.schema, "contentType": "1.0"}}
    sent = {"outputSchema": output, "mappings": rows}
    id = plant.api.ok("POST", f"{CONVERSION}/mappingSets", sent)["id"]
    source = plant.source(data={"format": "json"}, params={"path": "a.json"})
    transformations = [{"name": "Mapping", "params": {"mappingId": id}}]
    (run,) = plant.runs(plant.flow(source, transformations=transformations))
    assert (counts(run), status(run)[0]) == ((2, 2, 0), "success")
    assert run["metrics"]["recordSummary"]["warningRecordCount"] == 1
    errors = run["activities"][1]["statusSummary"]["extensions"]["errors"]
    assert errors == [
        {"code": "MAPPER-3700-400", "recordCount": 1, "message": "Mapper Transform Error"}
    ]
    assert plant.landed(run) == [{"_id": "1", "person": {"birthDate": "2000-01-01"}}, {"_id": "2"}]


def test_a_data_set_that_has_gone_fails_the_run(plant: Plant) -> None:
    plant.put("leads/a.tsv")
    id = plant.flow(scheduleParams=every(start=NOW + HOUR))
    assert plant.api.call("DELETE", f"{CATALOG}/dataSets/{plant.dataset}").status == 200
    plant.clock.advance(HOUR)
    (run,) = plant.runs(id)
    assert status(run) == ("failed", ["CONNECTOR-2001-500"])
    assert plant.dataset in run["metrics"]["statusSummary"]["errors"][0]["message"]


def test_a_run_that_breaks_is_a_failed_run(
    plant: Plant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug of the emulator must not make lists of flows fail."""

    def breaks(*given: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("emulator.data_plane.sources.rows", breaks)
    plant.put("leads/a.tsv")
    (run,) = plant.runs(plant.flow())
    assert status(run) == ("failed", ["EMULATOR-1000-500"])
    (batch,) = [stored.body for stored in plant.emulator.platform.store.scan(PROD, "batch")]
    assert (batch["status"], batch["errors"][0]["code"]) == ("failed", "unknown")
    assert "ZeroDivisionError" in caplog.text


# Tables


ACCOUNTS = (
    b"Id,FirstName,LastName,Modified\n1,Ada,L,2020-09-13T10:00:00Z\n2,Alan,T,2020-09-13T11:00:00Z\n"
)


DATABASE = {
    "auth": {
        "specName": "Connection String Based Authentication",
        "params": {"connectionString": "Server=a"},
    },
    "connectionSpec": {"id": MYSQL, "version": "1.0"},
}
APPLICATION = {
    "auth": {
        "specName": "Basic Authentication",
        "params": dict.fromkeys(("clientId", "clientSecret", "accessToken", "refreshToken"), "a"),
    },
    "connectionSpec": {"id": HUB_SPOT, "version": "1.0"},
}


def table_flow(
    plant: Plant, base: JsonObject = DATABASE, named: str = "tableName", **changes: Any
) -> str:
    """Make a flow that reads the table `Accounts`, as the param `named` says."""
    plant.base = plant.make("connections", base_connection(**base))
    source = plant.source(
        data={"format": "tabular"},
        params={named: "Accounts"},
        connectionSpec=base["connectionSpec"],
    )
    copy = {"name": "Copy", "params": {"deltaColumn": {"name": "Modified"}}}
    mapping = {"name": "Mapping", "params": {"mappingId": plant.mapping, "mappingVersion": 0}}
    body = {
        "flowSpec": {"id": CRM_TO_AEP, "version": "1.0"},
        "transformations": [copy, mapping],
        "scheduleParams": every(),
        **changes,
    }
    return plant.flow(source, **body)


def test_a_table_is_read_by_its_delta_column(plant: Plant) -> None:
    id = table_flow(plant)
    plant.put("Accounts.csv", ACCOUNTS)
    plant.runs(id)
    plant.clock.advance(HOUR)
    plant.put(
        "Accounts.csv", ACCOUNTS + b"3,Grace,H,2020-09-13T12:30:00Z\n1,Ada,K,2020-09-13T10:00:00Z\n"
    )
    first, second = plant.runs(id)
    assert [plant.ids(run) for run in (first, second)] == [["1", "2"], ["3"]]
    plant.clock.advance(60)
    for _ in range(2):  # the table has been read, and nothing in it is new
        said = plant.api.ok("POST", "/_emulator/runs", {"flow": id})["message"]
        assert said.startswith(f"{NO_ROWS} Run {second['id']} read 1 file, 1 row, 60 s before: ")
    (need,) = plant.api.ok("GET", "/_emulator/runs/last")["needed"]
    assert need.startswith("rows at Accounts that are new by the delta column")


def test_a_table_is_named_by_its_path_as_older_pages_do(plant: Plant) -> None:
    id = table_flow(plant, APPLICATION, "path")
    plant.put("Accounts.csv", ACCOUNTS)
    plant.put("Accounts/other.csv", ACCOUNTS)
    (run,) = plant.runs(id)
    assert plant.ids(run) == ["1", "2"]


def test_the_first_order_names_the_delta_column(plant: Plant) -> None:
    mapping = {"name": "Mapping", "params": {"mappingId": plant.mapping, "mappingVersion": 0}}
    copy = {"name": "Copy", "params": {}}
    plant.emulator.engine.enforce = "observe"  # a Copy without delta column is refused else
    id = table_flow(plant, transformations=[mapping, copy], scheduleParams=once(NOW + HOUR))
    plant.emulator.engine.enforce = "documented"
    plant.put("Accounts.csv", ACCOUNTS)
    window = {"startTime": NOW, "windowStartTime": 1_599_994_000, "windowEndTime": NOW}
    params = {**window, "deltaColumn": {"name": "Modified"}}
    plant.make("runs", {"flowId": id, "params": params})
    (run,) = plant.runs(id)
    assert plant.ids(run) == ["2"]  # the other row was modified before the window
    shown = plant.api.ok("GET", f"{FLOW_SERVICE}/flows/{id}")["items"][0]["transformations"]
    assert shown[0] == {"name": "Copy", "params": {"deltaColumn": {"name": "Modified"}}}
    other = {**window, "deltaColumn": {"name": "Id"}}
    answer = plant.api.call("POST", f"{FLOW_SERVICE}/runs", {"flowId": id, "params": other})
    assert (answer.status, answer.rule.rpartition(".")[2]) == (400, "delta_column_stays")


def test_a_table_that_is_not_there_fails_the_run(plant: Plant) -> None:
    (run,) = plant.runs(table_flow(plant))
    assert status(run) == ("failed", ["CONNECTOR-2001-500"])


# Hooks


def test_a_hook_holds_a_run_up_until_it_lets_it_go(plant: Plant) -> None:
    plant.put("leads/a.tsv")
    held: list[JsonObject] = [{"status": "inProgress"}]
    asked: list[str] = []

    def hook(sandbox: Sandbox, flow: JsonObject, run: JsonObject) -> JsonObject | None:
        asked.append(run["id"])
        return held[0] if held else None

    plant.emulator.platform.run_hooks.append(hook)
    id = plant.flow()
    (run,) = plant.runs(id)
    assert (run["state"], run["activities"]) == ("inProgress", [])
    flow = plant.api.ok("GET", f"{FLOW_SERVICE}/flows/{id}")["items"][0]
    assert "lastRunDetails" not in flow
    held.clear()
    (run,) = plant.runs(id)
    assert (run["state"], counts(run)) == ("success", (2, 2, 0))
    assert asked == [run["id"]] * 3


def test_a_hook_fails_a_run(plant: Plant) -> None:
    plant.put("leads/a.tsv")
    error = {"code": "CONNECTOR-2001-500", "message": "The storage is on fire."}
    said = {"status": "failed", "errors": [error]}
    plant.emulator.platform.run_hooks.append(lambda sandbox, flow, run: said)
    id = plant.flow(scheduleParams=once())
    (run,) = plant.runs(id)
    assert run["metrics"]["statusSummary"] == said
    plant.emulator.platform.run_hooks.clear()
    again = plant.api.ok("POST", f"{FLOW_SERVICE}/runs/{run['id']}/action?op=RE_TRIGGER")
    assert (again["state"], counts(again)) == ("success", (2, 2, 0))


def test_the_same_calls_give_the_same_runs() -> None:
    def play() -> list[dict[str, Any]]:
        plant = Plant()
        plant.put("leads/a.tsv", CORRUPT)
        plant.flow(scheduleParams=every(), options={"partialIngestionPercent": 50})
        plant.clock.advance(5 * HOUR)
        return plant.runs()

    assert play() == play()
    assert play()[0]["flowSpec"]["id"] == CLOUD_STORAGE_TO_AEP
