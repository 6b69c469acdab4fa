from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from emulator.app import create_emulator
from emulator.settings import Settings
from tests.databases import Server
from tests.emulators import new_emulator


@pytest.fixture(scope="session")
def server(database_server: Server) -> Server:
    """The PostgreSQL server of the process, with a database of these tests."""
    return database_server.with_database("processes")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that holds nothing."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state.db"
    found: str = request.getfixturevalue("server").url()
    with closing(create_emulator(Settings(store=found), like=new_emulator())) as fresh:
        fresh.reset()
    return found
