"""Row filters and delta columns as conditions in SQL.

What SQL keeps may be more than what `emulator.filters.pql` and `emulator.data_plane.delta` keep of
the same rows as JSON, and is never less: whoever reads filters again, so results never differ.

For each node of a filter there are two conditions: one that holds wherever the node is true, and
one that holds wherever it is false. `not` swaps them, so three-valued logic needs no thought; None
stands for a condition that SQL does not say in the same way, and lets every row through.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy as sa

from emulator.databases.comparisons import NEGATED, Comparisons
from emulator.databases.kinds import Column
from emulator.filters.pql import RowFilter
from emulator.json_types import Json, JsonObject

Condition: TypeAlias = sa.ColumnElement[bool] | None

MOST = 300
"""How many comparisons are said in SQL: databases limit how deep conditions are nested."""

_FLIPPED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Delta(NamedTuple):
    """Which rows are new: those whose column is beyond a value and, if it is a time, in a window.

    `start` and `end` are in milliseconds.
    """

    column: str
    beyond: Json
    start: int
    end: int


class Sides(NamedTuple):
    """Where a node of a filter is true, and where it is false."""

    true: Condition
    false: Condition


_OPEN = Sides(None, None)


class Conditions:
    """Says conditions on one table in SQL."""

    def __init__(
        self, table: sa.TableClause, columns: list[Column], connection: sa.Connection
    ) -> None:
        self._columns = columns
        self._compare = Comparisons(table, connection)
        self._left = MOST

    def of(self, filter: RowFilter | None, delta: Delta | None) -> list[sa.ColumnElement[bool]]:
        """Return conditions that every row fulfils that passes the filter and is new."""
        found = [] if filter is None else [self._sides(filter.tree).true]
        column = None if delta is None else self._named(delta.column)
        if delta is not None and column is not None:
            found += self._compare.is_new(column, delta.beyond, delta.start, delta.end)
        return [condition for condition in found if condition is not None]

    def _sides(self, node: JsonObject) -> Sides:
        """Return both conditions of an `fnApply` node, which has been parsed before."""
        name, params = node["fnName"].lower(), node["params"]
        match name:
            case "and":
                inner = [self._sides(param) for param in params]
                return Sides(_all(s.true for s in inner), _any(s.false for s in inner))
            case "or":
                inner = [self._sides(param) for param in params]
                return Sides(_any(s.true for s in inner), _all(s.false for s in inner))
            case "not":
                true, false = self._sides(params[0])
                return Sides(false, true)
        self._left -= 1
        return self._leaf(name, params) if self._left >= 0 else _OPEN

    def _leaf(self, name: str, params: list[JsonObject]) -> Sides:
        """Return both conditions of a function of a column; of two columns none is said."""
        if name == "between":
            lower = self._compared(">=", params[0], params[1])
            upper = self._compared("<=", params[0], params[2])
            return Sides(_all((lower.true, upper.true)), _any((lower.false, upper.false)))
        if name in ("=", "==", *NEGATED):
            return self._compared("=" if name == "==" else name, params[0], params[1])
        column = self._column(params[0])
        if column is None:
            return _OPEN
        if name == "isnull":
            return Sides(self._compare.is_null(column), self._compare.is_not_null(column))
        value = params[1]["value"]
        return self._is_in(column, value) if name == "in" else self._like(column, value)

    def _compared(self, operator: str, first: JsonObject, second: JsonObject) -> Sides:
        """Return both conditions of a comparison of a column with a literal, either side."""
        if "value" in first:
            operator, first, second = _FLIPPED[operator], second, first
        column = self._column(first)
        if column is None or "value" not in second:
            return _OPEN
        return self._sides_of(column, operator, second["value"])

    def _sides_of(self, column: Column, operator: str, value: Json) -> Sides:
        if value is None:  # neither true nor false for any row
            return Sides(sa.false(), sa.false())
        compare = self._compare
        return Sides(
            compare.compared(column, operator, value),
            compare.compared(column, NEGATED[operator], value),
        )

    def _is_in(self, column: Column, values: list[Json]) -> Sides:
        self._left -= len(values)
        if self._left < 0:
            return _OPEN
        each = [self._sides_of(column, "=", value) for value in values]
        return Sides(_any(side.true for side in each), _all(side.false for side in each))

    def _like(self, column: Column, pattern: str) -> Sides:
        compare = self._compare
        return Sides(
            compare.like(column, pattern, holds=True), compare.like(column, pattern, holds=False)
        )

    def _column(self, node: JsonObject) -> Column | None:
        """Return the column that a `fieldLookup` node means; None for other nodes."""
        return self._named(node["fieldName"]) if "fieldName" in node else None

    def _named(self, name: str) -> Column | None:
        """Return the column of a name, in any case of letters if there is none in its own."""
        for column in self._columns:
            if column.name == name:
                return column
        folded = name.casefold()
        return next((c for c in self._columns if c.name.casefold() == folded), None)


def _all(conditions: Iterable[Condition]) -> Condition:
    """Return that all hold; what is not said is left out."""
    said: list[Any] = [condition for condition in conditions if condition is not None]
    return sa.and_(*said) if said else None


def _any(conditions: Iterable[Condition]) -> Condition:
    """Return that one of them holds; None if one is not said."""
    all = list(conditions)
    said: list[Any] = [condition for condition in all if condition is not None]
    return sa.or_(sa.false(), *said) if len(said) == len(all) else None
