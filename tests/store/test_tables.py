"""Tables of older versions are brought up to date when they are opened."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from emulator.app import create_emulator
from emulator.emulator import Emulator
from emulator.journal.journal import Journal
from emulator.sandbox import Sandbox
from emulator.settings import Settings
from emulator.store import open_stores
from emulator.store.tables import METADATA, VERSION
from tests.bodies import FLOW_SERVICE, ORGANIZATION
from tests.emulators import aep_for, new_emulator

VERSION_1 = """
CREATE TABLE schema_version (version INTEGER NOT NULL);
CREATE TABLE document (
    world TEXT NOT NULL, organization TEXT NOT NULL, sandbox TEXT NOT NULL, kind TEXT NOT NULL,
    "key" TEXT NOT NULL, ordinal BIGINT NOT NULL, version BIGINT NOT NULL, body {bytes} NOT NULL,
    PRIMARY KEY (world, organization, sandbox, kind, "key")
);
CREATE INDEX document_in_order ON document (world, organization, sandbox, kind, ordinal);
CREATE TABLE counter (
    world TEXT NOT NULL, organization TEXT NOT NULL, sandbox TEXT NOT NULL, name TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (world, organization, sandbox, name)
);
CREATE TABLE blob (
    world TEXT NOT NULL, organization TEXT NOT NULL, sandbox TEXT NOT NULL, "key" TEXT NOT NULL,
    piece BIGINT NOT NULL, size BIGINT NOT NULL, content {bytes}, file TEXT,
    PRIMARY KEY (world, organization, sandbox, "key", piece)
);
CREATE TABLE value (
    world TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (world, name)
);
INSERT INTO schema_version VALUES (1);
INSERT INTO counter VALUES ('', '', '', 'process', 4);
INSERT INTO value VALUES ('', 'edition', '2020-03');
INSERT INTO document VALUES ('', '{organization}', 'prod', 'note', 'a', 1, 1, {bodies[0]});
INSERT INTO document VALUES ('', '{organization}', 'prod', 'flow', 'b', 1, 1, {bodies[1]});
INSERT INTO document VALUES ('', '{organization}', 'prod', 'flow', 'c', 2, 1, {bodies[2]});
"""
"""What the emulator wrote before there were processes and calls in it."""

BODIES = [
    body.encode().hex()
    for body in ("{}", '{"createdAt":2,"updatedAt":3}', '{"createdAt":1,"updatedAt":4}')
]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database of version 1."""
    if request.param == "sqlite":
        bodies = [f"x'{body}'" for body in BODIES]
        script = VERSION_1.format(bytes="BLOB", organization=ORGANIZATION, bodies=bodies)
        with closing(sqlite3.connect(tmp_path / "state.db")) as connection:
            connection.executescript(script)
        return f"sqlite:///{tmp_path}/state.db"
    found: str = request.getfixturevalue("server").url()
    engine = sa.create_engine(found)
    with engine.begin() as connection:
        connection.exec_driver_sql("drop schema public cascade")
        connection.exec_driver_sql("create schema public")
        bodies = [rf"'\x{body}'::bytea" for body in BODIES]
        connection.exec_driver_sql(
            VERSION_1.format(bytes="BYTEA", organization=ORGANIZATION, bodies=bodies)
        )
    engine.dispose()
    return found


def test_tables_of_version_1_are_brought_up_to_date(url: str) -> None:
    with closing(create_emulator(Settings(store=url), like=new_emulator())) as emulator:
        aep = aep_for(emulator)
        assert aep.ok("GET", "/_emulator/edition") == {"edition": "2020-03"}
        assert len(emulator.platform.store.dump().documents) == 2
        rows = emulator.platform.store.ordered(Sandbox(ORGANIZATION, "prod"), "flow", "createdAt")
        assert [row.key for row in rows or ()] == ["c", "b"]
        aep.call("GET", f"{FLOW_SERVICE}/flows")
        assert entries_of(emulator) == 1
    assert tables(url) == (VERSION, {table.name for table in METADATA.sorted_tables})
    with closing(create_emulator(Settings(store=url), like=new_emulator())) as emulator:
        assert entries_of(emulator) == 1


def entries_of(emulator: Emulator) -> int:
    journal: Journal | None = emulator.journal
    assert journal is not None
    return len(list(journal.entries()))


def tables(url: str) -> tuple[int, set[str]]:
    """Return the version of a database's tables, and their names."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        version = connection.exec_driver_sql("select version from schema_version").scalar_one()
        names = set(sa.inspect(connection).get_table_names())
    engine.dispose()
    return version, {name for name in names if not name.startswith("sqlite_")}


def test_each_version_leads_to_what_a_new_database_has(url: str, tmp_path: Path) -> None:
    """So that no migration is forgotten: the columns of both are the same."""
    open_stores(url, "", 0).close()
    new = f"sqlite:///{tmp_path}/new.db"
    open_stores(new, "", 0).close()
    described = [columns(url), columns(new)]
    assert described[0] == described[1]


def columns(url: str) -> dict[str, list[str]]:
    engine = sa.create_engine(url)
    inspector = sa.inspect(engine)
    found = {
        name: sorted(column["name"] for column in inspector.get_columns(name))
        for name in inspector.get_table_names()
        if not name.startswith("sqlite_")
    }
    engine.dispose()
    return found
