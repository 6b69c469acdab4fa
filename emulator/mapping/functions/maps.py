"""Functions that make maps."""

from __future__ import annotations

from typing import Any

from emulator.json_types import Json, JsonObject
from emulator.mapping.errors import MappingError
from emulator.mapping.functions.definition import Category
from emulator.mapping.values import entries
from emulator.mapping.values import key as key_of

CATEGORY = Category("Hierarchies - Map")


def paired(items: tuple[Json, ...]) -> JsonObject:
    """Return keys and values by turns as an object; of a repeated key the last value counts.

    Raises:
        MappingError: The last key has no value, or a key is not a primitive.
    """
    if len(items) % 2:
        raise MappingError("the last key has no value")
    return {key_of(items[index]): items[index + 1] for index in range(0, len(items), 2)}


def by_key(objects: list[Json], name: str) -> JsonObject:
    """Return objects by the value of one attribute; one without it is left out."""
    found = [entries(item) for item in objects if item is not None]
    return {key_of(item[name]): item for item in found if item.get(name) is not None}


@CATEGORY.function()
def array_to_map(input: list[Any], key: str) -> JsonObject:
    """Make a map from an array of objects, by one of their attributes.

    An object without the attribute is left out; of a repeated key the last one counts (assumed).
    """
    return by_key(input, key)


@CATEGORY.function()
def to_map(*object_input: Any) -> JsonObject | None:
    """Make a map from keys and values by turns; null gives null."""
    return None if object_input == (None,) else paired(object_input)
