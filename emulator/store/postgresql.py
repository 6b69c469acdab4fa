"""Connections to PostgreSQL on which nobody waits forever."""

from __future__ import annotations

import select
import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa

ANSWER_SECONDS = 20.0
"""How long a server may say nothing before its connection is given up."""

CONNECT_SECONDS = 5
POOL = 24
"""Connections: one for each thread that works, and some more."""

_T = TypeVar("_T")


class _Connection(psycopg.Connection[Any]):
    """A connection that is closed when its server says nothing for too long.

    A timeout of the server's own does not help against a server or a network that stands still.
    """

    def wait(self, gen: Generator[Any, Any, _T], *how: Any, **named: Any) -> _T:
        try:
            return super().wait(_bounded(gen), *how, **named)
        except Silent:
            self.close()
            raise


class Silent(psycopg.OperationalError):
    """A server has said nothing for too long."""


def _bounded(waiting: Generator[Any, Any, _T]) -> Generator[Any, Any, _T]:
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
            elif time.monotonic() - since > ANSWER_SECONDS:
                waiting.close()
                raise Silent(f"it has not answered for {ANSWER_SECONDS:g} seconds")
            wanted = waiting.send(ready)
    except StopIteration as ended:
        found: _T = ended.value
        return found


def postgresql_engine(url: sa.URL, busy_seconds: float) -> sa.Engine:
    """Return an engine; whoever waits for a lock gives up after so many seconds."""
    engine = sa.create_engine(
        url,
        pool_size=POOL,
        max_overflow=POOL,
        pool_timeout=busy_seconds,
        connect_args={"connect_timeout": CONNECT_SECONDS},
    )

    def connect(_dialect: object, _record: object, arguments: Any, options: Any) -> Any:
        return _Connection.connect(*arguments, **options)

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
