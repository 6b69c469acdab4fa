"""Real storages, each started when a test first asks for it; all tests of one have one server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import cache
from pathlib import Path

import pytest

from tests.storage import servers
from tests.storage.servers import Reached

KINDS = ("folder", "memory", "s3", "sftp", "ftp", "azure", "google")


def _started(kind: str, folder: Path) -> AbstractContextManager[Reached]:
    if kind in ("folder", "memory"):
        url = f"file://{folder}" if kind == "folder" else "memory://of-tests"
        return servers.without_server(url)
    if kind in ("s3", "google"):
        return servers.s3() if kind == "s3" else servers.google()
    made = {"sftp": servers.sftp, "ftp": servers.ftp, "azure": servers.azure}[kind]
    return made(folder)


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Reached]]:
    """Return a function that starts a storage of a kind, once."""
    with ExitStack() as stack:

        @cache
        def started(kind: str) -> Reached:
            return stack.enter_context(_started(kind, tmp_path_factory.mktemp("storage")))

        yield started


@pytest.fixture(scope="session", params=KINDS)
def reached(request: pytest.FixtureRequest, start: Callable[[str], Reached]) -> Reached:
    """A storage, and how a connection to it looks."""
    return start(request.param)
