"""The fields that an XDM resource declares, and what can be wrong with one of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from emulator.json_types import Json

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_TYPES = ("string", "number", "integer", "boolean", "array", "object")


class Declaration(NamedTuple):
    """A field: its pointer in the resource, its name, and whether it is below a namespace."""

    place: str
    name: str
    field: Json
    owned: bool


def declarations(
    node: Json, namespace: str, place: str = "", owned: bool = False
) -> Iterator[Declaration]:
    """Yield every field that a resource declares; those below the object `namespace` are owned."""
    if not isinstance(node, dict):
        return
    fields = node.get("properties")
    for name, field in fields.items() if isinstance(fields, dict) else ():
        here = f"{place}/properties/{name}"
        yield Declaration(here, name, field, owned)
        yield from declarations(field, namespace, here, owned or name == namespace)
    for name in ("items", "additionalProperties"):
        yield from declarations(node.get(name), namespace, f"{place}/{name}", owned)
    definitions = node.get("definitions")
    for name, part in definitions.items() if isinstance(definitions, dict) else ():
        yield from declarations(part, namespace, f"{place}/definitions/{name}", owned)
    parts = node.get("allOf")
    for index, part in enumerate(parts) if isinstance(parts, list) else ():
        yield from declarations(part, namespace, f"{place}/allOf/{index}", owned)


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
    telling = {"type", "$ref", "allOf", "properties", "items", "meta:xdmType"}
    is_typed = not isinstance(field, dict) or telling & set(field)
    return "" if is_typed else "has neither type nor $ref"


def _type_name_fault(name: str, field: Json) -> str:
    if not isinstance(field, dict) or "type" not in field or field["type"] in _TYPES:
        return ""
    return f"has a type that is none of {', '.join(_TYPES)}"


def _enum_fault(name: str, field: Json) -> str:
    limited = isinstance(field, dict) and "enum" in field and field.get("type") != "string"
    return "has an enum, but is not a string" if limited else ""


FIELD_FAULTS: dict[str, Callable[[str, Json], str]] = {
    "enum": _enum_fault,
    "form": _form_fault,
    "name": _name_fault,
    "type": _type_fault,
    "type_name": _type_name_fault,
    "underscore": _underscore_fault,
}
"""What can be wrong with a field: a function of its name and itself that says so, or `""`."""
