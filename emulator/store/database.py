"""A database that several stores, threads and processes share: SQLite or PostgreSQL.

Whatever a thread does between `exclusive` and its end is one transaction, in which nobody else
writes in that sandbox. What it does outside is a transaction by itself.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from weakref import WeakSet, WeakValueDictionary

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from emulator.store.base import StoreFull, StoreUnavailable, StoreUnusable
from emulator.store.tables import TooNew, bring_up_to_date

BUSY_SECONDS = 30.0
_POOL = 24
"""Connections to a server: one for each thread that works, and some more."""

_FULL = ("disk is full", "no space left", "disk full", "could not extend file")


class _Writer:
    """What a thread holds within a transaction."""

    __slots__ = ("after", "connection", "places")

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.after: list[Callable[[], object]] = []
        self.places: set[str] = set()


class Database:
    """The connections to one database, and the transactions of its threads."""

    def __init__(self, url: str) -> None:
        """Connect, and create what is missing.

        Raises:
            StoreUnusable: It cannot be used; the message says why in a line.
        """
        try:
            self.engine = _engine(url)
            with guarded(), self.engine.begin() as connection:
                if self.engine.dialect.name == "postgresql":
                    _lock(connection, "schema")
                bring_up_to_date(connection)
        except (ArgumentError, NoSuchModuleError, ImportError, TooNew) as error:
            raise StoreUnusable(_line(error)) from error
        except (StoreUnavailable, StoreFull) as error:
            raise StoreUnusable(str(error)) from error
        self.is_postgresql = self.engine.dialect.name == "postgresql"
        self._alone = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._thread = threading.local()
        self._readers: WeakSet[sa.Connection] = WeakSet()
        self._sections: WeakValueDictionary[str, threading.RLock] = WeakValueDictionary()
        self._one_section = threading.RLock()
        self._making = threading.Lock()

    def insert(self, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
        """Return an insertion that can say what happens to what is there."""
        return postgresql.insert(table) if self.is_postgresql else sqlite.insert(table)

    @contextmanager
    def connection(self) -> Iterator[sa.Connection]:
        """Read, or write with one statement: within this thread's transaction if it has one."""
        with guarded():
            writer = self._writer
            yield self._reader if writer is None else writer.connection

    @property
    def _reader(self) -> sa.Connection:
        """This thread's connection for reading: to ask the pool each time would cost more."""
        reader: sa.Connection | None = getattr(self._thread, "reader", None)
        if reader is None or reader.invalidated or reader.closed:
            reader = self._thread.reader = self._alone.connect()
            self._readers.add(reader)
        return reader

    @contextmanager
    def exclusive(self, place: str) -> Iterator[sa.Connection]:
        """Be the only one who writes at a place until the transaction ends."""
        writer = self._writer
        if writer is not None:
            self._enter(writer, place)
            yield writer.connection
            return
        with self._section(place), guarded(), self.engine.connect() as connection:
            if not self.is_postgresql:
                # SQLite has one writer; whoever begins by reading cannot become it any more.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            with self._as_writer(connection) as writer:
                self._enter(writer, place)
                yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Write with one statement, outside of any section."""
        # SQLite lets whoever waits for a writer ask again and again; a lock wakes them at once.
        waits = self._writer is None and not self.is_postgresql
        with self._one_section if waits else nullcontext(), self.connection() as connection:
            yield connection

    @contextmanager
    def whole(self, *, reads: bool = False) -> Iterator[sa.Connection]:
        """Read or write much in one transaction, of which others see all or nothing."""
        writer = self._writer
        if writer is not None:
            yield writer.connection
            return
        with self._section(""), guarded(), self.engine.connect() as connection:
            if not self.is_postgresql:
                connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
            elif reads:
                connection.execution_options(isolation_level="REPEATABLE READ")
            with self._as_writer(connection):
                yield connection

    @contextmanager
    def alone(self, world: str) -> Iterator[sa.Connection]:
        """Write much in one transaction, while nobody else is in a section of an emulator."""
        with self.whole() as connection:
            if self.is_postgresql:
                connection.execute(_WORLD_ALONE, {"world": _lock_number(f"world {world}")})
            yield connection

    @contextmanager
    def _as_writer(self, connection: sa.Connection) -> Iterator[_Writer]:
        """Have all that this thread does in the block in one transaction, which is then ended."""
        self._thread.writer = writer = _Writer(connection)
        try:
            yield writer
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        finally:
            self._thread.writer = None
        for function in writer.after:
            function()

    def after_commit(self, function: Callable[[], object]) -> None:
        """Call a function once this thread's transaction has been committed."""
        writer = self._writer
        if writer is None:
            function()
        else:
            writer.after.append(function)

    def is_busy(self, place: str) -> bool:
        """Tell whether another thread of this process is in the section of a place."""
        section = self._section(place)
        is_free = section.acquire(blocking=False)
        if is_free:
            section.release()
        return not is_free

    def close(self) -> None:
        """Close all connections."""
        for reader in list(self._readers):
            reader.close()
        self.engine.dispose()

    @property
    def _writer(self) -> _Writer | None:
        return getattr(self._thread, "writer", None)

    def _enter(self, writer: _Writer, place: str) -> None:
        if self.is_postgresql and place not in writer.places:
            world = f"world {place.partition(chr(10))[0]}"
            numbers = {"world": _lock_number(world), "number": _lock_number(place)}
            writer.connection.execute(_PLACE, numbers)
        writer.places.add(place)

    def _section(self, place: str) -> threading.RLock:
        """Return this process's lock for a place: to wait here costs less than in the database.

        With SQLite all places share one.
        """
        if not self.is_postgresql:
            return self._one_section
        section = self._sections.get(place)
        if section is None:
            with self._making:
                section = self._sections.setdefault(place, threading.RLock())
        return section


@contextmanager
def guarded() -> Iterator[None]:
    """Tell errors of the database in the words of the store.

    Raises:
        StoreFull: There is no room left.
        StoreUnavailable: It does not answer, or not in time.
    """
    try:
        yield
    except DBAPIError as error:
        text = _line(error.orig or error)
        if any(words in text.lower() for words in _FULL):
            raise StoreFull(text) from error
        if error.connection_invalidated or isinstance(error, OperationalError):
            raise StoreUnavailable(text) from error
        raise


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _lock(connection: sa.Connection, place: str) -> None:
    """Lock something until the transaction ends, among all processes."""
    connection.execute(_ADVISORY, {"number": _lock_number(place)})


def _lock_number(place: str) -> int:
    digest = hashlib.blake2b(place.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


_ADVISORY = sa.text("select pg_advisory_xact_lock(:number)")
_PLACE = sa.text("select pg_advisory_xact_lock_shared(:world), pg_advisory_xact_lock(:number)")
_WORLD_ALONE = sa.text("select pg_advisory_xact_lock(:world)")


def _engine(url: str) -> sa.Engine:
    made = sa.make_url(url)
    if made.get_backend_name() == "sqlite":
        # Whoever waits for a writer gives up after a while; transactions are begun by hand.
        engine = sa.create_engine(made, connect_args={"timeout": BUSY_SECONDS})
        sa.event.listen(engine, "connect", _tune_sqlite)
        sa.event.listen(engine, "begin", lambda _: None)
        return engine
    if made.get_backend_name() == "postgresql":
        options = {"connect_timeout": 5}
        return sa.create_engine(made, pool_size=_POOL, max_overflow=_POOL, connect_args=options)
    raise ArgumentError(f"{made.drivername} is neither sqlite nor postgresql+psycopg")


def _tune_sqlite(connection: Any, _record: object) -> None:
    # Without it the driver begins transactions by itself, and only before it writes.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=OFF"):
        connection.execute(f"PRAGMA {pragma}").close()
