"""One `property` filter of a list, `name~^test` or `created>15000`, and its `orderBy`.

Source: "Catalog Service API guide", filter data by query parameters; the Sandbox API's lists use
the same language. Parsing, matching and ordering only; the contract decides what is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

from emulator.filters.comparisons import ORDERINGS, regular_expression
from emulator.json_types import MISSING, Json, JsonObject, dotted
from emulator.xdm.identity import identity

_FORM = re.compile(r"(?P<field>[^=<>!~]+)(?P<operator>==|!=|<=|>=|<|>|~)(?P<wanted>.+)", re.DOTALL)
_NAME = re.compile(r"(?P<absent>!?)(?P<field>[^=<>!~]+)")
_NUMBER = re.compile(r"-?\d{1,18}(\.\d+)?")
_RANGE = re.compile(r"objects=(\d{1,9})-(\d{1,9})")
_VERSION = re.compile(r"\d{1,9}(\.\d{1,9})*")

MAX_LIMIT = 100
"""How many objects Catalog lists at most in one response."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A top-level field, an operator and the wanted value.

    The operator `there` asks for the presence of the field, `!` for its absence.
    """

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
    """Return the condition of a `property` parameter, or None if it is malformed."""
    match = _FORM.fullmatch(text)
    if match:
        return Condition(match["field"].strip(), match["operator"], match["wanted"].strip())
    match = _NAME.fullmatch(text)
    if match:
        return Condition(match["field"].strip(), "!" if match["absent"] else "there", "")
    return None


def parse_range(text: str) -> tuple[int, int] | None:
    """Return the first and last index of a header such as `objects=140-141`, or None."""
    match = _RANGE.fullmatch(text)
    if match is None:
        return None
    first, last = int(match[1]), int(match[2])
    return (first, last) if 0 <= last - first < MAX_LIMIT else None


def same_text(found: Json, wanted: str) -> bool:
    """Tell whether a scalar equals a value of the query string."""
    if isinstance(found, bool):
        return str(found).lower() == wanted.lower()
    if isinstance(found, int | float) and _NUMBER.fullmatch(wanted):
        return found == float(wanted)
    return isinstance(found, str | int | float) and identity(str(found)) == identity(wanted)


def _compare(operator: str, field: str, found: Json, wanted: str) -> bool:
    if operator == "==":
        return same_text(found, wanted)
    if operator == "~":
        search = regular_expression(wanted)
        return bool(search and isinstance(found, str) and search(found))
    sides = _sides(field, found, wanted)
    return sides is not None and ORDERINGS[operator](*sides)


def _sides(field: str, found: Json, wanted: str) -> tuple[Json, Json] | None:
    """Return two values that can be ordered: versions, numbers or texts."""
    if field == "version" and _VERSION.fullmatch(str(found)) and _VERSION.fullmatch(wanted):
        return _steps(str(found)), _steps(wanted)
    if isinstance(found, int | float) and not isinstance(found, bool):
        return (found, float(wanted)) if _NUMBER.fullmatch(wanted) else None
    return (found, wanted) if isinstance(found, str) else None


def _steps(version: str) -> tuple[int, ...]:
    return tuple(int(step) for step in version.split("."))


def ordered(items: list[JsonObject], order: str) -> list[JsonObject]:
    """Return items by `asc:created,updated`, `desc:created` or `name,desc:created`.

    A direction holds for one field and is ascending by default. Items without the field come last.
    """
    result = items
    for key in reversed(order.split(",")):
        direction, colon, field = key.strip().partition(":")
        name = field if colon else direction
        descending = bool(colon) and direction.lower() == "desc"
        there = [item for item in result if dotted(item, name) is not MISSING]
        there.sort(key=partial(_rank, name), reverse=descending)
        result = there + [item for item in result if dotted(item, name) is MISSING]
    return result


def _rank(name: str, item: JsonObject) -> tuple[int, float, str]:
    """Return a sort key that never compares types: numbers first, then texts, then the rest."""
    value = dotted(item, name)
    if isinstance(value, bool | int | float):
        return 0, float(value), ""
    return (1, 0.0, value) if isinstance(value, str) else (2, 0.0, "")
