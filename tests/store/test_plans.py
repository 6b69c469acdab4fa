"""Databases look for documents where they are, and sort none, whether or not they know how many."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from emulator.sandbox import Sandbox
from emulator.store import Change
from emulator.store.database import Database
from emulator.store.lists import PATHS_OF_KIND, RECENT, SCAN, by_moment
from emulator.store.sql import _READ as READ
from emulator.store.sql import _UPDATE as UPDATE
from emulator.store.sql import _VERSION as VERSION
from emulator.store.sql import SqlStore
from emulator.store.statements import Statement

PROD = Sandbox("A@AdobeOrg", "prod")
WORLD = "plans"
VALUES = {
    "p_world": WORLD,
    "p_organization": PROD.organization,
    "p_sandbox": PROD.name,
    "p_kind": "flow",
    "p_key": "k500",
    "p_after": 0,
    "p_before": 2**62,
    "p_rows": 128,
    "p_paths": 1,
    "p_number": 500,
    "p_ordinal": 5,
    **dict.fromkeys(("n_version", "n_ordinal", "n_paths", "n_created", "n_updated"), 1),
    "n_body": b"{}",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/a.db"
    if request.param == "postgresql":
        # One of its own: nothing is known of its tables, and others do not change that.
        server = request.getfixturevalue("server")
        engine = sa.create_engine(server.url(), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE plans")
        engine.dispose()
        url = server.url("plans")
    opened = Database(url)
    bodies = ({"createdAt": number, "updatedAt": number} for number in range(1000))
    changes = (Change(PROD, "flow", f"k{body['createdAt']}", body) for body in bodies)
    SqlStore(opened, WORLD).write(*changes)
    yield opened
    opened.close()


def plan(database: Database, statement: Statement) -> str:
    """Return how a database carries out a statement, a line for each step."""
    with database.connection() as connection:
        written = statement._write(connection.dialect)
        known = {**VALUES, **written.constants}
        values = [known[name] for name in written.names]
        driver: Any = connection.connection.driver_connection
        if not database.is_postgresql:
            rows = driver.execute(f"EXPLAIN QUERY PLAN {written.text}", values).fetchall()
            return "\n".join(row[3] for row in rows)
        from emulator.store.postgresql import new_cursor

        rows = new_cursor(driver).execute(f"EXPLAIN {written.text}", values).fetchall()
        return "\n".join(row[0] for row in rows)


KEYED = ("document_pkey", "key=?")
PLANS: list[tuple[Statement, tuple[str, ...]]] = [
    (READ, KEYED),
    (VERSION, KEYED),
    (UPDATE, KEYED),
    (SCAN, ("document_in_order",)),
    (RECENT, ("document_in_order",)),
    (by_moment("created", descending=False, ties=False), ("document_by_created",)),
    (by_moment("updated", descending=True, ties=True), ("document_by_updated",)),
    (by_moment("updated", descending=True, ties=False), ("document_by_updated",)),
    (PATHS_OF_KIND, ("document_by_",)),
]
"""Statements, each with words of which its plan has one."""


def test_each_statement_takes_its_index_with_and_without_statistics(database: Database) -> None:
    for is_known in (False, True):
        for statement, names in PLANS:
            found = plan(database, statement)
            assert any(name in found for name in names), f"statistics {is_known}: {found}"
            for bad in ("Seq Scan", "Aggregate", "TEMP B-TREE FOR ORDER BY"):
                assert bad not in found, f"statistics {is_known}: {found}"
        with database.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
