"""What a database's errors mean for a store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from sqlalchemy.exc import (
    DatabaseError,
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as NoneFree

from emulator.store.base import StoreFull, StoreUnavailable
from emulator.store.outages import StoreSilent

FAILURES = (NoneFree, DBAPIError)
"""What may be raised where a database is asked."""

_FULL = ("disk is full", "no space left", "disk full", "could not extend file")
_NOT_OURS = ("UndefinedTable", "UndefinedColumn", "InvalidSchemaName", "InsufficientPrivilege")
"""Errors of PostgreSQL for a statement that cannot be wrong: the tables are not as they were."""


@contextmanager
def guarded() -> Iterator[None]:
    """Tell errors of the database in the words of the store.

    Raises:
        StoreFull: There is no room left.
        StoreSilent: It has let somebody wait.
        StoreUnavailable: It does not answer, or not in time, or is not as it was left.
    """
    try:
        yield
    except FAILURES as error:
        tell(error)


def tell(error: NoneFree | DBAPIError) -> NoReturn:
    """Raise an error in the words of the store, or as it is if it is none of the database's."""
    if isinstance(error, NoneFree):
        raise StoreUnavailable("all connections to it are in use") from error
    text = one_line(error.orig or error)
    if type(error.orig).__name__ == "DiskFull" or any(words in text.lower() for words in _FULL):
        raise StoreFull(text) from error
    if _is_silent(error):
        raise StoreSilent(text) from error
    if _is_of_the_database(error):
        raise StoreUnavailable(text) from error
    raise error


def _is_silent(error: DBAPIError) -> bool:
    """Tell whether somebody has waited in vain, or there is nobody to connect to."""
    orig = error.orig
    is_locked = getattr(orig, "sqlite_errorname", "") in ("SQLITE_BUSY", "SQLITE_LOCKED")
    is_unconnected = error.statement is None and not error.connection_invalidated
    return is_locked or is_unconnected or type(orig).__name__ == "Silent"


def _is_of_the_database(error: DBAPIError) -> bool:
    """Tell whether an error is about the database, and not about what it was asked."""
    if error.connection_invalidated or type(error.orig).__name__ in _NOT_OURS:
        return True
    # SQLite has no class of its own for a file that is damaged, or is no database.
    kinds = (OperationalError, InternalError, InterfaceError)
    return isinstance(error, kinds) or type(error) is DatabaseError


def one_line(error: BaseException) -> str:
    """Return what an error says in a line."""
    return " ".join(str(error).split())
