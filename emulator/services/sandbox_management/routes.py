"""Views of the Sandbox API. It belongs to the organization, so the scope names no sandbox."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.json_types import JsonObject
from emulator.services.sandbox_management import shapes
from emulator.services.sandbox_management.listing import hint_of, select
from emulator.services.sandbox_management.service import ENTRY, TYPES, Sandboxes
from emulator.web import Call, Reply, operation


@operation("sandbox_management.list_available_sandboxes")
def list_available_sandboxes(service: Sandboxes, call: Call) -> Reply:
    """List the active sandboxes that the caller may use."""
    active = (entry for entry in _all(service, call) if entry["state"] == "active")
    return Reply(200, shapes.available(call, select(active, call.query)))


@operation("sandbox_management.list_sandbox_types")
def list_sandbox_types(service: Sandboxes, call: Call) -> Reply:
    return Reply(200, {"sandboxTypes": list(TYPES)})


@operation("sandbox_management.list_sandboxes")
def list_sandboxes(service: Sandboxes, call: Call) -> Reply:
    """List the organization's sandboxes in whatever state."""
    return Reply(200, shapes.listed(call, select(_all(service, call), call.query)))


@operation("sandbox_management.create_sandbox")
def create_sandbox(service: Sandboxes, call: Call) -> Reply:
    """Create a sandbox. The answer says that it is being created; the next read, that it is."""
    entry = service.create(call.scope, call.body)
    return Reply(202, shapes.summary(entry, state="creating"))


@operation("sandbox_management.get_sandbox")
def get_sandbox(service: Sandboxes, call: Call) -> Reply:
    """Read a sandbox, deleted ones too."""
    return Reply(200, shapes.full(_found(call)))


@operation("sandbox_management.update_sandbox")
def update_sandbox(service: Sandboxes, call: Call) -> Reply:
    name, title = call.path["name"], call.body["title"]
    entry = service.rename(call.scope, name, title)
    return Reply(200, shapes.summary(entry))


@operation("sandbox_management.reset_sandbox")
def reset_sandbox(service: Sandboxes, call: Call) -> Reply:
    """Empty a sandbox, unless the caller only wants to know whether it could be."""
    entry = _found(call)
    if not _only_validates(call):
        entry = service.reset(call.scope, entry["name"])
    return Reply(202, shapes.resetting(entry), shapes.where_to_look(call))


@operation("sandbox_management.delete_sandbox")
def delete_sandbox(service: Sandboxes, call: Call) -> Reply:
    """Delete a sandbox, unless the caller only wants to know whether it could be."""
    entry = _found(call)
    if not _only_validates(call):
        entry = service.delete(call.scope, entry["name"])
    return Reply(202, shapes.summary(entry, state="deleted"), shapes.where_to_look(call))


def _all(service: Sandboxes, call: Call) -> Iterator[JsonObject]:
    return map(shapes.full, service.each(call.scope, hint_of(call.query)))


def _found(call: Call) -> JsonObject:
    return call.find(ENTRY, call.path["name"])


def _only_validates(call: Call) -> bool:
    return str(call.query.get("validationOnly")).lower() == "true"
