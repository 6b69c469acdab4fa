"""The tables of an SQL store, and how older ones are brought up to date."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

VERSION = 2
"""The version of the tables that this code reads and writes."""

METADATA = sa.MetaData()

_PLACE = ("world", "organization", "sandbox")


def _place_columns() -> list[sa.Column[str]]:
    """Return the columns that say whose a row is.

    `world` names the isolated emulator; it is empty for the one behind whose address it is.
    """
    return [sa.Column(name, sa.Text, primary_key=True) for name in _PLACE]


DOCUMENT = sa.Table(
    "document",
    METADATA,
    *_place_columns(),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("ordinal", sa.BigInteger, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Index("document_in_order", *_PLACE, "kind", "ordinal"),
)
"""The documents, their bodies as JSON."""

COUNTER = sa.Table(
    "counter",
    METADATA,
    *_place_columns(),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
)
"""The last number of each counter."""

BLOB = sa.Table(
    "blob",
    METADATA,
    *_place_columns(),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("piece", sa.BigInteger, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("content", sa.LargeBinary),
    sa.Column("file", sa.Text),
)
"""Blobs in the pieces in which they were written: here, or in a file of a folder elsewhere."""

VALUE = sa.Table(
    "value",
    METADATA,
    sa.Column("world", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
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

SCHEMA_VERSION = sa.Table(
    "schema_version", METADATA, sa.Column("version", sa.Integer, nullable=False)
)


class TooNew(Exception):
    """The tables were written by a newer version of the emulator."""


MIGRATIONS: dict[int, Callable[[sa.Connection], object]] = {1: PROCESS.create}
"""What brings tables of a version to the next one."""


def bring_up_to_date(connection: sa.Connection) -> None:
    """Create the tables, or bring those of an older version up to date.

    Raises:
        TooNew: They are of a newer version.
    """
    SCHEMA_VERSION.create(connection, checkfirst=True)
    found = connection.execute(sa.select(sa.func.max(SCHEMA_VERSION.c.version))).scalar()
    if found is not None and found > VERSION:
        raise TooNew(f"its tables are of version {found}; this emulator knows {VERSION}")
    if found is None:
        METADATA.create_all(connection)
        connection.execute(SCHEMA_VERSION.insert().values(version=VERSION))
        return
    for version in range(found, VERSION):
        MIGRATIONS[version](connection)
        connection.execute(SCHEMA_VERSION.update().values(version=version + 1))
