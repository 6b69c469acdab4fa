"""Lists of the documents of a kind, as a database is asked for them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import sqlalchemy as sa

from emulator.store.statements import Statement
from emulator.store.tables import DOCUMENT, HAS_MOMENTS, IS_LISTED

_D = DOCUMENT.c

ROWS_AT_ONCE = 500
"""How many documents are read at a time, at most."""

FIRST_ROWS = 128
"""How many documents of a list are read first: more than a page has by default."""

SORTED_ROWS = 32_000
"""How many documents in the order of a moment are read at a time, at most.

That is more, because all documents of one moment may have to be sorted for each part.
"""


_LISTED, _BY_MOMENT = sa.text(IS_LISTED), sa.text(HAS_MOMENTS)


def of_kind(*more: sa.ColumnElement[bool] | sa.TextClause) -> sa.ColumnElement[bool]:
    """Return the condition that a document is of a kind in a sandbox, by parameters."""
    names = ("world", "organization", "sandbox", "kind")
    return sa.and_(*(_D[name] == sa.bindparam(f"p_{name}") for name in names), *more)


def _part(order: sa.ColumnElement[int], *more: sa.ColumnElement[bool]) -> Statement:
    """Return a part of a kind, in order or back from the end, of which more may be demanded."""
    query = sa.select(_D.key, _D.version, _D.ordinal, _D.body).where(of_kind(_LISTED, *more))
    return Statement(query.order_by(order).limit(sa.bindparam("p_rows")))


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

PATHS_OF_KIND = Statement(
    sa.select(
        *(
            sa.select(_D.paths)
            .where(of_kind(_BY_MOMENT))
            .order_by(order)
            .limit(sa.literal_column("1"))
            .scalar_subquery()
            for order in (_D.paths, _D.paths.desc())
        )
    )
)
"""Reads which pair of moments the documents of a kind have: the lowest and the highest place."""


@cache
def by_moment(name: str, descending: bool, ties: bool) -> Statement:
    """Return what reads documents of a kind in order of a column, from beyond a row on."""
    number, begin = _D[name], sa.bindparam("p_number", type_=sa.BigInteger)
    ordinal = sa.bindparam("p_ordinal", type_=sa.BigInteger)
    if descending:
        beyond = _D.ordinal < ordinal if ties else _D.ordinal > ordinal
        behind = sa.and_(number <= begin, sa.or_(number < begin, beyond))
        order = [number.desc(), _D.ordinal.desc() if ties else _D.ordinal]
    else:
        behind = sa.and_(number >= begin, sa.or_(number > begin, _D.ordinal > ordinal))
        order = [number, _D.ordinal]
    query = sa.select(_D.key, _D.version, _D.ordinal, _D.body, number).where(
        of_kind(_D.paths == sa.bindparam("p_paths"), _BY_MOMENT, behind)
    )
    return Statement(query.order_by(*order).limit(sa.bindparam("p_rows")))


def growing(most: int) -> Iterator[int]:
    """Yield how many documents are read at a time: few at first, for those who want a page."""
    rows = FIRST_ROWS
    while True:
        yield rows
        rows = min(4 * rows, most)
