"""Replies about descriptors as each document prints them."""

from __future__ import annotations

from collections.abc import Callable

from emulator.json_types import JsonObject
from emulator.web import Call, Reply

ID_DIGITS = {"short": 40, "long": 48}
"""Length of a descriptor's id, by the answer `schema_registry.descriptor_id`."""

_LATER = ("imsOrg", "version", "meta:sandboxId", "meta:sandboxType", "meta:registryMetadata")


def created_shape(call: Call, descriptor: JsonObject) -> JsonObject:
    """Return what the answer to a write shows: no history yet."""
    return _CREATED[call.edition.answer("schema_registry.descriptor")](descriptor)


def descriptor_shape(call: Call, descriptor: JsonObject) -> JsonObject:
    """Return a descriptor as a lookup shows it."""
    return _FOUND[call.edition.answer("schema_registry.descriptor")](descriptor)


def _without(descriptor: JsonObject, *names: str) -> JsonObject:
    return {name: value for name, value in descriptor.items() if name not in names}


def _with_history(descriptor: JsonObject) -> JsonObject:
    """Who made it and when, as the developer guide prints it."""
    metadata = descriptor["meta:registryMetadata"]
    return {
        **_without(descriptor, "@id", "meta:containerId", *_LATER),
        "createdUser": metadata["xdm:createdUserId"],
        "imsOrg": descriptor["imsOrg"],
        "createdClient": metadata["xdm:createdClientId"],
        "updatedUser": metadata["xdm:lastModifiedUserId"],
        "created": metadata["repo:createdDate"],
        "updated": metadata["repo:lastModifiedDate"],
        "meta:containerId": "tenant",
        "@id": descriptor["@id"],
    }


_CREATED: dict[str, Callable[[JsonObject], JsonObject]] = {
    "with_metadata": lambda descriptor: _without(descriptor, "meta:registryMetadata"),
    "with_history": lambda descriptor: _without(descriptor, *_LATER),
}
_FOUND: dict[str, Callable[[JsonObject], JsonObject]] = {
    "with_metadata": lambda descriptor: descriptor,
    "with_history": _with_history,
}
REPLACED: dict[str, Callable[[Call, JsonObject], Reply]] = {
    "whole": lambda call, descriptor: Reply(200, descriptor_shape(call, descriptor)),
    "id": lambda call, descriptor: Reply(201, {"@id": descriptor["@id"]}),
}
"""Answers to a replacement, by the answer `schema_registry.descriptor_replaced`."""
