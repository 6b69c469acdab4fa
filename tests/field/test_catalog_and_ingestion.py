"""What people met on the real platform with data sets and batches, or read on its pages."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.testing.client import AepClient
from tests.bodies import CATALOG, dataset
from tests.emulators import aep_for, new_emulator
from tests.services.lake import ANN, Lake

DATASETS, IMPORT = f"{CATALOG}/dataSets", "/data/foundation/import/batches"
FORMAT = "adobe/siphon/table/format"
UNION = "https://ns.adobe.com/xdm/context/profile__union"
ENABLED: dict[str, Any] = {"unifiedProfile": ["enabled:true"]}


@pytest.fixture
def api() -> AepClient:
    return aep_for(new_emulator())


@pytest.fixture
def lake(api: AepClient) -> Lake:
    return Lake(api)


def made(api: AepClient, **members: Any) -> str:
    """Make a data set and return its id."""
    (reference,) = api.ok("POST", DATASETS, dataset(UNION, **members))
    return str(reference).rpartition("/")[2]


def tags_of(api: AepClient, id: str) -> Any:
    return api.ok("GET", f"{DATASETS}/{id}")[id]["tags"]


def test_a_new_data_set_may_bring_the_format_of_its_table(api: AepClient) -> None:
    """A public client has sent it with every creation since May 2026."""
    id = made(api, tags={**ENABLED, FORMAT: ["delta"]})
    body = dataset(UNION, tags={**ENABLED, FORMAT: ["delta"]})
    assert not any("reserved" in rule for rule in api.call("POST", DATASETS, body).warnings)
    assert tags_of(api, id)[FORMAT] == ["delta"]
    assert tags_of(api, id)["adobe/pqs/table"]


def test_tags_are_replaced_and_not_merged(api: AepClient) -> None:
    id = made(api)
    before = tags_of(api, id)
    answer = api.call("PATCH", f"{DATASETS}/{id}", {"tags": ENABLED})
    assert answer.status == 422
    assert answer.json["detail"] == f"Field '{FORMAT}' cannot be empty or blank"
    assert tags_of(api, id) == before
    answer = api.call("PATCH", f"{DATASETS}/{id}", {"tags": {**before, **ENABLED}})
    assert answer.status == 200
    assert set(tags_of(api, id)) == {*before, "unifiedProfile"}


@pytest.mark.parametrize(
    ("patch", "status"),
    [
        ([{"op": "add", "path": "/tags/unifiedProfile", "value": ["enabled:true"]}], 200),
        ([{"op": "add", "path": "/name", "value": "New"}], 200),
        ([{"op": "replace", "path": "/tags", "value": ENABLED}], 422),
        ([{"op": "remove", "path": "/tags/adobe~1siphon~1table~1format"}], 422),
        ([{"op": "replace", "path": "/tags/adobe~1siphon~1table~1format", "value": []}], 422),
    ],
)
def test_a_json_patch_adds_a_tag_and_keeps_the_format(
    api: AepClient, patch: Any, status: int
) -> None:
    assert api.call("PATCH", f"{DATASETS}/{made(api)}", patch).status == status


def test_the_newer_call_merges_tags(api: AepClient) -> None:
    id = made(api)
    before = tags_of(api, id)
    api.ok("PATCH", f"{CATALOG}/v2/dataSets/{id}", {"tags": ENABLED})
    assert set(tags_of(api, id)) == {*before, "unifiedProfile"}


def test_the_page_of_2020_sets_the_two_tags_alone(api: AepClient) -> None:
    id = made(api)
    answer = api.call("PATCH", f"{DATASETS}/{id}", {"tags": ENABLED}, x_emulator_edition="2020-09")
    assert answer.status == 200
    assert "catalog.patch_dataset.table_format_stays" in answer.warnings


def test_the_guide_replaces_the_tag_of_the_table(api: AepClient) -> None:
    id = made(api)
    body = {"name": "New Dataset Name", "tags": {"adobe/pqs/table": ["sample_dataset"]}}
    answer = api.call("PUT", f"{DATASETS}/{id}", body)
    assert answer.status == 200
    assert "catalog.replace_dataset.patched_tags_stay_the_platforms" in answer.warnings
    assert tags_of(api, id)["adobe/pqs/table"] == ["sample_dataset"]
    assert tags_of(api, id)[FORMAT] == ["delta"]


def test_an_aborted_batch_cannot_be_reverted(lake: Lake) -> None:
    batch = lake.create()
    assert lake.act(batch, "ABORT").status == 200
    answer = lake.act(batch, "REVERT")
    assert (answer.status, answer.json["code"]) == (428, "ERR-BI-104")
    assert lake.status(batch) == "aborted"


def test_a_data_set_of_json_is_remarked_on(api: AepClient) -> None:
    body = {"inputFormat": {"format": "json"}}
    rule = "batch_ingestion.create_batch.format_suits_the_dataset"
    for format, warned in (("json", True), ("parquet", False)):
        id = made(api, fileDescription={"format": format})
        answer = api.call("POST", IMPORT, {**body, "datasetId": id})
        assert (answer.status, rule in answer.warnings) == (201, warned)


def test_batches_are_listed_by_the_catalog_only(api: AepClient) -> None:
    assert api.call("GET", IMPORT).status == 405


def test_the_root_of_the_catalog_needs_no_slash(api: AepClient) -> None:
    requests = [{"id": "a", "resource": "/dataSets", "method": "post", "body": {"name": "First"}}]
    (answer,) = api.ok("POST", CATALOG, requests)
    assert (answer["id"], answer["code"]) == ("a", 200)


def test_deleting_a_data_set_that_is_not_there_is_not_told_as_done(api: AepClient) -> None:
    answer = api.call("DELETE", f"{DATASETS}/5ba9452f7de80400007fc52a")
    assert (answer.status, answer.json["title"]) == (404, "NotFoundError")
    assert answer.json["detail"] == "DataSet not found."


def test_a_batch_that_is_only_validated_is_not_kept(lake: Lake) -> None:
    batches = f"{CATALOG}/batches"
    body = {"status": "loading"}
    lake.api.ok("POST", batches, body, Pragma="validate-only")
    assert lake.api.ok("GET", batches) == {}
    id = lake.ingest(ANN)
    lake.api.ok("PUT", f"{batches}/{id}", body, Pragma="validate-only")
    assert lake.status(id) == "success"
