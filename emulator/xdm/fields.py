"""The nodes of an XDM resource: its fields, their types, their references.

A node is a JSON Schema object. What is not of the documented form stays as it is: refusing it is
the business of rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from emulator.json_types import Json, JsonObject
from emulator.xdm.identity import identity

Node = JsonObject
Change = Callable[[Node], Node]

_MAPS = ("properties", "definitions")
_NODES = ("items", "additionalProperties")


def map_nodes(node: Json, change: Change) -> Json:
    """Return a node with `change` applied to it and, before that, to every node below it."""
    return (
        change(_map_children(node, lambda child: map_nodes(child, change)))
        if isinstance(node, dict)
        else node
    )


def _map_children(node: Node, visit: Callable[[Json], Json]) -> Node:
    result = dict(node)
    for name in _MAPS:
        if isinstance(node.get(name), dict):
            result[name] = {key: visit(child) for key, child in node[name].items()}
    for name in _NODES:
        if isinstance(node.get(name), dict):
            result[name] = visit(node[name])
    if isinstance(node.get("allOf"), list):
        result["allOf"] = [visit(child) for child in node["allOf"]]
    return result


def field_count(node: Json) -> int:
    """Return how many fields are below a node of a resolved schema, each wherever it stands."""
    if not isinstance(node, dict):
        return 0
    fields = node.get("properties")
    children = [*fields.values()] if isinstance(fields, dict) else []
    children += [node[name] for name in _NODES if name in node]
    return len(children) + sum(map(field_count, children))


def references(value: Json) -> Iterator[str]:
    """Yield the `$id` of every other resource that a value refers to, in the order of the text."""
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str) and not reference.startswith("#"):
            yield identity(reference)
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from references(item)


def composed(resource: JsonObject) -> list[str]:
    """Return the `$id`s of the resources that `allOf` lists, each once, in its order."""
    parts = resource.get("allOf")
    parts = parts if isinstance(parts, list) else []
    return list(dict.fromkeys(ref for part in parts for ref in _own_reference(part)))


def _own_reference(part: Json) -> Iterator[str]:
    reference = part.get("$ref") if isinstance(part, dict) else None
    if isinstance(reference, str) and not reference.startswith("#"):
        yield identity(reference)


def typed(resource: JsonObject) -> JsonObject:
    """Return a resource whose every field says its `meta:xdmType`.

    Definitions themselves are not fields: their types stay as they were sent.
    """
    result = _map_children(resource, _typed_part)
    if isinstance(resource.get("allOf"), list):
        result["allOf"] = [_typed_member(part) for part in resource["allOf"]]
    return result


def _typed_part(node: Json) -> Json:
    """Type what is below a definition, or a field at the root."""
    if not isinstance(node, dict):
        return node
    if {"type", "$ref", "items"} & set(node) or not isinstance(node.get("properties"), dict):
        return map_nodes(node, _with_type)
    return _map_children(node, lambda child: map_nodes(child, _with_type))


def _typed_member(part: Json) -> Json:
    """Type a member of `allOf`: since 2020-09 documents print every one as an object."""
    if not isinstance(part, dict):
        return part
    typed_part = _map_children(part, lambda child: map_nodes(child, _with_type))
    return {**typed_part, "type": "object", "meta:xdmType": "object"}


def _with_type(node: Node) -> Node:
    if "$ref" in node or ("type" not in node and "properties" in node):
        node = {**node, "type": node.get("type", "object")}
    xdm_type = node.get("meta:xdmType") or xdm_type_of(node)
    return {**node, "meta:xdmType": xdm_type} if xdm_type else node


_BOUNDS = (("byte", 128), ("short", 32768), ("int", 2**31), ("long", 2**63))


def xdm_type_of(node: Node) -> str:
    """Return the `meta:xdmType` of a field, or `""` if its type is unknown."""
    kind = node.get("type")
    if kind == "string":
        form = node.get("format")
        return form if form in ("date", "date-time") else "string"
    if kind == "integer":
        return _integer_type(node.get("minimum"), node.get("maximum"))
    if kind == "object":
        is_map = isinstance(node.get("additionalProperties"), dict) and "properties" not in node
        return "map" if is_map else "object"
    return kind if kind in ("number", "boolean", "array") else ""


def _integer_type(minimum: Json, maximum: Json) -> str:
    bounds = [bound for bound in (minimum, maximum) if isinstance(bound, int | float)]
    if len(bounds) < 2:
        return "int" if all(abs(bound) <= 2**31 for bound in bounds) else "long"
    widest = max(abs(bound) for bound in bounds)
    return next((name for name, limit in _BOUNDS if widest <= limit), "long")


def without_texts(node: Node) -> Node:
    """Return a node without title and description, for `changed`."""
    return {name: value for name, value in node.items() if name not in ("title", "description")}
