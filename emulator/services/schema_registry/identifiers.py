"""What the ids of XDM resources tell, and where resources belong; see `emulator.xdm.identity`."""

from __future__ import annotations

from emulator.json_types import JsonObject
from emulator.scope import Scope
from emulator.xdm.identity import ROOT

LIBRARY = "xdm"
"""The kind of fixture that holds the platform's own resources."""

TYPES = ("schemas", "classes", "mixins", "datatypes")
"""Resource types that a tenant can have, as their ids spell them; `mixins` are field groups."""


def resource_type(name: str) -> str:
    """Return the type that a path segment or an id's segment names."""
    return "mixins" if name == "fieldgroups" else name


def type_of(id: str) -> str:
    """Return the resource type that a tenant's `$id` names, or `""`."""
    steps = id.removeprefix(ROOT).split("/")
    return resource_type(steps[1]) if len(steps) == 3 else ""


def new_id(tenant: str, type: str, digits: str) -> str:
    """Return the `$id` of a tenant's resource."""
    return f"{ROOT}{tenant}/{type}/{digits}"


def kind_of(type: str) -> str:
    """Return the kind under which the store keeps resources of a type."""
    return f"xdm_{resource_type(type)}"


def sandbox_members(scope: Scope) -> JsonObject:
    """Return the members that say in which sandbox a resource is."""
    type = "production" if scope.sandbox.name == "prod" else "development"
    return {"meta:sandboxId": scope.sandbox_id, "meta:sandboxType": type}
