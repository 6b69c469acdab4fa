"""The tables of an SQL store, and how older ones are brought up to date."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import sqlalchemy as sa

from emulator.json_types import loads
from emulator.store.moments import NONE, Moments, moments_of
from emulator.store.names import Name
from emulator.store.values import MADE

VERSION = 4
"""The version of the tables that this code reads and writes."""

METADATA = sa.MetaData()

OWN = "\n"
"""The world of what is about the database itself; no isolated emulator can have this name."""

IS_LISTED, HAS_MOMENTS = "version >= 0", f"version < {2**62}"
"""What is true of every document. A list says the one, or the other where moments are its order.

PostgreSQL takes an index with a condition only for a query that says so: one that is read by key
says neither. Before there are statistics it would take any index for anything.
"""

_PLACE = ("world", "organization", "sandbox")


def _place_columns() -> list[sa.Column[str]]:
    """Return the columns that say whose a row is.

    `world` names the isolated emulator; it is empty for the one behind whose address it is.
    """
    return [sa.Column(name, Name, primary_key=True) for name in _PLACE]


def _numbered(name: str) -> sa.Column[int]:
    """Return a column in which the database numbers the rows."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    return sa.Column(name, number, primary_key=True, autoincrement=True)


DOCUMENT = sa.Table(
    "document",
    METADATA,
    *_place_columns(),
    sa.Column("kind", Name, primary_key=True),
    sa.Column("key", Name, primary_key=True),
    sa.Column("ordinal", sa.BigInteger, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("paths", sa.SmallInteger, nullable=False, server_default=sa.text(str(NONE))),
    sa.Column("created", sa.BigInteger),
    sa.Column("updated", sa.BigInteger),
    *(
        sa.Index(f"document_{name}", *_PLACE, "kind", *more, postgresql_where=sa.text(says))
        for name, says, *more in (
            ("in_order", IS_LISTED, "ordinal"),
            ("by_created", HAS_MOMENTS, "paths", "created", "ordinal"),
            ("by_updated", HAS_MOMENTS, "paths", "updated", "ordinal"),
        )
    ),
)
"""The documents, their bodies as JSON; for `paths`, `created` and `updated` see `moments.py`."""

COUNTER = sa.Table(
    "counter",
    METADATA,
    *_place_columns(),
    sa.Column("name", Name, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
)
"""The last number of each counter."""

BLOB = sa.Table(
    "blob",
    METADATA,
    *_place_columns(),
    sa.Column("key", Name, primary_key=True),
    sa.Column("piece", sa.BigInteger, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("content", sa.LargeBinary),
    sa.Column("file", sa.Text),
)
"""Blobs in the pieces in which they were written: here, or in a file of a folder elsewhere."""

VALUE = sa.Table(
    "value",
    METADATA,
    sa.Column("world", Name, primary_key=True),
    sa.Column("name", Name, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
"""What an emulator has been told to be like: its edition, its enforcement."""

PROCESS = sa.Table(
    "process",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sqlite_autoincrement=True,
)
"""The processes that use the database, alive or dead; no number is given twice."""

CALL_PACK = sa.Table(
    "call_pack",
    METADATA,
    _numbered("pack"),
    *(
        sa.Column(name, sa.BigInteger, nullable=False)
        for name in ("first", "last", "lowest", "highest", "calls", "size")
    ),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
"""The latest calls of all processes and of all isolated emulators, as many to a row as a process
has written at a time: the moments of the first and the last, their numbers, how many, their size.
"""

CALL_NUMBER = sa.Table(
    "call_number",
    METADATA,
    sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("last", sa.BigInteger, nullable=False),
)
"""The last number that a process has taken for its calls, in the only row."""

CALL_WRITER = sa.Table(
    "call_writer",
    METADATA,
    sa.Column("process", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("batch", sa.BigInteger, nullable=False),
    sa.Column("asked", sa.BigInteger, nullable=False),
    sa.Column("answered", sa.BigInteger, nullable=False),
)
"""The processes that write calls: how often they have, and have been asked to."""

COVERAGE = sa.Table(
    "coverage",
    METADATA,
    _numbered("part"),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
"""What calls cover, as coverage files in parts that are to be added up."""

SCHEMA_VERSION = sa.Table(
    "schema_version", METADATA, sa.Column("version", sa.Integer, nullable=False)
)


class TooNew(Exception):
    """The tables were written by a newer version of the emulator."""


class NotOurs(Exception):
    """There are tables of others that have the names of ours."""


def _to_version_2(connection: sa.Connection) -> None:
    PROCESS.create(connection)
    worlds = sa.union(
        *(
            sa.select(table.c.world, sa.literal(MADE), sa.literal("1")).where(table.c.world > "")
            for table in (DOCUMENT, COUNTER, BLOB)
        )
    )
    connection.execute(VALUE.insert().from_select(["world", "name", "value"], worlds))


def _to_version_4(connection: sa.Connection) -> None:
    old = {index.name for index in DOCUMENT.indexes} & _indexes(connection)
    for name in sorted(filter(None, old)):
        connection.exec_driver_sql(f"DROP INDEX {name}")
    known = {column["name"] for column in sa.inspect(connection).get_columns(DOCUMENT.name)}
    for column in DOCUMENT.c:
        if column.name not in known:
            described = sa.schema.CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {DOCUMENT.name} ADD COLUMN {described}")
    _find_moments(connection)
    for index in DOCUMENT.indexes:
        index.create(connection)


def _indexes(connection: sa.Connection) -> set[str | None]:
    return {index["name"] for index in sa.inspect(connection).get_indexes(DOCUMENT.name)}


def _find_moments(connection: sa.Connection) -> None:
    """Have the rows say when their documents were created and changed."""
    key = [column for column in DOCUMENT.c if column.primary_key]
    query = sa.select(*key, DOCUMENT.c.body).execution_options(yield_per=500)
    found = []
    for row in connection.execute(query):
        moments = moments_of(loads(row.body))
        if moments.paths != NONE:
            place = zip((f"k_{column.name}" for column in key), row, strict=False)
            found.append({**dict(place), **moments._asdict()})
    update = sa.update(DOCUMENT).where(*(one == sa.bindparam(f"k_{one.name}") for one in key))
    if found:
        connection.execute(
            update.values({name: sa.bindparam(name) for name in Moments._fields}), found
        )


MIGRATIONS: dict[int, Callable[[sa.Connection], object]] = {
    1: _to_version_2,
    2: partial(METADATA.create_all, tables=[CALL_PACK, CALL_NUMBER, CALL_WRITER, COVERAGE]),
    3: _to_version_4,
}
"""What brings tables of a version to the next one."""


def bring_up_to_date(connection: sa.Connection) -> None:
    """Create the tables, or bring those of an older version up to date.

    Raises:
        TooNew: They are of a newer version.
        NotOurs: There are tables of others.
    """
    SCHEMA_VERSION.create(connection, checkfirst=True)
    found = connection.execute(sa.select(sa.func.max(SCHEMA_VERSION.c.version))).scalar()
    if found is not None and found > VERSION:
        raise TooNew(f"its tables are of version {found}; this emulator knows {VERSION}")
    if found is None:
        _refuse_others(connection)
        METADATA.create_all(connection)
        connection.execute(SCHEMA_VERSION.insert().values(version=VERSION))
        return
    for version in range(found, VERSION):
        MIGRATIONS[version](connection)
        connection.execute(SCHEMA_VERSION.update().values(version=version + 1))


def _refuse_others(connection: sa.Connection) -> None:
    there = set(sa.inspect(connection).get_table_names()) - {SCHEMA_VERSION.name}
    if taken := sorted(there & METADATA.tables.keys()):
        raise NotOurs(f"it has a table {taken[0]} that is not an emulator's")


def identity_of(connection: sa.Connection) -> str:
    """Return by what name files elsewhere are this database's; it has chosen it by chance."""
    at = sa.and_(VALUE.c.world == OWN, VALUE.c.name == "identity")
    found: str | None = connection.execute(sa.select(VALUE.c.value).where(at)).scalar()
    if found is None:
        is_postgresql = connection.dialect.name == "postgresql"
        chance = "gen_random_uuid()::text" if is_postgresql else "hex(randomblob(16))"
        found = str(connection.execute(sa.text(f"select {chance}")).scalar())
        found = found.replace("-", "").lower()[:16]
        connection.execute(VALUE.insert().values(world=OWN, name="identity", value=found))
    return found


def number_of_opening(connection: sa.Connection) -> int:
    """Return how often this database has been opened, with this time."""
    at = {"world": OWN, "organization": "", "sandbox": "", "name": "openings"}
    where = sa.and_(*(COUNTER.c[name] == value for name, value in at.items()))
    found: int | None = connection.execute(sa.select(COUNTER.c.number).where(where)).scalar()
    if found is None:
        connection.execute(COUNTER.insert().values(**at, number=1))
        return 1
    connection.execute(COUNTER.update().where(where).values(number=found + 1))
    return found + 1
