"""What a thread has read by key, for as long as nobody has written since.

A call that only reads asks for the same values and documents as the one before. Whether anybody has
written meanwhile, the database tells with the first of them: it is asked once in a call, and the
other answers are remembered.
"""

from __future__ import annotations

from types import TracebackType

import sqlalchemy as sa

from emulator.store.statements import Row, Statement, Values

MAX_BYTES = 1024 * 1024
"""How much a thread remembers."""

MAX_ANSWER_BYTES = 64 * 1024
"""How long an answer is at most that is remembered."""

Question = tuple[Statement | tuple[str, object], ...]
"""A statement, and its values by their names."""


class Recent:
    """What one thread has read. Within the block, answers are those of its first one, or later.

    What its connection has been used for otherwise may have been to write: then `forget`.
    """

    __slots__ = ("_answers", "_connection", "_has_asked", "_mark", "_size", "is_open")

    def __init__(self) -> None:
        """Remember nothing yet."""
        self.is_open = False
        self._has_asked = False
        self._connection: sa.Connection | None = None
        self._mark: object = None
        self._answers: dict[Question, list[Row]] = {}
        self._size = 0

    def __enter__(self) -> None:
        """Ask the database again before anything is answered."""
        self.is_open, self._has_asked = True, False

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Answer no longer."""
        self.is_open = False

    def forget(self) -> None:
        """Forget all answers."""
        self._answers.clear()
        self._size = 0

    def known(self, statement: Statement, values: Values) -> list[Row] | None:
        """Return the answer to a question if it is known, and still true."""
        return self._answers.get((statement, *values.items())) if self._has_asked else None

    def ask(self, connection: sa.Connection, statement: Statement, values: Values) -> list[Row]:
        """Return the answer of the database to a question that is not `known`.

        Raises:
            DBAPIError: It cannot be carried out.
        """
        if self._has_asked:
            rows = statement.all(connection, values)
        elif connection.dialect.name == "sqlite":
            self._be_at(connection, _DATA_VERSION.all(connection, {}))
            known = self.known(statement, values)
            if known is not None:
                return known
            rows = statement.all(connection, values)
        else:
            marked = statement.beside(_SNAPSHOT).all(connection, values)
            self._be_at(connection, marked[0][0])
            rows = [row[1:] for row in marked if row[1] is not None]
        self._remember((statement, *values.items()), rows)
        return rows

    def _be_at(self, connection: sa.Connection, mark: object) -> None:
        """Forget all answers unless a connection sees the same as it did before."""
        if connection is not self._connection or mark != self._mark:
            self.forget()
        self._connection, self._mark = connection, mark
        self._has_asked = True

    def _remember(self, question: Question, rows: list[Row]) -> None:
        size = sum(len(cell) for row in rows for cell in row if isinstance(cell, str | bytes))
        if size > MAX_ANSWER_BYTES:
            return
        if self._size + size > MAX_BYTES:
            self.forget()
        self._answers[question] = rows
        self._size += size


_DATA_VERSION = Statement(sa.text("PRAGMA data_version").columns(sa.column("data_version")))
"""Another number whenever another connection has written: "PRAGMA data_version" of SQLite."""

_SNAPSHOT = sa.cast(sa.func.pg_catalog.pg_current_snapshot(), sa.Text)
"""Which transactions of PostgreSQL a statement sees: as long as they are the same, nothing differs.
"""
