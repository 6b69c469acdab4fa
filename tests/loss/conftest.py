from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.databases import Server, postgresql


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL server for all tests of a process."""
    with postgresql() as running:
        yield running
