"""The resolved form of a resource (`xed-full`): `allOf` and `$ref` merged into `properties`.

Source: "Schema Registry API guide", appendix, and the last response of "Create a schema".
"""

from __future__ import annotations

from collections.abc import Callable

from emulator.json_types import Json, JsonObject

Node = JsonObject
Find = Callable[[str], JsonObject | None]

UNRESOLVED = "x-emulator.unresolved"
COMPOSING = ("allOf", "definitions", "refs", "$ref")
_LOCAL = "#/definitions/"


def resolve(resource: JsonObject, find: Find) -> JsonObject:
    """Return a resource's resolved form; its root members stay, but for those that compose it.

    What a `$ref` names and nobody finds contributes nothing; the member `UNRESOLVED` lists it, so
    that fields which are not there are not taken for missing.

    Args:
        find: Returns a resource by the id that a `$ref` names.
    """
    resolver = _Resolver(find)
    root = {name: value for name, value in resource.items() if name not in COMPOSING}
    body = resolver.composed(resource, resource)
    root["properties"] = body.get("properties", {})
    if body.get("required"):
        root["required"] = body["required"]
    if resolver.unresolved:
        root[UNRESOLVED] = resolver.unresolved
    return root


class _Resolver:
    """Resolves nodes, each referenced resource once. Results share parts and are never changed."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._bodies: dict[str, Node] = {}
        self._open: set[str] = set()
        self.unresolved: list[str] = []

    def composed(self, node: Node, document: JsonObject) -> Node:
        """Return what a node says by itself and by everything that its `allOf` lists."""
        parts = [self._part(part, document) for part in _list(node.get("allOf"))]
        own = {name: value for name, value in node.items() if name not in COMPOSING}
        for name, resolve_child in (
            ("properties", self._fields),
            ("items", self._field),
            ("additionalProperties", self._field),
        ):
            if isinstance(own.get(name), dict):
                own[name] = resolve_child(own[name], document)
        merged: Node = {}
        for part in (*parts, own):
            merged = _merged(merged, part)
        return merged

    def _part(self, part: Json, document: JsonObject) -> Node:
        """Return what a member of `allOf` contributes: fields and constraints, no names."""
        if not isinstance(part, dict):
            return {}
        reference = part.get("$ref")
        body = self.composed(part, document)
        if isinstance(reference, str):
            body = _merged(self._referenced(reference, document), body)
        return {name: value for name, value in body.items() if name in _CONTRIBUTED}

    def _fields(self, fields: JsonObject, document: JsonObject) -> JsonObject:
        return {name: self._field(field, document) for name, field in fields.items()}

    def _field(self, field: Json, document: JsonObject) -> Json:
        if not isinstance(field, dict):
            return field
        reference = field.get("$ref")
        own = self.composed(field, document)
        if not isinstance(reference, str):
            return own
        target = self._referenced(reference, document)
        if reference.startswith("#"):
            return _merged(target, own)
        origin = {"type": "object", "meta:xdmType": "object", "meta:referencedFrom": reference}
        texts: Node = {name: target[name] for name in ("title", "description") if name in target}
        shape = {name: value for name, value in target.items() if name in _CONTRIBUTED}
        kind: Node = {name: target[name] for name in ("type", "meta:xdmType") if name in target}
        named = {name: value for name, value in own.items() if name not in kind}
        return _merged({**texts, **origin, **kind, **shape}, named)

    def _referenced(self, reference: str, document: JsonObject) -> Node:
        if reference.startswith("#"):
            definitions = document.get("definitions")
            name = reference.removeprefix(_LOCAL)
            target = definitions.get(name) if isinstance(definitions, dict) else None
            key = f"{document.get('$id')}{reference}"
        else:
            target = document = self._find(reference) or {}
            key = reference
            if not target and reference not in self.unresolved:
                self.unresolved.append(reference)
        if not isinstance(target, dict) or key in self._open:
            # A type that contains itself ends where it would begin again.
            return {}
        if key not in self._bodies:
            self._open.add(key)
            self._bodies[key] = self.composed(target, document)
            self._open.discard(key)
        return self._bodies[key]


_CONTRIBUTED = ("properties", "required", "items", "additionalProperties", "enum", "meta:enum")


def _merged(first: Node, second: Node) -> Node:
    """Return two nodes as one: fields merge, requirements add up, else the second one counts."""
    result = {**first, **second}
    mine, theirs = first.get("properties"), second.get("properties")
    if isinstance(mine, dict) and isinstance(theirs, dict):
        both = {name: _merged_field(mine[name], theirs[name]) for name in mine if name in theirs}
        result["properties"] = {**mine, **theirs, **both}
    mine, theirs = first.get("required"), second.get("required")
    if isinstance(mine, list) and isinstance(theirs, list):
        result["required"] = [*mine, *(name for name in theirs if name not in mine)]
    return result


def _merged_field(first: Json, second: Json) -> Json:
    if isinstance(first, dict) and isinstance(second, dict):
        return _merged(first, second)
    return second


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
