"""Conversions of types. Blanks around the digits do not count, an empty text is null (assumed)."""

from __future__ import annotations

from typing import Any

from emulator.mapping.errors import MappingError
from emulator.mapping.functions.definition import Category
from emulator.mapping.values import float32, number

CATEGORY = Category("Type conversions")


def _number(value: Any) -> int | float | None:
    return None if value is None or value == "" else number(value)


@CATEGORY.function()
def to_bigint(string: Any) -> int | float | None:
    """Read a text as a number of any size.

    A fraction is kept, as in the example, although the page calls the result a BigInteger
    (assumed).
    """
    return _number(string)


@CATEGORY.function()
def to_decimal(string: Any) -> float | None:
    """Read a text as a number with a fraction."""
    found = _number(string)
    return None if found is None else float(found)


@CATEGORY.function()
def to_float(string: Any) -> float | None:
    """Read a text as a number of 32 bits.

    The example's additional digit is taken for a mistake (assumed).
    """
    found = _number(string)
    return None if found is None else float32(found)


@CATEGORY.function()
def to_integer(string: Any) -> int | None:
    """Read a text as a whole number.

    A number with a fraction is an error (assumed).
    """
    found = _number(string)
    if found is not None and found != int(found):
        raise MappingError(f"{string} is not a whole number")
    return None if found is None else int(found)
