"""Files that are damaged in thousands of ways: every job ends, and nothing answers 500."""

from __future__ import annotations

from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest

from emulator.data_plane.errors import INTERNAL_ERROR
from emulator.sandbox import Sandbox
from tests.attacks.damaged import Sample, damaged, samples
from tests.attacks.effort import size
from tests.bodies import FLOW_SERVICE, ORGANIZATION
from tests.data_plane.test_runs import Plant
from tests.services.lake import IMPORT, Lake

SAMPLES = samples()
PROD = Sandbox(ORGANIZATION, "prod")
DAMAGES = size(6, 1500)
"""How often each file is damaged."""


@pytest.fixture(scope="module")
def plant() -> Plant:
    return Plant(max_unpacked=8 * 1024**2)


@pytest.fixture(scope="module")
def lake(plant: Plant) -> Lake:
    return Lake(plant.api, "parquet", "Damaged")


def variants(sample: Sample) -> list[bytes]:
    return [damaged(sample.content, Random(f"{sample.name} {number}")) for number in range(DAMAGES)]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_every_batch_ends(lake: Lake, sample: Sample) -> None:
    ends = []
    for content in [sample.content, *variants(sample)]:
        batch = lake.create(sample.format, enableErrorDiagnostics=True, partialIngestionPercent=50)
        assert lake.put(batch, content, sample.name).status == 200
        shown = lake.api.call("GET", f"{IMPORT}/batches/{batch}/datasets/{lake.dataset}/preview")
        assert shown.status in (200, 400), shown.content
        assert lake.act(batch).status == 200
        found = lake.batch(batch)
        assert found["status"] == "success" or found["errors"]
        ends.append(found["status"])
        preview = lake.api.call("GET", f"/data/foundation/export/datasets/{lake.dataset}/preview")
        assert preview.status == 200, preview.content
        lake.act(batch, "REVERT")
    assert set(ends) <= {"success", "failed"}
    assert ends[0] == "success" or sample.compression or sample.name == "b.csv"
    print(sample.name, ends.count("success"), "of", len(ends), "batches succeeded")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_every_run_ends(sample: Sample) -> None:
    plant, ends = Plant(max_unpacked=8 * 1024**2), []
    kind = "delimited" if sample.format == "csv" else sample.format
    properties = (
        {"properties": {"compressionType": sample.compression}} if sample.compression else {}
    )
    for number, content in enumerate([sample.content, *variants(sample)]):
        path = f"damaged/{number}-{sample.name}"
        plant.put(path, content)
        data = {"format": kind, **properties}
        source = plant.source(params={"path": path, "type": "file"}, data=data)
        (run,) = plant.runs(plant.flow(source))
        status = run["metrics"]["statusSummary"]
        assert status["status"] in ("success", "failed"), run
        ends.append(run["metrics"]["recordSummary"]["inputRecordCount"])
        assert INTERNAL_ERROR not in str(run), run
        explored(plant, path)
    assert ends[0] or sample.name == "b.csv"  # no source names its charset
    print(sample.name, sum(map(bool, ends)), "of", len(ends), "runs have read rows")


def explored(plant: Plant, path: str) -> None:
    asked: dict[str, Any] = {"objectType": "file", "object": path, "preview": "true"}
    for query in (asked, {**asked, "fileType": "delimited"}, {**asked, "fileType": "parquet"}):
        where = f"{FLOW_SERVICE}/connections/{plant.base}/explore?{urlencode(query)}"
        answer = plant.api.call("GET", where)
        assert answer.status in (200, 400), answer.content


def test_the_landing_zone_is_explored(plant: Plant) -> None:
    from tests.files import put

    for sample in SAMPLES:
        for content in variants(sample):
            put(plant.api, "dlz-user-container", "a.file", content)
            query = urlencode({"objectType": "file", "object": "a.file", "preview": "true"})
            spec = "26f526f2-58f4-4712-961d-e41bf1ccc0e8"
            answer = plant.api.call("GET", f"{FLOW_SERVICE}/connectionSpecs/{spec}/explore?{query}")
            assert answer.status in (200, 400), answer.content


def test_data_set_files_that_are_damaged_are_refused(plant: Plant) -> None:
    """A state that was loaded may hold them."""
    lake = Lake(plant.api, "parquet", "Loaded")
    batch = lake.ingest({"_id": "1"})
    blobs = plant.emulator.platform.blobs
    (key,) = blobs.keys(PROD, f"batches/{batch}/data/")
    written = blobs.read(PROD, key) or b""
    statuses = set()
    for number in range(size(100, 5000)):
        blobs.put(PROD, key, damaged(written, Random(number)))
        path = f"/data/foundation/export/datasets/{lake.dataset}/preview"
        statuses.add(plant.api.call("GET", path).status)
    assert statuses <= {200, 400}
    assert 400 in statuses
