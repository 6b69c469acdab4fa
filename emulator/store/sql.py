"""State in SQLite or PostgreSQL: it outlives the process, and several processes can share it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack

import sqlalchemy as sa

from emulator.json_types import Json, dumps, loads
from emulator.sandbox import Sandbox
from emulator.store.base import ALL, Change, Hint, Place, Snapshot, Stored
from emulator.store.changes import Position, carried_out, expect
from emulator.store.database import Database
from emulator.store.lists import (
    PATHS_OF_KIND,
    RECENT,
    RECENT_WITH,
    ROWS_AT_ONCE,
    SCAN,
    SCAN_WITH,
    SORTED_ROWS,
    by_moment,
    growing,
    of_kind,
)
from emulator.store.moments import Moments, moments_of, place_of
from emulator.store.room import Room
from emulator.store.sql_snapshots import read_all, remove_all, replace_all
from emulator.store.statements import Statement
from emulator.store.tables import COUNTER, DOCUMENT

_D, _C = DOCUMENT.c, COUNTER.c

_KEY = ("world", "organization", "sandbox", "kind", "key")


_KEYED = of_kind(_D.key == sa.bindparam("p_key"))
_READ = Statement(sa.select(_D.version, _D.ordinal, _D.body).where(_KEYED))
_SOME = sa.select(_D.key, _D.version, _D.ordinal, _D.body).where(
    of_kind(_D.key.in_(sa.bindparam("p_keys", expanding=True)))
)
_VERSION = Statement(sa.select(_D.version, _D.ordinal).where(_KEYED))
_VERSIONS = sa.select(_D.key, _D.version, _D.ordinal).where(
    of_kind(_D.key.in_(sa.bindparam("p_keys", expanding=True)))
)
_COUNT = Statement(sa.select(sa.func.count()).select_from(DOCUMENT).where(of_kind()))
_DELETE = Statement(sa.delete(DOCUMENT).where(_KEYED))
_NEW: dict[str, sa.ColumnElement[object]] = {
    name: sa.bindparam(f"n_{name}") for name in ("version", "ordinal", "body", *Moments._fields)
}
_UPDATE = Statement(sa.update(DOCUMENT).where(_KEYED).values(_NEW))
_INSERT = Statement(
    sa.insert(DOCUMENT).values({name: sa.bindparam(f"p_{name}") for name in _KEY} | _NEW)
)
_LAST = 2**62
_BEFORE, _BEHIND = -(2**63), 2**63 - 1
"""Numbers that no document is before, or behind."""


class SqlStore:
    """The documents of one emulator, or of an isolated one, in a database.

    Reads outside of `exclusive` see what has been committed. Lists are read in parts, so a document
    that is written meanwhile may be in one or not, as it may with any server.
    """

    def __init__(self, database: Database, world: str = "") -> None:
        """Keep documents in a database, under the name of an isolated emulator or none."""
        self._database = database
        self._world = world
        self.room = Room()  # that of the database is nobody's to count
        insert = database.insert(COUNTER)
        self._next = Statement(
            insert.values({column.name: sa.bindparam(f"p_{column.name}") for column in _C})
            .on_conflict_do_update(
                index_elements=["world", "organization", "sandbox", "name"],
                set_={"number": _C.number + insert.excluded.number},
            )
            .returning(_C.number)
        )

    def read(self, sandbox: Sandbox, kind: str, key: str) -> Stored | None:
        for version, ordinal, body in self._database.recall(_READ, self._at(sandbox, kind, key)):
            return Stored(key, version, ordinal, loads(body))
        return None

    def read_many(self, sandbox: Sandbox, kind: str, keys: Iterable[str]) -> list[Stored]:
        wanted, found = list(keys), dict[str, Stored]()
        with self._database.connection() as connection:
            for begin in range(0, len(wanted), ROWS_AT_ONCE):
                some = wanted[begin : begin + ROWS_AT_ONCE]
                rows = connection.execute(_SOME, {**self._at(sandbox, kind), "p_keys": some})
                for key, version, ordinal, body in rows:
                    found[key] = Stored(key, version, ordinal, loads(body))
        return [found[key] for key in wanted if key in found]

    def scan(
        self, sandbox: Sandbox, kind: str, after: int = 0, hint: Hint = ALL
    ) -> Iterator[Stored]:
        query = SCAN_WITH[self._database.name] if hint.texts or hint.equal else SCAN
        return self._parts(query, "p_after", after, self._at(sandbox, kind), hint)

    def recent(
        self, sandbox: Sandbox, kind: str, before: int = 0, hint: Hint = ALL
    ) -> Iterator[Stored]:
        query = RECENT_WITH[self._database.name] if hint.texts or hint.equal else RECENT
        return self._parts(query, "p_before", before or _LAST, self._at(sandbox, kind), hint)

    def _parts(
        self, query: Statement, place: str, begin: int, at: dict[str, object], hint: Hint
    ) -> Iterator[Stored]:
        """Yield documents that are read a part at a time; what a hint rules out stays encoded."""
        texts = (*hint.texts, *(text for _, text in hint.equal))
        needles = [dumps(text)[1:-1] for text in texts]
        if needles:  # the database looks for the longest one
            at["p_needle"] = max(needles, key=len)
        seen: set[str] = set()
        for many in growing(ROWS_AT_ONCE):
            rows = self._database.rows(query, {**at, place: begin, "p_rows": many})
            for key, version, ordinal, body in rows:
                if key in seen or not key.startswith(hint.prefix):
                    continue
                if all(needle in body for needle in needles):
                    yield Stored(key, version, ordinal, loads(body))
            if len(rows) < many:
                return
            begin = rows[-1][2]
            seen.update(row[0] for row in rows)  # one that moves meanwhile is not read again

    def ordered(
        self,
        sandbox: Sandbox,
        kind: str,
        path: str,
        *,
        descending: bool = False,
        ties: bool = False,
        start: int | None = None,
        hint: Hint = ALL,
    ) -> Iterator[Stored] | None:
        # Where the database looks for a text, few documents are left to sort.
        place = None if hint.texts or hint.equal else place_of(path)
        if place is None:
            return None
        paths, name = place
        ((lowest, highest),) = self._database.rows(PATHS_OF_KIND, self._at(sandbox, kind))
        if lowest not in (paths, None) or highest not in (paths, None):
            return None
        at = {**self._at(sandbox, kind), "p_paths": paths}
        return self._by_moment(at, name, hint, descending=descending, ties=ties, start=start)

    def _by_moment(
        self,
        at: dict[str, object],
        name: str,
        hint: Hint,
        *,
        descending: bool,
        ties: bool,
        start: int | None,
    ) -> Iterator[Stored]:
        """Yield documents in order of a column, in parts that grow."""
        number, ordinal = _BEFORE, _BEFORE
        if descending:
            number, ordinal = _BEHIND, _BEHIND if ties else _BEFORE
        elif start is not None:
            number = start
        seen: set[str] = set()
        query = by_moment(name, descending, ties)
        for many in growing(SORTED_ROWS):
            place = {"p_number": number, "p_ordinal": ordinal, "p_rows": many}
            rows = self._database.rows(query, {**at, **place})
            for key, version, own, body, _ in rows:
                if key not in seen and key.startswith(hint.prefix):
                    yield Stored(key, version, own, loads(body))
            if len(rows) < many:
                return
            *_, ordinal, _, number = rows[-1]
            seen.update(row[0] for row in rows)  # one that is changed meanwhile is not read again

    def sandboxes(self, kind: str) -> list[Sandbox]:
        query = (
            sa.select(_D.organization, _D.sandbox)
            .where(_D.world == self._world, _D.kind == kind)
            .distinct()
        )
        with self._database.connection() as connection:
            return sorted(Sandbox(*row) for row in connection.execute(query))

    def count(self, sandbox: Sandbox, kind: str) -> int:
        ((found,),) = self._database.rows(_COUNT, self._at(sandbox, kind))
        return int(found)

    def write(self, *changes: Change) -> None:
        places: dict[Place, list[Change]] = defaultdict(list)
        for change in changes:
            places[change.sandbox, change.kind].append(change)
        with ExitStack() as stack:
            for sandbox in sorted({sandbox for sandbox, _ in places}):
                stack.enter_context(self.exclusive(sandbox))
            with self._database.connection() as connection:
                found = {at: self._found(connection, at, some) for at, some in places.items()}
                for change in changes:
                    expect(change, found[change.sandbox, change.kind].get(change.key))
                for place, some in places.items():
                    self._apply(connection, place, some, found[place])

    def _found(
        self, connection: sa.Connection, place: Place, changes: list[Change]
    ) -> dict[str, Position]:
        """Return the version and ordinal of each document of a kind that is to be changed."""
        found: dict[str, Position] = {}
        if len(changes) == 1:
            key = changes[0].key
            row = _VERSION.first(connection, self._at(*place, key))
            return {key: (row[0], row[1])} if row else found
        for some in _groups([change.key for change in changes]):
            rows = connection.execute(_VERSIONS, {**self._at(*place), "p_keys": some})
            found.update({key: (version, ordinal) for key, version, ordinal in rows})
        return found

    def _apply(
        self,
        connection: sa.Connection,
        place: Place,
        changes: list[Change],
        found: dict[str, Position],
    ) -> None:
        """Write what comes of changes of a kind that are carried out one after the other."""
        now, taken = carried_out(changes, found)
        base = 0
        if taken:
            base = self._advance(connection, place[0], f"#{place[1]}", taken) - taken
        bodies = {change.key: change.body for change in changes}
        written: dict[bool, list[dict[str, object]]] = {True: [], False: []}
        gone = []
        for key, row in now.items():
            if row is not None:
                version, ordinal = row[0], row[1] if row[1] > 0 else base - row[1]
                written[key in found].append(
                    {**self._at(*place, key), **_new(version, ordinal, bodies[key])}
                )
            elif key in found:
                gone.append(self._at(*place, key))
        for statement, rows in (
            (_DELETE, gone), (_UPDATE, written[True]), (_INSERT, written[False]),
        ):  # fmt: skip
            statement.each(connection, rows)

    def next(self, sandbox: Sandbox, counter: str) -> int:
        with self._database.writing() as connection:
            return self._advance(connection, sandbox, counter)

    def _advance(
        self, connection: sa.Connection, sandbox: Sandbox, counter: str, by: int = 1
    ) -> int:
        """Take so many numbers of a counter; return the last one."""
        values = {
            "p_world": self._world,
            "p_organization": sandbox.organization,
            "p_sandbox": sandbox.name,
            "p_name": counter,
            "p_number": by,
        }
        ((number,),) = self._next.all(connection, values)
        return int(number)

    def erase(self, organization: str | None = None, name: str | None = None) -> None:
        with self._database.whole() as connection:
            remove_all(connection, self._world, organization, name)

    def is_empty(self) -> bool:
        query = sa.select(sa.literal(1)).where(_D.world == self._world).limit(1)
        with self._database.connection() as connection:
            return connection.execute(query).first() is None

    def dump(self) -> Snapshot:
        with self._database.whole(reads=True) as connection:
            return read_all(connection, self._world)

    def load(self, snapshot: Snapshot, sandbox: Sandbox | None = None) -> None:
        with self._database.whole() as connection:
            replace_all(connection, self._world, snapshot, sandbox)

    def is_busy(self, sandbox: Sandbox) -> bool:
        return self._database.is_busy(self._section(sandbox))

    def is_held(self) -> bool:
        return self._database.is_held()

    def reading(self) -> AbstractContextManager[object]:
        return self._database.reading()

    def exclusive(self, sandbox: Sandbox) -> AbstractContextManager[object]:
        return self._database.exclusive(self._section(sandbox))

    def alone(self) -> AbstractContextManager[object]:
        return self._database.alone(self._world)

    def after_commit(self, function: Callable[[], object]) -> None:
        self._database.after_commit(function)

    def close(self) -> None:
        """Nothing is held; the database is closed by who has opened it."""

    def _section(self, sandbox: Sandbox) -> str:
        return "\n".join((self._world, *sandbox))

    def _at(self, sandbox: Sandbox, kind: str, key: str | None = None) -> dict[str, object]:
        at: dict[str, object] = {
            "p_world": self._world,
            "p_organization": sandbox.organization,
            "p_sandbox": sandbox.name,
            "p_kind": kind,
        }
        if key is not None:
            at["p_key"] = key
        return at


def _new(version: int, ordinal: int, body: Json) -> dict[str, object]:
    """Return what is written to the row of a document."""
    paths, created, updated = moments_of(body)
    return {
        "n_version": version,
        "n_ordinal": ordinal,
        "n_body": dumps(body),
        "n_paths": paths,
        "n_created": created,
        "n_updated": updated,
    }


def _groups(keys: list[str]) -> Iterator[list[str]]:
    """Yield keys as many at a time as a statement takes."""
    for begin in range(0, len(keys), ROWS_AT_ONCE):
        yield keys[begin : begin + ROWS_AT_ONCE]
