"""Views of the Catalog Service API."""

from __future__ import annotations

from emulator.filters.catalog import parse_range
from emulator.services.catalog import shapes
from emulator.services.catalog.query import matching, select
from emulator.services.catalog.service import Caller, Catalog
from emulator.web import Call, Reply, operation


@operation("catalog.list_datasets")
def list_datasets(service: Catalog, call: Call) -> Reply:
    """List data sets by id, filtered, ordered and paged."""
    datasets = [shapes.shown(call, item) for item in service.datasets(call.sandbox)]
    span = parse_range(call.headers.get("range", ""))
    if span:
        return shapes.ranged(call, matching(datasets, call.query), *span)
    return Reply(200, shapes.keyed(call, select(datasets, call.query)))


@operation("catalog.create_dataset")
def create_dataset(service: Catalog, call: Call) -> Reply:
    """Create a data set, unless the caller only wants it validated."""
    if _only_validates(call):
        return Reply(200, [])
    wanted = call.query.get("requestDataSource", "").lower() == "true"
    numbered = wanted and call.edition.answer("catalog.data_source") == "created"
    table_format = call.edition.answer("catalog.table_format")
    dataset = service.create(_caller(call), call.body, table_format, numbered)
    return shapes.created(call, dataset["id"])


@operation("catalog.get_dataset")
def get_dataset(service: Catalog, call: Call) -> Reply:
    """Read one data set, or several by a list of ids."""
    return shapes.one(call, service.named(call.sandbox, call.path["id"]))


@operation("catalog.replace_dataset")
def replace_dataset(service: Catalog, call: Call) -> Reply:
    """Replace everything that the server does not set."""
    if not _only_validates(call):
        service.replace(_caller(call), call.path["id"], call.body)
    return Reply(200, shapes.reference(call.path["id"]))


@operation("catalog.patch_dataset")
def patch_dataset(service: Catalog, call: Call) -> Reply:
    """Replace single members, or carry out a JSON Patch."""
    service.change(_caller(call), call.path["id"], call.body)
    return Reply(200, shapes.reference(call.path["id"]))


@operation("catalog.merge_dataset")
def merge_dataset(service: Catalog, call: Call) -> Reply:
    """Merge the body into the data set at every depth."""
    service.merge(_caller(call), call.path["id"], call.body)
    return Reply(200, shapes.reference(call.path["id"]))


@operation("catalog.delete_dataset")
def delete_dataset(service: Catalog, call: Call) -> Reply:
    """Delete a data set; of one that is not there the answer is an empty array."""
    deleted = service.delete(call.sandbox, call.path["id"])
    return Reply(200, shapes.reference(deleted["id"]) if deleted else [])


def _caller(call: Call) -> Caller:
    return Caller(call.sandbox, call.client, call.fixtures)


def _only_validates(call: Call) -> bool:
    return call.headers.get("pragma", "").strip().lower() == "validate-only"
