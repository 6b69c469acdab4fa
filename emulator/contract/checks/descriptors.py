"""Checks of descriptors: the fields that they describe, and the other descriptors of a schema.

Those that look at the descriptors of a schema ask a fact for them, named by `fact` and `of`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from emulator.contract.checks.composition import body_of, tags_of
from emulator.contract.checks.reason import Reason
from emulator.contract.checks.resources import ask
from emulator.contract.lookup import Lookup
from emulator.json_types import MISSING, Json, JsonObject, among, at, short_json
from emulator.xdm.fields import composed
from emulator.xdm.paths import Declared, declared_at
from emulator.xdm.resolution import UNRESOLVED

_IDENTITY_MAP = "https://ns.adobe.com/xdm/context/identitymap"


def described_field(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Every path (of one, or a list) names a field of a schema, and the field is as it must be.

    Arguments: `schema` points to the schema's id; without `must` the field only has to be there,
    else it has to be `required`, `at_root` or a `date_time`, which is judged only of fields that
    are there. Of a schema with parts that nobody knows, no field is missing.
    """
    key = at(lookup.request, arguments["schema"])
    schema = lookup.find("resolved_schema", key) if isinstance(key, str) else None
    if schema is None:
        return
    required: dict[int, Callable[[Json], bool]] = {}
    for path in _paths(value):
        declared = declared_at(schema, path)
        if declared is None and UNRESOLVED in schema:
            continue
        is_required = declared is not None and _is_required(declared, required)
        fault = _field_fault(arguments.get("must", "exist"), path, declared, is_required)
        if fault:
            yield Reason(f"{path} {fault}", values={"field": path})


def _paths(value: Json) -> list[str]:
    paths = value if isinstance(value, list) else [value]
    return [path for path in paths if isinstance(path, str) and path]


def _is_required(declared: Declared, known: dict[int, Callable[[Json], bool]]) -> bool:
    """Tell whether a field is required; what its object requires is read once."""
    place = id(declared.parent)
    if place not in known:
        names = declared.parent.get("required")
        known[place] = among(names if isinstance(names, list) else ())
    return known[place](declared.name)


def _field_fault(must: str, path: str, declared: Declared | None, is_required: bool) -> str:
    if declared is None:
        return "is not a field of the schema" if must == "exist" else ""
    if must == "required" and not is_required:
        return "is not required"
    if must == "at_root" and "/" in path.strip("/"):
        return "is not at the root of the schema"
    if must == "date_time" and declared.field.get("format") != "date-time":
        return "is not of the format date-time"
    return ""


def _others(value: Json, arguments: JsonObject, lookup: Lookup) -> list[JsonObject]:
    """Return the descriptors of the schema, without the one that the path names."""
    own = lookup.request["path"].get("id")
    return [item for item in ask(value, arguments, lookup) or () if item.get("@id") != own]


def only_descriptor(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """No other descriptor of the schema has the same values for `fields`; `says` is why not."""
    mine = _members(value, arguments["fields"])
    for other in _others(value, arguments, lookup):
        if _members(other, arguments["fields"]) == mine:
            named = other.get("@id", "")
            yield Reason(f"{arguments['says']} ({named})", values={"id": named})
            return


def _members(descriptor: Json, fields: list[str]) -> list[Json]:
    return [descriptor.get(field) for field in fields] if isinstance(descriptor, dict) else []


def apart_from(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """None of the paths is described by another descriptor of the schema of one of `types`."""
    for other in _others(value, arguments, lookup):
        shared = set(_paths(value)) & set(_paths(other.get("xdm:sourceProperty")))
        if other.get("@type") in arguments["types"] and shared:
            text = f"{min(shared)} has {other['@type']}"
            yield Reason(text, values={"type": other["@type"]})


def below(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A number that a fact tells has not reached `limit` yet."""
    count = ask(value, arguments, lookup) or 0
    if count >= arguments["limit"]:
        yield Reason(f"there are {count} already", values={"limit": arguments["limit"]})


def fit_for_union(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A schema that gets the tag `union`, by its body or by a patch, has what the union needs.

    Arguments: `schema` points to its id (a new one has no descriptors yet); `needs` is `identity`
    (a primary one, or an identity map), `reference` (one beside each relationship), or `namespace`
    (the reference is of the namespace that identifies the other schema).
    """
    key = at(lookup.request, arguments["schema"])
    before = lookup.find("tenant_schema", key) if isinstance(key, str) else None
    after = body_of(before, value)
    if after is not None and "union" in tags_of(after) - tags_of(before or {}):
        descriptors = ask(value, arguments, lookup) or []
        yield from _UNION_NEEDS[arguments["needs"]](after, descriptors, arguments, lookup)


def _identity_faults(
    schema: JsonObject, descriptors: list[JsonObject], arguments: JsonObject, lookup: Lookup
) -> Iterator[Reason]:
    if not _primary(descriptors) and not _has_identity_map(schema, lookup):
        yield Reason("it has neither a primary identity nor an identity map")


def _reference_faults(
    schema: JsonObject, descriptors: list[JsonObject], arguments: JsonObject, lookup: Lookup
) -> Iterator[Reason]:
    for relation in _of_type(descriptors, "xdm:descriptorOneToOne"):
        if not _references_beside(relation, descriptors):
            path = relation.get("xdm:sourceProperty")
            yield Reason(f"{short_json(path)} has no reference identity", values={"field": path})


def _namespace_faults(
    schema: JsonObject, descriptors: list[JsonObject], arguments: JsonObject, lookup: Lookup
) -> Iterator[Reason]:
    for relation in _of_type(descriptors, "xdm:descriptorOneToOne"):
        target = relation.get("xdm:destinationSchema")
        theirs = lookup.ask(arguments["fact"], target) if isinstance(target, str) else None
        wanted = (_primary(theirs or []) or {}).get("xdm:namespace", MISSING)
        for reference in _references_beside(relation, descriptors) if wanted is not MISSING else ():
            mine = reference.get("xdm:identityNamespace")
            if str(mine).lower() != str(wanted).lower():
                values = {"mine": mine, "theirs": wanted}
                yield Reason(f"{short_json(mine)} is not {short_json(wanted)}", values=values)


_UNION_NEEDS: dict[
    str, Callable[[JsonObject, list[JsonObject], JsonObject, Lookup], Iterator[Reason]]
] = {
    "identity": _identity_faults,
    "namespace": _namespace_faults,
    "reference": _reference_faults,
}


def _of_type(descriptors: list[JsonObject], type: str) -> list[JsonObject]:
    return [item for item in descriptors if item.get("@type") == type]


def _references_beside(relation: JsonObject, descriptors: list[JsonObject]) -> list[JsonObject]:
    """Return the reference identities of the field that has a relationship."""
    path = relation.get("xdm:sourceProperty")
    references = _of_type(descriptors, "xdm:descriptorReferenceIdentity")
    return [item for item in references if item.get("xdm:sourceProperty") == path]


def _primary(descriptors: list[JsonObject]) -> JsonObject | None:
    identities = _of_type(descriptors, "xdm:descriptorIdentity")
    return next((item for item in identities if item.get("xdm:isPrimary") is True), None)


def _has_identity_map(schema: JsonObject, lookup: Lookup) -> bool:
    """Tell whether the field group with the identity map is among all that a schema includes."""
    for id in composed(schema):
        found = None if id == _IDENTITY_MAP else lookup.find("xdm_resource", id) or {}
        if found is None or _IDENTITY_MAP in (found.get("meta:extends") or ()):
            return True
    return False


def no_identity_of_union(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """The descriptor that the value names is not the primary identity of a schema in a union."""
    found = lookup.find(arguments["kind"], value) if isinstance(value, str) else None
    source = found.get("xdm:sourceSchema") if found and _primary([found]) else None
    schema = lookup.find("tenant_schema", source) if isinstance(source, str) else None
    if "union" in tags_of(schema or {}):
        yield Reason(f"{source} takes part in a union", values={"id": source})
