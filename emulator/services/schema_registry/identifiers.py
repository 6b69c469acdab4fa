"""Ids of XDM resources in all the spellings that clients use, and where resources belong.

Source: "Schema Registry API guide", getting started; altIds without the leading underscore are
those of "Collect cloud storage data through source connectors and APIs".
"""

from __future__ import annotations

from emulator.json_types import JsonObject
from emulator.scope import Scope

ROOT = "https://ns.adobe.com/"
LIBRARY = "xdm"
"""The kind of fixture that holds the platform's own resources."""

TYPES = ("schemas", "classes", "mixins", "datatypes")
"""Resource types that a tenant can have, as their ids spell them; `mixins` are field groups."""


def resource_type(name: str) -> str:
    """Return the type that a path segment or an id's segment names."""
    return "mixins" if name == "fieldgroups" else name


def canonical(id: str) -> str:
    """Return the `$id` that any spelling of an id stands for.

    Spellings are the URI, the URI with its double slash merged by a proxy, `meta:altId`, and that
    without its underscore; each with or without a slash at its end.
    """
    id = id.rstrip("/")
    for scheme in ("https:/", "http:/"):
        if id.startswith(scheme):
            return scheme + "/" + id[len(scheme) :].lstrip("/")
    return ROOT + id.removeprefix("_").replace(".", "/")


def alt_id(id: str) -> str:
    """Return the `meta:altId` of a `$id`."""
    return "_" + id.removeprefix(ROOT).replace("/", ".")


def spellings(id: str) -> list[str]:
    """Return every spelling under which a path may name a `$id`."""
    alternative = alt_id(id)
    plain = [id, id.replace("://", ":/"), alternative, alternative[1:]]
    return plain + [spelling + "/" for spelling in plain]


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
