"""The fields of a resolved schema as a tree."""

from __future__ import annotations

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


def tree_of(schema: JsonObject) -> tuple[Field, ...]:
    """Return the fields of a schema whose references are resolved, sorted as it has them."""
    return _Reader().fields(schema, 0)


class _Reader:
    def __init__(self) -> None:
        self._left = MAX_FIELDS

    def fields(self, node: JsonObject, level: int) -> tuple[Field, ...]:
        found: list[Field] = []
        required = node.get("required") or ()
        for name, field in _own_fields(node):
            if self._left <= 0 or level >= MAX_LEVELS:
                found.append(Field("…", "", "further fields are left out", (), ()))
                break
            self._left -= 1
            found.append(self._field(name, as_object(field), name in required, level))
        return tuple(found)

    def _field(self, name: str, field: JsonObject, is_required: bool, level: int) -> Field:
        items = as_object(field.get("items"))
        inner = items or field
        type = str(inner.get("meta:xdmType") or inner.get("type") or _reference(inner))
        notes = ["required"] if is_required else []
        if inner.get("format", type) != type:
            notes.append(str(inner["format"]))
        if values := inner.get("enum"):
            notes.append(
                f"one of {', '.join(map(str, values[:12]))}{' …' if len(values) > 12 else ''}"
            )
        shown = f"{type}[]" if items else type
        title = str(field.get("title") or "")
        return Field(name, shown, title, tuple(notes), self.fields(inner, level + 1))


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
