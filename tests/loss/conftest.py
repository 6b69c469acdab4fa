from __future__ import annotations

from pathlib import Path

import pytest

from tests.databases import Server


@pytest.fixture(scope="session")
def server(database_server: Server) -> Server:
    """The PostgreSQL server of the process, with a database of these tests."""
    return database_server.with_database("loss")


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/a.db"
    found: Server = request.getfixturevalue("server")
    return found.url()
