"""Regular expressions in filters, searched for in linear time whatever they are."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import jsonschema_rs


@lru_cache(maxsize=64)
def expression(pattern: str) -> Callable[[str], bool] | None:
    """Return a search for a regular expression, or None if it is not one that can be searched for.

    The engine takes linear time whatever the expression, which Python's own does not.
    """
    try:
        options = jsonschema_rs.RegexOptions(size_limit=1_000_000)
        validator = jsonschema_rs.validator_for({"pattern": pattern}, pattern_options=options)
    except ValueError:
        return None
    search: Callable[[str], bool] = validator.is_valid
    return search
