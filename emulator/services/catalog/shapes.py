"""Replies of Catalog as its documents show them: objects by id, references in arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from emulator.json_types import Json, JsonObject, as_object, dumps
from emulator.services.catalog.listing import project
from emulator.services.interfaces import dataset_ids
from emulator.store import Hint
from emulator.web import Call, Reply

_FOR_FILTERS = ("id", "dataSet", "batch", "dataSetId")
"""Members that only filters see; of a data set file they are members of its own."""

_NAMES = {name.lower(): name for name in ("dataSetId", "batchId", "dataSetViewId")}


def reference(collection: str, id: str) -> list[str]:
    """Return how Catalog refers to an object in the answer to a write."""
    return [f"@/{collection}/{id}"]


def created(call: Call, collection: str, id: str) -> Reply:
    """Return the 201 of a new object, with its place."""
    location = f"{call.base_url}{call.operation.base_path}/{collection}/{id}"
    return Reply(201, reference(collection, id), {"Location": location})


def looked_up(found: list[JsonObject], by_id: JsonObject) -> Reply:
    """Return the objects that were asked for by id; the version of a single one is its tag."""
    headers: dict[str, str] = {}
    if len(found) == 1:
        version = found[0]["version"]
        # The guide writes E-Tag and the bare version; HTTP knows ETag, with quotes.
        headers = {"ETag": f'"{version}"', "E-Tag": version}
    return Reply(200, by_id, headers)


def ranged(call: Call, part: list[JsonObject], first: int, count: int) -> Reply:
    """Return the data sets from index `first` on, and in a header how many there are.

    The technical overview of 2018 shows both headers. That the status is 206 is this emulator's.
    """
    span = f"{first}-{first + len(part) - 1}" if part else "*"
    headers = {"Content-Range": f"objects {span}/{count}"}
    return Reply(206, datasets_by_id(call, part), headers)


def datasets_by_id(call: Call, datasets: list[JsonObject]) -> JsonObject:
    """Return data sets by id, as far as `properties` asks for them; the id is not a member."""
    if "files" in call.query.get("expansion", "").split(","):
        datasets = [_expanded(call, dataset) for dataset in datasets]
    return {dataset["id"]: _without(project(dataset, call.query), "id") for dataset in datasets}


def objects_by_id(call: Call, found: Iterable[JsonObject]) -> JsonObject:
    """Return batches or data set files by id, as far as `properties` asks for them."""
    return {item["id"]: project(_without_filter_members(item), call.query) for item in found}


def _expanded(call: Call, dataset: JsonObject) -> JsonObject:
    """Return a data set with its files in place of the link to them: `expansion=files`."""
    of_dataset = call.scope.all("dataset_file", Hint(texts=(dataset["id"],)))
    files = [file for file in of_dataset if file["dataSetId"] == dataset["id"]]
    return {**dataset, "files": {file["id"]: _without_filter_members(file) for file in files}}


def _without(item: JsonObject, *names: str) -> JsonObject:
    return {name: value for name, value in item.items() if name not in names}


def _without_filter_members(item: JsonObject) -> JsonObject:
    return _without(item, "dataSetId") if "batchId" in item else _without(item, *_FOR_FILTERS)


def dataset_shape(call: Call) -> Callable[[JsonObject], JsonObject]:
    """Return what makes of a data set what the documents of the edition in force print."""
    aspects = ("files", "state", "file_description")
    answers = (call.edition.answer(f"catalog.{aspect}") for aspect in aspects)
    rewrites = [REWRITES[answer] for answer in answers if answer in REWRITES]

    def shape(dataset: JsonObject) -> JsonObject:
        for rewrite in rewrites:
            dataset = rewrite(dataset)
        return dataset

    return shape


def _views_link(dataset: JsonObject) -> JsonObject:
    return {**dataset, "files": f"@/dataSets/{dataset['id']}/views/{dataset['viewId']}/files"}


def _draft_state(dataset: JsonObject) -> JsonObject:
    return {**dataset, "state": "DRAFT"} if dataset.get("state") == "ACTIVE" else dataset


def _persisted_file(dataset: JsonObject) -> JsonObject:
    described = as_object(dataset.get("fileDescription"))
    defaults = {"persisted": True, "containerFormat": described.get("format", "parquet")}
    return {**dataset, "fileDescription": {**defaults, **described}}


REWRITES: dict[str, Callable[[JsonObject], JsonObject]] = {
    "views_link": _views_link,
    "draft_state": _draft_state,
    "persisted_file": _persisted_file,
}
"""From a stored data set, which is as documents print it today, to how older ones print it."""


def tag(found: JsonObject) -> JsonObject:
    """Return the values of a tag, and the data sets that have it: API reference, `tagsResponse`."""
    holders = [f"@/DataSet/{id}" for id in found["datasets"]]
    return {"objectType": {"datasets": holders}, found["name"]: found["values"]}


def filterable(batch: JsonObject) -> JsonObject:
    """Return a batch with the names under which filters know its id and its data set."""
    datasets = dataset_ids(batch)
    return {**batch, "batch": batch["id"], "dataSet": datasets[0] if datasets else ""}


def canonical(query: Mapping[str, Json]) -> JsonObject:
    """Return a query with the names of filters in their usual spelling: pages write datasetId."""
    return {_NAMES.get(name.lower(), name): value for name, value in query.items()}


def distinct(batches: Iterable[JsonObject], field: str) -> list[str]:
    """Return the distinct values of a field as texts, in order."""
    values = (batch[field] for batch in batches if field in batch)
    texts = {value if isinstance(value, str) else dumps(value).decode() for value in values}
    return sorted(texts)


def views(datasets: list[JsonObject]) -> JsonObject:
    """Return the views of data sets by their ids. All members but the link are assumed."""
    shared = "imsOrg created updated createdClient createdUser updatedUser version".split()
    return {
        dataset["viewId"]: {
            **{name: dataset[name] for name in shared},
            "dataSetId": dataset["id"],
            "files": f"@/dataSets/{dataset['id']}/views/{dataset['viewId']}/files",
        }
        for dataset in datasets
    }
