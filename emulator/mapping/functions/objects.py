"""Functions of objects and maps."""

from __future__ import annotations

from typing import Any

from emulator.json_types import Json, JsonObject
from emulator.mapping.context import Context
from emulator.mapping.functions.definition import Category, Reference
from emulator.mapping.functions.maps import by_key, paired
from emulator.mapping.paths import exists
from emulator.mapping.values import Found, array, entries, key, text

CATEGORY = Category("Hierarchies - Objects")


@CATEGORY.function()
def is_empty(input: Any) -> bool:
    """Tell whether an object or array has nothing in it.

    Null and an empty text count as empty (assumed).
    """
    return input is None or (isinstance(input, list | dict | str) and not input)


@CATEGORY.function("arrays_to_object")
def arrays_to_objects(*input: Any) -> list[JsonObject]:
    """Make an array of objects from pairs of a key and the array of its values.

    The longest array counts; an object lacks the keys whose arrays are shorter (assumed).
    """
    columns = {name: array(items) for name, items in paired(input).items() if items is not None}
    length = max(map(len, columns.values()), default=0)
    return [
        {name: items[index] for name, items in columns.items() if index < len(items)}
        for index in range(length)
    ]


@CATEGORY.function()
def to_object(*input: Any) -> JsonObject:
    """Make an object from keys and values by turns."""
    return paired(input)


def _fields(
    string: str, value_delimiter: str | None, field_delimiter: str | None
) -> dict[str, str]:
    pairs = (
        field.partition(value_delimiter or ":") for field in string.split(field_delimiter or ",")
    )
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}


@CATEGORY.function()
def str_to_object(
    string: str, value_delimiter: str | None = ":", field_delimiter: str | None = ","
) -> dict[str, str]:
    """Make an object from a text of fields, such as `a:1,b:2`.

    Spaces around keys and values are removed. A field without a key is left out (assumed).
    """
    return _fields(string, value_delimiter, field_delimiter)


@CATEGORY.function()
def contains_key(context: Context, input: Reference) -> bool:
    """Tell whether there is something at a path of the source data, written as a text.

    A path that is not quoted is taken for itself (assumed).
    """
    path = input.path if input.path is not None else input.value
    return path is not None and exists(context.row, text(path))


@CATEGORY.function()
def is_set(context: Context, input: Reference) -> bool:
    """Tell whether there is something at a path of the source data; `contains_key` replaces it.

    The path may be quoted or not (assumed).
    """
    return contains_key(context, input)


@CATEGORY.function()
def nullify() -> None:
    """Give null, so that the attribute is not set."""
    return


@CATEGORY.function()
def get_keys(object: dict[str, Any]) -> list[str]:
    """List the keys of an object."""
    return list(object)


@CATEGORY.function()
def get_values(
    string: str, key: str, value_delimiter: str | None, field_delimiter: str | None = ","
) -> str | None:
    """Take the value of one key out of a text of fields.

    A key that is not there gives null (assumed).
    """
    return _fields(string, value_delimiter, field_delimiter).get(key)


@CATEGORY.function()
def map_get_values(map: dict[str, Any], key: Any) -> Json:
    """Take the value of a key out of a map, or with an array of keys a map of what there is.

    The documents disagree about a single key: the example answers a map of one entry, the
    troubleshooting guide uses the value itself. It is such a map here, which is read as its value
    wherever a text is wanted (assumed). Null if there is no such key (assumed).
    """
    if isinstance(key, list):
        return {name: map[name] for name in _keys(key) if name in map}
    (name,) = _keys([key])
    return Found({name: map[name]}) if name in map else None


@CATEGORY.function()
def map_has_keys(map: dict[str, Any], key: Any) -> bool:
    """Tell whether a map has a key, or any of an array of keys."""
    return any(name in map for name in _keys(key if isinstance(key, list) else [key]))


def _keys(keys: list[Json]) -> list[str]:
    return [key(item) for item in keys]


@CATEGORY.function()
def add_to_map(*map: Any) -> JsonObject:
    """Merge maps; of a repeated key the first value counts.

    Null maps are left out (assumed).
    """
    merged: JsonObject = {}
    for one in map:
        for name, value in entries(one if one is not None else {}).items():
            merged.setdefault(name, value)
    return merged


@CATEGORY.function()
def object_to_map(*input: Reference) -> JsonObject | None:
    """Make a map from keys and values by turns, from an object, or from objects by one attribute.

    The attribute that becomes the key may be quoted or not; an object without it is left out
    (assumed).
    """
    if len(input) == 1:
        value = input[0].value
        return None if value is None else dict(entries(value))
    if len(input) == 2 and isinstance(input[0].value, list):
        objects, name = input
        return by_key(objects.value, text(name.value) if name.path is None else name.path)
    if len(input) == 2 and input[0].value is None:
        return None
    return paired(tuple(item.value for item in input))
