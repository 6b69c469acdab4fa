"""Processes that share a database know of each other which of them live."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from emulator.store import open_stores
from emulator.store.sql_stores import SqlStores
from emulator.store.tables import PROCESS

_HOLDER = """
import sys
from emulator.store import open_stores
print(open_stores(sys.argv[1], "", 0).processes.number, flush=True)
sys.stdin.read()
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state.db"
    found: str = request.getfixturevalue("server").url()
    opened(found).close()  # makes the tables, if no test before has done that
    engine = sa.create_engine(found)
    with engine.begin() as connection:
        connection.execute(sa.delete(PROCESS))
    engine.dispose()
    return found


def opened(url: str) -> SqlStores:
    stores = open_stores(url, "", 0)
    assert isinstance(stores, SqlStores)
    return stores


@contextmanager
def another_process(url: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that has opened the database, with its number."""
    started = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with started:
        assert started.stdout is not None
        try:
            yield started, int(started.stdout.readline())
        finally:
            started.kill()


def kill(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_those_that_live_are_known_to_each_other(url: str) -> None:
    with closing(opened(url)) as one, closing(opened(url)) as two:
        both = {one.processes.number, two.processes.number}
        assert len(both) == 2
        assert one.processes.living() == two.processes.living() == both
        two.close()
        while two.processes.number in one.processes.living():  # a server learns of it in its time
            pass
        assert one.processes.living() == {one.processes.number}


def test_a_number_never_comes_again(url: str) -> None:
    numbers = []
    for _ in range(3):
        with closing(opened(url)) as stores:
            stores.store().erase()
            stores.processes.tick()
            numbers.append(stores.processes.number)
    assert len(set(numbers)) == 3


def test_a_killed_process_is_gone_once_for_all_others(url: str) -> None:
    gone: list[frozenset[int]] = []
    ticks: list[int] = []
    with closing(opened(url)) as stores, another_process(url) as (other, number):
        processes = stores.processes
        processes.on_gone.append(gone.append)
        processes.on_tick.append(lambda: ticks.append(1))
        processes.tick()
        assert (gone, ticks) == ([], [1])
        assert processes.living() == {processes.number, number}
        kill(other)
        while number in processes.living():  # a server learns of it in its own time
            pass
        processes.tick()
        processes.tick()
        assert (gone, ticks) == ([frozenset((number,))], [1, 1, 1])


def test_what_could_not_be_ended_is_tried_again(url: str) -> None:
    calls: list[frozenset[int]] = []

    def fail_first(gone: frozenset[int]) -> None:
        calls.append(gone)
        if len(calls) == 1:
            raise RuntimeError("not yet")

    with closing(opened(url)) as stores:
        another = opened(url)
        another.close()
        while another.processes.number in stores.processes.living():
            pass
        stores.processes.on_gone.append(fail_first)
        with pytest.raises(RuntimeError):
            stores.processes.tick()
        stores.processes.tick()
        stores.processes.tick()
        assert len(calls) == 2


def test_a_lost_lock_is_taken_again(server_url: str) -> None:
    with closing(opened(server_url)) as one, closing(opened(server_url)) as two:
        engine = sa.create_engine(server_url)
        with engine.begin() as connection:
            connection.execute(
                sa.text(
                    "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"
                    " and objsubid = 2 and objid = :number"
                ),
                {"number": one.processes.number},
            )
        engine.dispose()
        while one.processes.number in two.processes.living():
            pass
        with pytest.raises(Exception, match=r"terminat|closed"):
            one.processes.tick()
        one.processes.tick()
        assert one.processes.number in two.processes.living()


@pytest.fixture
def server_url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue("server").url()
    return found


def test_tables_of_version_1_are_brought_up_to_date(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/state.db"
    opened(url).close()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        PROCESS.drop(connection)
        connection.exec_driver_sql("update schema_version set version = 1")
    engine.dispose()
    with closing(opened(url)) as stores:
        assert stores.processes.living() == {stores.processes.number}
