"""Views of the Catalog Service API."""

from __future__ import annotations

from collections.abc import Callable

from emulator.filters.catalog import parse_range
from emulator.filters.templates import fill
from emulator.json_types import Json, JsonObject, dumps
from emulator.services.catalog import shapes
from emulator.services.catalog.batches import BATCH
from emulator.services.catalog.dataset_files import FILE
from emulator.services.catalog.datasets import DATASET
from emulator.services.catalog.listing import found_in, page, select, whole
from emulator.services.catalog.service import Catalog
from emulator.services.catalog.storage import ROW_EXPIRATION, credentials
from emulator.store import Hint
from emulator.web import Call, Part, Reply, operation


@operation("catalog.list_datasets")
def list_datasets(service: Catalog, call: Call) -> Reply:
    found = found_in(call.scope, DATASET, call.query, shapes.dataset_shape(call))
    span = parse_range(call.headers.get("range", ""))
    if span:
        everything = list(found)
        part = _datasets(call, everything[span[0] : span[1] + 1])
        return shapes.ranged(call, part, span[0], len(everything))
    return Reply(200, shapes.datasets_by_id(call, _datasets(call, page(found, call.query))))


def _datasets(call: Call, found: list[JsonObject]) -> list[JsonObject]:
    """Return data sets whole, as the edition in force prints them."""
    return list(map(shapes.dataset_shape(call), whole(call.scope, DATASET, found)))


@operation("catalog.create_dataset")
def create_dataset(service: Catalog, call: Call) -> Reply:
    """Create a data set, unless the caller only wants it validated."""
    if _only_validates(call):
        return Reply(200, [])
    wanted = call.query.get("requestDataSource", "").lower() == "true"
    numbered = wanted and call.edition.answer("catalog.data_source") == "created"
    table_format = call.edition.answer("catalog.table_format")
    dataset = service.datasets.create(call.scope, call.body, table_format, numbered)
    return shapes.created(call, "dataSets", dataset["id"])


@operation("catalog.get_dataset")
def get_dataset(service: Catalog, call: Call) -> Reply:
    """Read one data set, or several by a list of ids."""
    found = service.datasets.named(call.scope, call.path["id"])
    printed = list(map(shapes.dataset_shape(call), found))
    return shapes.looked_up(found, shapes.datasets_by_id(call, printed))


@operation("catalog.replace_dataset")
def replace_dataset(service: Catalog, call: Call) -> Reply:
    """Replace everything that the server does not set."""
    if not _only_validates(call):
        service.datasets.replace(call.scope, call.path["id"], call.body)
    return Reply(200, shapes.reference("dataSets", call.path["id"]))


@operation("catalog.patch_dataset")
def patch_dataset(service: Catalog, call: Call) -> Reply:
    """Replace single members, or carry out a JSON Patch."""
    service.datasets.change(call.scope, call.path["id"], call.body)
    return Reply(200, shapes.reference("dataSets", call.path["id"]))


@operation("catalog.merge_dataset")
def merge_dataset(service: Catalog, call: Call) -> Reply:
    """Merge the body into the data set at every depth."""
    service.datasets.merge(call.scope, call.path["id"], call.body)
    return Reply(200, shapes.reference("dataSets", call.path["id"]))


@operation("catalog.delete_dataset")
def delete_dataset(service: Catalog, call: Call) -> Reply:
    """Delete a data set; where a missing one is not refused, the answer is an empty array."""
    deleted = service.datasets.delete(call.scope, call.path["id"])
    return Reply(200, shapes.reference("dataSets", deleted["id"]) if deleted else [])


@operation("catalog.get_row_expiration")
def get_row_expiration(service: Catalog, call: Call) -> Reply:
    """Read what a data set's row expiration may be."""
    return Reply(200, {"extensions": {"adobe_lakeHouse": {"rowExpiration": ROW_EXPIRATION}}})


@operation("catalog.get_tags")
def get_tags(service: Catalog, call: Call) -> Reply:
    return Reply(200, shapes.tag(call.find("catalog_tag", call.path["tagNamespace"])))


@operation("catalog.get_dataset_credentials")
def get_credentials(service: Catalog, call: Call) -> Reply:
    """Read where a data set's files would lie, and invented credentials for that place."""
    batch_id = call.query.get("batchId", "")
    return Reply(200, credentials(call.scope, call.path["id"], batch_id, call.base_url))


@operation("catalog.list_dataset_labels")
def get_labels(service: Catalog, call: Call) -> Reply:
    """Read the labels of a data set, which the Dataset Service keeps."""
    id = call.path["id"]
    labels = call.scope.find("dataset_labels", id) or {"id": id}
    return Reply(200, service.labels.keyed(call.scope, labels))


@operation("catalog.create_dataset_labels")
@operation("catalog.replace_dataset_labels")
def write_labels(service: Catalog, call: Call) -> Reply:
    """Give a data set labels in place of those that it has."""
    labels = service.labels.put(call.scope, call.path["id"], call.body)
    status = 201 if call.operation.method == "POST" else 200
    return Reply(status, service.labels.payload(labels))


@operation("catalog.delete_dataset_labels")
def delete_labels(service: Catalog, call: Call) -> Reply:
    service.labels.remove(call.scope, call.path["id"])
    return Reply(200, shapes.reference("dataSets", call.path["id"]))


@operation("catalog.list_batches")
def list_batches(service: Catalog, call: Call) -> Reply:
    found = found_in(call.scope, BATCH, call.query, shapes.filterable)
    batches = whole(call.scope, BATCH, page(found, call.query))
    return Reply(200, shapes.objects_by_id(call, map(shapes.filterable, batches)))


@operation("catalog.create_batch")
@operation("catalog.create_batch_with_id")
def create_batch(service: Catalog, call: Call) -> Reply:
    """Note a batch that another system carries out; its data does not come through here."""
    if _only_validates(call):
        return Reply(200, [])
    batch = service.batches.create(call.scope, call.body, call.path.get("id", ""))
    return shapes.created(call, "batches", batch["id"])


@operation("catalog.get_batch", catches_up=True)
def get_batch(service: Catalog, call: Call) -> Reply:
    """Read one batch, or several by a list of ids; a waiting batch advances by it."""
    found = service.look_up_batches(call.scope, call.path["id"])
    return shapes.looked_up(found, shapes.objects_by_id(call, found))


@operation("catalog.replace_batch")
def replace_batch(service: Catalog, call: Call) -> Reply:
    """Replace everything of a batch that the server does not set."""
    if not _only_validates(call):
        service.batches.replace(call.scope, call.path["id"], call.body)
    return Reply(200, shapes.reference("batches", call.path["id"]))


@operation("catalog.patch_batch")
def patch_batch(service: Catalog, call: Call) -> Reply:
    """Replace single members of a batch, or carry out a JSON Patch."""
    service.batches.change(call.scope, call.path["id"], call.body)
    return Reply(200, shapes.reference("batches", call.path["id"]))


@operation("catalog.delete_batch")
def delete_batch(service: Catalog, call: Call) -> Reply:
    service.batches.delete(call.scope, call.path["id"])
    return Reply(200, shapes.reference("batches", call.path["id"]))


@operation("catalog.list_batch_values")
def list_batch_values(service: Catalog, call: Call) -> Reply:
    """List the distinct values of a field of the batches that a query lets through, in order."""
    field = call.path["field"]
    found = found_in(call.scope, BATCH, call.query, shapes.filterable, field)
    values = shapes.distinct(found, field)
    return Reply(200, page(values, call.query))


@operation("catalog.list_last_batches")
def list_last_batches(service: Catalog, call: Call) -> Reply:
    found = ({**entry, "dataSetId": entry["id"]} for entry in service.batches.last(call.scope))
    return Reply(200, shapes.objects_by_id(call, select(found, call.query)))


@operation("catalog.list_dataset_files")
def list_dataset_files(service: Catalog, call: Call) -> Reply:
    query = shapes.canonical(call.query)
    found = page(found_in(call.scope, FILE, query, dict), query)
    return Reply(200, shapes.objects_by_id(call, whole(call.scope, FILE, found)))


@operation("catalog.get_dataset_file")
def get_dataset_file(service: Catalog, call: Call) -> Reply:
    found = [call.find("dataset_file", call.path["id"])]
    return shapes.looked_up(found, shapes.objects_by_id(call, found))


@operation("catalog.delete_dataset_file")
def delete_dataset_file(service: Catalog, call: Call) -> Reply:
    """Delete a data set file; of one that is not there the answer is an empty array."""
    deleted = service.files.delete(call.scope, call.path["id"])
    return Reply(200, shapes.reference("dataSetFiles", deleted["id"]) if deleted else [])


@operation("catalog.list_dataset_views")
def list_dataset_views(service: Catalog, call: Call) -> Reply:
    """List the views of a data set: there is one."""
    return Reply(200, shapes.views([call.find("dataset", call.path["id"])]))


@operation("catalog.get_dataset_view")
@operation("catalog.get_view")
@operation("catalog.get_view_by_id")
def get_view(service: Catalog, call: Call) -> Reply:
    return Reply(200, shapes.views([call.find("dataset_view", _view_id(call))]))


@operation("catalog.list_views")
def list_views(service: Catalog, call: Call) -> Reply:
    found = page(found_in(call.scope, DATASET, call.query, dict), call.query)
    return Reply(200, shapes.views(whole(call.scope, DATASET, found)))


@operation("catalog.list_dataset_view_files")
@operation("catalog.list_view_files")
def list_view_files(service: Catalog, call: Call) -> Reply:
    view = _view_id(call)
    files = (row.body for row in call.scope.scan(FILE, hint=Hint(texts=(view,))))
    mine = (file for file in files if file["dataSetViewId"] == view)
    return Reply(200, shapes.objects_by_id(call, select(mine, call.query)))


@operation("catalog.perform_requests")
def perform_requests(service: Catalog, call: Call) -> Reply:
    """Carry out several requests in order; if a change among them fails, none is made.

    The refusal of a change then is the answer to the whole. A lookup that fails has its own code
    among the answers, as the guide says. Creating answers 200 here, as in the guide's sample.
    """
    undo = _undo(call)
    try:
        reply = _perform(call)
    except BaseException:
        undo()
        raise
    if reply.status >= 400:
        undo()
    return reply


def _only_validates(call: Call) -> bool:
    return call.headers.get("pragma", "").strip().lower() == "validate-only"


def _view_id(call: Call) -> str:
    return call.path["viewId"] if "viewId" in call.path else call.path["id"]


def _undo(call: Call) -> Callable[[], None]:
    """Return what puts the sandbox back as it is now; of files only removals can be undone."""
    store, blobs, sandbox = call.scope.platform.store, call.scope.platform.blobs, call.scope.sandbox
    before = store.dump()
    removes = any(item["method"].upper() == "DELETE" for item in call.body)
    contents = {key: blobs.read(sandbox, key) for key in blobs.keys(sandbox) if removes}

    def undo() -> None:
        store.load(before, sandbox)
        with call.scope.platform.room.exempt():  # it had room before
            for key, content in contents.items():
                if content is not None and blobs.size(sandbox, key) is None:
                    blobs.put(sandbox, key, content)

    return undo


def _perform(call: Call) -> Reply:
    answers: dict[str, Json] = {}
    results: list[JsonObject] = []
    for item in call.body:
        reply = call.perform(_part(fill(item, answers)))
        failed = reply.status >= 400
        if failed and item["method"].upper() != "GET":
            return reply
        answers[item["id"]] = reply.body
        code = reply.status if failed else 200
        results.append({"id": item["id"], "code": code, "body": reply.body})
    return Reply(200, results)


def _part(item: JsonObject) -> Part:
    sent = {name.lower(): str(value) for name, value in item.get("headers", {}).items()}
    headers = {"content-type": "application/json", **sent}
    body = dumps(item["body"]) if "body" in item else b""
    return Part(item["method"].upper(), str(item["resource"]), headers, body)
