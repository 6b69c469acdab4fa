"""Views of the Dataset Service API."""

from __future__ import annotations

from emulator.services.dataset_service import shapes
from emulator.services.dataset_service.service import LABELS, DatasetService
from emulator.web import Call, Reply, operation


@operation("dataset_service.get_labels")
def get_labels(service: DatasetService, call: Call) -> Reply:
    return shapes.read(service, call, call.find(LABELS, call.path["datasetId"]))


@operation("dataset_service.create_labels")
def create_labels(service: DatasetService, call: Call) -> Reply:
    labels = service.put(call.scope, call.path["datasetId"], call.body)
    return shapes.written(service, call, 201, labels)


@operation("dataset_service.replace_labels")
def replace_labels(service: DatasetService, call: Call) -> Reply:
    labels = service.put(call.scope, call.path["datasetId"], call.body)
    return shapes.written(service, call, 200, labels)


@operation("dataset_service.delete_labels")
def delete_labels(service: DatasetService, call: Call) -> Reply:
    service.remove(call.scope, call.path["datasetId"])
    return Reply(200, {})
