"""Connections to PostgreSQL on which nobody waits forever."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa

ANSWER_SECONDS = 20.0
"""How long a server may say nothing before its connection is given up."""

CONNECT_SECONDS = 5

LAST_SECONDS = 1.0
"""The same while the process ends: it has to be gone before whoever ends it kills it."""

LAST_CONNECT_SECONDS = 2
"""How long it then connects: the driver's least."""

POOL = 24
"""Connections: one for each thread that works, and some more."""

_T = TypeVar("_T")


class _Connection(psycopg.Connection[Any]):
    """A connection that is closed when its server says nothing for too long.

    A timeout of the server's own does not help against a server or a network that stands still.
    """

    ending = threading.Event()
    """Set when the process ends."""

    def wait(self, gen: Generator[Any, Any, _T], *how: Any, **named: Any) -> _T:
        try:
            return super().wait(_bounded(gen, self.ending), *how, **named)
        except Silent:
            self.close()
            raise


class Silent(psycopg.OperationalError):
    """A server has said nothing for too long."""


def _bounded(waiting: Generator[Any, Any, _T], ending: threading.Event) -> Generator[Any, Any, _T]:
    """Pass on what a connection waits for, and end it when nothing comes.

    The driver sends 0 each time when it has waited for a while in vain.
    """
    try:
        wanted = next(waiting)
        since = time.monotonic()
        while True:
            ready = yield wanted
            if ready:
                since = time.monotonic()
            elif (waited := time.monotonic() - since) > _patience(ending):
                waiting.close()
                raise Silent(f"it has not answered for {waited:.0f} s")
            wanted = waiting.send(ready)
    except StopIteration as ended:
        found: _T = ended.value
        return found


def _patience(ending: threading.Event) -> float:
    return min(LAST_SECONDS, ANSWER_SECONDS) if ending.is_set() else ANSWER_SECONDS


def postgresql_engine(url: sa.URL, busy_seconds: float, ending: threading.Event) -> sa.Engine:
    """Return an engine; whoever waits for a lock gives up after so many seconds.

    When the process is `ending`, nobody waits for long any more.
    """
    engine = sa.create_engine(
        url,
        pool_size=POOL,
        max_overflow=POOL,
        pool_timeout=busy_seconds,
    )

    class Connection(_Connection):
        """A connection of this engine."""

    Connection.ending = ending

    def connect(_dialect: object, _record: object, arguments: Any, options: Any) -> Any:
        seconds = LAST_CONNECT_SECONDS if ending.is_set() else CONNECT_SECONDS
        return Connection.connect(*arguments, **{**options, "connect_timeout": seconds})

    def tune(connection: psycopg.Connection[Any], _record: object) -> None:
        connection.execute(f"set lock_timeout = {int(busy_seconds * 1000)}")
        connection.commit()

    def refuse_dead(connection: psycopg.Connection[Any], _record: object, _for: object) -> None:
        if is_cut(connection):
            raise sa.exc.DisconnectionError

    sa.event.listen(engine, "do_connect", connect)
    sa.event.listen(engine, "connect", tune)
    sa.event.listen(engine, "checkout", refuse_dead)
    return engine


def new_cursor(connection: Any) -> psycopg.RawCursor[Any]:
    """Return a cursor that takes statements as the server has them, and values without texts."""
    cursor = psycopg.RawCursor[Any](connection)
    cursor.format = psycopg.pq.Format.BINARY
    return cursor


def is_cut(connection: Any) -> bool:
    """Tell whether a connection that is not in use has been ended by its server.

    It costs no answer of the server: one that has something to say unasked says farewell.
    """
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
