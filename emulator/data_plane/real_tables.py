"""Tables of real databases, which table sources read where the setting `storage` leads there.

Filters and the delta column are said in SQL as far as possible, and hold for what comes all the
same: so a run brings what it would bring if the same rows lay in a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from emulator.budgets import FILE_ROWS, ROW_BYTES
from emulator.data_plane.delta import DeltaColumn
from emulator.data_plane.errors import OverBudget, SourceError
from emulator.data_plane.rows import Row, corrupt, first_rows
from emulator.data_plane.source_query import SourceQuery
from emulator.json_types import JsonObject, as_object, dotted, dumps
from emulator.scope import Scope
from emulator.storage import Endpoints, StorageFileError

if TYPE_CHECKING:
    from emulator.databases import Database


class NoSuchTable(SourceError):
    """A database has no table of a name."""


class UnreachableDatabase(SourceError):
    """A database cannot be reached or read."""


class RealTable:
    """A table that is connected to until it is closed.

    Args:
        database: Where it is.
        path: `schema.table`, or its name in the default schema.

    Raises:
        NoSuchTable: It is not there.
        UnreachableDatabase: The database cannot be reached.
    """

    is_table = True

    def __init__(self, database: Database, path: str) -> None:
        self.path = path
        with ExitStack() as held, _told():
            table = held.enter_context(database.table(path))
            if table is None:
                raise NoSuchTable(f"There is no table {path}.")
            self._table = table
            self._held = held.pop_all()

    @property
    def columns(self) -> list[str]:
        """The names of its columns, in order."""
        return [column.name for column in self._table.columns]

    @property
    def shown_columns(self) -> list[JsonObject]:
        """Its columns with their types, as exploring shows them."""
        return [column.shown for column in self._table.columns]

    def rows(
        self, query: SourceQuery, delta: DeltaColumn | None = None, most: int | None = None
    ) -> Iterator[tuple[Row, int]]:
        """Yield its rows, each with its size in bytes; those that SQL rules out are left out.

        Args:
            query: The filter, and the columns that are wanted; those that filter and delta column
                look at come too.
            delta: Which rows are new.
            most: How many are wanted at most; None for all.

        Raises:
            FileError: It cannot be read any more, or has too many rows.
        """
        from emulator.databases import Delta, Wanted

        name = delta.name if delta else ""
        columns = (*query.names, name) if query.columns and name else query.columns
        columns = (*columns, *query.names) if columns else ()
        new = Delta(name, *delta.limits) if delta and name else None
        found = self._table.rows(Wanted(columns, query.filter, new, most))
        with _told():
            for number, (value, size) in enumerate(found, 1):
                if number > FILE_ROWS:
                    raise OverBudget(f"The table has more than {FILE_ROWS} new rows.")
                if size > ROW_BYTES:
                    yield corrupt(number, dumps(value).decode(), "the row is too long"), size
                else:
                    yield Row(number, value), size

    def first_rows(self, query: SourceQuery, most: int) -> list[JsonObject]:
        """Return the first rows that pass a filter."""
        found = self.rows(query, most=None if query.filter else most)
        return first_rows(query.selected(row for row, _ in found), most)

    def close(self) -> None:
        """End the connection."""
        with _told():
            self._held.close()


def database_of(scope: Scope, connection_id: str) -> Database | None:
    """Return the database that a base connection leads to; None where it has files.

    Raises:
        UnreachableDatabase: Its driver is not installed, or its URL cannot be used.
    """
    if not scope.platform.endpoints:
        return None
    connection = scope.find("connection", connection_id) or {}
    spec_id = dotted(connection, "connectionSpec.id")
    spec = scope.find("connection_spec", spec_id) if isinstance(spec_id, str) else None
    endpoint = scope.platform.endpoints.of(connection, spec or {})
    if endpoint is None or endpoint.is_files:
        return None
    from emulator.databases import Database, credentials_of

    params = as_object(as_object(connection.get("auth")).get("params"))
    with _told():
        return Database(
            endpoint.url, credentials_of(params), endpoint.options, scope.platform.ongoing
        )


def names_of_tables(database: Database) -> dict[str, str]:
    """Return the names of a database's tables and views, by their paths.

    Raises:
        UnreachableDatabase: It cannot be reached.
    """
    with _told():
        return database.tables()


def try_database(database: Database) -> None:
    """Connect.

    Raises:
        UnreachableDatabase: It cannot be reached.
    """
    with _told():
        database.test()


def require_drivers(endpoints: Endpoints) -> None:
    """Find the drivers of all databases that a file of storages names.

    Raises:
        StorageFileError: One is not installed, or its URL cannot be used.
    """
    for endpoint in endpoints.entries:
        if endpoint.is_files:
            continue
        try:
            from emulator.databases import Database, DatabaseError
        except ImportError as error:
            text = f"storage: {endpoint.shown} needs aep-emulator[sql]: {error}"
            raise StorageFileError(text) from error
        try:
            Database(endpoint.url, options=endpoint.options)
        except DatabaseError as error:
            raise StorageFileError(f"storage: {endpoint.shown}: {error}") from error


@contextmanager
def _told() -> Iterator[None]:
    """Tell errors of databases as errors of a source."""
    from emulator.databases import DatabaseError

    try:
        yield
    except DatabaseError as error:
        raise UnreachableDatabase(f"The database cannot be read: {error}") from None
