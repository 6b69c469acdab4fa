"""The resolved form of a resource (`xed-full`): `allOf` and `$ref` merged into `properties`.

Source: "Schema Registry API guide", appendix, and the last response of "Create a schema". No
document says how large a resource may become: that is a budget of this emulator's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from emulator import budgets
from emulator.json_types import Json, JsonObject, dumps
from emulator.xdm.identity import identity

Node = JsonObject
Find = Callable[[str], JsonObject | None]

UNRESOLVED = "x-emulator.unresolved"
EXCESS = "x-emulator.excess"
COMPOSING = ("allOf", "definitions", "refs", "$ref")
_LOCAL = "#/definitions/"
_BELOW = frozenset(("properties", "items", "additionalProperties"))


def resolve(resource: JsonObject, find: Find) -> JsonObject:
    """Return a resource's resolved form; its root members stay, but for those that compose it.

    What a `$ref` names and nobody finds contributes nothing; the member `UNRESOLVED` lists it, so
    that fields which are not there are not taken for missing. A form that goes beyond a budget is
    without fields: it lists the resource itself as unresolved, and its member `EXCESS` says why.
    A `$ref` to the resource itself means it as it is here.

    Args:
        find: Returns a resource by the id that a `$ref` names.
    """
    own = resource.get("$id")
    mine = identity(own) if isinstance(own, str) else None
    return Resolver(lambda id: resource if identity(id) == mine else find(id)).resolve(resource)


class Size(NamedTuple):
    """How large a node is when it is written out: what it shares counts wherever it stands."""

    fields: int
    bytes: int
    levels: int


class _TooLargeError(Exception):
    """What is resolved goes beyond a budget."""


class Resolver:
    """Resolves nodes, each referenced resource once. Results share parts and are never changed.

    `fields` is how many the last resolved form has, each wherever it stands.
    """

    def __init__(self, find: Find) -> None:
        self._find = find
        self._bodies: dict[str, Node] = {}
        self._sizes: dict[int, tuple[Node, Size]] = {}
        self._open: set[str] = set()
        self._unresolved: list[str] = []
        self._level = 0
        self._steps = 0
        self.fields = 0

    def resolve(self, resource: JsonObject) -> JsonObject:
        """Return the resolved form of a resource, as the function of this name does."""
        root = {name: value for name, value in resource.items() if name not in COMPOSING}
        root["properties"] = {}
        self._unresolved, self.fields = [], 0
        try:
            body = self._composed(resource, resource)
            self.fields = self._measure(body).fields
        except _TooLargeError as error:
            self._level = 0
            self._open.clear()
            return {**root, UNRESOLVED: [str(resource.get("$id"))], EXCESS: str(error)}
        root["properties"] = body.get("properties", {})
        if body.get("required"):
            root["required"] = body["required"]
        if self._unresolved:
            root[UNRESOLVED] = self._unresolved
        return root

    def _composed(self, node: Node, document: JsonObject) -> Node:
        """Return what a node says by itself and by everything that its `allOf` lists."""
        self._spend(1)
        self._level += 1
        if self._level > budgets.SCHEMA_LEVELS:
            raise _TooLargeError(f"it is nested more than {budgets.SCHEMA_LEVELS} levels deep")
        listed = node.get("allOf")
        parts = [self._part(part, document) for part in _list(listed)] if listed else []
        own = {name: value for name, value in node.items() if name not in COMPOSING}
        if not _BELOW.isdisjoint(own):
            self._resolve_below(own, document)
        self._level -= 1
        return self._merged([*parts, own]) if parts else own

    def _resolve_below(self, own: Node, document: JsonObject) -> None:
        for name, resolve_child in (
            ("properties", self._fields),
            ("items", self._field),
            ("additionalProperties", self._field),
        ):
            if isinstance(own.get(name), dict):
                own[name] = resolve_child(own[name], document)

    def _part(self, part: Json, document: JsonObject) -> Node:
        """Return what a member of `allOf` contributes: fields and constraints, no names."""
        if not isinstance(part, dict):
            return {}
        reference = part.get("$ref")
        body = self._composed(part, document)
        if isinstance(reference, str):
            body = self._merged([self._referenced(reference, document), body])
        return {name: value for name, value in body.items() if name in _CONTRIBUTED}

    def _fields(self, fields: JsonObject, document: JsonObject) -> JsonObject:
        return {name: self._field(field, document) for name, field in fields.items()}

    def _field(self, field: Json, document: JsonObject) -> Json:
        if not isinstance(field, dict):
            return field
        reference = field.get("$ref")
        own = self._composed(field, document)
        if not isinstance(reference, str):
            return own
        target = self._referenced(reference, document)
        if reference.startswith("#"):
            return self._merged([target, own])
        origin = {"type": "object", "meta:xdmType": "object", "meta:referencedFrom": reference}
        texts: Node = {name: target[name] for name in ("title", "description") if name in target}
        shape = {name: value for name, value in target.items() if name in _CONTRIBUTED}
        kind: Node = {name: target[name] for name in ("type", "meta:xdmType") if name in target}
        named = {name: value for name, value in own.items() if name not in kind}
        return self._merged([{**texts, **origin, **kind, **shape}, named])

    def _referenced(self, reference: str, document: JsonObject) -> Node:
        if reference.startswith("#"):
            definitions = document.get("definitions")
            name = reference.removeprefix(_LOCAL)
            target = definitions.get(name) if isinstance(definitions, dict) else None
            key = f"{document.get('$id')}{reference}"
        else:
            target = document = self._find(reference) or {}
            key = reference
            if not target and reference not in self._unresolved:
                self._unresolved.append(reference)
        if not isinstance(target, dict) or key in self._open:
            # A type that contains itself ends where it would begin again.
            return {}
        if key not in self._bodies:
            self._open.add(key)
            body = self._composed(target, document)
            self._measure(body)
            self._bodies[key] = body
            self._open.discard(key)
        return self._bodies[key]

    def _merged(self, nodes: list[Node]) -> Node:
        """Return nodes as one: fields merge, requirements add up, else the last one counts."""
        if len(nodes) == 1:
            return nodes[0]
        merged: Node = {}
        for node in nodes:
            merged.update(node)
        maps = _last_of(dict, (node["properties"] for node in nodes if "properties" in node))
        if len(maps) > 1:
            merged["properties"] = self._merged_fields(maps)
        names = _last_of(list, (node["required"] for node in nodes if "required" in node))
        if len(names) > 1:
            self._spend(sum(map(len, names)))
            merged["required"] = list(
                {dumps(name): name for part in names for name in part}.values()
            )
        return merged

    def _merged_fields(self, maps: list[JsonObject]) -> JsonObject:
        self._spend(sum(map(len, maps)))
        found: dict[str, list[Json]] = {}
        for fields in maps:
            for name, field in fields.items():
                found.setdefault(name, []).append(field)
        return {name: self._merged_field(several) for name, several in found.items()}

    def _merged_field(self, fields: list[Json]) -> Json:
        nodes = _last_of(dict, fields)
        return self._merged(nodes) if nodes else fields[-1]

    def _measure(self, node: Node) -> Size:
        """Return the size of a node.

        Raises:
            _TooLargeError: It goes beyond a budget.
        """
        known = self._sizes.get(id(node))
        if known is not None:
            return known[1]
        size = Size(0, len(dumps(node)), 1) if _BELOW.isdisjoint(node) else self._added_up(node)
        if size.fields > budgets.SCHEMA_FIELDS:
            raise _TooLargeError(f"it has more than {budgets.SCHEMA_FIELDS:,} fields")
        if size.bytes > budgets.SCHEMA_BYTES:
            raise _TooLargeError(f"it is larger than {budgets.SCHEMA_BYTES // budgets.MIB} MiB")
        if size.levels > budgets.SCHEMA_LEVELS:
            raise _TooLargeError(f"it is nested more than {budgets.SCHEMA_LEVELS} levels deep")
        self._sizes[id(node)] = (node, size)
        return size

    def _added_up(self, node: Node) -> Size:
        """Return the size of a node with what is below it."""
        sizes = [self._measure(child) for child in _below(node)]
        own = {name: value for name, value in node.items() if name not in _BELOW}
        names = sum(map(len, node["properties"])) if isinstance(node.get("properties"), dict) else 0
        return Size(
            len(sizes) + sum(each.fields for each in sizes),
            len(dumps(own)) + names + sum(each.bytes for each in sizes),
            1 + max((each.levels for each in sizes), default=0),
        )

    def _spend(self, steps: int) -> None:
        self._steps += steps
        if self._steps > budgets.SCHEMA_STEPS:
            raise _TooLargeError(f"it takes more than {budgets.SCHEMA_STEPS:,} steps to resolve")


_CONTRIBUTED = ("properties", "required", "items", "additionalProperties", "enum", "meta:enum")


def _below(node: Node) -> Iterator[Node]:
    fields = node.get("properties")
    children = [*fields.values()] if isinstance(fields, dict) else []
    children += [node.get("items"), node.get("additionalProperties")]
    yield from (child for child in children if isinstance(child, dict))


def _last_of(kind: type, values: Iterable[Json]) -> list[Json]:
    """Return the values behind the last one that is of another kind."""
    found: list[Json] = []
    for value in values:
        if isinstance(value, kind):
            found.append(value)
        else:
            found.clear()
    return found


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
