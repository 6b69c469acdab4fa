from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from emulator.app import create_emulator
from emulator.settings import Settings
from tests.databases import Server, postgresql
from tests.emulators import new_emulator


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL server for all tests of a process."""
    with postgresql() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that holds nothing."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state.db"
    found: str = request.getfixturevalue("server").url()
    with closing(create_emulator(Settings(store=found), like=new_emulator())) as fresh:
        fresh.reset()
    return found
