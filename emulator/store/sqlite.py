"""A SQLite file, which other processes may lock, move or replace."""

from __future__ import annotations

import os
import time
from functools import partial
from typing import Any

import sqlalchemy as sa

from emulator.store.base import StoreUnavailable
from emulator.store.statements import run


def sqlite_engine(url: sa.URL, busy_seconds: float) -> sa.Engine:
    """Return an engine; whoever waits for another writer gives up after so many seconds.

    `?synchronous=full` has each commit outlive a loss of power, which costs one write to the disk.

    Raises:
        ArgumentError: It is neither `normal` nor `full`.
    """
    synchronous = str(url.query.get("synchronous", "normal")).lower()
    if synchronous not in ("normal", "full"):
        raise sa.exc.ArgumentError(f"synchronous: {synchronous!r} is not one of normal, full")
    url = url.difference_update_query(["synchronous"])
    engine = sa.create_engine(url, connect_args={"timeout": busy_seconds})
    sa.event.listen(engine, "connect", partial(_tune, synchronous))
    sa.event.listen(engine, "begin", lambda _: None)  # transactions are begun by hand
    return engine


def _tune(synchronous: str, connection: Any, _record: object) -> None:
    # Without it the driver begins transactions by itself, and only before it writes.
    connection.isolation_level = None
    for pragma in (
        *("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=OFF"),
        # Some builds write zeros over all that goes, of the journal as much as comes.
        "secure_delete=FAST",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def begin_sqlite(
    connection: sa.Connection, begin: str, busy_seconds: float, *, is_try: bool
) -> None:
    """Begin a transaction; one that is only tried does not wait for another writer."""
    if not is_try:
        run(connection, begin)
        return
    run(connection, "PRAGMA busy_timeout = 0")
    try:
        run(connection, begin)
    finally:
        run(connection, f"PRAGMA busy_timeout = {int(busy_seconds * 1000)}")


def may_begin(connection: sa.Connection) -> bool:
    """Tell whether a connection, which waits for nobody, can begin to write now."""
    try:
        run(connection, "BEGIN IMMEDIATE")
    except sa.exc.OperationalError as error:
        if getattr(error.orig, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
            return False
        raise
    run(connection, "ROLLBACK")
    return True


LOOK_SECONDS = 0.01
"""How often it is looked, at most, whether what is read is still the file that it was."""


class SqliteFile:
    """The file of a database, as it was when it was opened.

    What is written to a file that has been removed or replaced is written to nothing.
    """

    def __init__(self, url: sa.URL) -> None:
        """Remember the file that was opened."""
        self._path = url.database or ""
        self._file = None if self._path in ("", ":memory:") else self._found()
        self._next_look = 0.0

    def check_lately(self) -> None:
        """Look whether the file is where it was, unless that has just been done: it takes a while.

        Raises:
            StoreUnavailable: As in `check`.
        """
        now = time.monotonic()
        if now >= self._next_look:
            self.check()
            self._next_look = now + LOOK_SECONDS

    def check(self) -> None:
        """Look whether the file is where it was.

        Raises:
            StoreUnavailable: It is not there, or another one is in its place.
        """
        if self._file is None:
            return
        next_look, self._next_look = self._next_look, 0.0  # one that fails is no look
        try:
            found = self._found()
        except OSError as error:
            raise StoreUnavailable(f"{self._path}: {error.strerror}") from error
        if found != self._file:
            raise StoreUnavailable(f"{self._path} is another file than at the start: start again")
        self._next_look = next_look

    def _found(self) -> tuple[int, int]:
        found = os.stat(self._path)  # noqa: PTH116 - it is asked before each write
        return found.st_dev, found.st_ino
