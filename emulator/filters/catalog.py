"""One `property` filter of Catalog's lists: `name~^test`, `!lastBatchId` or `created>15000`.

Source: "Catalog Service API guide", filter data by query parameters. Parsing and matching only;
which faults refuse a request is the contract's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jsonschema_rs

from emulator.json_types import Json, JsonObject

_FORM = re.compile(r"(?P<field>[^=<>!~]+)(?P<operator>==|!=|<=|>=|<|>|~)(?P<wanted>.+)", re.DOTALL)
_NAME = re.compile(r"(?P<absent>!?)(?P<field>[^=<>!~]+)")
_NUMBER = re.compile(r"-?\d{1,18}(\.\d+)?")
_VERSION = re.compile(r"\d{1,9}(\.\d{1,9})*")


@dataclass(frozen=True, slots=True)
class Condition:
    """A top-level field, an operator and the wanted value; the operator may be `there` or `!`."""

    field: str
    operator: str
    wanted: str

    def holds(self, item: JsonObject) -> bool:
        """Tell whether an object meets this condition."""
        found = item.get(self.field)
        if self.operator in ("there", "!"):
            return (self.field in item) == (self.operator == "there")
        if self.operator == "!=":
            return found is None or not same_text(found, self.wanted)
        return found is not None and _compare(self.operator, self.field, found, self.wanted)


def parse_condition(text: str) -> Condition | None:
    """Return the condition that a `property` parameter says, or None if it says none."""
    match = _FORM.fullmatch(text)
    if match:
        return Condition(match["field"].strip(), match["operator"], match["wanted"].strip())
    match = _NAME.fullmatch(text)
    if match:
        return Condition(match["field"].strip(), "!" if match["absent"] else "there", "")
    return None


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


def same_text(found: Json, wanted: str) -> bool:
    """Tell whether a scalar is what a text of the query string says."""
    if isinstance(found, bool):
        return str(found).lower() == wanted.lower()
    if isinstance(found, int | float) and _NUMBER.fullmatch(wanted):
        return found == float(wanted)
    return isinstance(found, str | int | float) and str(found) == wanted


def _compare(operator: str, field: str, found: Json, wanted: str) -> bool:
    if operator == "==":
        return same_text(found, wanted)
    if operator == "~":
        search = expression(wanted)
        return bool(search and isinstance(found, str) and search(found))
    sides = _sides(field, found, wanted)
    return sides is not None and _ORDERED[operator](*sides)


def _sides(field: str, found: Json, wanted: str) -> tuple[Any, Any] | None:
    """Return two values that can be compared by size: versions, numbers or texts."""
    if field == "version" and _VERSION.fullmatch(str(found)) and _VERSION.fullmatch(wanted):
        return _steps(str(found)), _steps(wanted)
    if isinstance(found, int | float) and not isinstance(found, bool):
        return (found, float(wanted)) if _NUMBER.fullmatch(wanted) else None
    return (found, wanted) if isinstance(found, str) else None


def _steps(version: str) -> tuple[int, ...]:
    return tuple(int(step) for step in version.split("."))


_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda found, wanted: found < wanted,
    "<=": lambda found, wanted: found <= wanted,
    ">": lambda found, wanted: found > wanted,
    ">=": lambda found, wanted: found >= wanted,
}
