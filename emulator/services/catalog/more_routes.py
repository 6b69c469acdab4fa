"""Views of what Catalog tells about a data set beside itself: tags, row expiration, labels."""

from __future__ import annotations

from emulator.json_types import JsonObject
from emulator.services.catalog import shapes
from emulator.services.catalog.service import Catalog
from emulator.services.catalog.storage import ROW_EXPIRATION, credentials
from emulator.web import Call, Reply, operation


@operation("catalog.get_row_expiration")
def get_row_expiration(service: Catalog, call: Call) -> Reply:
    """Read what a data set's row expiration may be."""
    return Reply(200, {"extensions": {"adobe_lakeHouse": {"rowExpiration": ROW_EXPIRATION}}})


@operation("catalog.get_tags")
def get_tags(service: Catalog, call: Call) -> Reply:
    """Read the values of a tag and whose tag it is."""
    return Reply(200, shapes.tag(call.find("catalog_tag", call.path["tagNamespace"])))


@operation("catalog.get_dataset_credentials")
def get_credentials(service: Catalog, call: Call) -> Reply:
    """Read where a data set's files would lie, and invented credentials for that place."""
    place = (call.sandbox, call.path["id"], call.query.get("batchId", ""))
    return Reply(200, credentials(call.scope.platform, *place))


@operation("catalog.list_dataset_labels")
def get_labels(service: Catalog, call: Call) -> Reply:
    """Read the labels of a data set, which the Dataset Service keeps."""
    return Reply(200, shapes.labels(call, _labels(call, call.path["id"])))


@operation("catalog.create_dataset_labels")
@operation("catalog.replace_dataset_labels")
def write_labels(service: Catalog, call: Call) -> Reply:
    """Give a data set labels in place of those that it has."""
    labels = service.services.dataset_service.put(call.sandbox, call.path["id"], call.body)
    status = 201 if call.operation.method == "POST" else 200
    return Reply(status, shapes.label_payload(labels))


@operation("catalog.delete_dataset_labels")
def delete_labels(service: Catalog, call: Call) -> Reply:
    """Take all labels away from a data set."""
    service.services.dataset_service.remove(call.sandbox, call.path["id"])
    return Reply(200, shapes.reference(call.path["id"]))


def _labels(call: Call, id: str) -> JsonObject:
    return call.lookup.find("dataset_labels", id) or {"id": id}
