"""Functions of several values. Nulls are left out; an array may stand for the values (assumed)."""

from __future__ import annotations

from functools import cmp_to_key
from typing import Any

from emulator.json_types import Json
from emulator.mapping.functions.arrays import spread
from emulator.mapping.functions.definition import Category
from emulator.mapping.operators import order

CATEGORY = Category("Aggregation")


@CATEGORY.function(name="min")
def minimum(*options: Any) -> Json:
    """Take the least of the values.

    Nulls are left out; an array may stand for the values (assumed).
    """
    return min(_present(options), key=cmp_to_key(order), default=None)


@CATEGORY.function(name="max")
def maximum(*options: Any) -> Json:
    """Take the greatest of the values.

    Nulls are left out; an array may stand for the values (assumed).
    """
    return max(_present(options), key=cmp_to_key(order), default=None)


def _present(options: tuple[Json, ...]) -> list[Json]:
    return [value for value in spread(options) if value is not None]
