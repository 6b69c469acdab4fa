"""Real databases for tests: a SQLite file, and a PostgreSQL server for each process of tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from tests.databases import Server
from tests.real_tables.made import Made


@pytest.fixture(scope="session")
def server(database_server: Server) -> Server:
    """The PostgreSQL server of the process, with a database of these tests."""
    return database_server.with_database("real_tables")


@pytest.fixture(params=["sqlite", "postgresql"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Made]:
    """A database of its own for a test, which may be written to."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'source.db'}"
        yield Made(url, sa.create_engine(url, poolclass=NullPool))
        return
    server: Server = request.getfixturevalue("server")
    admin = sa.create_engine(server.url(), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS source WITH (FORCE)")
        # To copy files is quicker than to log them, which newer servers do.
        is_new = (connection.dialect.server_version_info or ()) >= (15,)
        how = "STRATEGY file_copy" if is_new else ""
        connection.exec_driver_sql(f"CREATE DATABASE source {how}")
    url = server.url("source")
    yield Made(url, sa.create_engine(url, poolclass=NullPool))
