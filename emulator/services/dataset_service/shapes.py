"""Replies of the Dataset Service: the labels, and their tag in a header."""

from __future__ import annotations

from emulator.json_types import JsonObject
from emulator.services.dataset_service.service import DatasetService
from emulator.web import Call, Reply


def read(service: DatasetService, call: Call, labels: JsonObject) -> Reply:
    """Return the answer to a lookup as the edition in force shows it."""
    if call.edition.answer("dataset_service.labels") == "keyed":
        return Reply(200, service.keyed(call.scope, labels), _tag(labels))
    return Reply(200, service.payload(labels), _tag(labels))


def written(service: DatasetService, call: Call, status: int, labels: JsonObject) -> Reply:
    """Return the answer to a write: the labels that are in force now, and what was done."""
    body = service.payload(labels)
    if call.edition.answer("dataset_service.written") == "told":
        done = {"code": f"PES-{status}", "message": f"{call.operation.method} Successful"}
        body = {"parents": service.parents(call.scope, labels), **body, **done}
    return Reply(status, body, _tag(labels))


def _tag(labels: JsonObject) -> dict[str, str]:
    # The documents and a client that keeps the case of headers write it in lower case.
    return {"etag": labels["etag"]}
