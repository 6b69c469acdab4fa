"""What the query languages of lists compare with: order, and regular expressions."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import lru_cache

import jsonschema_rs

from emulator.json_types import Json

ORDERINGS: dict[str, Callable[[Json, Json], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
"""By the operator of a filter; both values have to be of one type."""


@lru_cache(maxsize=64)
def regular_expression(pattern: str) -> Callable[[str], bool] | None:
    """Return a search for a regular expression, or None if it is not a supported one.

    The engine takes linear time whatever the expression, which Python's own does not.
    """
    try:
        options = jsonschema_rs.RegexOptions(size_limit=1_000_000)
        validator = jsonschema_rs.validator_for({"pattern": pattern}, pattern_options=options)
    except ValueError:
        return None
    search: Callable[[str], bool] = validator.is_valid
    return search
