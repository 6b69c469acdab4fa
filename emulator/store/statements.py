"""Statements that almost every call needs, carried out by the driver itself.

SQLAlchemy writes them, once for each kind of database. To have it carry them out too would cost
several times what the database takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import sqlalchemy as sa

from emulator.store.names import ESCAPE, Name, original, storable

Values = Mapping[str, object]
"""Values by the names of a statement's parameters."""

Row = tuple[Any, ...]


class _Written(NamedTuple):
    """A statement as a driver takes it.

    Args:
        text: With places for the parameters.
        names: Of the parameters, in the order of their places.
        constants: Values of those that are always the same.
        has_rows: Whether it yields any.
        name_places: The places of parameters that are a `Name`.
        name_columns: The numbers of columns that are one.
    """

    text: str
    names: tuple[str, ...]
    constants: dict[str, object]
    has_rows: bool
    name_places: tuple[int, ...]
    name_columns: tuple[int, ...]


class Statement:
    """A statement with named parameters."""

    def __init__(self, statement: sa.Select[Any] | sa.TextualSelect | sa.UpdateBase) -> None:
        """Remember a statement of SQLAlchemy, whose parameters each stand for one value."""
        self._statement = statement
        self._written: dict[str, _Written] = {}
        self._beside: Statement | None = None

    def all(self, connection: sa.Connection, values: Values) -> list[Row]:
        """Carry it out, and return the rows that it yields.

        Raises:
            DBAPIError: It cannot be carried out.
        """
        dialect = connection.dialect
        written = self._written.get(dialect.name) or self._write(dialect)
        if written.constants:
            values = {**written.constants, **values}
        parameters = [values[name] for name in written.names]
        for place in written.name_places:
            parameters[place] = storable(cast("str", parameters[place]))
        driver: Any = connection.connection.driver_connection
        try:
            cursor = driver if dialect.name == "sqlite" else _cursor(connection)
            cursor = cursor.execute(written.text, parameters)
            rows: list[Row] = cursor.fetchall() if written.has_rows else []
        except dialect.loaded_dbapi.Error as error:
            raise _failure(connection, written.text, error) from error
        return _original(rows, written.name_columns)

    def beside(self, element: sa.ColumnElement[Any]) -> Statement:
        """Return this query with another column before its own, always the same one.

        Where the query yields no row, that yields one, with nothing in the others.
        """
        if self._beside is None:
            found = cast("sa.Select[Any]", self._statement).subquery()
            one = sa.select(sa.literal_column("1")).subquery()
            rows = one.outerjoin(found, sa.true())
            self._beside = Statement(sa.select(element, *found.c).select_from(rows))
        return self._beside

    def first(self, connection: sa.Connection, values: Values) -> Row | None:
        """Carry it out, and return the first row that it yields, if it yields any.

        Raises:
            DBAPIError: It cannot be carried out.
        """
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def each(self, connection: sa.Connection, rows: Sequence[Values]) -> None:
        """Carry it out with the values of each row.

        Raises:
            DBAPIError: It cannot be carried out.
        """
        if len(rows) == 1:
            self.all(connection, rows[0])
        elif rows:
            # Of many rows, the drivers send several at a time.
            connection.execute(self._statement, rows)

    def _write(self, dialect: sa.Dialect) -> _Written:
        # PostgreSQL's own places for parameters spare its driver to look for others in the text.
        own: Any = type(dialect)
        is_sqlite = dialect.name == "sqlite"
        compiled: Any = self._statement.compile(
            dialect=dialect if is_sqlite else own(paramstyle="numeric_dollar")
        )
        names = tuple(compiled.positiontup or ())
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        name_places = _names([compiled.binds[name] for name in names])
        name_columns = _names(getattr(self._statement, "selected_columns", ()))
        has_rows = len(self._statement.exported_columns) > 0
        written = _Written(str(compiled), names, constants, has_rows, name_places, name_columns)
        self._written[dialect.name] = written
        return written


def run(connection: sa.Connection, text: str) -> None:
    """Have the driver carry out what needs no values and whose rows nobody needs.

    Raises:
        DBAPIError: It cannot be carried out.
    """
    driver: Any = connection.connection.driver_connection
    try:
        driver.execute(text).close()
    except connection.dialect.loaded_dbapi.Error as error:
        raise _failure(connection, text, error) from error


def roll_back(connection: sa.Connection) -> None:
    """Undo what a transaction has done, unless its connection is lost, which does the same."""
    if connection.closed or connection.invalidated:
        return
    driver: Any = connection.connection.driver_connection
    is_open = connection.dialect.name != "sqlite" or driver.in_transaction
    try:
        if is_open:
            run(connection, "ROLLBACK")
    except sa.exc.DBAPIError:
        connection.invalidate()


def _cursor(connection: sa.Connection) -> Any:
    """Return PostgreSQL's cursor of a connection: to make one each time would cost more."""
    cursor = connection.info.get("cursor")
    if cursor is None:
        from emulator.store.postgresql import new_cursor

        driver = connection.connection.driver_connection
        cursor = connection.info["cursor"] = new_cursor(driver)
    return cursor


def _names(elements: Iterable[sa.ColumnElement[Any]]) -> tuple[int, ...]:
    """Return which of some columns or parameters are a `Name`."""
    return tuple(n for n, element in enumerate(elements) if isinstance(element.type, Name))


def _original(rows: list[Row], columns: tuple[int, ...]) -> list[Row]:
    """Return rows with the names in these columns as they were before they were stored."""
    for column in columns:
        for number, row in enumerate(rows):
            if row[column] is not None and ESCAPE in row[column]:
                rows[number] = (*row[:column], original(row[column]), *row[column + 1 :])
    return rows


def _failure(connection: sa.Connection, text: str, error: Any) -> Exception:
    """Return an error of a driver as SQLAlchemy would raise it; let a connection go that is cut."""
    dialect: Any = connection.dialect
    is_cut = dialect.is_disconnect(error, connection.connection.driver_connection, None)
    if is_cut:
        connection.invalidate(error)
    failure: Exception = sa.exc.DBAPIError.instance(
        text,
        None,
        error,
        dialect.loaded_dbapi.Error,
        connection_invalidated=is_cut,
        dialect=dialect,
    )
    return failure
