"""Functions of arrays. Where values may be listed, one array may stand for them (assumed).

That is how Java passes an array to a method of a variable number of arguments.
"""

from __future__ import annotations

from typing import Any

from emulator.json_types import Json
from emulator.mapping.functions.definition import Category, OneArgument
from emulator.mapping.functions.strings import join
from emulator.mapping.values import array, entries, flag

CATEGORY = Category("Hierarchies - Arrays")


def spread(values: tuple[Json, ...]) -> list[Json]:
    """Return listed values, or the items of the one array that stands for them."""
    return values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)


@CATEGORY.function()
def coalesce(*input: Any) -> Json:
    """Take the first value that is not null."""
    return next((value for value in spread(input) if value is not None), None)


@CATEGORY.function()
def first(*input: Any) -> Json:
    """Take the first value, null if there is none."""
    values = spread(input)
    return values[0] if values else None


@CATEGORY.function()
def last(*input: Any) -> Json:
    """Take the last value, null if there is none."""
    values = spread(input)
    return values[-1] if values else None


@CATEGORY.function()
def add_to_array(array: list[Any] | None, *values: Any) -> list[Any]:
    """Append values to an array.

    A null array counts as an empty one (assumed).
    """
    return [*(array or []), *values]


@CATEGORY.function()
def join_arrays(first: list[Any] | None, *values: Any) -> list[Any]:
    """Append arrays to an array.

    Null arrays count as empty ones (assumed).
    """
    others = [item for one in values if one is not None for item in array(one)]
    return [*(first or []), *others]


@CATEGORY.function()
def to_array(include_nulls: bool, *values: Any) -> list[Any]:
    """Make an array from values, with or without the nulls among them."""
    return [value for value in values if include_nulls or value is not None]


@CATEGORY.function()
def size_of(input: Any) -> int:
    """Count the items of an array or the members of an object.

    Null has none (assumed).
    """
    if input is None:
        return 0
    return len(input) if isinstance(input, list) else len(entries(input))


@CATEGORY.function()
def upsert_array_append(array: list[Any]) -> list[Any]:
    """Mark an array to be appended to the stored one when a record is updated.

    Only updates differ: the array itself is the value.
    """
    return array


@CATEGORY.function()
def upsert_array_replace(array: list[Any], index: int = 0) -> list[Any]:
    """Mark an array to replace the stored one when a record is updated.

    Only updates differ: the array itself is the value. The second argument stands in the example
    only.
    """
    return array


@CATEGORY.function()
def array_to_string(separator: str, array: list[Any]) -> str:
    """Join the items of an array, arrays within it included.

    Null items are left out (assumed).
    """
    return join(separator, flattened(array))


@CATEGORY.function(name="filterArray")
def filter_array(array: list[Any], predicate: OneArgument) -> list[Any]:
    """Keep the items of an array for which a lambda is true."""
    return [item for item in array if flag(predicate(item))]


@CATEGORY.function(name="transformArray")
def transform_array(array: list[Any], predicate: OneArgument) -> list[Any]:
    """Replace every item of an array by what a lambda makes of it."""
    return [predicate(item) for item in array]


@CATEGORY.function(name="flattenArray")
def flatten_array(array: list[Any]) -> list[Any]:
    """Make one flat array of an array of arrays, however deep."""
    return flattened(array)


def flattened(items: list[Json]) -> list[Json]:
    """Return the items of an array, those of arrays within it in their places."""
    flat: list[Json] = []
    for item in items:
        flat.extend(flattened(item) if isinstance(item, list) else (item,))
    return flat
