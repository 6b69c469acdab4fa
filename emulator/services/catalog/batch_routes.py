"""Views of Catalog's batches, data set files and views of data sets."""

from __future__ import annotations

from emulator.services.catalog import batch_shapes as shapes
from emulator.services.catalog.query import select
from emulator.services.catalog.service import Catalog
from emulator.web import Call, Reply, operation


@operation("catalog.list_batches")
def list_batches(service: Catalog, call: Call) -> Reply:
    """List batches by id, filtered, ordered and paged."""
    found = (shapes.filterable(batch) for batch in service.batches.all(call.sandbox))
    return Reply(200, shapes.keyed(call, select(found, call.query)))


@operation("catalog.create_batch")
@operation("catalog.create_batch_with_id")
def create_batch(service: Catalog, call: Call) -> Reply:
    """Note a batch that somebody else carries out; its data does not come through here."""
    id = call.path.get("id", "")
    batch = service.batches.create(call.sandbox, call.client, call.body, id)
    return shapes.created(call, batch["id"])


@operation("catalog.get_batch")
def get_batch(service: Catalog, call: Call) -> Reply:
    """Read one batch, or several by a list of ids; a batch that waits comes nearer to its end."""
    for batch in service.batches.named(call.sandbox, call.path["id"]):
        service.services.batch_ingestion.polled(call.scope, batch["id"])
    return shapes.one(call, service.batches.named(call.sandbox, call.path["id"]))


@operation("catalog.replace_batch")
def replace_batch(service: Catalog, call: Call) -> Reply:
    """Replace everything of a batch that the server does not set."""
    service.batches.replace(call.sandbox, call.client, call.path["id"], call.body)
    return Reply(200, shapes.reference("batches", call.path["id"]))


@operation("catalog.patch_batch")
def patch_batch(service: Catalog, call: Call) -> Reply:
    """Replace single members of a batch, or carry out a JSON Patch."""
    service.batches.change(call.sandbox, call.client, call.path["id"], call.body)
    return Reply(200, shapes.reference("batches", call.path["id"]))


@operation("catalog.delete_batch")
def delete_batch(service: Catalog, call: Call) -> Reply:
    """Delete a batch with all that it has."""
    service.batches.delete(call.sandbox, call.path["id"])
    return Reply(200, shapes.reference("batches", call.path["id"]))


@operation("catalog.list_batch_values")
def list_batch_values(service: Catalog, call: Call) -> Reply:
    """List the distinct values of a field of the sandbox's batches, in order."""
    return Reply(200, shapes.distinct(service.batches.all(call.sandbox), call.path["field"]))


@operation("catalog.list_last_batches")
def list_last_batches(service: Catalog, call: Call) -> Reply:
    """List the last batches by data set."""
    found = ({**entry, "dataSetId": entry["id"]} for entry in service.batches.last(call.sandbox))
    return Reply(200, shapes.keyed(call, select(found, call.query)))


@operation("catalog.list_dataset_files")
def list_dataset_files(service: Catalog, call: Call) -> Reply:
    """List data set files by id."""
    query = shapes.canonical(call.query)
    return Reply(200, shapes.keyed(call, select(service.batches.files(call.sandbox), query)))


@operation("catalog.get_dataset_file")
def get_dataset_file(service: Catalog, call: Call) -> Reply:
    """Read a data set file."""
    return shapes.one(call, [call.find("dataset_file", call.path["id"])])


@operation("catalog.delete_dataset_file")
def delete_dataset_file(service: Catalog, call: Call) -> Reply:
    """Delete a data set file; of one that is not there the answer is an empty array."""
    deleted = service.batches.delete_file(call.sandbox, call.path["id"])
    return Reply(200, shapes.reference("dataSetFiles", deleted["id"]) if deleted else [])


@operation("catalog.list_dataset_views")
def list_dataset_views(service: Catalog, call: Call) -> Reply:
    """List the views of a data set: there is one."""
    return Reply(200, shapes.views([call.find("dataset", call.path["id"])]))


@operation("catalog.get_dataset_view")
@operation("catalog.get_view")
@operation("catalog.get_view_by_id")
def get_view(service: Catalog, call: Call) -> Reply:
    """Read a view of a data set."""
    return Reply(200, shapes.views([call.find("dataset_view", _view_id(call))]))


@operation("catalog.list_views")
def list_views(service: Catalog, call: Call) -> Reply:
    """List the views of all data sets."""
    return Reply(200, shapes.views(select(service.datasets(call.sandbox), call.query)))


@operation("catalog.list_dataset_view_files")
@operation("catalog.list_view_files")
def list_view_files(service: Catalog, call: Call) -> Reply:
    """List the data set files of a view."""
    view, files = _view_id(call), service.batches.files(call.sandbox)
    mine = [file for file in files if file["dataSetViewId"] == view]
    return Reply(200, shapes.keyed(call, select(mine, call.query)))


def _view_id(call: Call) -> str:
    return call.path["viewId"] if "viewId" in call.path else call.path["id"]
