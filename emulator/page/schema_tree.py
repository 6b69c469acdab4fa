"""The fields of a resolved schema as a tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from emulator.json_types import Json, JsonObject, as_object

MAX_FIELDS = 2000
"""How many fields are shown: a page of more helps nobody."""

MAX_LEVELS = 12


class Field(NamedTuple):
    """A field, what people should know of it, and the fields in it."""

    name: str
    type: str
    title: str
    notes: tuple[str, ...]
    fields: tuple[Field, ...]


def tree_of(schema: JsonObject, identities: Mapping[str, str] | None = None) -> tuple[Field, ...]:
    """Return the fields of a schema whose references are resolved, sorted as it has them.

    Args:
        schema: The schema.
        identities: What to note of fields that are identities: see `identities_of`.
    """
    return _Reader(identities or {}).fields(schema, 0)


def identities_of(descriptors: Iterable[JsonObject], schema_id: str) -> dict[str, str]:
    """Return what identity descriptors say of a schema's fields, by their paths without `*`."""
    found: dict[str, str] = {}
    for one in descriptors:
        is_identity = one.get("@type") == "xdm:descriptorIdentity"
        if not is_identity or one.get("xdm:sourceSchema") != schema_id:
            continue
        kind = "primary identity" if one.get("xdm:isPrimary") is True else "identity"
        said = f"{kind} ({one.get('xdm:namespace') or 'no namespace'})"
        paths: Json = one.get("xdm:sourceProperty")
        for path in paths if isinstance(paths, list) else [paths]:
            found[str(path).replace("/*", "")] = said
    return found


class _Reader:
    def __init__(self, identities: Mapping[str, str]) -> None:
        self._left = MAX_FIELDS
        self._identities = identities

    def fields(self, node: JsonObject, level: int, path: str = "") -> tuple[Field, ...]:
        found: list[Field] = []
        required = node.get("required") or ()
        for name, field in _own_fields(node):
            if self._left <= 0 or level >= MAX_LEVELS:
                found.append(Field("…", "", "further fields are left out", (), ()))
                break
            self._left -= 1
            notes = ["required"] if name in required else []
            found.append(self._field((path, name), as_object(field), notes, level))
        return tuple(found)

    def _field(
        self, place: tuple[str, str], field: JsonObject, notes: list[str], level: int
    ) -> Field:
        items = as_object(field.get("items"))
        inner = items or field
        type = str(inner.get("meta:xdmType") or inner.get("type") or _reference(inner))
        path, name = "/".join(place), place[1]
        if path in self._identities:
            notes = [self._identities[path], *notes]
        if inner.get("format", type) != type:
            notes.append(str(inner["format"]))
        if values := inner.get("enum"):
            notes.append(
                f"one of {', '.join(map(str, values[:12]))}{' …' if len(values) > 12 else ''}"
            )
        shown = f"{type}[]" if items else type
        title = str(field.get("title") or "")
        return Field(name, shown, title, tuple(notes), self.fields(inner, level + 1, path))


def _own_fields(node: JsonObject) -> list[tuple[str, Json]]:
    """Return the fields of a node: its own, and those of what it is composed of."""
    found = dict(as_object(node.get("properties")))
    for part in node.get("allOf") or ():
        if isinstance(part, dict):
            found.update(_own_fields(part))
    for definition in as_object(node.get("definitions")).values():
        found.update(_own_fields(as_object(definition)))
    return list(found.items())


def _reference(node: JsonObject) -> str:
    return str(node.get("$ref") or "").rpartition("/")[2]
