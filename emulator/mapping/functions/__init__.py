"""The functions of the mapping language, one module for each of the documents' categories.

Each function's name, meaning and source stand at its definition: the first sentence of its
docstring says what it does, in our own words; all come from the Data Prep page of mapping functions
unless the docstring names another source; what the documents leave open is marked `assumed`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from emulator.mapping.functions.definition import Category, Function

_MODULES = (
    "strings regular_expressions hashing urls dates objects arrays maps logic aggregation"
    " conversions json_texts special user_agents analytics"
).split()


@cache
def functions() -> dict[str, Function]:
    """Return every function by each of its names; the modules are imported at the first call."""
    found: dict[str, Function] = {}
    for module in _MODULES:
        category: Category = import_module(f"{__name__}.{module}").CATEGORY
        for function in category.functions:
            for name in (function.name, *function.aliases):
                found[name] = function
    return found


__all__ = ["Category", "Function", "functions"]
