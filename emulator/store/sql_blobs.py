"""Blobs that a database lists; their bytes lie in it, or outside of it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import BinaryIO, NamedTuple

import sqlalchemy as sa

from emulator.sandbox import Sandbox
from emulator.store.blobs import Blob
from emulator.store.database import Database
from emulator.store.names import begins_with
from emulator.store.outside import Outside
from emulator.store.tables import BLOB

_B = BLOB.c


class _Piece(NamedTuple):
    """A row of the table, without its place."""

    key: str
    piece: int
    size: int
    content: bytes | None
    file: str | None


_COLUMNS = (_B.key, _B.piece, _B.size, _B.content, _B.file)


class SqlBlobs:
    """The blobs of one emulator, or of an isolated one.

    Bytes outside of the database are written before they are listed, and removed after they are no
    longer; so whatever is cut short leaves at most a file that nobody knows.
    """

    def __init__(self, database: Database, world: str = "", outside: Outside | None = None) -> None:
        """List blobs in a database; their bytes lie there, or `outside`."""
        self._database = database
        self._world = world
        self._outside = outside

    def put(self, sandbox: Sandbox, key: str, content: bytes | bytearray) -> None:
        file = self._written(content)
        with self._database.whole() as connection:
            self._drop(connection, self._at(sandbox, _B.key == key))
            self._add(connection, sandbox, key, 0, content, file)

    def append(self, sandbox: Sandbox, key: str, content: bytes | bytearray) -> None:
        file = self._written(content)
        with self._database.whole() as connection:
            last = sa.select(sa.func.max(_B.piece)).where(self._at(sandbox, _B.key == key))
            found = connection.execute(last).scalar()
            self._add(connection, sandbox, key, 0 if found is None else found + 1, content, file)

    def read(
        self, sandbox: Sandbox, key: str, start: int = 0, length: int | None = None
    ) -> bytes | None:
        stream = self.open(sandbox, key)
        if stream is None:
            return None
        with stream:
            stream.seek(start)
            return stream.read(-1 if length is None else length)

    def open(self, sandbox: Sandbox, key: str) -> BinaryIO | None:
        pieces = self._pieces(sandbox, key)
        if not pieces:
            return None
        if len(pieces) == 1 and pieces[0].file is not None and self._outside is not None:
            return self._outside.open(pieces[0].file)
        return io.BytesIO(b"".join(map(self._content, pieces)))

    def size(self, sandbox: Sandbox, key: str) -> int | None:
        query = sa.select(sa.func.sum(_B.size)).where(self._at(sandbox, _B.key == key))
        with self._database.connection() as connection:
            found = connection.execute(query).scalar()
        return None if found is None else int(found)

    def keys(self, sandbox: Sandbox, prefix: str = "") -> list[str]:
        query = sa.select(_B.key).where(self._at(sandbox, begins_with(_B.key, prefix))).distinct()
        with self._database.connection() as connection:
            return sorted(connection.execute(query).scalars())

    def join(self, sandbox: Sandbox, key: str, parts: Iterable[str]) -> None:
        names = list(parts)
        with self._database.whole() as connection:
            joined = [piece for name in names for piece in self._of(connection, sandbox, name)]
            for name in names:
                if not any(piece.key == name for piece in joined):
                    raise KeyError(name)
            if key not in names:
                self._drop(connection, self._at(sandbox, _B.key == key))
            for name in names:
                connection.execute(sa.delete(BLOB).where(self._at(sandbox, _B.key == name)))
            for number, piece in enumerate(joined):
                self._insert(connection, sandbox, piece._replace(key=key, piece=number))
            if not joined:
                self._add(connection, sandbox, key, 0, b"", self._written(b""))

    def delete(self, sandbox: Sandbox, key: str) -> bool:
        with self._database.whole() as connection:
            return self._drop(connection, self._at(sandbox, _B.key == key)) > 0

    def delete_all(self, sandbox: Sandbox, prefix: str) -> int:
        with self._database.whole() as connection:
            return self._drop(connection, self._at(sandbox, begins_with(_B.key, prefix)))

    def everything(self, sandbox: Sandbox | None = None) -> Iterator[Blob]:
        query = sa.select(_B.organization, _B.sandbox, _B.key).where(_B.world == self._world)
        if sandbox is not None:
            query = query.where(_B.organization == sandbox.organization, _B.sandbox == sandbox.name)
        with self._database.connection() as connection:
            places = sorted({tuple(row) for row in connection.execute(query)})
        for organization, name, key in places:
            where = Sandbox(organization, name)
            content = self.read(where, key)
            if content is not None:
                yield Blob(where, key, content)

    def erase(self, organization: str | None = None, name: str | None = None) -> None:
        conditions = [_B.world == self._world]
        if organization is not None:
            conditions.append(_B.organization == organization)
        if name is not None:
            conditions.append(_B.sandbox == name)
        with self._database.whole() as connection:
            self._drop(connection, sa.and_(*conditions))

    def close(self) -> None:
        """Nothing is held; the database is closed by who has opened it."""

    def _written(self, content: bytes | bytearray) -> str | None:
        """Write bytes outside, if they lie there; return the name of their file."""
        if self._outside is None:
            return None
        name = self._database.new_name()
        self._outside.put(name, bytes(content))
        return name

    def _add(
        self,
        connection: sa.Connection,
        sandbox: Sandbox,
        key: str,
        number: int,
        content: bytes | bytearray,
        file: str | None,
    ) -> None:
        here = None if file is not None else bytes(content)
        self._insert(connection, sandbox, _Piece(key, number, len(content), here, file))

    def _insert(self, connection: sa.Connection, sandbox: Sandbox, piece: _Piece) -> None:
        place = {"world": self._world, "organization": sandbox.organization}
        row = {**place, "sandbox": sandbox.name, **piece._asdict()}
        connection.execute(BLOB.insert(), row)

    def _drop(self, connection: sa.Connection, where: sa.ColumnElement[bool]) -> int:
        """Remove blobs; return how many there were."""
        rows = connection.execute(sa.select(_B.sandbox, _B.key, _B.file).where(where)).all()
        connection.execute(sa.delete(BLOB).where(where))
        for _, _, file in rows:
            if file is not None and self._outside is not None:
                self._database.after_commit(partial(self._outside.delete, file))
        return len({(name, key) for name, key, _ in rows})

    def _pieces(self, sandbox: Sandbox, key: str) -> list[_Piece]:
        with self._database.connection() as connection:
            return self._of(connection, sandbox, key)

    def _of(self, connection: sa.Connection, sandbox: Sandbox, key: str) -> list[_Piece]:
        where = self._at(sandbox, _B.key == key)
        rows = connection.execute(sa.select(*_COLUMNS).where(where).order_by(_B.piece))
        return [_Piece(*row) for row in rows]

    def _content(self, piece: _Piece) -> bytes:
        if piece.file is None or self._outside is None:
            return piece.content or b""
        with self._outside.open(piece.file) as stream:
            return stream.read()

    def _at(self, sandbox: Sandbox, *more: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        return sa.and_(
            _B.world == self._world,
            _B.organization == sandbox.organization,
            _B.sandbox == sandbox.name,
            *more,
        )


STRAY_SECONDS = 3600
"""How old a file is that nobody lists when it is taken for one that nobody will list."""

_NAMES_AT_ONCE = 500


def remove_strays(database: Database, outside: Outside) -> int:
    """Remove the old files that no blob has; return how many there were.

    A process that is killed leaves them: it had written what it did not come to list, or had
    removed from the list what it did not come to delete. New ones may be about to be listed.
    """
    names, removed = outside.older(STRAY_SECONDS), 0
    while some := set(islice(names, _NAMES_AT_ONCE)):
        with database.connection() as connection:
            listed = connection.execute(sa.select(_B.file).where(_B.file.in_(some))).scalars()
            strays = some.difference(listed)
        for name in strays:
            outside.delete(name)
        removed += len(strays)
    return removed
