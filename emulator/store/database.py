"""A database that several stores, threads and processes share: SQLite or PostgreSQL.

Whatever a thread does between `exclusive` and its end is one transaction, in which nobody else
writes in that sandbox. What it does outside is a transaction by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import count
from weakref import WeakSet, WeakValueDictionary

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from emulator.store.advisory_locks import lock, lock_of, lock_world
from emulator.store.base import StoreFull, StoreUnavailable, StoreUnusable
from emulator.store.failures import FAILURES, guarded, one_line, tell
from emulator.store.outages import Outages
from emulator.store.recent import Recent
from emulator.store.sqlite import SqliteFile, begin_sqlite, may_begin, sqlite_engine
from emulator.store.statements import Row, Statement, Values, roll_back, run
from emulator.store.tables import NotOurs, TooNew, bring_up_to_date, identity_of, number_of_opening
from emulator.store.writer import Writer

BUSY_SECONDS = 10.0
"""How long anybody waits for those who write in the same place."""


_UNUSABLE = (ArgumentError, ValueError, NoSuchModuleError, ImportError, TooNew, NotOurs)
"""Errors of a URL, of its driver, and of tables that are not ours to use."""


class Database:
    """The connections to one database, and the transactions of its threads."""

    def __init__(self, url: str) -> None:
        """Connect, and create what is missing.

        Raises:
            StoreUnusable: It cannot be used; the message says why in a line.
        """
        self._ending = threading.Event()
        try:
            self.engine = _engine(url, self._ending)
        except _UNUSABLE as error:
            raise StoreUnusable(one_line(error)) from error
        self.name = self.engine.dialect.name
        self.is_postgresql = self.name == "postgresql"
        try:
            self._prepare()
        except BaseException:
            self.engine.dispose()
            raise
        self._file = None if self.is_postgresql else SqliteFile(self.engine.url)
        self._outages = Outages()
        self._alone = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._names = count(1)
        self._thread = threading.local()
        self._readers: WeakSet[sa.Connection] = WeakSet()
        self._sections: WeakValueDictionary[str, threading.RLock] = WeakValueDictionary()
        self._one_section = threading.RLock()
        self._making = threading.Lock()

    def _prepare(self) -> None:
        """Create what is missing, and say that it has been opened once more."""
        try:
            with guarded(), self.engine.begin() as connection:
                if self.is_postgresql:
                    lock(connection, "schema")
                else:
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                bring_up_to_date(connection)
                self.identity = identity_of(connection)
                self._opening = number_of_opening(connection)
        except (*_UNUSABLE, DBAPIError) as error:
            raise StoreUnusable(one_line(error)) from error
        except (StoreUnavailable, StoreFull) as error:
            raise StoreUnusable(str(error)) from error

    def insert(self, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
        """Return an insertion that can say what happens to what is there."""
        return postgresql.insert(table) if self.is_postgresql else sqlite.insert(table)

    def new_name(self) -> str:
        """Return a name for a file that none has, or has had, of any process."""
        return f"{self._opening}-{next(self._names):06d}"

    def check(self) -> None:
        """Ask whether it answers.

        Raises:
            StoreUnavailable: It does not, or is not where it was.
        """
        with self.connection() as connection:
            connection.execute(sa.select(1))

    @contextmanager
    def connection(self) -> Iterator[sa.Connection]:
        """Read, or write with one statement: within this thread's transaction if it has one."""
        writer = self._writer
        if writer is not None:
            with writer.working() as connection:
                yield connection
            return
        self._recent.forget()
        if self._file is not None:
            self._file.check()
            with guarded():
                yield self._reader
        else:
            with self._outages.watched(), guarded():
                yield self._reader

    def rows(self, statement: Statement, values: Values) -> list[Row]:
        """Return what a statement that reads yields, carried out as in `connection`.

        Almost every call does so several times, so it costs little.
        """
        writer = self._writer
        if writer is not None:
            return writer.rows(statement, values)
        if self._file is None:
            with self._outages.watched(), guarded():
                return statement.all(self._reader, values)
        self._file.check_lately()
        try:
            return statement.all(self._reader, values)
        except FAILURES as error:
            tell(error)

    def reading(self) -> AbstractContextManager[object]:
        """Let this thread `recall` in the block."""
        return self._recent

    def recall(self, statement: Statement, values: Values) -> list[Row]:
        """Return what a query by key yields, as `rows` does.

        In a block of `reading` that is what it yielded at the beginning of the block, or later.
        """
        recent = self._recent
        if not recent.is_open or self._writer is not None:
            return self.rows(statement, values)
        known = recent.known(statement, values)
        if known is not None:
            return known
        if self._file is None:
            with self._outages.watched(), guarded():
                return recent.ask(self._reader, statement, values)
        self._file.check_lately()
        try:
            return recent.ask(self._reader, statement, values)
        except FAILURES as error:
            tell(error)

    @property
    def _recent(self) -> Recent:
        recent: Recent | None = getattr(self._thread, "recent", None)
        if recent is None:
            recent = self._thread.recent = Recent()
        return recent

    @property
    def _reader(self) -> sa.Connection:
        """This thread's connection for reading: to ask the pool each time would cost more."""
        reader: sa.Connection | None = getattr(self._thread, "reader", None)
        if reader is not None and not (reader.closed or reader.invalidated):
            if not (self.is_postgresql and is_cut(reader)):
                return reader
            reader.invalidate()
        if reader is not None:
            reader.close()
        reader = self._thread.reader = self._alone.connect()
        self._readers.add(reader)
        return reader

    @contextmanager
    def exclusive(self, place: str) -> Iterator[sa.Connection]:
        """Be the only one who writes at a place until the transaction ends.

        Raises:
            StoreUnavailable: Others write there for too long.
        """
        writer = self._writer
        if writer is not None:
            self._enter(writer, place)
            yield writer.connection
            return
        with self._transaction(place, self._begin(place)) as writer:
            writer.places.add(place)
            yield writer.connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Write with one statement, outside of any section."""
        # SQLite lets whoever waits for a writer ask again and again; a lock wakes them at once.
        waits = self._writer is None and not self.is_postgresql
        with self._in_section("") if waits else nullcontext(), self.connection() as connection:
            yield connection

    @contextmanager
    def whole(self, *, reads: bool = False) -> Iterator[sa.Connection]:
        """Read or write much in one transaction, of which others see all or nothing."""
        writer = self._writer
        if writer is not None:
            with writer.working() as connection:
                yield connection
            return
        with self._transaction("", self._begin(reads=reads)) as writer:
            yield writer.connection

    @contextmanager
    def _transaction(self, place: str, begin: str) -> Iterator[Writer]:
        """Have all that this thread does in the block in one transaction."""
        self._recent.forget()
        if self._file is not None:
            self._file.check()
        with self._in_section(place), self._outages.watched() as is_try, guarded():
            connection = self._reader
            with self._as_writer(connection) as writer:
                if self.is_postgresql:
                    run(connection, begin)
                else:
                    begin_sqlite(connection, begin, BUSY_SECONDS, is_try=is_try)
                yield writer

    def _begin(self, place: str | None = None, *, reads: bool = False) -> str:
        """Return what begins a transaction, and locks a place for it."""
        if not self.is_postgresql:
            # SQLite has one writer; whoever begins by reading cannot become it any more.
            return "BEGIN" if reads else "BEGIN IMMEDIATE"
        if reads:
            return "BEGIN ISOLATION LEVEL REPEATABLE READ"
        # Whoever asks twice waits twice for an answer.
        return "BEGIN" if place is None else f"BEGIN; {lock_of(place)}"

    @contextmanager
    def _in_section(self, place: str) -> Iterator[None]:
        section = self._section(place)
        if not section.acquire(timeout=BUSY_SECONDS):
            raise StoreUnavailable(f"others have been writing for {BUSY_SECONDS:g} seconds")
        try:
            yield
        finally:
            section.release()

    @contextmanager
    def alone(self, world: str) -> Iterator[sa.Connection]:
        """Write much in one transaction, while nobody else is in a section of an emulator."""
        with self.whole() as connection:
            if self.is_postgresql:
                lock_world(connection, world)
            yield connection

    @contextmanager
    def _as_writer(self, connection: sa.Connection) -> Iterator[Writer]:
        """Have all that this thread does in the block in one transaction, which is then ended."""
        self._thread.writer = writer = Writer(connection)
        try:
            yield writer
            writer.check()
            run(connection, "COMMIT")
        except BaseException:
            roll_back(connection)
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

    def end_soon(self) -> None:
        """Wait no longer for a server that says nothing: the process is to end."""
        self._ending.set()

    def is_held(self) -> bool:
        """Tell whether somebody is writing to a SQLite file just now, in whatever process."""
        if self._file is None or self._writer is not None:
            return False
        try:
            return not may_begin(self._prober)
        except FAILURES:
            return False  # whoever writes will be told what it is

    @property
    def _prober(self) -> sa.Connection:
        """This thread's connection that waits for nobody."""
        prober: sa.Connection | None = getattr(self._thread, "prober", None)
        if prober is None or prober.closed or prober.invalidated:
            prober = self._thread.prober = self._alone.connect()
            run(prober, "PRAGMA busy_timeout = 0")
            self._readers.add(prober)
        return prober

    def close(self) -> None:
        """Close all connections."""
        for reader in list(self._readers):
            reader.close()
        self.engine.dispose()

    @property
    def _writer(self) -> Writer | None:
        return getattr(self._thread, "writer", None)

    def _enter(self, writer: Writer, place: str) -> None:
        if self.is_postgresql and place not in writer.places:
            with writer.working() as connection:
                run(connection, lock_of(place))
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


def _engine(url: str, ending: threading.Event) -> sa.Engine:
    made = sa.make_url(url)
    if made.get_backend_name() == "sqlite":
        return sqlite_engine(made, BUSY_SECONDS)
    if made.drivername == "postgresql":
        made = made.set(drivername=_POSTGRESQL)
    if made.drivername != _POSTGRESQL:
        raise ArgumentError(f"{made.drivername} is neither sqlite nor {_POSTGRESQL}")
    # Its driver takes a while to import, and is not there where only SQLite is used.
    from emulator.store.postgresql import postgresql_engine

    return postgresql_engine(made, BUSY_SECONDS, ending)


_POSTGRESQL = "postgresql+psycopg"


def is_cut(reader: sa.Connection) -> bool:
    """Tell whether PostgreSQL has ended a connection that is not in use."""
    from emulator.store.postgresql import is_cut as is_ended

    return is_ended(reader.connection.dbapi_connection)
