"""All that an emulator holds in a database: read, replaced and removed as a whole."""

from __future__ import annotations

from collections import defaultdict

import sqlalchemy as sa

from emulator.json_types import loads
from emulator.sandbox import Sandbox
from emulator.store.base import Place, Row, Snapshot
from emulator.store.moments import moments_of
from emulator.store.tables import COUNTER, DOCUMENT

_D, _C = DOCUMENT.c, COUNTER.c


def read_all(connection: sa.Connection, world: str) -> Snapshot:
    """Return all documents and counters of an emulator, as they are in this transaction."""
    documents: dict[Place, dict[str, Row]] = defaultdict(dict)
    rows = connection.execute(
        sa.select(_D.organization, _D.sandbox, _D.kind, _D.key, _D.ordinal, _D.version, _D.body)
        .where(_D.world == world)
        .order_by(_D.ordinal)
    )
    for organization, name, kind, key, *row in rows:
        documents[Sandbox(organization, name), kind][key] = (row[0], row[1], row[2])
    numbers = connection.execute(
        sa.select(_C.organization, _C.sandbox, _C.name, _C.number).where(_C.world == world)
    )
    counters = {(Sandbox(row[0], row[1]), row[2]): row[3] for row in numbers}
    return Snapshot(dict(documents), counters)


def replace_all(
    connection: sa.Connection, world: str, snapshot: Snapshot, sandbox: Sandbox | None
) -> None:
    """Have an emulator, or one sandbox of it, hold what a snapshot has and nothing else."""
    remove_all(connection, world, *((None, None) if sandbox is None else sandbox))
    documents = [
        {
            "world": world,
            "organization": place[0],
            "sandbox": place[1],
            "kind": kind,
            "key": key,
            "ordinal": row[0],
            "version": row[1],
            "body": row[2],
            **moments_of(loads(row[2]))._asdict(),
        }
        for (place, kind), rows in snapshot.documents.items()
        for key, row in rows.items()
        if sandbox in (None, place)
    ]
    counters = [
        {
            "world": world,
            "organization": place[0],
            "sandbox": place[1],
            "name": name,
            "number": number,
        }
        for (place, name), number in snapshot.counters.items()
        if sandbox in (None, place)
    ]
    for table, rows in ((DOCUMENT, documents), (COUNTER, counters)):
        if rows:
            connection.execute(table.insert(), rows)


def remove_all(
    connection: sa.Connection, world: str, organization: str | None, name: str | None
) -> None:
    """Remove all documents and counters: of an emulator, an organization, or a sandbox."""
    for table in (DOCUMENT, COUNTER):
        conditions = [table.c.world == world]
        if organization is not None:
            conditions.append(table.c.organization == organization)
        if name is not None:
            conditions.append(table.c.sandbox == name)
        connection.execute(sa.delete(table).where(sa.and_(*conditions)))
