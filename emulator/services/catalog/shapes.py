"""Replies of Catalog as its documents show them: objects keyed by id, references in arrays."""

from __future__ import annotations

from collections.abc import Callable

from emulator.json_types import JsonObject
from emulator.services.catalog.batch_shapes import shown as shown_file
from emulator.services.catalog.query import project
from emulator.services.catalog.service import as_object
from emulator.web import Call, Reply

Rewrite = Callable[[JsonObject, str], JsonObject]


def reference(id: str) -> list[str]:
    """Return how Catalog refers to a data set in the answer to a write."""
    return [f"@/dataSets/{id}"]


def created(call: Call, id: str) -> Reply:
    """Return the 201 of a new data set, with its place."""
    location = f"{call.base_url}{call.operation.base_path}/dataSets/{id}"
    return Reply(201, reference(id), {"Location": location})


def one(call: Call, datasets: list[JsonObject]) -> Reply:
    """Return the data sets that were asked for by id; the version of a single one is its tag."""
    headers: dict[str, str] = {}
    if len(datasets) == 1:
        version = datasets[0]["version"]
        # The guide writes E-Tag and the bare version; HTTP knows ETag, with quotes.
        headers = {"ETag": f'"{version}"', "E-Tag": version}
    return Reply(200, keyed(call, [shown(call, dataset) for dataset in datasets]), headers)


def tag(found: JsonObject) -> JsonObject:
    """Return the values of a tag, and the data sets that have it: API reference, `tagsResponse`."""
    holders = [f"@/DataSet/{id}" for id in found["datasets"]]
    return {"objectType": {"datasets": holders}, found["name"]: found["values"]}


def labels(call: Call, entity: JsonObject) -> JsonObject:
    """Return a data set's labels as Catalog's guide of 2020 prints them, with the organization."""
    organization = {"imsOrg": call.sandbox.organization}
    return {f"AEP:dataset:{entity['id']}": organization | label_payload(entity)}


def label_payload(entity: JsonObject) -> JsonObject:
    """Return labels as a request sends them; a data set without any has two empty lists."""
    return {name: entity.get(name, []) for name in ("labels", "optionalLabels")}


def ranged(call: Call, found: list[JsonObject], first: int, last: int) -> Reply:
    """Return the objects from index `first` to `last`, and in a header how many there are.

    The technical overview of 2018 shows both headers. That the status is 206 is this emulator's.
    """
    part = found[first : last + 1]
    span = f"{first}-{first + len(part) - 1}" if part else "*"
    return Reply(206, keyed(call, part), {"Content-Range": f"objects {span}/{len(found)}"})


def keyed(call: Call, datasets: list[JsonObject]) -> JsonObject:
    """Return data sets by id, as far as `properties` asks for them; the id is not a member."""
    if "files" in call.query.get("expansion", "").split(","):
        datasets = [_expanded(call, dataset) for dataset in datasets]
    return {dataset["id"]: _without_id(project(dataset, call.query)) for dataset in datasets}


def _expanded(call: Call, dataset: JsonObject) -> JsonObject:
    """Return a data set with its files in place of the link to them: `expansion=files`."""
    files = call.scope.all("dataset_file")
    mine = {file["id"]: shown_file(file) for file in files if file["dataSetId"] == dataset["id"]}
    return {**dataset, "files": mine}


def _without_id(dataset: JsonObject) -> JsonObject:
    return {name: value for name, value in dataset.items() if name != "id"}


def shown(call: Call, dataset: JsonObject) -> JsonObject:
    """Return a data set as the documents of the edition in force print it."""
    for aspect in ("files", "state", "file_description"):
        rewrite = REWRITES.get(call.edition.answer(f"catalog.{aspect}"))
        if rewrite:
            dataset = rewrite(dataset, dataset["id"])
    return dataset


def _views_link(dataset: JsonObject, id: str) -> JsonObject:
    return {**dataset, "files": f"@/dataSets/{id}/views/{dataset['viewId']}/files"}


def _draft_state(dataset: JsonObject, id: str) -> JsonObject:
    return {**dataset, "state": "DRAFT"} if dataset.get("state") == "ACTIVE" else dataset


def _persisted_file(dataset: JsonObject, id: str) -> JsonObject:
    described = as_object(dataset.get("fileDescription"))
    defaults = {"persisted": True, "containerFormat": described.get("format", "parquet")}
    return {**dataset, "fileDescription": {**defaults, **described}}


REWRITES: dict[str, Rewrite] = {
    "views_link": _views_link,
    "draft_state": _draft_state,
    "persisted_file": _persisted_file,
}
"""From a data set as it is kept (as documents print it today) to how older ones print it."""
