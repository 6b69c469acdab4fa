"""Replies about batches, data set files and views: objects by id, references in arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.json_types import JsonObject, dumps
from emulator.services.catalog.batches import dataset_ids
from emulator.services.catalog.query import project
from emulator.web import Call, Reply

_HELPERS = ("id", "dataSet", "batch", "dataSetId")
"""Members that only filters see; of a data set file they are members of its own."""

_NAMES = {name.lower(): name for name in ("dataSetId", "batchId", "dataSetViewId")}


def reference(kind: str, id: str) -> list[str]:
    """Return how Catalog refers to an object in the answer to a write."""
    return [f"@/{kind}/{id}"]


def created(call: Call, id: str) -> Reply:
    """Return the 201 of a new batch, with its place."""
    location = f"{call.base_url}{call.operation.base_path}/batches/{id}"
    return Reply(201, reference("batches", id), {"Location": location})


def filterable(batch: JsonObject) -> JsonObject:
    """Return a batch with the names under which filters know its id and its data set."""
    datasets = dataset_ids(batch)
    return {**batch, "batch": batch["id"], "dataSet": datasets[0] if datasets else ""}


def canonical(query: Mapping[str, Any]) -> JsonObject:
    """Return a query with the names of filters in their usual spelling: pages write datasetId."""
    return {_NAMES.get(name.lower(), name): value for name, value in query.items()}


def one(call: Call, found: list[JsonObject]) -> Reply:
    """Return the objects that were asked for by id; the version of a single one is its tag."""
    headers: dict[str, str] = {}
    if len(found) == 1:
        version = found[0]["version"]
        headers = {"ETag": f'"{version}"', "E-Tag": version}
    return Reply(200, keyed(call, found), headers)


def keyed(call: Call, found: list[JsonObject]) -> JsonObject:
    """Return objects by id, as far as `properties` asks for them."""
    return {item["id"]: project(shown(item), call.query) for item in found}


def shown(item: JsonObject) -> JsonObject:
    """Return an object without what only filters see; a data set file shows its id."""
    if "batchId" in item:
        return {name: value for name, value in item.items() if name != "dataSetId"}
    return {name: value for name, value in item.items() if name not in _HELPERS}


def distinct(batches: list[JsonObject], field: str) -> list[str]:
    """Return the distinct values of a field as texts, in order."""
    values = (batch[field] for batch in batches if field in batch)
    texts = {value if isinstance(value, str) else dumps(value).decode() for value in values}
    return sorted(texts)


def views(datasets: list[JsonObject]) -> JsonObject:
    """Return the views of data sets by their ids. What a view shows beside the link is assumed."""
    shared = "imsOrg created updated createdClient createdUser updatedUser version".split()
    return {
        dataset["viewId"]: {
            **{name: dataset[name] for name in shared},
            "dataSetId": dataset["id"],
            "files": f"@/dataSets/{dataset['id']}/views/{dataset['viewId']}/files",
        }
        for dataset in datasets
    }
