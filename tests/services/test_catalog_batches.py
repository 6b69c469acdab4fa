"""Catalog: batches, last batches, data set files and views; over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.clock import ManualClock
from emulator.testing.client import AepClient
from tests.bodies import CATALOG
from tests.services.lake import ANN, BAD, EXPORT, Lake

BATCHES = f"{CATALOG}/batches"
FILES = f"{CATALOG}/dataSetFiles"
UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def note(lake: Lake, **members: Any) -> str:
    """Create a batch through Catalog and return its id."""
    body = {"status": "processing", **members}
    answer = lake.api.call("POST", BATCHES, body)
    assert answer.status == 201
    (reference,) = answer.json
    id = str(reference.removeprefix("@/batches/"))
    assert answer.headers["location"].endswith(f"{BATCHES}/{id}")
    return id


# Batches


def test_a_batch_is_noted_read_changed_replaced_and_deleted(lake: Lake) -> None:
    related = [{"type": "dataSet", "id": lake.dataset}]
    id = note(lake, relatedObjects=related, tags={"flowId": ["f"]}, recordCount=3)
    answer = lake.api.call("GET", f"{BATCHES}/{id}")
    assert (answer.headers["etag"], answer.headers["e-tag"]) == ('"1.0.0"', "1.0.0")
    found = answer.json[id]
    assert (found["status"], found["recordCount"]) == ("processing", 3)
    assert lake.api.ok("PATCH", f"{BATCHES}/{id}", {"status": "loaded"}) == [f"@/batches/{id}"]
    patch = [{"op": "remove", "path": "/tags/flowId"}, {"op": "add", "path": "/x", "value": 1}]
    lake.api.ok("PATCH", f"{BATCHES}/{id}", patch)
    found = lake.batch(id)
    assert (found["status"], found["tags"], found["x"]) == ("loaded", {}, 1)
    assert (found["version"], found["created"]) == ("1.0.2", 1600000000000)
    lake.api.ok("PUT", f"{BATCHES}/{id}", {"status": "success", "id": "other"})
    found = lake.batch(id)
    assert (found["status"], found["relatedObjects"]) == ("success", [])
    assert "x" not in found
    gone = lake.api.call("DELETE", f"{BATCHES}/{id}")
    assert gone.json == [f"@/batches/{id}"]
    assert gone.warnings == ["catalog.delete_batch.revert_is_used_instead"]
    assert lake.api.call("GET", f"{BATCHES}/{id}").status == 404


def test_a_batch_can_have_an_id_of_the_callers(lake: Lake) -> None:
    body = {"status": "loading"}
    assert lake.api.ok("POST", f"{BATCHES}/mine", body) == ["@/batches/mine"]
    answer = lake.api.call("POST", f"{BATCHES}/mine", {"status": "failed"})
    assert (answer.status, answer.rule) == (400, "catalog.create_batch_with_id.id_is_free")
    assert lake.status("mine") == "loading"


def test_external_ids_that_are_taken_are_remarked_on(lake: Lake) -> None:
    note(lake, externalId="mine")
    answer = lake.api.call("POST", BATCHES, {"status": "loading", "externalId": "mine"})
    assert answer.status == 201
    assert answer.warnings == ["catalog.create_batch.external_id_is_free"]
    for id in lake.api.ok("GET", f"{BATCHES}?externalId=mine"):
        lake.api.ok("DELETE", f"{BATCHES}/{id}")
    free = lake.api.call("POST", BATCHES, {"status": "loading", "externalId": "mine"})
    assert (free.status, free.warnings) == (201, [])


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ([{"op": "remove", "path": "/nothing"}], "patch_can_be_carried_out"),
        ([{"op": "replace", "path": "/status", "value": "done"}], "result_is_a_batch"),
        ([{"op": "remove", "path": "/status"}], "result_is_a_batch"),
    ],
)
def test_a_change_that_cannot_be_is_refused(lake: Lake, body: Any, rule: str) -> None:
    id = note(lake)
    before = lake.batch(id)
    answer = lake.api.call("PATCH", f"{BATCHES}/{id}", body)
    assert (answer.status, answer.rule) == (400, f"catalog.patch_batch.{rule}")
    assert lake.batch(id) == before


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_if_match_has_to_be_current(lake: Lake, method: str) -> None:
    id = note(lake)
    body = {"status": "failed"}
    answer = lake.api.call(method, f"{BATCHES}/{id}", body, If_Match="1.0.7")
    assert answer.status == 412
    assert lake.status(id) == "processing"
    assert lake.api.call(method, f"{BATCHES}/{id}", body, If_Match="1.0.0").status == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_unknown_batches_are_not_found(lake: Lake, method: str) -> None:
    body = None if method in ("GET", "DELETE") else {"status": "failed"}
    answer = lake.api.call(method, f"{BATCHES}/{UNKNOWN}", body)
    assert (answer.status, answer.json["title"]) == (404, "NotFoundError")
    assert answer.rule.endswith("_batch.id_is_known")


def test_several_batches_are_read_by_a_list_of_ids(lake: Lake) -> None:
    first, second = note(lake), note(lake)
    found = lake.api.ok("GET", f"{BATCHES}/{second},{first},{UNKNOWN}?properties=status")
    assert found == {second: {"status": "processing"}, first: {"status": "processing"}}


def test_the_singular_is_an_alias(lake: Lake) -> None:
    id = note(lake)
    assert list(lake.api.ok("GET", f"{CATALOG}/batch/{id}")) == [id]
    assert list(lake.api.ok("GET", f"{CATALOG}/batch")) == [id]


# Lists


def test_batches_are_filtered_ordered_and_paged(clock: ManualClock, api: AepClient) -> None:
    lake = Lake(api)
    good = lake.ingest(ANN)
    clock.advance(60)
    bad = lake.ingest(BAD)
    clock.advance(60)
    open = lake.create(tags={"mine": ["a"]})
    noted = note(lake)

    def ids(query: str) -> list[str]:
        return list(lake.api.ok("GET", f"{BATCHES}?{query}"))

    assert ids("") == [good, bad, open, noted]
    assert ids("status=failed") == [bad]
    assert ids("status=success,failed&orderBy=desc:created") == [bad, good]
    assert ids(f"dataSet={lake.dataset}") == [good, bad, open]
    assert ids(f"batch={bad}") == [bad]
    assert ids("recordCount=1") == [good]
    assert ids("tags=mine:a") == [open]
    assert ids("property=status~^load") == [open]
    assert ids("limit=2&start=1") == [bad, open]
    middle = 1600000000000 + 30_000
    assert ids(f"createdAfter={middle}&createdBefore={middle + 60_000}") == [bad]
    dated = {"startDate": 1_600_000_000, "endDate": 1_600_086_400}
    lake.api.ok("PATCH", f"{BATCHES}/{noted}", {"availableDates": dated})
    assert ids("startBefore=1600000001") == ids("endAfter=1600086399") == [noted]
    assert ids("startAfter=1600000000") == ids("endBefore=1600086400") == []
    assert "batch" not in lake.batch(good)
    assert "dataSet" not in lake.batch(good)


def test_moments_of_batches_are_numbers(lake: Lake) -> None:
    answer = lake.api.call("GET", f"{BATCHES}?endAfter=yesterday")
    assert answer.rule == "catalog.list_batches.moments_are_moments"


def test_distinct_values_are_texts_in_order(lake: Lake) -> None:
    lake.ingest(ANN)
    note(lake)
    note(lake)
    uniques = f"{BATCHES}/uniques"
    assert lake.api.ok("GET", f"{uniques}/status") == ["processing", "success"]
    assert lake.api.ok("GET", f"{uniques}/recordCount") == ["1"]
    assert lake.api.ok("GET", f"{uniques}/nothing") == []


def test_last_batches_are_listed_by_data_set(lake: Lake) -> None:
    assert lake.api.ok("GET", f"{CATALOG}/lastBatches") == {}
    good, bad = lake.ingest(ANN), lake.ingest(BAD)
    other = Lake(lake.api, title="Others")
    other.ingest(ANN)
    found = lake.api.ok("GET", f"{CATALOG}/lastBatches?dataSetId={lake.dataset}")
    assert list(found) == [lake.dataset]
    shown = {name: found[lake.dataset][name] for name in found[lake.dataset] if "Batch" in name}
    assert shown == {
        "lastBatchId": bad,
        "lastBatchStatus": "failed",
        "lastSuccessfulBatchId": good,
        "lastFailedBatchId": bad,
    }
    failed = lake.api.ok("GET", f"{CATALOG}/lastBatches?lastBatchStatus=success")
    assert list(failed) == [other.dataset]


# Data set files and views


def test_data_set_files_are_listed_read_and_deleted(lake: Lake) -> None:
    first, second = lake.ingest(ANN), lake.ingest(ANN)
    by_dataset = lake.api.ok("GET", f"{FILES}?dataSetId={lake.dataset}")
    assert list(by_dataset) == [f"{first}-1", f"{second}-1"]
    assert list(lake.api.ok("GET", f"{FILES}?datasetid={lake.dataset}")) == list(by_dataset)
    assert list(lake.api.ok("GET", f"{FILES}?batchId={second}")) == [f"{second}-1"]
    assert lake.api.ok("GET", f"{FILES}?dataSetId={UNKNOWN}") == {}
    found = lake.api.ok("GET", f"{FILES}/{first}-1")[f"{first}-1"]
    assert (found["id"], found["batchId"], found["records"]) == (f"{first}-1", first, 1)
    assert lake.api.ok("DELETE", f"{FILES}/{first}-1") == [f"@/dataSetFiles/{first}-1"]
    assert lake.api.ok("DELETE", f"{FILES}/{first}-1") == []
    answer = lake.api.call("GET", f"{FILES}/{first}-1")
    assert (answer.status, answer.rule) == (404, "catalog.get_dataset_file.id_is_known")
    assert lake.api.call("GET", f"{EXPORT}/files/{first}-1").status == 404
    assert lake.preview() == [ANN]


def test_the_link_of_a_data_set_leads_to_its_files_in_every_edition(lake: Lake) -> None:
    batch = lake.ingest(ANN)
    for edition in ("latest", "2020-03"):
        path = f"{CATALOG}/dataSets/{lake.dataset}"
        found = lake.api.ok("GET", path, x_emulator_edition=edition)[lake.dataset]
        files = lake.api.ok("GET", CATALOG + found["files"].removeprefix("@"))
        assert list(files) == [f"{batch}-1"]


def test_a_data_set_has_one_view(lake: Lake) -> None:
    lake.ingest(ANN)
    path = f"{CATALOG}/dataSets/{lake.dataset}"
    view = lake.api.ok("GET", path)[lake.dataset]["viewId"]
    shown = lake.api.ok("GET", f"{path}/views")
    assert shown[view]["dataSetId"] == lake.dataset
    for same in (
        f"{path}/views/{view}",
        f"{CATALOG}/views/{view}",
        f"{CATALOG}/dataSetViews/{view}",
        f"{CATALOG}/dataSetViews",
    ):
        assert lake.api.ok("GET", same) == shown
    files = lake.api.ok("GET", f"{path}/views/{view}/files")
    assert lake.api.ok("GET", f"{CATALOG}/views/{view}/files") == files
    assert len(files) == 1


def test_views_that_are_not_there_are_not_found(lake: Lake) -> None:
    path = f"{CATALOG}/dataSets/{lake.dataset}/views"
    for wrong in (
        f"{CATALOG}/dataSets/0123456789abcdef01234567/views",
        f"{path}/{lake.dataset}",
        f"{path}/{lake.dataset}/files",
        f"{CATALOG}/views/{lake.dataset}",
        f"{CATALOG}/views/nothing/files",
        f"{CATALOG}/dataSetViews/nothing",
    ):
        answer = lake.api.call("GET", wrong)
        assert (answer.status, answer.json["title"]) == (404, "NotFoundError")


def test_a_deleted_batch_takes_its_files_along(lake: Lake) -> None:
    batch = lake.ingest(ANN)
    lake.api.ok("DELETE", f"{BATCHES}/{batch}")
    assert lake.api.ok("GET", FILES) == {}
    assert lake.preview() == []
