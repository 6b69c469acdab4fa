"""What rules ask of the Schema Registry. Ids may be spelled as clients spell them."""

from __future__ import annotations

from difflib import get_close_matches

from emulator.facts import fact
from emulator.json_types import JsonObject
from emulator.scope import Scope
from emulator.services.schema_registry import unions
from emulator.services.schema_registry.export_import import target_id
from emulator.services.schema_registry.service import SchemaRegistry
from emulator.xdm.identity import ROOT, canonical, spellings
from emulator.xdm.resolution import EXCESS

STANDARD = (f"{ROOT}xdm/", f"{ROOT}experience/")
"""How the ids of the platform's own resources begin."""


@fact()
def namespace(service: SchemaRegistry, scope: Scope) -> str:
    """Return the name of the object that holds the tenant's own fields."""
    return service.namespace(scope)


@fact()
def usage(service: SchemaRegistry, scope: Scope, id: str) -> JsonObject:
    """Return the schemas and data sets that hold a resource in its form."""
    return service.usage(scope, id)


@fact()
def excess(service: SchemaRegistry, scope: Scope, id: str) -> JsonObject | None:
    """Return the `reason` why a resource or union is too large to be resolved."""
    found = service.resolvable(scope, id)
    body = service.resolved_form(scope, found).body if found else {}
    return {"reason": body[EXCESS]} if EXCESS in body else None


@fact()
def in_profile(service: SchemaRegistry, scope: Scope, schema_id: str) -> bool:
    """Tell whether a schema takes part in a union, and so in Real-Time Customer Profile."""
    return unions.is_member(service.find(scope, schema_id, "schemas") or {})


@fact()
def union_members(service: SchemaRegistry, scope: Scope, class_id: str) -> list[str]:
    """Return the ids of the schemas in the union of a class."""
    return unions.members_of(scope, canonical(class_id))


@fact()
def descriptors_of(service: SchemaRegistry, scope: Scope, schema_id: str) -> list[JsonObject]:
    """Return the descriptors of a schema."""
    return service.descriptors.of_schema(scope, schema_id)


@fact()
def descriptor_count(service: SchemaRegistry, scope: Scope) -> int:
    """Return how many descriptors the sandbox has."""
    return service.descriptors.count(scope)


@fact(stateless=True)
def unknown_standard_resource(service: SchemaRegistry, scope: Scope, id: str) -> str:
    """Return how many of the platform's resources are known instead of this one, as words.

    The platform has more than the open repository that ours come from. Of what is not the
    platform's, such as a tenant's own resource, nothing is returned.
    """
    if not canonical(id).startswith(STANDARD):
        return ""
    known = [resource["$id"] for resource in scope.fixtures.all("xdm")]
    close = get_close_matches(canonical(id), known, 1, cutoff=0.8)
    nearest = f"the nearest is {close[0]}" if close else "none of them is near"
    return (
        f" among the {len(known)} of the platform's own that the emulator knows; {nearest}."
        " If the platform has it, add it with --fixtures: docs/how-to/own-fixtures.md"
    )


@fact()
def standard_field_group(service: SchemaRegistry, scope: Scope, name: str) -> bool:
    """Tell whether the platform has a field group of this title or `$id`."""
    return service.standard_group(scope, name) is not None


@fact()
def holder_of_title(service: SchemaRegistry, scope: Scope, title: str) -> JsonObject | None:
    """Return the `id` of the tenant's resource that has a title, and its other spellings."""
    id = service.id_of_title(scope, title)
    return {"id": id, "aliases": spellings(id)} if id else None


@fact()
def holder_of_imported_id(service: SchemaRegistry, scope: Scope, id: str) -> JsonObject | None:
    """Return the `id` of the tenant's resource that an exported one would be imported as."""
    found = service.find_own(scope, target_id(id, scope.tenant_id))
    return {"id": found["$id"]} if found else None
