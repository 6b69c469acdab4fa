"""Checks of what XDM resources are composed of: references, classes, field groups, fields."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from emulator.contract.checks.reason import Reason
from emulator.contract.checks.resources import ask
from emulator.contract.lookup import Lookup
from emulator.json_patch import PatchError, apply
from emulator.json_types import Json, JsonObject, short_json, walk
from emulator.xdm.declarations import FIELD_FAULTS, declarations
from emulator.xdm.fields import composed
from emulator.xdm.identity import identity, is_of_platform

_LOCAL = "#/definitions/"


def body_of(before: JsonObject | None, value: Json) -> JsonObject | None:
    """Return a resource as a new body, or a patch of what was before, makes it."""
    if isinstance(value, dict):
        return value
    if before is not None and isinstance(value, list):
        with suppress(PatchError):
            after: JsonObject = apply(before, value)
            return after
    return None


def tags_of(schema: JsonObject) -> set[str]:
    """Return the tags of a schema, with those appended by the path that the reference prints."""
    found: set[str] = set()
    for name in ("meta:immutableTags", "meta:immutableTags-"):
        tags = schema.get(name)
        found.update(str(tag) for tag in (tags if isinstance(tags, list) else [tags]))
    return found


def composed_of(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """So many members of an `allOf` refer to resources of `kinds`: `minimum`, `maximum`.

    One that nobody knows among all resources, the kind `unknown`, may be what is missing.
    """
    if not isinstance(value, list):
        return
    kinds, parts = arguments["kinds"], composed({"allOf": value})
    found = [id for id in parts if any(lookup.find(kind, id) is not None for kind in kinds)]
    noun = " or ".join(kinds).replace("_", " ")
    among = arguments.get("unknown")
    is_known = not among or all(lookup.find(among, id) is not None for id in parts)
    if len(found) < arguments.get("minimum", 0) and is_known:
        yield Reason(f"allOf names no {noun}")
    if len(found) > arguments.get("maximum", len(found)):
        yield Reason(f"allOf names more than one {noun}: {', '.join(found)}")


def is_of_kind(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """The resource that the value names, if there is one `among` all, is of one of `kinds`."""
    if not isinstance(value, str) or lookup.find(arguments["among"], value) is None:
        return
    if all(lookup.find(kind, value) is None for kind in arguments["kinds"]):
        nouns = " or ".join(arguments["kinds"]).replace("_", " ")
        yield Reason(f"{value} is no {nouns}", values={"id": value})


def group_fits_class(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Every field group of an `allOf` is meant for the class in it, or for one of its ancestors.

    A group that names no class is meant for any. `class`, `group` name the kinds.
    """
    parts = composed({"allOf": value})
    found = next((c for c in (lookup.find(arguments["class"], id) for id in parts) if c), None)
    if found is None:
        return
    allowed = {found["$id"], *identity(found.get("meta:extends") or []), *composed(found)}
    for id in parts:
        group = lookup.find(arguments["group"], id)
        intended = group.get("meta:intendedToExtend") if group else None
        if isinstance(intended, list) and intended and allowed.isdisjoint(identity(intended)):
            text = f"field group {id} is not meant for class {found['$id']}"
            yield Reason(text, values={"id": id})


def listed_at(value: Json, arguments: str, lookup: Lookup) -> Iterator[Reason]:
    """The value is one of those that a pointer names in the request, in any spelling of an id."""
    listed = [other for _, other in walk(lookup.request, arguments)]
    if listed and identity(value) not in identity(listed):
        yield Reason(f"{short_json(value)} is not among {short_json(listed)}")


def refers_within(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Every `$ref`, however deep, names a definition of the value or a resource of `kind`.

    With `unless` those `of_platform`, or those `of_tenant` and local ones, are not looked at.
    `explained` names a fact of a reference that says more about why nothing is found.
    """
    definitions = value.get("definitions") if isinstance(value, dict) else None
    known = definitions if isinstance(definitions, dict) else {}
    for place, reference in _references(value, ""):
        if is_excepted(reference, arguments):
            continue
        if reference.startswith("#"):
            if reference.removeprefix(_LOCAL) not in known:
                yield Reason(f"there is no {reference}", at=place, values={"id": reference})
        elif lookup.find(arguments["kind"], reference) is None:
            explained = arguments.get("explained")
            more = (ask(reference, explained, lookup) or "") if explained else ""
            said = f"there is no resource {reference}{more}"
            yield Reason(said, at=place, values={"id": reference})


def is_excepted(reference: str, arguments: JsonObject) -> bool:
    """Tell whether a reference belongs to those that a check's `unless` leaves out."""
    unless = arguments.get("unless")
    return bool(unless) and is_of_platform(reference) == (unless == "of_platform")


def _references(value: Json, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield f"{place}/$ref", value["$ref"]
        for name, child in value.items():
            yield from _references(child, f"{place}/{name}")
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _references(child, f"{place}/{index}")


def xdm_fields(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """No field that a resource declares has a `fault`: a name in `FIELD_FAULTS`.

    With `within` (a fact, the name of the tenant's object) only fields below that object count.
    """
    within = "within" in arguments
    namespace = (ask(value, arguments["within"], lookup) if within else None) or ""
    for place, name, field, owned in declarations(value, namespace):
        fault = FIELD_FAULTS[arguments["fault"]](name, field) if owned or not within else ""
        if fault:
            text = f"{place.rpartition('/')[2]} {fault}"
            yield Reason(text, at=place, values={"field": name})


def in_namespace(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Every field that a resource declares stands in the tenant's object, which a fact names.

    Objects on the way there are those of the standard resource that is extended.
    """
    namespace = ask(value, arguments, lookup)
    for place, name, field, owned in declarations(value, namespace) if namespace else ():
        leads_on = isinstance(field, dict) and (field.get("properties") or field.get("items"))
        if not owned and name != namespace and not leads_on:
            values = {"field": name, "namespace": namespace}
            yield Reason(f"{name} is not below {namespace}", at=place, values=values)


def found_lacks(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A member of the resource that the value names does not contain something.

    Arguments: `kind`, `field` (a list) and `lacks` (what it must not contain).
    """
    resource = lookup.find(arguments["kind"], value) if isinstance(value, str) else None
    listed = resource.get(arguments["field"]) if resource else None
    if isinstance(listed, list) and arguments["lacks"] in listed:
        yield Reason(f"{arguments['field']} of {value} has {short_json(arguments['lacks'])}")
