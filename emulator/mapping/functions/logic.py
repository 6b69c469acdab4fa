"""Functions that choose. All arguments are computed before one is chosen (assumed, as in Java)."""

from __future__ import annotations

from typing import Any

from emulator.json_types import Json
from emulator.mapping.functions.definition import Category
from emulator.mapping.operators import equal
from emulator.mapping.values import flag

CATEGORY = Category("Logical operators")


@CATEGORY.function()
def decode(key: Any, *options: Any) -> Json:
    """Look a value up in a list of keys and values; a last key without a value is the default.

    Without a match and a default it is null (assumed).
    """
    for index in range(0, len(options) - 1, 2):
        if equal(key, options[index]):
            return options[index + 1]
    return options[-1] if len(options) % 2 else None


@CATEGORY.function()
def iif(expression: Any, true_value: Any, false_value: Any) -> Json:
    """Choose one of two values by a condition.

    A null condition counts as false (assumed).
    """
    return true_value if flag(expression) else false_value
