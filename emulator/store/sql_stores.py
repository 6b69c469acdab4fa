"""Storage in a database: documents and values there, files there or elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import sqlalchemy as sa

from emulator.store.base import StoreFull, StoreUnavailable, StoreUnusable
from emulator.store.database import Database
from emulator.store.outside import Outside, outside
from emulator.store.process_locks import join
from emulator.store.processes import Processes
from emulator.store.sql import SqlStore
from emulator.store.sql_blobs import SqlBlobs, remove_strays
from emulator.store.sql_calls import SqlCalls
from emulator.store.statements import Statement
from emulator.store.tables import DOCUMENT, VALUE
from emulator.store.urls import MEMORY, without_password
from emulator.store.values import LASTING, MADE

IN_DATABASE = "database"


class SqlStores:
    """What all emulators of a database hold, apart by the names of the isolated ones."""

    def __init__(self, url: str, blobs: str = "") -> None:
        """Open it, and create what is missing.

        Raises:
            StoreUnusable: It cannot be used; the message says why in a line.
        """
        shown = without_password(url)
        if blobs == MEMORY:
            raise StoreUnusable("blobs: files in memory would be gone while their documents stay")
        try:
            self._database = Database(url)
        except StoreUnusable as error:
            raise StoreUnusable(f"store: {shown}: {error}") from error
        place = blobs or _usual_place(url)
        try:
            self._outside = None if place == IN_DATABASE else self._opened(place)
        except StoreUnusable:
            self._database.close()
            raise
        files = "in the database" if self._outside is None else f"in {without_password(place)}"
        self.describes = f"in {shown}, files {files}"
        self.is_remote = self._database.is_postgresql
        self.processes: Processes = join(self._database)

    def _opened(self, place: str) -> Outside:
        """Return where files lie, after those have been removed that a killed process has left."""
        try:
            opened = outside(place, self._database.identity)
            remove_strays(self._database, opened)
        except StoreUnusable as error:
            raise StoreUnusable(f"blobs: {error}") from error
        except (StoreUnavailable, StoreFull) as error:
            raise StoreUnusable(f"blobs: {without_password(place)}: {error}") from error
        return opened

    def store(self, world: str = "") -> SqlStore:
        return SqlStore(self._database, world)

    def blobs(self, world: str = "") -> SqlBlobs:
        return SqlBlobs(self._database, world, self._outside)

    def values(self, world: str = "") -> SqlValues:
        return SqlValues(self._database, world)

    def calls(self) -> SqlCalls:
        return SqlCalls(self._database, self.processes)

    def worlds(self, kind: str = "") -> list[str]:
        found = DOCUMENT if kind else VALUE
        is_one = DOCUMENT.c.kind == kind if kind else VALUE.c.name == MADE
        query = sa.select(found.c.world).where(found.c.world > "", is_one).distinct()
        with self._database.connection() as connection:
            return sorted(connection.execute(query).scalars())

    def check(self) -> None:
        self._database.check()

    def end_soon(self) -> None:
        self._database.end_soon()

    def close(self) -> None:
        self.processes.close()
        self._database.close()


class SqlValues:
    """Values in the database."""

    def __init__(self, database: Database, world: str) -> None:
        self._database = database
        self._world = world

    def all(self) -> Mapping[str, str]:
        return dict(self._database.recall(_ALL, {"p_world": self._world}))

    def set(self, name: str, value: str) -> None:
        if not value:
            self._delete(VALUE.c.name == name)
            return
        insert = self._database.insert(VALUE).on_conflict_do_update(
            index_elements=["world", "name"], set_={"value": value}
        )
        with self._database.writing() as connection:
            connection.execute(insert, {"world": self._world, "name": name, "value": value})

    def clear(self) -> None:
        self._delete(VALUE.c.name.not_in(LASTING))

    def forget(self) -> None:
        self._delete(sa.true())

    def exclusive(self) -> AbstractContextManager[object]:
        return self._database.exclusive(f"{self._world}\n\n\nvalues")

    def _delete(self, where: sa.ColumnElement[bool]) -> None:
        with self._database.writing() as connection:
            connection.execute(sa.delete(VALUE).where(VALUE.c.world == self._world, where))


_ALL = Statement(
    sa.select(VALUE.c.name, VALUE.c.value).where(VALUE.c.world == sa.bindparam("p_world"))
)


def _usual_place(url: str) -> str:
    """Return where files lie unless it is said: beside a SQLite file, or in the database."""
    made = sa.make_url(url)
    if made.get_backend_name() != "sqlite" or not made.database:
        return IN_DATABASE
    return (Path(made.database).absolute().with_suffix(".files")).as_uri()
