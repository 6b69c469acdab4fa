"""Checks of what XDM resources are composed of: references, classes, field groups, fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from emulator.contract.checks.reason import Reason, shown
from emulator.filters.schema_registry import parse_xdm_filter
from emulator.json_types import Json, JsonObject, walk

_LOCAL = "#/definitions/"
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_TYPES = ("string", "number", "integer", "boolean", "array", "object")


def _parts(value: Json) -> list[str]:
    """Return the different ids that the members of an `allOf` refer to."""
    parts = value if isinstance(value, list) else []
    found = [part.get("$ref") for part in parts if isinstance(part, dict)]
    return list(dict.fromkeys(id for id in found if isinstance(id, str)))


def composed_of(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """So many members of an `allOf` refer to resources of `kinds`: `minimum`, `maximum`."""
    if not isinstance(value, list):
        return
    kinds = arguments["kinds"]
    found = [id for id in _parts(value) if any(lookup.find(k, id) is not None for k in kinds)]
    noun = " or ".join(kinds).replace("_", " ")
    if len(found) < arguments.get("minimum", 0):
        yield Reason(f"allOf names no {noun}")
    if len(found) > arguments.get("maximum", len(found)):
        yield Reason(f"allOf names more than one {noun}: {', '.join(found)}")


def group_fits_class(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """Every field group of an `allOf` is meant for the class in it, or for one of its ancestors.

    A group that names no class is meant for any. `class`, `group` name the kinds.
    """
    parts = _parts(value)
    found = next((c for c in (lookup.find(arguments["class"], id) for id in parts) if c), None)
    if found is None:
        return
    allowed = {found["$id"], *(found.get("meta:extends") or []), *_parts(found.get("allOf"))}
    for id in parts:
        group = lookup.find(arguments["group"], id)
        intended = group.get("meta:intendedToExtend") if group else None
        if isinstance(intended, list) and intended and not allowed & set(map(str, intended)):
            yield Reason(
                f"field group {id} is not meant for class {found['$id']}", values={"id": id}
            )


def listed_at(value: Json, arguments: str, lookup: Any) -> Iterator[Reason]:
    """The value is one of those that a pointer names in the request."""
    listed = [other for _, other in walk(lookup.request, arguments)]
    if listed and value not in listed:
        yield Reason(f"{shown(value)} is not among {shown(listed)}")


def refers_within(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """Every `$ref`, however deep, names a definition of the value or a resource of `kind`."""
    definitions = value.get("definitions") if isinstance(value, dict) else None
    known = definitions if isinstance(definitions, dict) else {}
    for place, reference in _references(value, ""):
        if reference.startswith("#"):
            if reference.removeprefix(_LOCAL) not in known:
                yield Reason(f"there is no {reference}", at=place, values={"id": reference})
        elif lookup.find(arguments["kind"], reference) is None:
            yield Reason(f"there is no resource {reference}", at=place, values={"id": reference})


def _references(value: Json, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield f"{place}/$ref", value["$ref"]
        for name, child in value.items():
            yield from _references(child, f"{place}/{name}")
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _references(child, f"{place}/{index}")


def xdm_fields(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """No field that a resource declares has a `fault`: one of the names in `_FAULTS`.

    With `within` (a kind, whose `namespace` names the tenant's object) only fields below that
    object count.
    """
    fault = _FAULTS[arguments["fault"]]
    within = arguments.get("within")
    namespace = _namespace(within, lookup) if within else ""
    for place, name, field, owned in _fields(value, "", namespace, False):
        if (owned or not within) and (said := fault(name, field)):
            yield Reason(f"{place.rpartition('/')[2]} {said}", at=place, values={"field": name})


def _namespace(kind: str, lookup: Any) -> str:
    """Return the name of the tenant's object, or `""` where there is no tenant."""
    return str((lookup.find(kind, "") or {}).get("namespace", ""))


def _fields(
    node: Json, place: str, namespace: str, owned: bool
) -> Iterator[tuple[str, str, Json, bool]]:
    """Yield (pointer, name, field, whether it is below the namespace) for each declared field."""
    if not isinstance(node, dict):
        return
    fields = node.get("properties")
    for name, field in fields.items() if isinstance(fields, dict) else ():
        here = f"{place}/properties/{name}"
        yield here, name, field, owned
        yield from _fields(field, here, namespace, owned or name == namespace)
    for name in ("items", "additionalProperties"):
        yield from _fields(node.get(name), f"{place}/{name}", namespace, owned)
    definitions = node.get("definitions")
    for name, part in definitions.items() if isinstance(definitions, dict) else ():
        yield from _fields(part, f"{place}/definitions/{name}", namespace, owned)
    parts = node.get("allOf")
    for index, part in enumerate(parts) if isinstance(parts, list) else ():
        yield from _fields(part, f"{place}/allOf/{index}", namespace, owned)


def _name_fault(name: str, field: Json) -> str:
    return "" if _NAME.fullmatch(name) else "has other characters than letters, digits, - and _"


def _underscore_fault(name: str, field: Json) -> str:
    return "starts with an underscore" if name.startswith("_") else ""


def _form_fault(name: str, field: Json) -> str:
    if not isinstance(field, dict):
        return "is not an object"
    for part, kind in (("properties", dict), ("items", dict), ("$ref", str)):
        if part in field and not isinstance(field[part], kind):
            return f"has {part} of another type"
    return ""


def _type_fault(name: str, field: Json) -> str:
    said = {"type", "$ref", "allOf", "properties", "items", "meta:xdmType"}
    return "" if not isinstance(field, dict) or said & set(field) else "has neither type nor $ref"


def _type_name_fault(name: str, field: Json) -> str:
    if not isinstance(field, dict) or "type" not in field or field["type"] in _TYPES:
        return ""
    return f"has a type that is none of {', '.join(_TYPES)}"


def _enum_fault(name: str, field: Json) -> str:
    limited = isinstance(field, dict) and "enum" in field and field.get("type") != "string"
    return "has an enum, but is not a string" if limited else ""


_FAULTS: dict[str, Callable[[str, Json], str]] = {
    "enum": _enum_fault,
    "form": _form_fault,
    "name": _name_fault,
    "type": _type_fault,
    "type_name": _type_name_fault,
    "underscore": _underscore_fault,
}


def in_namespace(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """Every field that a resource declares stands in the tenant's object.

    `kind` finds it: its `namespace` is the object's name. Objects on the way there are those of the
    standard resource that is extended.
    """
    namespace = _namespace(arguments["kind"], lookup)
    for place, name, field, owned in _fields(value, "", namespace, False):
        leads_on = isinstance(field, dict) and (field.get("properties") or field.get("items"))
        if namespace and not owned and name != namespace and not leads_on:
            yield Reason(
                f"{name} is not below {namespace}",
                at=place,
                values={"field": name, "namespace": namespace},
            )


def found_lacks(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """A member of the resource that the value names does not contain something.

    Arguments: `kind`, `field` (a list) and `lacks` (what it must not contain).
    """
    resource = lookup.find(arguments["kind"], value) if isinstance(value, str) else None
    listed = resource.get(arguments["field"]) if resource else None
    if isinstance(listed, list) and arguments["lacks"] in listed:
        yield Reason(f"{arguments['field']} of {value} has {shown(arguments['lacks'])}")


def xdm_filter(value: Json, arguments: Any, lookup: Any) -> Iterator[Reason]:
    """Every `property` filter has the form that the Schema Registry documents."""
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str) and parse_xdm_filter(text) is None:
            yield Reason(f"{shown(text)} is neither a name nor a comparison")
