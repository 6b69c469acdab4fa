"""Ingestion without HTTP: what lands, what does not, and what a batch tells of it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from emulator.data_plane.conform import RowError
from emulator.data_plane.errors import FileError
from emulator.data_plane.ingest import read_in
from emulator.data_plane.input_rows import UNREADABLE, Input, InputRow
from emulator.data_plane.readers import read_rows
from emulator.emulator import Emulator
from emulator.json_types import loads
from emulator.sandbox import Sandbox
from emulator.scope import Scope
from emulator.services.catalog.identifiers import ulid
from emulator.testing.client import AepClient
from tests.bodies import CATALOG, ORGANIZATION, SCHEMA_REGISTRY, profile_schema
from tests.bodies import dataset as dataset_body
from tests.emulators import aep_for

PROD = Sandbox(ORGANIZATION, "prod")
GOOD = {"_id": "1", "person": {"birthDate": "2000-01-01"}}
BAD_DAY = {"_id": "2", "person": {"birthDate": "yesterday"}}


class Lake:
    """A data set that rows are ingested into."""

    def __init__(self, emulator: Emulator, format: str = "json", **changes: Any) -> None:
        self.platform = emulator.platform
        edition = emulator.contract.edition(emulator.engine.edition)
        self.scope = Scope(emulator.platform, edition, PROD, "client")
        self.api: AepClient = aep_for(emulator)
        schemas = f"{SCHEMA_REGISTRY}/tenant/schemas"
        schema = self.api.ok("POST", schemas, profile_schema())["$id"]
        body = dataset_body(schema, fileDescription={"format": format}, **changes)
        reference = self.api.ok("POST", f"{CATALOG}/dataSets", body)[0]
        self.id = reference.removeprefix("@/dataSets/")

    @property
    def dataset(self) -> dict[str, Any]:
        found: dict[str, Any] = self.api.ok("GET", f"{CATALOG}/dataSets/{self.id}")[self.id]
        return found

    def batch(self, **members: Any) -> str:
        related = {"relatedObjects": [{"type": "dataSet", "id": self.id}], **members}
        id: str = self.platform.services.catalog.batches.create(self.scope, related)["id"]
        return id

    def ingest(
        self,
        *rows: Any,
        batch: str = "",
        files: tuple[str, ...] = (),
        bytes: int = 0,
        **options: Any,
    ) -> dict[str, Any]:
        given = (row if isinstance(row, InputRow) else InputRow(row, "f.json") for row in rows)
        return self.ingest_rows(given, batch, list(files), bytes, **options)

    def ingest_rows(
        self,
        rows: Iterable[InputRow],
        batch: str = "",
        files: list[str] | None = None,
        bytes: int = 0,
        **options: Any,
    ) -> dict[str, Any]:
        batches, dataset = self.platform.services.catalog.batches, {**self.dataset, "id": self.id}
        input = Input(rows, files or [], bytes)
        id = batch or self.batch()
        ingested = read_in(self.scope, batches, dataset, id, input, **options)
        with ingested.or_withdrawn():
            return ingested.land()

    def keys(self, batch: dict[str, Any], folder: str) -> list[str]:
        prefix = f"batches/{batch['id']}/{folder}/"
        return [key.removeprefix(prefix) for key in self.platform.blobs.keys(PROD, prefix)]

    def lines(self, batch: dict[str, Any], name: str) -> list[Any]:
        content = self.platform.blobs.read(PROD, f"batches/{batch['id']}/{name}")
        assert content is not None
        return [loads(line) for line in content.splitlines()]

    def landed(self, batch: dict[str, Any]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for key in self.platform.blobs.keys(PROD, f"batches/{batch['id']}/data/"):
            content = self.platform.blobs.read(PROD, key)
            assert content is not None
            rows += [row.value for row in read_rows(content, key.rpartition(".")[2])]
        return rows


@pytest.fixture
def lake(emulator: Emulator) -> Lake:
    return Lake(emulator)


def test_good_rows_land_as_the_schema_wants_them(lake: Lake) -> None:
    batch = lake.ingest(GOOD, {"_id": 2, "unknown": 1}, files=("a", "b"), bytes=99)
    assert batch["status"] == "success"
    assert batch["errors"] == []
    assert lake.landed(batch) == [GOOD, {"_id": "2"}]
    counts = {"inputRecordCount": 2, "outputRecordCount": 2, "failedRecordCount": 0}
    old = {"recordsRead": 2, "recordsWritten": 2, "recordsFailed": 0}
    files = {"inputFileCount": 2, "inputByteSize": 99, "outputFileCount": 1}
    assert batch["metrics"].items() >= {**counts, **old, **files}.items()
    assert (batch["recordCount"], batch["failedRecordCount"]) == (2, 0)
    assert batch["size"] == batch["metrics"]["outputByteSize"] > 0
    assert lake.keys(batch, "failed") == lake.keys(batch, "meta") == []


def test_the_data_set_and_the_file_tell_of_the_batch(lake: Lake) -> None:
    version = lake.dataset["version"]
    good = lake.ingest(GOOD)
    assert lake.dataset["lastBatchId"] == lake.dataset["lastSuccessfulBatch"] == good["id"]
    assert lake.dataset["lastBatchStatus"] == "success"
    assert lake.dataset["version"] != version
    bad = lake.ingest(BAD_DAY)
    found = lake.dataset
    assert (found["lastBatchId"], found["lastBatchStatus"]) == (bad["id"], "failed")
    assert (found["lastSuccessfulBatch"], found["lastFailedBatch"]) == (good["id"], bad["id"])
    (file,) = lake.scope.all("dataset_file")
    assert file["id"] == f"{good['id']}-1"
    assert (file["batchId"], file["dataSetViewId"]) == (good["id"], found["viewId"])
    assert (file["records"], file["size"]) == (1, good["size"])


def test_one_bad_row_fails_a_batch_and_nothing_lands(lake: Lake) -> None:
    batch = lake.ingest(GOOD, BAD_DAY)
    assert batch["status"] == "failed"
    (error,) = batch["errors"]
    assert error["code"] == "INGEST-1211-400"
    assert batch["metrics"]["failureReason"] == error["description"]
    assert (batch["recordCount"], batch["failedRecordCount"]) == (0, 2)
    assert lake.keys(batch, "data") == lake.keys(batch, "meta") == []
    assert lake.keys(batch, "failed") == ["_SUCCESS", "part-00000.json"]
    (row,) = lake.lines(batch, "failed/part-00000.json")
    (problem,) = row.pop("_validationErrors")
    assert row == BAD_DAY
    assert problem["pointerToViolation"] == "#/person/birthDate"


@pytest.mark.parametrize(("percent", "status"), [(49, "failed"), (50, "success"), (100, "success")])
def test_partial_ingestion_lets_some_rows_fail(lake: Lake, percent: int, status: str) -> None:
    batch = lake.ingest(GOOD, BAD_DAY, percent=percent)
    assert batch["status"] == status
    assert [error["code"] for error in batch["errors"]] == ["INGEST-1211-400"]
    assert batch["failedRecordCount"] == (1 if status == "success" else 2)
    assert lake.landed(batch) == ([GOOD] if status == "success" else [])


def test_diagnostics_count_by_code_and_show_the_rows(lake: Lake) -> None:
    corrupt = InputRow({"_corrupt_record": "{x"}, "f.json", UNREADABLE)
    mapped = InputRow({"a": 1}, "f.json", (RowError("MAPPER-3700-400", "no such function"),))
    rows = (GOOD, BAD_DAY, corrupt, corrupt, mapped)
    batch = lake.ingest(*rows, percent=80, diagnostics=True, files=("f.json",))
    first, *others = batch["errors"]
    assert first["code"] == "INGEST-1212-400"
    assert first["description"].startswith(
        "Encountered 4 errors in the data. Successfully ingested 1 rows."
    )
    assert {error["code"]: error["recordCount"] for error in others} == {
        "INGEST-1401-400": 2,
        "MAPPER-3700-400": 1,
        "TypeCompatibilityException": 1,
    }
    assert lake.keys(batch, "meta") == [
        "input_files/input_files_0.json",
        "row_error_samples.json",
        "row_errors/conversion_errors_0.json",
        "row_errors/parsing_errors_0.json",
    ]
    assert lake.lines(batch, "meta/input_files/input_files_0.json") == [{"path": "f.json"}]
    parsing = lake.lines(batch, "meta/row_errors/parsing_errors_0.json")
    assert len(parsing) == 2
    assert parsing[0]["_corrupt_record"] == "{x"
    assert parsing[0]["_errors"][0]["code"] == "1401"
    assert parsing[0]["_filename"] == "parsing_errors_0.json"
    (conversion, mapping) = lake.lines(batch, "meta/row_errors/conversion_errors_0.json")
    assert conversion["_errors"][0]["column"] == "person.birthDate"
    assert mapping["_errors"] == [{"code": "MAPPER-3700-400", "message": "no such function"}]
    (samples,) = lake.lines(batch, "meta/row_error_samples.json")
    assert len(samples) == 4


def test_a_file_that_cannot_be_read_fails_the_batch_whatever_the_threshold(lake: Lake) -> None:
    def rows() -> Iterator[InputRow]:
        yield InputRow(GOOD)
        raise FileError("106", "Dataset file is empty. Please upload file with data.")

    batch = lake.ingest_rows(rows(), percent=100)
    assert batch["status"] == "failed"
    assert [error["code"] for error in batch["errors"]] == ["106"]
    assert lake.landed(batch) == []


def test_required_fields_are_asked_for_unless_validation_is_disabled(emulator: Emulator) -> None:
    lake = Lake(emulator)
    schemas = f"{SCHEMA_REGISTRY}/tenant/schemas"
    event = "https://ns.adobe.com/xdm/context/experienceevent"
    body = profile_schema("E", allOf=[{"$ref": event}], **{"meta:class": event})
    schema = lake.api.ok("POST", schemas, body)["$id"]
    lake.id = lake.api.ok("POST", f"{CATALOG}/dataSets", dataset_body(schema))[0][-24:]
    batch = lake.ingest({"_id": "1"}, diagnostics=True)
    assert [error["code"] for error in batch["errors"]] == ["INGEST-1212-400", "INGEST-1555-400"]
    patch = [{"op": "replace", "path": "/tags/acp_validationContext", "value": ["disabled"]}]
    lake.api.ok("PATCH", f"{CATALOG}/dataSets/{lake.id}", patch)
    assert lake.ingest({"_id": "1"})["status"] == "success"


@pytest.mark.parametrize("format", ["parquet", "csv", "json"])
def test_data_lands_in_the_format_of_the_data_set(emulator: Emulator, format: str) -> None:
    lake = Lake(emulator, format)
    batch = lake.ingest(GOOD, {"_id": "2"})
    (name,) = lake.keys(batch, f"data/{batch['id']}-1")
    assert name.startswith("part-00000-")
    assert name.endswith(f".{format}")
    rows = lake.landed(batch)
    assert [row["_id"] for row in rows] == ["1", "2"]
    nested = {"birthDate": "2000-01-01"}
    assert rows[0]["person"] == ('{"birthDate":"2000-01-01"}' if format == "csv" else nested)


def test_without_the_extra_parquet_lands_as_json(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    lake = Lake(emulator, "parquet")
    batch = lake.ingest(GOOD)
    (name,) = lake.keys(batch, f"data/{batch['id']}-1")
    assert name.endswith(".json")


def test_large_batches_land_in_parts(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.data_plane.dataset_files.ROWS_PER_PART", 2)
    monkeypatch.setattr("emulator.data_plane.diagnostics.ROWS_PER_FILE", 2)
    rows = [{"_id": str(n)} for n in range(5)] + [BAD_DAY] * 5
    batch = lake.ingest(*rows, percent=50, diagnostics=True)
    assert len(lake.keys(batch, "data")) == batch["metrics"]["partitionCount"] == 3
    assert [row["_id"] for row in lake.landed(batch)] == ["0", "1", "2", "3", "4"]
    names = [name for name in lake.keys(batch, "meta") if "conversion" in name]
    assert [len(lake.lines(batch, f"meta/{name}")) for name in names] == [2, 2, 1]


def test_a_batch_replaces_those_that_it_replays(lake: Lake) -> None:
    first, second = lake.ingest(GOOD), lake.ingest(GOOD, batch=lake.batch(externalId="mine"))
    replay = {"predecessors": [f"${first['id']}"], "predecessorsByExternalId": ["mine"]}
    third = lake.ingest(GOOD, batch=lake.batch(replay=replay))
    states = [batch["status"] for batch in lake.scope.all("batch")]
    assert states == ["inactive", "inactive", "success"]
    assert [file["batchId"] for file in lake.scope.all("dataset_file")] == [third["id"]]
    files = lake.platform.services.catalog.files
    assert files.served(lake.scope, first["id"]) == files.served(lake.scope, second["id"]) == []


def test_a_replay_that_fails_replaces_nothing(lake: Lake) -> None:
    first = lake.ingest(GOOD)
    lake.ingest(BAD_DAY, batch=lake.batch(replay={"predecessors": [first["id"]]}))
    assert len(lake.platform.services.catalog.files.served(lake.scope, first["id"])) == 1


def test_ids_of_batches_are_ulids() -> None:
    assert ulid(0, "0" * 20) == "0" * 26
    assert ulid(1469918176385, "f" * 20) == "01ARYZ6S41" + "Z" * 16
