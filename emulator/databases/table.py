"""Reads one table: its columns, and the rows that are wanted of it, as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from emulator.budgets import MIB
from emulator.databases.conditions import Conditions, Delta
from emulator.databases.kinds import Column, column_of
from emulator.databases.values import converter
from emulator.filters.pql import RowFilter
from emulator.json_types import JsonObject, dumps

BEGIN = "begin"
"""Under this name a connection has what is called before it is waited for, if anything is."""

_FIRST_ROWS = 10
_MOST_ROWS = 1000
_PART_BYTES = 4 * MIB
"""How many rows are fetched at first, then at most, and about how many bytes at a time."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows are wanted, and which columns of them; names are those of the table.

    Conditions are said in SQL as far as it says them in the same way, and never more narrowly: who
    asks has to filter what comes.

    Args:
        columns: Their names; empty for all.
        filter: The row filter.
        delta: What the values of a column have to be for a row to be new.
        most: No more rows than this are wanted; None for any number.
    """

    columns: tuple[str, ...] = ()
    filter: RowFilter | None = None
    delta: Delta | None = None
    most: int | None = None


class OpenTable:
    """A table or view that is connected to."""

    def __init__(
        self,
        connection: sa.Connection,
        schema: str | None,
        name: str,
        columns: list[Column],
        told: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """Keep what is needed to read; `told` raises `DatabaseError` for errors of drivers."""
        self.columns = columns
        self._connection = connection
        self._table = sa.table(name, *(sa.column(c.name) for c in columns), schema=schema)
        self._told = told

    def rows(self, wanted: Wanted) -> Iterator[tuple[JsonObject, int]]:
        """Yield rows as JSON, in the order of the columns, each with its size in bytes.

        Raises:
            DatabaseError: They cannot be read.
        """
        names = {name.casefold() for name in wanted.columns}
        chosen = [c for c in self.columns if not names or c.name.casefold() in names]
        statement = sa.select(*(self._table.c[column.name] for column in chosen))
        conditions = Conditions(self._table, self.columns, self._connection)
        statement = statement.where(*conditions.of(wanted.filter, wanted.delta))
        makers = [(column.name, converter(column)) for column in chosen]
        with self._begun(statement.limit(wanted.most)) as result:
            most = _FIRST_ROWS
            while part := self._fetched(result, most):
                used = 1
                for values in part:
                    pairs = zip(makers, values, strict=True)
                    row = {name: make(value) for (name, make), value in pairs}
                    used += (size := len(dumps(row)))
                    yield row, size
                most = max(1, min(_MOST_ROWS, _PART_BYTES * len(part) // used))

    @contextmanager
    def _begun(self, statement: sa.Select[Any]) -> Iterator[sa.CursorResult[Any]]:
        options: dict[str, Any] = {"stream_results": True}
        with self._told():
            self._connection.info.get(BEGIN, bool)()
            result = self._connection.execute(statement, execution_options=options)
        cursor: Any = result.cursor
        try:
            yield result
        finally:
            errors = (SQLAlchemyError, self._connection.dialect.loaded_dbapi.Error)
            for close in (result.close, cursor.close):  # the connection may be gone
                with suppress(*errors):
                    close()

    def _fetched(self, result: sa.CursorResult[Any], most: int) -> Sequence[sa.Row[Any]]:
        with self._told():
            self._connection.info.get(BEGIN, bool)()
            return result.fetchmany(most)


def columns_of(inspector: sa.Inspector, schema: str | None, name: str) -> list[Column]:
    """Return the columns of a table, in order."""
    found = inspector.get_columns(name, schema)
    return [column_of(item["name"], item["type"], inspector.dialect.name) for item in found]
