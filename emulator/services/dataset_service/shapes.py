"""Replies of the Dataset Service: the labels, and their tag in a header."""

from __future__ import annotations

from emulator.json_types import JsonObject
from emulator.web import Call, Reply


def payload(entity: JsonObject) -> JsonObject:
    """Return labels as a request sends them: Dataset Service API reference, `LabelPayload`."""
    return {"labels": entity["labels"], "optionalLabels": entity["optionalLabels"]}


def keyed(call: Call, entity: JsonObject) -> JsonObject:
    """Return labels under the name of their entity, with the organization: the guide of 2020."""
    organization = {"imsOrg": call.scope.sandbox.organization}
    return {f"AEP:dataset:{entity['id']}": organization | payload(entity)}


def read(call: Call, entity: JsonObject) -> Reply:
    """Return the answer to a lookup as the edition in force shows it."""
    is_keyed = call.edition.answer("dataset_service.labels") == "keyed"
    return Reply(200, keyed(call, entity) if is_keyed else payload(entity), _tag(entity))


def written(status: int, entity: JsonObject) -> Reply:
    """Return the answer to a write: the labels that are in force now."""
    return Reply(status, payload(entity), _tag(entity))


def _tag(entity: JsonObject) -> dict[str, str]:
    # The documents and a client that keeps the case of headers write it in lower case.
    return {"etag": entity["etag"]}
