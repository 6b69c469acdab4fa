"""The row filter of a source: conditions on its columns, written as PQL in JSON.

    keeps = parse_row_filter({"type": "PQL", "format": "pql/json", "value": {…}})
    keeps.keeps({"city": "DDN"})

Source: "Filter row-level data for a source using the Flow Service API": a tree of `fnApply` nodes
over `fieldLookup` and `literal`, which the source carries out as the WHERE clause of a query. So
logic has three values as in SQL (a comparison with null is neither true nor false, and a row
passes only if the whole is true), and names of columns and functions are found in any case of
letters: the page's own samples filter `city` of a table that has `CITY`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass

from emulator.filters.comparisons import ORDERINGS, literally, regular_expression
from emulator.json_types import MISSING, Json, JsonObject, dotted, loads, short_json
from emulator.moments import microseconds

Truth = bool | None
"""Whether a condition holds for a row; None where a null leaves it open."""

Condition = Callable[[JsonObject], Truth]
Operand = Callable[[JsonObject], Json]

MAX_NODES = 1000
"""How many conditions a filter may have (assumed)."""

MAX_DEPTH = 50
"""How deep its conditions may be nested (assumed)."""

_NUMBER = re.compile(r"[+-]?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?")


class RowFilterError(ValueError):
    """A row filter that is not of the documented form, or uses what is not documented."""


@dataclass(frozen=True, slots=True)
class RowFilter:
    """A compiled row filter.

    `columns` are the names of the columns that it looks at, `tree` is the node that it is made of.
    """

    columns: tuple[str, ...]
    condition: Condition
    tree: JsonObject

    def keeps(self, row: JsonObject) -> bool:
        """Tell whether a row passes the filter."""
        return self.condition(row) is True


def parse_row_filter(sent: Json) -> RowFilter:
    """Return the filter that `params.filters` of a source connection says.

    Raises:
        RowFilterError: It is malformed, or names a function that is not documented.
    """
    if not isinstance(sent, dict):
        raise RowFilterError("a filter is an object with type, format and value")
    for name, expected in (("type", "PQL"), ("format", "pql/json")):
        if sent.get(name) != expected:
            raise RowFilterError(f"{name} is {short_json(sent.get(name))}, expected {expected}")
    parser = _Parser()
    condition = parser.condition(sent.get("value"))
    return RowFilter(tuple(dict.fromkeys(parser.columns)), condition, sent["value"])


def decode_row_filter(text: str) -> RowFilter:
    """Return the filter that the query parameter `filters` says: the same in Base64.

    Characters outside of its alphabet are passed over, as decoders do by default: the page's own
    sample ends in a backslash.

    Raises:
        RowFilterError: It is not a filter in Base64.
    """
    try:
        plain = base64.b64decode(text.replace(" ", "+").encode().translate(_URL_SAFE))
        sent = loads(plain)
    except ValueError as error:
        raise RowFilterError(f"it is not JSON in Base64: {error}") from None
    return parse_row_filter(sent)


_URL_SAFE = bytes.maketrans(b"-_", b"+/")


class _Parser:
    """Compiles the nodes of one filter to closures."""

    def __init__(self) -> None:
        self.columns: list[str] = []
        self._nodes = 0
        self._depth = 0

    def condition(self, node: Json) -> Condition:
        """Return the condition of an `fnApply` node."""
        self._nodes += 1
        self._depth += 1
        if self._nodes > MAX_NODES or self._depth > MAX_DEPTH:
            raise RowFilterError(f"it has over {MAX_NODES} conditions, or {MAX_DEPTH} levels")
        made = self._function(node)
        self._depth -= 1
        return made

    def _function(self, node: Json) -> Condition:
        if not isinstance(node, dict) or node.get("nodeType") != "fnApply":
            raise RowFilterError(f"{short_json(node)} is not a node fnApply")
        name, params = node.get("fnName"), node.get("params")
        if not isinstance(params, list):
            raise RowFilterError(f"{short_json(name)} has no list of params")
        made = _FUNCTIONS.get(name.lower()) if isinstance(name, str) else None
        if made is None:
            known = ", ".join(sorted(_FUNCTIONS))
            raise RowFilterError(f"{short_json(name)} is not one of the functions {known}")
        least, most, make = made
        if not least <= len(params) <= most:
            raise RowFilterError(f"{name} has {len(params)} params")
        return make(self, params)

    def operand(self, node: Json) -> Operand:
        """Return what reads the value of a `fieldLookup` or `literal` node."""
        if isinstance(node, dict) and node.get("nodeType") == "literal" and "value" in node:
            value = node["value"]
            if isinstance(value, bool | int | float | str) or value is None:
                return lambda row: value
        if isinstance(node, dict) and node.get("nodeType") == "fieldLookup":
            name = node.get("fieldName")
            if isinstance(name, str) and name:
                self.columns.append(name)
                return lambda row: column_of(row, name)
        raise RowFilterError(f"{short_json(node)} is not a fieldLookup or a literal")


def column_of(row: JsonObject, name: str) -> Json:
    """Return the value of a row's column, in any case of letters or by a path; None without it."""
    if name in row:
        return row[name]
    folded = name.casefold()
    for other, value in row.items():
        if other.casefold() == folded:
            return value
    found = dotted(row, name)
    return None if found is MISSING else found


def _compared(operator: str) -> Callable[[_Parser, list[Json]], Condition]:
    def make(parser: _Parser, params: list[Json]) -> Condition:
        first, second = (parser.operand(node) for node in params)
        return lambda row: compare(operator, first(row), second(row))

    return make


def compare(operator: str, first: Json, second: Json) -> Truth:
    """Compare two values with `=`, `!=`, `<`, `<=`, `>` or `>=`; None where one of them is null.

    Numbers, booleans and moments that one side has as text are read as such if the other side can
    be too, because files hold what a database has types for. Other types compare as open.
    """
    pair = _alike(first, second)
    if pair is None:
        return None
    mine, theirs = pair
    if operator in ("=", "!="):
        return (mine == theirs) is (operator == "=")
    return ORDERINGS[operator](mine, theirs)


def _alike(first: Json, second: Json) -> tuple[Json, Json] | None:
    """Return two values as one type, the narrowest that both can be read as; None without one."""
    if first is None or second is None:
        return None
    for read in (as_boolean, as_number, as_moment):
        mine, theirs = read(first), read(second)
        if mine is not None and theirs is not None:
            return mine, theirs
    return (first, second) if isinstance(first, str) and isinstance(second, str) else None


def as_boolean(value: Json) -> bool | None:
    """Return what a value is as a boolean; None if it is not one."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return value if isinstance(value, bool) else None


def as_number(value: Json) -> int | float | None:
    """Return what a value is as a number; None if it is not one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value) if "." in value else int(value)
    return value if isinstance(value, int | float) else None


def as_moment(value: Json) -> int | None:
    """Return the milliseconds of a day or date-time, in UTC unless it says otherwise, or None."""
    found = microseconds(value) if isinstance(value, str) else None
    return None if found is None else round(found / 1000)


def _both(parser: _Parser, params: list[Json]) -> Condition:
    return _joined(parser, params, decisive=False)


def _either(parser: _Parser, params: list[Json]) -> Condition:
    return _joined(parser, params, decisive=True)


def _joined(parser: _Parser, params: list[Json], decisive: bool) -> Condition:
    """Return AND or OR: one decisive condition decides, else an open one leaves it open."""
    conditions = [parser.condition(node) for node in params]

    def joined(row: JsonObject) -> Truth:
        is_open = False
        for condition in conditions:
            truth = condition(row)
            if truth is decisive:
                return decisive
            is_open = is_open or truth is None
        return None if is_open else not decisive

    return joined


def _negated(parser: _Parser, params: list[Json]) -> Condition:
    condition = parser.condition(params[0])

    def negated(row: JsonObject) -> Truth:
        truth = condition(row)
        return None if truth is None else not truth

    return negated


def _is_null(parser: _Parser, params: list[Json]) -> Condition:
    operand = parser.operand(params[0])
    return lambda row: operand(row) is None


def _is_in(parser: _Parser, params: list[Json]) -> Condition:
    """Return IN: equal to one of a list of literals."""
    operand = parser.operand(params[0])
    listed = params[1].get("value") if isinstance(params[1], dict) else None
    if not isinstance(listed, list) or any(isinstance(item, dict | list) for item in listed):
        raise RowFilterError("the second param of in is a literal with a list of values")

    def is_in(row: JsonObject) -> Truth:
        truths = [compare("=", operand(row), item) for item in listed]
        return True if True in truths else None if None in truths else False

    return is_in


def _between(parser: _Parser, params: list[Json]) -> Condition:
    """Return BETWEEN, both bounds included; its params are a field and two literals (assumed)."""
    operand, lower, upper = (parser.operand(node) for node in params)

    def between(row: JsonObject) -> Truth:
        value = operand(row)
        truths = (compare(">=", value, lower(row)), compare("<=", value, upper(row)))
        return False if False in truths else None if None in truths else True

    return between


def _like(parser: _Parser, params: list[Json]) -> Condition:
    """Return LIKE: `%` stands for any text, `_` for one character, a backslash takes that away."""
    operand = parser.operand(params[0])
    pattern = params[1].get("value") if isinstance(params[1], dict) else None
    if not isinstance(pattern, str):
        raise RowFilterError("the second param of like is a literal with a text")
    search = regular_expression(f"^{''.join(map(_expression, like_parts(pattern)))}$")
    if search is None:
        raise RowFilterError(f"{short_json(pattern)} is too long for a pattern")

    def like(row: JsonObject) -> Truth:
        value = operand(row)
        if value is None:
            return None
        return search(str(value).lower() if isinstance(value, bool) else str(value))

    return like


def like_parts(pattern: str) -> list[str]:
    """Return the parts of a pattern of LIKE: wildcards, characters, characters with a backslash."""
    return re.findall(r"\\.|%+|.", pattern, re.DOTALL)


def _expression(part: str) -> str:
    """Return the regular expression of a part of a pattern of LIKE."""
    if part[0] == "%":
        return r"[\s\S]*"
    return r"[\s\S]" if part == "_" else literally(part[-1])


_MANY = 1000
_FUNCTIONS: dict[str, tuple[int, int, Callable[[_Parser, list[Json]], Condition]]] = {
    "=": (2, 2, _compared("=")),
    "==": (2, 2, _compared("=")),
    **{name: (2, 2, _compared(name)) for name in ("!=", "<", "<=", ">", ">=")},
    "like": (2, 2, _like),
    "in": (2, 2, _is_in),
    "between": (3, 3, _between),
    "isnull": (1, 1, _is_null),
    "and": (1, _MANY, _both),
    "or": (1, _MANY, _either),
    "not": (1, 1, _negated),
}
"""By name in lower case: the least and the most number of params, and what compiles them."""
