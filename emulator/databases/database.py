"""Connects to a database to read from it: with timeouts, in UTC, and unable to write."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from emulator.budgets import TABLE_CONNECT_SECONDS, TABLE_STATEMENT_SECONDS
from emulator.databases.credentials import Credentials, credentials_of
from emulator.databases.errors import DatabaseError, one_line, told
from emulator.databases.table import BEGIN, OpenTable, columns_of
from emulator.moments import microseconds
from emulator.ongoing import Ongoing

__all__ = ["Credentials", "Database", "DatabaseError", "credentials_of"]

_LIBPQ = ("psycopg", "psycopg2")
_STEPS = 10_000
"""How many steps SQLite makes between two questions whether to go on."""

_MAX_DOTS = 8
"""Of names with more dots than this only the first ones may end the name of a schema."""


class Database:
    """A database that is read. Each use connects anew: tables are read now and then."""

    def __init__(
        self,
        url: str,
        credentials: Credentials = Credentials(),  # noqa: B008 - it is frozen
        options: Mapping[str, Any] | None = None,
        ongoing: Ongoing | None = None,
    ) -> None:
        """Know how to connect; nothing is connected to yet.

        Args:
            url: What SQLAlchemy takes. What it lacks of user, password and database the
                credentials say.
            credentials: Those of a base connection.
            options: Further arguments of the driver.
            ongoing: Interrupts statements together with the work that waits for them.

        Raises:
            DatabaseError: The URL cannot be used, or its driver is not installed.
        """
        self._ongoing = ongoing or Ongoing()
        try:
            made = _with_credentials(sa.make_url(url), credentials)
            self._password = str(made.password or "")
            self._engine = _engine(made, dict(options or {}))
        except ImportError as error:
            module = (error.name or str(error)).partition(".")[0]
            kind = url.partition("://")[0]
            raise DatabaseError(f"{kind} needs {module}, which is not installed") from None
        except sa.exc.NoSuchModuleError:
            kind = url.partition("://")[0]
            raise DatabaseError(f"SQLAlchemy has no dialect {kind} that is installed") from None
        except (sa.exc.SQLAlchemyError, ValueError, TypeError) as error:
            raise DatabaseError(one_line(error)) from None

    def test(self) -> None:
        """Connect.

        Raises:
            DatabaseError: It cannot be connected to.
        """
        with self._connected() as connection:
            connection.execute(sa.select(1))

    def tables(self) -> dict[str, str]:
        """Return the names of all tables and views by their paths, in order.

        The path of a table is `schema.table`, or its name where the database has no schemas.

        Raises:
            DatabaseError: It cannot be read.
        """
        with self._connected() as connection:
            inspector = sa.inspect(connection)
            found = {
                _path(schema, name): name
                for schema in _schemas(inspector)
                for name in _names(inspector, schema)
            }
        return dict(sorted(found.items()))

    @contextmanager
    def table(self, path: str) -> Iterator[OpenTable | None]:
        """Read a table or view while the block lasts; there is None for one that is not there.

        Args:
            path: `schema.table`, or the name of a table of the default schema.

        Raises:
            DatabaseError: It cannot be read; also while its rows are.
        """
        with self._connected() as connection:
            found = _find(connection, path)
            if found is None:
                yield None
                return
            schema, name = found
            columns = columns_of(sa.inspect(connection), schema, name)
            yield OpenTable(connection, schema, name, columns, self._told)

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        """Connect while the block lasts; whoever interrupts its work cancels its statements."""
        with self._told(), self._engine.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            if isinstance(driver, sqlite3.Connection):
                connection.info[BEGIN] = _Watch(driver).begin
            with self._ongoing.stopping(lambda: _cancel(driver)):
                yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        with told(self._ongoing.check, self._password):
            yield


def _with_credentials(url: sa.URL, credentials: Credentials) -> sa.URL:
    """Return a URL with what it lacks; one with a user of its own takes neither of them."""
    if url.get_backend_name() == "sqlite":
        return url
    if not url.username and credentials.user:
        url = url.set(username=credentials.user, password=credentials.password)
    return url if url.database else url.set(database=credentials.database or None)


def _engine(url: sa.URL, options: dict[str, Any]) -> sa.Engine:
    backend = url.get_backend_name()
    if backend == "sqlite":
        file = url.database or ""
        return sa.create_engine(
            "sqlite://", poolclass=NullPool, creator=lambda: _open_sqlite(file, options)
        )
    if backend == "postgresql" and url.get_driver_name() in _LIBPQ:
        engine = sa.create_engine(
            url,
            poolclass=NullPool,
            connect_args={**_libpq(str(options.pop("options", ""))), **options},
            execution_options={"postgresql_readonly": True},
        )
        if url.get_driver_name() == "psycopg":
            sa.event.listen(engine, "connect", _read_endless_days)
        return engine
    if backend in ("mysql", "mariadb") and url.get_driver_name() == "pymysql":
        timeouts = {
            "connect_timeout": TABLE_CONNECT_SECONDS,
            "read_timeout": TABLE_STATEMENT_SECONDS,
        }
        options = {**timeouts, **options}
    return sa.create_engine(url, poolclass=NullPool, connect_args=options)


def _libpq(options: str) -> dict[str, Any]:
    """Return the arguments with which PostgreSQL is connected to."""
    settings = {
        "statement_timeout": f"{TABLE_STATEMENT_SECONDS}s",
        "default_transaction_read_only": "on",
        "synchronize_seqscans": "off",  # rows come in the same order each time
        "timezone": "UTC",
    }
    said = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return {
        "connect_timeout": TABLE_CONNECT_SECONDS,
        "tcp_user_timeout": TABLE_STATEMENT_SECONDS * 1000,
        "client_encoding": "utf8",
        "application_name": "aep-emulator",
        "options": f"{said} {options}".strip(),
    }


def _open_sqlite(file: str, options: Mapping[str, Any]) -> sqlite3.Connection:
    if not Path(file).is_file():  # SQLite would say only that it cannot open it
        raise sqlite3.OperationalError(f"there is no file {file}")
    uri = f"{Path(file).absolute().as_uri()}?mode=ro"
    given = {"timeout": TABLE_CONNECT_SECONDS, **options}
    connection: sqlite3.Connection = sqlite3.connect(
        uri, uri=True, check_same_thread=False, **given
    )
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    for statement in ("PRAGMA query_only = ON", "PRAGMA schema_version"):
        connection.execute(statement).close()  # the last one reads the file
    connection.create_function("aep_moment", 1, _microseconds, deterministic=True)
    return connection


def _microseconds(value: Any) -> int | None:
    """Return what SQLite has no type for: the microseconds since 1970 of a day or moment."""
    return microseconds(value) if isinstance(value, str) else None


class _Watch:
    """Ends statements of SQLite, which takes no time for one, when they take too long."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.begin()
        connection.set_progress_handler(self._is_over, _STEPS)

    def begin(self) -> None:
        """Begin to wait for the database."""
        self._end = time.monotonic() + TABLE_STATEMENT_SECONDS

    def _is_over(self) -> bool:
        return time.monotonic() > self._end


def _read_endless_days(connection: Any, _record: object) -> None:
    """Have days beyond those of Python, such as `infinity`, read as nothing rather than fail."""
    from psycopg import DataError
    from psycopg.adapt import Loader
    from psycopg.pq import Format

    for name in ("date", "timestamp", "timestamptz"):
        type = connection.adapters.types[name]
        made = connection.adapters.get_loader(type.oid, Format.TEXT)

        class Lenient(Loader):
            def __init__(self, oid: int, context: Any = None, made: Any = made) -> None:
                super().__init__(oid, context)
                self._load = made(oid, context).load

            def load(self, data: Any) -> Any:
                try:
                    return self._load(data)
                except DataError:
                    return None

        connection.adapters.register_loader(type.oid, Lenient)


def _schemas(inspector: sa.Inspector) -> list[str | None]:
    """Return the schemas whose tables are listed: those of PostgreSQL, else the default one."""
    if inspector.dialect.name != "postgresql":
        return [None]
    return [name for name in inspector.get_schema_names() if not _is_internal(name, "")]


def _names(inspector: sa.Inspector, schema: str | None) -> Iterator[str]:
    yield from inspector.get_table_names(schema)
    yield from inspector.get_view_names(schema)
    for more in ("get_materialized_view_names", "get_foreign_table_names"):
        if inspector.dialect.name == "postgresql":
            yield from getattr(inspector, more)(schema)


def _path(schema: str | None, name: str) -> str:
    return f"{schema}.{name}" if schema else name


def _find(connection: sa.Connection, path: str) -> tuple[str | None, str] | None:
    """Return schema and name of the table that a path means; the default schema is None."""
    inspector, steps = sa.inspect(connection), path.split(".")
    dots = range(1, min(len(steps), _MAX_DOTS))
    meant: list[tuple[str | None, str]] = [(None, path)]
    meant += [(".".join(steps[:at]), ".".join(steps[at:])) for at in dots]
    for schema, name in meant:
        is_named = bool(name) and schema != "" and "\0" not in path
        if is_named and not _is_internal(schema or "", name) and inspector.has_table(name, schema):
            return schema, name
    return None


def _is_internal(schema: str, name: str) -> bool:
    """Tell whether a table is about the database itself."""
    schema = schema.lower()
    is_system = schema in ("information_schema", "mysql", "performance_schema", "sys")
    return is_system or schema.startswith("pg_") or name.lower().startswith("sqlite_")


def _cancel(connection: Any) -> None:
    """Cancel the statement that another thread waits for, if its driver can."""
    stop: Callable[[], object] | None = getattr(
        connection, "interrupt", getattr(connection, "cancel", None)
    )
    if stop is not None:
        with contextlib.suppress(Exception):
            stop()
