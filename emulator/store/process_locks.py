"""The locks by which processes of a database know of each other that they live."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path

import sqlalchemy as sa

from emulator.store.base import StoreUnavailable
from emulator.store.database import Database
from emulator.store.failures import guarded
from emulator.store.processes import Lock, SharingProcesses
from emulator.store.tables import PROCESS

_SPACE = 0x6165702D
"""The first half of the advisory locks of processes; the second one is the process's number."""

_HOLD = sa.text("select pg_try_advisory_lock(:space, :number)")
_HELD = sa.text(
    "select objid from pg_locks where locktype = 'advisory' and granted and objsubid = 2"
    " and classid = :space"
    " and database = (select oid from pg_database where datname = current_database())"
)
# A machine that is gone says nothing any more: the server asks, and gives its locks up.
_KEEPALIVE = ("tcp_keepalives_idle = 10", "tcp_keepalives_interval = 5", "tcp_keepalives_count = 3")


class PostgresLock:
    """An advisory lock of a connection of its own.

    A connection that is lost is replaced, and the lock taken again. Meanwhile others may have ended
    what this process does; that shows in its claims, not here.
    """

    def __init__(self, database: Database, number: int) -> None:
        self._database = database
        self._number = number
        self._connection: sa.Connection | None = None
        self._one_at_a_time = threading.Lock()

    def hold(self) -> None:
        with self._one_at_a_time:
            if self._number not in self._locked():
                self._take()

    def held(self, numbers: frozenset[int]) -> frozenset[int]:
        if not numbers:
            return numbers
        with self._one_at_a_time:
            return numbers & self._locked()

    def forget(self, number: int) -> None:
        """Nothing remains of a connection."""

    def close(self) -> None:
        with self._one_at_a_time:
            self._give_up()

    def _locked(self) -> frozenset[int]:
        """Return all that are locked, asked with the connection that has the own lock."""
        try:
            with guarded():
                found = self._own().execute(_HELD, {"space": _SPACE}).scalars()
                return frozenset(found)
        except StoreUnavailable:
            self._give_up()
            raise

    def _take(self) -> None:
        with guarded():
            self._own().execute(_HOLD, {"space": _SPACE, "number": self._number})

    def _own(self) -> sa.Connection:
        if self._connection is None:
            engine = self._database.engine.execution_options(isolation_level="AUTOCOMMIT")
            self._connection = engine.connect()
            # It is this process's alone, and no pool's.
            self._connection.detach()
            for option in _KEEPALIVE:
                self._connection.exec_driver_sql(f"set {option}")
        return self._connection

    def _give_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):  # it may be broken
                connection.close()


class SqliteLock:
    """A file beside the database that a transaction of SQLite locks; it works on every system."""

    def __init__(self, database: Path, number: int) -> None:
        self._database = database
        self._number = number
        self._connection: sqlite3.Connection | None = None

    def hold(self) -> None:
        if self._connection is None:
            self._connection = _connect(self._file(self._number), 5.0)
            self._connection.execute("BEGIN EXCLUSIVE")

    def held(self, numbers: frozenset[int]) -> frozenset[int]:
        return frozenset(number for number in numbers if self._is_locked(self._file(number)))

    def forget(self, number: int) -> None:
        with suppress(OSError):
            self._file(number).unlink(missing_ok=True)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self.forget(self._number)

    def _file(self, number: int) -> Path:
        return self._database.with_name(f"{self._database.name}-process-{number}")

    def _is_locked(self, file: Path) -> bool:
        if not file.exists():
            return False
        with closing(_connect(file, 0.0)) as connection:
            try:
                connection.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError:
                return True
        return False


class NoLock:
    """That of a database in memory, which nobody else can open."""

    def hold(self) -> None:
        """Nobody asks."""

    def held(self, numbers: frozenset[int]) -> frozenset[int]:
        return frozenset()

    def forget(self, number: int) -> None:
        """Nobody else is there."""

    def close(self) -> None:
        """Nothing is held."""


class ProcessTable:
    """The table `process`, as one process sees it."""

    def __init__(self, database: Database, number: int) -> None:
        self._database = database
        self._number = number

    def numbers(self) -> frozenset[int]:
        with self._database.connection() as connection:
            found = connection.execute(sa.select(PROCESS.c.number)).scalars().all()
        return frozenset(found) - {self._number}

    def remove(self, number: int) -> None:
        with self._database.writing() as connection:
            connection.execute(sa.delete(PROCESS).where(PROCESS.c.number == number))


def _connect(file: Path, timeout: float) -> sqlite3.Connection:
    return sqlite3.connect(file, timeout=timeout, isolation_level=None, check_same_thread=False)


def join(database: Database) -> SharingProcesses:
    """Become one of a database's processes: under a new number, and with its lock.

    The number shows to others with the lock that is held by then.
    """
    file = database.engine.url.database
    with guarded(), database.whole() as connection:
        number: int = connection.execute(_NEW).scalar_one()
        lock: Lock
        if database.is_postgresql:
            lock = PostgresLock(database, number)
        else:
            lock = SqliteLock(Path(file).absolute(), number) if file else NoLock()
        lock.hold()
    return SharingProcesses(number, lock, ProcessTable(database, number))


_NEW = PROCESS.insert().values().returning(PROCESS.c.number)
