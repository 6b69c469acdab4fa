from __future__ import annotations

import pytest

from tests.databases import Server


@pytest.fixture(scope="session")
def server(database_server: Server) -> Server:
    """The PostgreSQL server of the process, with a database of these tests."""
    return database_server.with_database("store")
