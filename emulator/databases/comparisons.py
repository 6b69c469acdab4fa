"""Comparisons of columns with values, in SQL, as far as it compares like `emulator.filters.pql`.

Each condition holds wherever ours does, and may hold elsewhere too: texts as the operators of SQL
compare them are one matter, what is in a row as JSON is another. `kinds.py` says which kinds of
columns there are; what is said of decimals, floats, patterns and orders of text is for PostgreSQL
and SQLite alone.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import sqlalchemy as sa

from emulator.budgets import SHORT_TEXT_CHARACTERS
from emulator.databases.kinds import Column, Kind
from emulator.databases.values import INT64
from emulator.filters.pql import as_boolean, as_moment, as_number, like_parts
from emulator.json_types import Json
from emulator.moments import DAY, EPOCH, microseconds

Condition: TypeAlias = sa.ColumnElement[bool] | None

NEGATED = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
"""What holds where a comparison of two values of one type does not."""

_OPERATORS: dict[str, Callable[[Any, Any], sa.ColumnElement[bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_LONGEST = 1000
"""How many characters a text or pattern has at most that is said in SQL."""

_WILDCARDS = 4
"""How many parts of any length a pattern may have: databases look for them by going back."""


class Comparisons:
    """Says comparisons with the columns of one table."""

    def __init__(self, table: sa.TableClause, connection: sa.Connection) -> None:
        self._table = table
        self._backend = connection.dialect.name
        self._is_sqlite = self._backend == "sqlite"
        self._is_postgresql = self._backend == "postgresql"
        self._connection = connection
        self._is_unicode: bool | None = None

    def compared(self, column: Column, operator: str, value: Json) -> Condition:
        """Return where a comparison of a column with a value is true; None if SQL cannot say it."""
        match column.kind:
            case Kind.INTEGER | Kind.DECIMAL | Kind.DOUBLE:
                number = None if isinstance(value, bool) else as_number(value)
                return None if number is None else self._number(column, operator, number)
            case Kind.BOOLEAN:
                truth = as_boolean(value)
                return None if truth is None else self._boolean(column, operator, truth)
            case Kind.TEXT if isinstance(value, str) and _is_plain(value):
                return self._text(column, operator, value)
            case Kind.DATE | Kind.MOMENT:
                moment = as_moment(value)
                return None if moment is None else self._moment(column, operator, moment)
        return None

    def is_new(self, column: Column, beyond: Json, start: int, end: int) -> list[Condition]:
        """Return conditions for the rows whose column is beyond a value and within a window.

        Args:
            column: The delta column.
            beyond: What it has to be beyond; None for anything.
            start: When the window begins, in milliseconds; it is for moments alone.
            end: When it ends.
        """
        found: list[Condition] = [self.is_not_null(column)]
        if beyond is not None:
            found.append(self._later(column, beyond))
        if column.kind in (Kind.DATE, Kind.MOMENT):
            found += [self._moment(column, ">=", start), self._moment(column, "<=", end)]
        return found

    def is_null(self, column: Column) -> Condition:
        """Return where a column is null as JSON: infinite values are, which SQL has as values."""
        c = self._table.c[column.name]
        if self._is_sqlite:
            return c.is_(None) | (sa.func.typeof(c) == "real")
        match column.kind:
            case Kind.INTEGER | Kind.TEXT | Kind.BOOLEAN:
                return c.is_(None)
            case Kind.DATE if self._is_postgresql:
                return c.is_(None) | (c > sa.literal(date.max)) | (c < sa.literal(date.min))
            case Kind.MOMENT if self._is_postgresql:
                last = self._literal(column, datetime.max.replace(tzinfo=UTC))
                first = self._literal(column, datetime.min.replace(tzinfo=UTC))
                return c.is_(None) | (c > last) | (c < first)
        return None

    def is_not_null(self, column: Column) -> Condition:
        """Return where a column may be another value than null."""
        return self._table.c[column.name].is_not(None)

    def like(self, column: Column, pattern: str, *, holds: bool) -> Condition:
        """Return where a pattern of LIKE holds for a column, or where it does not."""
        if column.kind is not Kind.TEXT or not _can_be_said(pattern) or not self._is_utf8():
            return None
        parts, c = like_parts(pattern), self._table.c[column.name]
        if sum(part[0] == "%" for part in parts) > _WILDCARDS:
            return None
        odd: sa.ColumnElement[bool] = sa.false()
        if self._is_sqlite:  # its LIKE minds no case
            found: sa.ColumnElement[bool] = c.bool_op("GLOB")("".join(map(_glob, parts)))
            odd = (sa.func.typeof(c) == "blob") | (sa.func.instr(c, sa.func.char(0)) > 0)
        else:
            found = c.collate("C").like("".join(map(_like, parts)), escape=_ESCAPE)
        if holds:
            return found | odd
        # Longer texts match no pattern that is a large expression.
        return sa.not_(found) | odd | (sa.func.length(c) > SHORT_TEXT_CHARACTERS)

    def _later(self, column: Column, beyond: Json) -> Condition:
        """Return where a column is beyond a value, to the microsecond for moments."""
        is_moment = column.kind in (Kind.DATE, Kind.MOMENT)
        if is_moment or (self._is_sqlite and column.kind is Kind.TEXT):
            found = microseconds(beyond) if isinstance(beyond, str) else None
            if found is not None:
                return self._moment_at(column, ">", found)
        is_alike = isinstance(beyond, str) == (column.kind is Kind.TEXT)
        return self.compared(column, ">", beyond) if is_alike and not is_moment else None

    def _number(self, column: Column, operator: str, number: int | float) -> Condition:
        if isinstance(number, int) and number not in INT64:
            return None
        if self._is_sqlite:
            c = self._table.c[column.name]
            found = _OPERATORS[operator](c, number)
            return sa.or_(found, sa.func.typeof(c).in_(("text", "blob")))
        if column.kind is Kind.INTEGER:
            return self._integer(column, operator, number)
        if column.kind is Kind.DECIMAL:
            return self._decimal(column, operator, number)
        c = self._table.c[column.name]
        is_exact = float(number) == number  # SQL would compare with the nearest float
        return _OPERATORS[operator](c, sa.literal(float(number), sa.Double())) if is_exact else None

    def _integer(self, column: Column, operator: str, number: int | float) -> Condition:
        c, whole = self._table.c[column.name], math.floor(number)
        if whole not in INT64:
            return None
        if whole != number:
            if operator in ("=", "!="):
                return sa.false() if operator == "=" else self.is_not_null(column)
            operator = "<=" if operator[0] == "<" else ">"
        return _OPERATORS[operator](c, sa.literal(whole, sa.BigInteger()))

    def _decimal(self, column: Column, operator: str, number: int | float) -> Condition:
        """Compare with a little less or more: as JSON a decimal is the nearest float."""
        c, exact = self._table.c[column.name], Decimal(number)
        step = max(abs(exact) / 2**50, _LEAST_STEP)
        below = sa.literal(exact - step, sa.Numeric())
        above = sa.literal(exact + step, sa.Numeric())
        match operator:
            case "=":
                return (c > below) & (c < above)
            case "!=":
                return self.is_not_null(column)
        return c < above if operator[0] == "<" else c > below

    def _boolean(self, column: Column, operator: str, truth: bool) -> Condition:
        c = self._table.c[column.name]
        if operator not in ("=", "!="):
            return None
        wanted = truth is (operator == "=")
        if self._is_sqlite:
            return (c == int(wanted)) | (sa.func.typeof(c) != "integer")
        return c == sa.literal(wanted, sa.Boolean())

    def _text(self, column: Column, operator: str, text: str) -> Condition:
        c = self._table.c[column.name]
        if operator == "=":  # whatever the collation, what is the same is equal
            found = c == text
        elif self._is_utf8():
            found = _OPERATORS[operator](c.collate("BINARY" if self._is_sqlite else "C"), text)
        else:
            return None
        return found | (sa.func.typeof(c) == "blob") if self._is_sqlite else found

    def _moment(self, column: Column, operator: str, milliseconds: int) -> Condition:
        """Compare a day or moment with milliseconds, to which ours are rounded."""
        number = milliseconds * 1000
        match operator:
            case "=":
                from_ = self._moment_at(column, ">=", number - 1000)
                to = self._moment_at(column, "<=", number + 1000)
                return None if from_ is None or to is None else from_ & to
            case ">=":
                number -= 1000
            case "<=":
                number += 1000
        return self._moment_at(column, operator, number)

    def _moment_at(self, column: Column, operator: str, number: int) -> Condition:
        """Compare a day or moment with microseconds since 1970."""
        c = self._table.c[column.name]
        if self._is_sqlite:
            if number not in INT64:
                return None
            found = sa.func.aep_moment(c)
            return _OPERATORS[operator](found, number) | (found.is_(None) & c.is_not(None))
        try:
            moment = EPOCH + timedelta(microseconds=number)
        except OverflowError:
            return None
        if column.kind is not Kind.DATE:
            return _OPERATORS[operator](c, self._literal(column, moment))
        is_midnight = number % (DAY * 1000) == 0
        if not is_midnight:  # no day is equal to it
            if operator in ("=", "!="):
                return sa.false() if operator == "=" else self.is_not_null(column)
            operator = "<=" if operator[0] == "<" else ">"
        return _OPERATORS[operator](c, sa.literal(moment.date(), sa.Date()))

    def _literal(self, column: Column, moment: datetime) -> sa.BindParameter[datetime]:
        if not column.has_zone:
            moment = moment.replace(tzinfo=None)
        return sa.literal(moment, sa.DateTime(timezone=column.has_zone))

    def _is_utf8(self) -> bool:
        """Tell whether texts are ordered by their characters if a condition asks for that."""
        if self._is_unicode is None:
            asked = {"sqlite": "PRAGMA encoding", "postgresql": _ENCODING}
            found = asked.get(self._backend)
            answer = self._connection.exec_driver_sql(found).scalar() if found else ""
            self._is_unicode = str(answer).replace("-", "") == "UTF8"
        return self._is_unicode


_ENCODING = "SELECT pg_catalog.getdatabaseencoding()"
_ESCAPE = "!"
_LEAST_STEP = Decimal("1e-18")


def _is_plain(text: str) -> bool:
    """Tell whether a text compares as text with every other one: it looks like nothing else."""
    if as_boolean(text) is not None or microseconds(text) is not None:
        return False
    try:
        float(text)
    except ValueError:
        return _can_be_said(text)
    return False


def _can_be_said(text: str) -> bool:
    """Tell whether a text is the same in a database: not so what stands for unreadable bytes."""
    is_same = "\0" not in text and "\ufffd" not in text and len(text) <= _LONGEST
    return is_same and not any("\ud800" <= character <= "\udfff" for character in text)


def _like(part: str) -> str:
    """Return a part of a pattern for LIKE, with another character that takes away a meaning."""
    if part[0] in "%_":
        return part
    return _ESCAPE + part[-1] if part[-1] in ("%", "_", _ESCAPE) else part[-1]


def _glob(part: str) -> str:
    """Return a part of a pattern of LIKE for GLOB."""
    if part[0] in "%_":
        return "*" if part[0] == "%" else "?"
    return f"[{part[-1]}]" if part[-1] in "*?[" else part[-1]
