"""Checks of descriptors: the fields that they describe, and the other descriptors of a schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from emulator.contract.checks.reason import Reason, shown
from emulator.json_patch import PatchError, apply
from emulator.json_types import MISSING, Json, JsonObject, at
from emulator.xdm.paths import Declared, declared_at

_IDENTITY_MAP = "https://ns.adobe.com/xdm/context/identitymap"


def _paths(value: Json) -> list[str]:
    paths = value if isinstance(value, list) else [value]
    return [path for path in paths if isinstance(path, str) and path]


def described_field(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """Every path (of one, or a list) names a field of a schema, and the field is as it must be.

    Arguments: `schema` points to the schema's id; without `must` the field only has to be there,
    else it has to be `required`, `at_root` or a `date_time`, which is judged only of fields that
    are there.
    """
    key = at(lookup.request, arguments["schema"])
    schema = lookup.find("resolved_schema", key) if isinstance(key, str) else None
    if schema is None:
        return
    for path in _paths(value):
        declared = declared_at(schema, path)
        fault = _field_fault(arguments.get("must", "exist"), path, declared)
        if fault:
            yield Reason(f"{path} {fault}", values={"field": path})


def _field_fault(must: str, path: str, declared: Declared | None) -> str:
    if declared is None:
        return "is not a field of the schema" if must == "exist" else ""
    required = declared.parent.get("required")
    if must == "required" and (not isinstance(required, list) or declared.name not in required):
        return "is not required"
    if must == "at_root" and "/" in path.strip("/"):
        return "is not at the root of the schema"
    if must == "date_time" and declared.field.get("format") != "date-time":
        return "is not of the format date-time"
    return ""


def _others(arguments: JsonObject, lookup: Any) -> list[JsonObject]:
    """Return the descriptors of the schema that `schema` points to, without the one replaced."""
    key = at(lookup.request, arguments["schema"])
    found = lookup.find("schema_descriptors", key) if isinstance(key, str) else None
    own = lookup.request["path"].get("id")
    return [item for item in (found or {}).get("descriptors", []) if item.get("@id") != own]


def only_descriptor(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """No other descriptor of the schema has the same values for `fields`.

    Arguments: `schema` points to the schema's id; `says` ends the reason.
    """
    mine = _members(value, arguments["fields"])
    for other in _others(arguments, lookup):
        if _members(other, arguments["fields"]) == mine:
            named = other.get("@id", "")
            yield Reason(f"{arguments['says']} ({named})", values={"id": named})
            return


def _members(descriptor: Json, fields: list[str]) -> list[Json]:
    return [descriptor.get(field) for field in fields] if isinstance(descriptor, dict) else []


def apart_from(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """None of the paths is described by another descriptor of one of `types`; `schema` as above."""
    for other in _others(arguments, lookup):
        shared = set(_paths(value)) & set(_paths(other.get("xdm:sourceProperty")))
        if other.get("@type") in arguments["types"] and shared:
            path = min(shared)
            yield Reason(f"{path} has {other['@type']}", values={"type": other["@type"]})


def below(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """A number that `kind` tells (in `field`) has not reached `limit` yet."""
    found = (lookup.find(arguments["kind"], "") or {}).get(arguments["field"], 0)
    if found >= arguments["limit"]:
        yield Reason(f"there are {found} already", values={"limit": arguments["limit"]})


def fit_for_union(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """A schema that gets the tag `union`, by its body or by a patch, has what the union needs.

    Arguments: `schema` points to its id (a new one has no descriptors yet); `needs` is `identity`
    (a primary one, or an identity map), `reference` (one beside each relationship), or `namespace`
    (the reference is of the namespace that identifies the other schema).
    """
    key = at(lookup.request, arguments["schema"])
    before = lookup.find("tenant_schema", key) if isinstance(key, str) else None
    after = body_of(before, value)
    if after is None or "union" not in tags_of(after) - tags_of(before or {}):
        return
    found = lookup.find("schema_descriptors", key) if isinstance(key, str) else None
    descriptors = (found or {}).get("descriptors", [])
    if arguments["needs"] == "identity":
        if not _primary(descriptors) and not _has_identity_map(after, lookup):
            yield Reason("it has neither a primary identity nor an identity map")
        return
    for relation in _of_type(descriptors, "xdm:descriptorOneToOne"):
        path = relation.get("xdm:sourceProperty")
        references = [
            item
            for item in _of_type(descriptors, "xdm:descriptorReferenceIdentity")
            if item.get("xdm:sourceProperty") == path
        ]
        if arguments["needs"] == "reference":
            if not references:
                yield Reason(f"{shown(path)} has no reference identity", values={"field": path})
        else:
            yield from _namespace_faults(relation, references, lookup)


def _namespace_faults(
    relation: JsonObject, references: list[JsonObject], lookup: Any
) -> Iterator[Reason]:
    target = relation.get("xdm:destinationSchema")
    found = lookup.find("schema_descriptors", target) if isinstance(target, str) else None
    primary = _primary((found or {}).get("descriptors", []))
    wanted = primary.get("xdm:namespace", MISSING) if primary else MISSING
    for reference in references if wanted is not MISSING else ():
        mine = reference.get("xdm:identityNamespace")
        if str(mine).lower() != str(wanted).lower():
            yield Reason(
                f"{shown(mine)} is not {shown(wanted)}", values={"mine": mine, "theirs": wanted}
            )


def _of_type(descriptors: list[JsonObject], type: str) -> list[JsonObject]:
    return [item for item in descriptors if item.get("@type") == type]


def _primary(descriptors: list[JsonObject]) -> JsonObject | None:
    identities = _of_type(descriptors, "xdm:descriptorIdentity")
    return next((item for item in identities if item.get("xdm:isPrimary") is True), None)


def body_of(before: JsonObject | None, value: Json) -> JsonObject | None:
    """Return a resource as a new body or a patch makes it."""
    if isinstance(value, dict):
        return value
    if before is not None and isinstance(value, list):
        with suppress(PatchError):
            after: JsonObject = apply(before, value)
            return after
    return None


def composed(schema: JsonObject) -> list[str]:
    """Return the ids that the members of `allOf` refer to."""
    parts = schema.get("allOf")
    members = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    return [part["$ref"] for part in members if isinstance(part.get("$ref"), str)]


def tags_of(schema: JsonObject) -> set[str]:
    """Return the tags of a schema, with those appended by the path that the reference prints."""
    found: set[str] = set()
    for name in ("meta:immutableTags", "meta:immutableTags-"):
        tags = schema.get(name)
        found.update(str(tag) for tag in (tags if isinstance(tags, list) else [tags]))
    return found


def _has_identity_map(schema: JsonObject, lookup: Any) -> bool:
    """Tell whether the field group with the identity map is among all that a schema includes."""
    for name in composed(schema):
        if name == _IDENTITY_MAP:
            return True
        found = lookup.find("xdm_resource", name)
        if _IDENTITY_MAP in ((found or {}).get("meta:extends") or ()):
            return True
    return False


def no_identity_of_union(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """The descriptor that the value names is not the primary identity of a schema in a union."""
    found = lookup.find(arguments["kind"], value) if isinstance(value, str) else None
    source = found.get("xdm:sourceSchema") if found and _primary([found]) else None
    schema = lookup.find("tenant_schema", source) if isinstance(source, str) else None
    if "union" in tags_of(schema or {}):
        yield Reason(f"{source} takes part in a union", values={"id": source})
