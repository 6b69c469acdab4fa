"""What a thread does within a transaction of a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from emulator.store.base import StoreUnavailable
from emulator.store.failures import FAILURES, guarded, tell
from emulator.store.statements import Row, Statement, Values


class Writer:
    """What a thread holds within a transaction."""

    __slots__ = ("_has_failed", "after", "connection", "places")

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.after: list[Callable[[], object]] = []
        self.places: set[str] = set()
        self._has_failed = False

    @contextmanager
    def working(self) -> Iterator[sa.Connection]:
        """Carry out statements of the transaction, which ends with the first that fails.

        The database may have undone by then what came before it.

        Raises:
            StoreUnavailable: One has failed.
        """
        self.check()
        with guarded():
            try:
                yield self.connection
            except DBAPIError:
                self._has_failed = True
                raise

    def rows(self, statement: Statement, values: Values) -> list[Row]:
        """Carry out one statement of the transaction as `working` does; return what it yields.

        Raises:
            StoreUnavailable: It has failed, or one before.
        """
        self.check()
        try:
            return statement.all(self.connection, values)
        except FAILURES as error:
            self._has_failed = True
            tell(error)

    def check(self) -> None:
        """Go on, unless a statement has failed.

        Raises:
            StoreUnavailable: One has.
        """
        if self._has_failed:
            raise StoreUnavailable("a statement of this transaction has failed")
