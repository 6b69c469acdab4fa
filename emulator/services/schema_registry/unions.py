"""Unions: one view of all schemas of a class that take part in Real-Time Customer Profile.

Source: "Schema Registry API guide", unions. A class has a union as soon as one schema has the tag.
"""

from __future__ import annotations

from emulator.json_types import JsonObject
from emulator.scope import Scope
from emulator.services.schema_registry.identifiers import LIBRARY, sandbox_members
from emulator.store import Change
from emulator.xdm.fields import composed
from emulator.xdm.identity import ROOT, alt_id, canonical

UNIONS = "xdm_union"
"""An index: the schemas that take part, by the class's `$id`."""

TAG = "union"
SUFFIX = "__union"
EXTRA_GROUPS = (f"{ROOT}xdm/context/identitymap", f"{ROOT}xdm/context/profile-segmentation")
"""Field groups that every union has: `identityMap` and `segmentMembership`."""

_EVENTS = {
    "timeSeriesEvents": {
        "title": "Time-series events",
        "type": "array",
        "meta:xdmType": "array",
        "items": {"type": "object", "meta:xdmType": "object"},
    }
}


def class_of_union(id: str) -> str:
    """Return the class of the union that any spelling of an id names, or `""`."""
    plain = canonical(id)
    return plain.removesuffix(SUFFIX) if plain.endswith(SUFFIX) else ""


def is_member(schema: JsonObject) -> bool:
    """Tell whether a schema has the tag of unions."""
    tags = schema.get("meta:immutableTags")
    return isinstance(tags, list) and TAG in tags


def members_of(scope: Scope, owner: str) -> list[str]:
    """Return the ids of the schemas in the union of a class."""
    union = scope.read(UNIONS, owner)
    return union["members"] if union else []


def classes_with_union(scope: Scope) -> list[str]:
    """Return the ids of the classes that have a union, the oldest first."""
    return [stored.key for stored in scope.scan(UNIONS)]


def membership(scope: Scope, before: JsonObject, after: JsonObject) -> list[Change]:
    """Return the changes that keep the members of unions right when a schema changes."""
    old, new = (side.get("meta:class", "") if is_member(side) else "" for side in (before, after))
    if old == new:
        return []
    changes = []
    if old:
        rest = [id for id in members_of(scope, old) if id != before["$id"]]
        changes.append(scope.change(UNIONS, old, {"members": rest} if rest else None))
    if new:
        members = [*members_of(scope, new), after["$id"]]
        changes.append(scope.change(UNIONS, new, {"members": members}))
    return changes


def union_of(scope: Scope, owner: JsonObject, members: list[JsonObject]) -> JsonObject:
    """Return the union of a class as it is looked up: everything that its members are made of."""
    groups = dict.fromkeys(id for member in members for id in composed(member))
    groups.update(dict.fromkeys(id for id in EXTRA_GROUPS if scope.fixtures.get(LIBRARY, id)))
    groups.pop(owner["$id"], None)
    included = dict.fromkeys(groups)
    for member in members:
        included.update(dict.fromkeys(member.get("meta:extends") or []))
    included.pop(owner["$id"], None)
    id = owner["$id"] + SUFFIX
    return {
        "$id": id,
        "meta:altId": alt_id(id),
        "meta:resourceType": "unions",
        "version": "1.0",
        "title": owner.get("title", ""),
        "type": "object",
        "description": f"Union view of all schemas that extend {owner.get('title', '')}",
        "allOf": [
            *({"$ref": part} for part in (owner["$id"], *groups)),
            {"properties": _EVENTS},
        ],
        "meta:extends": [*included, *(member["$id"] for member in members), owner["$id"]],
        "meta:class": owner["$id"],
        "meta:abstract": False,
        "meta:extensible": False,
        "meta:xdmType": "object",
        "meta:containerId": "tenant",
        "imsOrg": scope.organization,
        **sandbox_members(scope),
        "meta:registryMetadata": {},
    }
