"""The `property` query language of the Flow Service: `path op value[,value]`, all must hold.

Source: "Sort and filter responses in the Flow Service API". Parsing and matching only; the contract
decides what is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from emulator.filters.comparisons import ORDERINGS
from emulator.json_types import Json, JsonObject
from emulator.xdm.identity import identity

_FORM = re.compile(r"(?P<path>[^=<>!~]*)(?P<operator>[=<>!~]+)(?P<value>.*)", re.DOTALL)
_JOINED = re.compile(r'(?:"[^"]*"|[^&])+')
_STATES = ("state", "status")
_NUMBER = re.compile(r"-?\d{1,18}(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Filter:
    """One `property` parameter: a dotted path, an operator, and the wanted values as text."""

    path: str
    operator: str
    values: tuple[str, ...]

    @property
    def field(self) -> str:
        """The top-level member that the path starts from."""
        return self.path.split(".")[0].removesuffix("[]")

    @property
    def is_exact(self) -> bool:
        """Whether it asks for a single value as it is written."""
        is_state = self.path.rpartition(".")[2] in _STATES
        return self.operator in ("==", "=") and len(self.values) == 1 and not is_state

    def matches(self, entity: JsonObject) -> bool:
        """Tell whether an entity has a value at the path for which the comparison holds.

        Documents write states with and without capitals, so their case does not count.
        """
        steps = self.path.split(".")
        compare = _compare_states if steps[-1] in _STATES else _compare
        return any(
            compare(self.operator, found, wanted)
            for found in reach(entity, steps)
            for wanted in self.values
        )


def parse_filter(text: str) -> Filter | None:
    """Return the filter of a `property` parameter, or None if it has no operator."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    return Filter(match["path"].strip(), match["operator"], _values(match["value"]))


def split_filters(text: str) -> list[str]:
    """Return the filters of a search's `queryString`: joined by `&`, `property=` left out.

    Its grammar is not documented; it is read as the query string of a list.
    """
    parts = (part.strip().removeprefix("property=") for part in _JOINED.findall(text))
    return [part for part in parts if part]


def _values(text: str) -> tuple[str, ...]:
    """Split a value list at its commas; double quotes around a value keep its commas."""
    if len(text) >= 2 and text[0] == text[-1] == '"' and '","' not in text:
        return (text[1:-1],)
    return tuple(item.strip().strip('"') for item in text.split(","))


def reach(value: Json, steps: list[str]) -> Iterator[Json]:
    """Yield what a dotted path names; `[]` behind a step, or none, goes through array items."""
    if isinstance(value, list):
        for item in value:
            yield from reach(item, steps)
    elif not steps:
        yield value
    elif isinstance(value, dict):
        step = steps[0].removesuffix("[]")
        if step in value:
            yield from reach(value[step], steps[1:])


def _compare(operator: str, found: Json, wanted: str) -> bool:
    if isinstance(found, bool):
        return operator in ("==", "=") and str(found).lower() == wanted.lower()
    if isinstance(found, int | float) and _NUMBER.fullmatch(wanted):
        number = float(wanted) if "." in wanted else int(wanted)
        return found == number if operator in ("==", "=") else _ordered(operator, found, number)
    if operator in ("==", "="):
        return bool(identity(str(found)) == identity(wanted))
    return isinstance(found, str) and _ordered(operator, found, wanted)


def _compare_states(operator: str, found: Json, wanted: str) -> bool:
    same = found.lower() if isinstance(found, str) else found
    return _compare(operator, same, wanted.lower())


def _ordered(operator: str, found: Json, wanted: Json) -> bool:
    compare = ORDERINGS.get(operator)
    return bool(compare and compare(found, wanted))


@dataclass(frozen=True, slots=True)
class Order:
    """One sort key: a field and its direction."""

    field: str
    descending: bool


def parse_order(text: str) -> list[Order]:
    """Return the sort keys of `orderby`: `name`, `+name`, `-name`, several by commas.

    An unencoded `+` arrives as a space, which means the same.
    """
    return [
        Order(item.lstrip(" +-").strip(), item.lstrip().startswith("-")) for item in text.split(",")
    ]
