r"""Paths into XDM data, such as `piList[0]` or `address.street\.name`, and the fields they name."""

from __future__ import annotations

import re
from typing import NamedTuple

from emulator.json_types import Json, JsonObject

# A name in `${…}`, or letters with escaped dots; behind it any number of [0] or [*].
_STEP = re.compile(
    r"(?:\$\{(?P<wrapped>(?:[^}\\]|\\.)+)\}|(?P<plain>(?:[^.\[\]{}\\\s]|\\.)+))"
    r"(?P<items>(?:\[(?:\d+|\*)\])*)"
)


def parse_path(path: str) -> list[str] | None:
    """Return the steps of a path, `[]` standing for an array item; None if it is malformed."""
    steps: list[str] = []
    position = 0
    while True:
        match = _STEP.match(path, position)
        if match is None:
            return None
        name = match["wrapped"] or match["plain"]
        steps.append(re.sub(r"\\(.)", r"\1", name))
        steps.extend("[]" for _ in range(match["items"].count("[")))
        position = match.end()
        if position == len(path):
            return steps
        if path[position] != ".":
            return None
        position += 1


def field_at(schema: JsonObject, steps: list[str]) -> tuple[JsonObject | None, str]:
    """Return the field that a path names in a resolved schema, or None and the step that failed."""
    field: JsonObject = schema
    for step in steps:
        while step != "[]" and field.get("type") == "array":
            field = field.get("items") or {}
        if step == "[]":
            found = field.get("items")
        else:
            found = (field.get("properties") or {}).get(step)
            if found is None and field.get("meta:xdmType") == "map":
                found = field.get("additionalProperties")
        if not isinstance(found, dict):
            return None, step
        field = found
    return field, ""


class Declared(NamedTuple):
    """A field that a slash path names: its own node, its name, and the node that declares it."""

    parent: JsonObject
    name: str
    field: JsonObject


def declared_at(schema: JsonObject, path: str) -> Declared | None:
    """Return the field of a resolved schema that a path of descriptors names, or None.

    Steps are separated by slashes, without `properties`; a step may be the standard name
    (`xdm:person`, `@id`, `repo:createDate`), and `*` or `[*]` may stand for the items of an array.
    """
    found: Declared | None = None
    node = schema
    for step in path.strip("/").replace("[*]", "").split("/"):
        if step == "*":
            continue
        while node.get("type") == "array" and isinstance(node.get("items"), dict):
            node = node["items"]
        found = _child(node, step)
        if found is None:
            return None
        node = found.field
    return found


def _child(node: JsonObject, step: str) -> Declared | None:
    fields = _fields(node)
    if isinstance(fields.get(step), dict):
        return Declared(node, step, fields[step])
    if node.get("meta:xdmType") == "map" and isinstance(node.get("additionalProperties"), dict):
        return Declared(node, step, node["additionalProperties"])
    prefix = fields.get(f"_{step.partition(':')[0]}") if ":" in step else None
    for parent in (node, prefix):
        for name, field in _fields(parent).items():
            if isinstance(field, dict) and field.get("meta:xdmField") == step:
                return Declared(parent or {}, name, field)
    return None


def _fields(node: Json) -> JsonObject:
    fields = node.get("properties") if isinstance(node, dict) else None
    return fields if isinstance(fields, dict) else {}
