"""Files that nobody lists any more, or does not list yet."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from emulator.sandbox import Sandbox
from emulator.store import sql_blobs
from emulator.store.sql_stores import SqlStores

HERE = Sandbox("A@AdobeOrg", "prod")


@pytest.fixture
def open_one(tmp_path: Path) -> Callable[..., SqlStores]:
    """Return a function that opens one of several databases, which share a folder."""
    return lambda name="a": SqlStores(f"sqlite:///{tmp_path}/{name}.db", f"file://{tmp_path}/files")


def leave_one(stores: SqlStores) -> None:
    """Leave what a process leaves that is killed before it lists a file that it has written."""
    blobs = stores.blobs()
    assert blobs._outside is not None
    blobs._outside.put(stores._database.new_name(), b"nobody lists it")


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("files/*/*/*"))


def test_old_files_that_nobody_lists_are_removed(
    open_one: Callable[..., SqlStores], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_one()) as stores, closing(open_one("b")) as others:
        stores.blobs().put(HERE, "listed", b"mine")
        stores.blobs("isolated").put(HERE, "listed", b"isolated")
        others.blobs().put(HERE, "listed", b"of another database")
        leave_one(stores)
        leave_one(others)
        (mine,) = (path for path in files(tmp_path) if path.read_bytes() == b"mine")
        mine.with_name("9-000009.part").write_bytes(b"half")
    assert len(files(tmp_path)) == 6
    open_one().close()
    assert len(files(tmp_path)) == 6  # they are new: a living process may be about to list them
    monkeypatch.setattr(sql_blobs, "STRAY_SECONDS", -1)
    with closing(open_one()) as stores:
        assert len(files(tmp_path)) == 4
        assert stores.blobs().read(HERE, "listed") == b"mine"
        assert stores.blobs("isolated").read(HERE, "listed") == b"isolated"
    with closing(open_one("b")) as others:
        assert len(files(tmp_path)) == 3
        assert others.blobs().read(HERE, "listed") == b"of another database"


def test_a_name_never_comes_again(open_one: Callable[..., SqlStores]) -> None:
    """A reset and a state replace counters; names of files are not among them."""
    names = set()
    for _ in range(3):
        with closing(open_one()) as stores:
            stores.blobs().put(HERE, "a", os.urandom(9))
            stores.blobs("isolated").put(HERE, "a", b"isolated")
            stores.store().erase()
            stores.blobs().erase()
            stores.blobs().put(HERE, "b", b"mine")
            assert stores.blobs("isolated").read(HERE, "a") == b"isolated"
            name = stores._database.new_name()
            assert name not in names
            names.add(name)
