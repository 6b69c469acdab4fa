"""A database that a test fills, and what was asked of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from emulator.databases import Database


@dataclass
class Made:
    url: str
    engine: sa.Engine

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    @property
    def database(self) -> Database:
        return Database(self.url)

    def create(self, table: sa.Table, *rows: Mapping[str, Any]) -> None:
        with self.engine.begin() as connection:
            table.metadata.create_all(connection)
        self.insert(table, *rows)

    def insert(self, table: sa.Table, *rows: Mapping[str, Any]) -> None:
        with self.engine.begin() as connection:
            if rows:
                connection.execute(table.insert(), list(rows))

    def run(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """What is sent to any database in the block, with its values."""
    seen: list[tuple[str, Any]] = []

    def note(
        connection: Any, cursor: Any, statement: str, values: Any, context: Any, many: bool
    ) -> None:
        seen.append((statement, values))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
