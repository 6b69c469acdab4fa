"""Lists of the documents of a kind, as a database is asked for them."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import sqlalchemy as sa

from emulator.store.statements import Statement
from emulator.store.tables import DOCUMENT

_D = DOCUMENT.c

ROWS_AT_ONCE = 500
"""How many documents are read at a time, at most."""

PAGES = (128, 256)
"""How many documents of an ordered list are read by their keys, before all others are read."""


def of_kind(*more: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return the condition that a document is of a kind in a sandbox, by parameters."""
    names = ("world", "organization", "sandbox", "kind")
    return sa.and_(*(_D[name] == sa.bindparam(f"p_{name}") for name in names), *more)


def _part(order: sa.ColumnElement[int], *more: sa.ColumnElement[bool]) -> Statement:
    """Return a part of a kind, in order or back from the end, of which more may be demanded."""
    query = sa.select(_D.key, _D.version, _D.ordinal, _D.body).where(of_kind(*more))
    return Statement(query.order_by(order).limit(ROWS_AT_ONCE))


_NEEDLE = sa.bindparam("p_needle", type_=sa.LargeBinary)
_HAS_NEEDLE = {
    "sqlite": sa.func.instr(_D.body, _NEEDLE) > 0,
    "postgresql": sa.func.pg_catalog.position(_D.body, _NEEDLE) > 0,
}
_AHEAD = _D.ordinal > sa.bindparam("p_after")
_BACK = _D.ordinal < sa.bindparam("p_before")
SCAN = _part(_D.ordinal, _AHEAD)
RECENT = _part(_D.ordinal.desc(), _BACK)
SCAN_WITH = {name: _part(_D.ordinal, _AHEAD, has) for name, has in _HAS_NEEDLE.items()}
RECENT_WITH = {name: _part(_D.ordinal.desc(), _BACK, has) for name, has in _HAS_NEEDLE.items()}

_PLAIN = re.compile(r"[a-zA-Z0-9_:]+(\.[a-zA-Z0-9_:]+)*")
_WITH_ARROWS = (3, 38)
"""The version of SQLite since which `->` takes a value out of JSON."""


def numbers_at(path: str, dialect: sa.Dialect) -> Statement | None:
    """Return what reads of each document of a kind its key, its ordinal and the JSON at a path.

    The JSON is NULL where there is none, or where the database cannot read the body.
    There is no such statement for a path of unusual letters, nor for an old SQLite.
    """
    if not _PLAIN.fullmatch(path):
        return None
    driver: Any = dialect.loaded_dbapi
    if dialect.name == "sqlite" and driver.sqlite_version_info < _WITH_ARROWS:
        return None
    return _numbers_at(path, dialect.name)


@cache
def _numbers_at(path: str, name: str) -> Statement:
    steps = path.split(".")
    if name == "sqlite":
        place = "".join(f'."{step}"' for step in steps)
        value = f"CAST(body AS TEXT) -> '${place}'"
    else:
        place = "".join(f" -> '{step}'" for step in steps)
        # A text of PostgreSQL has no NUL, and those of other encodings lack more characters.
        value = (
            "CASE WHEN getdatabaseencoding() = 'UTF8'"
            " AND pg_catalog.position(body, '\\\\u0000'::bytea) = 0"
            f" THEN (convert_from(body, 'UTF8')::json{place})::text END"
        )
    return Statement(sa.select(_D.key, _D.ordinal, sa.literal_column(value)).where(of_kind()))
