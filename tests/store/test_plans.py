"""Databases look for documents where they are, and sort none, whether or not they know how many."""

from __future__ import annotations

from collections.abc import Iterator
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


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path_factory.mktemp('plans')}/a.db"
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


def forget_statistics(database: Database) -> None:
    """Have PostgreSQL know as little of its tables as when they are new."""
    if database.is_postgresql:
        with database.engine.begin() as connection:
            connection.execute(
                sa.text("DELETE FROM pg_statistic WHERE starelid = 'document'::regclass")
            )


@pytest.mark.parametrize(
    ("statement", "names", "is_sorted"),
    [
        (READ, ("document_pkey", "key=?"), False),
        (VERSION, ("document_pkey", "key=?"), False),
        (UPDATE, ("document_pkey", "key=?"), False),
        (SCAN, ("document_in_order",), False),
        (RECENT, ("document_in_order",), False),
        (by_moment("created", False, False), ("document_by_created",), False),
        (by_moment("updated", True, True), ("document_by_updated",), False),
        (by_moment("updated", True, False), ("document_by_updated",), True),
    ],
    ids=["read", "version", "update", "scan", "recent", "created", "updated", "without ties"],
)
def test_the_right_index_is_the_only_one_that_can_be_taken(
    database: Database, statement: Statement, names: tuple[str, ...], is_sorted: bool
) -> None:
    forget_statistics(database)
    for _ in range(2):
        found = plan(database, statement)
        assert any(name in found for name in names), found
        assert is_sorted or ("Sort" not in found and "TEMP B-TREE" not in found), found
        assert "Seq Scan" not in found, found
        with database.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()


def test_the_moments_of_a_kind_are_read_from_the_ends_of_an_index(database: Database) -> None:
    forget_statistics(database)
    found = plan(database, PATHS_OF_KIND)
    assert found.count("document_by_") == 2, found
