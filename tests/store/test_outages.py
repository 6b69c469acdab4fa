"""A database that is gone, stands still, is locked or full: what is answered, and what comes back.

Whatever happens to it, a call is answered within a bound, in its service's envelope, and changes
nothing; and when it is back, nobody has to start the emulator again.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from emulator.app import create_emulator
from emulator.contract import Operation
from emulator.emulator import Emulator
from emulator.json_types import dumps
from emulator.settings import Settings
from emulator.store import StoreFull, database, outages, postgresql
from emulator.store.failures import guarded
from emulator.testing.client import AepClient, Response, valid_headers
from emulator.web.message import Deferred, Request
from tests.bodies import CATALOG, FLOW_SERVICE, base_connection
from tests.databases import Server, hurry_connecting
from tests.emulators import aep_for, new_emulator
from tests.files import put
from tests.processes.serving import SOON
from tests.services.lake import ANN, Lake
from tests.store.proxies import proxy

CONNECTIONS = f"{FLOW_SERVICE}/connections"
SILENCE_SECONDS = 0.5
"""How long the tests let a database say nothing, or be locked."""

Open = Callable[..., Emulator]


@pytest.fixture
def open_one(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Return a function that makes emulators that do not wait long."""
    monkeypatch.setattr(postgresql, "ANSWER_SECONDS", SILENCE_SECONDS)
    hurry_connecting(monkeypatch)
    monkeypatch.setattr(database, "BUSY_SECONDS", SILENCE_SECONDS)
    monkeypatch.setattr(outages, "RETRY_SECONDS", 0.2)
    with ExitStack() as stack:

        def create(store: str, blobs: str = "") -> Emulator:
            made = create_emulator(Settings(store=store, blobs=blobs), like=new_emulator())
            stack.enter_context(closing(made))
            return made

        yield create


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What has been said so far to those who have waited in vain, instead of failing at once."""
    said: list[str] = []
    watched = outages.Outages.watched

    @contextmanager
    def noted(self: outages.Outages) -> Iterator[bool]:
        try:
            with watched(self) as is_try:
                yield is_try
        except outages.StoreSilent as error:
            said.append(str(error))
            raise

    monkeypatch.setattr(outages.Outages, "watched", noted)
    return said


@pytest.fixture
def stoppable(server: Server) -> Iterator[Server]:
    """A PostgreSQL server that may be stopped."""
    yield server
    server.ensure_started()


def ids(aep: AepClient) -> list[str]:
    return sorted(item["id"] for item in aep.ok("GET", f"{CONNECTIONS}?limit=100")["items"])


def create(aep: AepClient) -> str:
    id: str = aep.ok("POST", CONNECTIONS, base_connection())["id"]
    return id


def refused(answer: Response, status: int = 503) -> str:
    """Return what a call was told that the store has failed."""
    assert answer.status == status, (answer.status, answer.content)
    name = {503: "store_unavailable", 507: "store_full"}[status]
    assert answer.rule in ("", f"platform.{name}")
    return answer.content.decode()


def back(aep: AepClient, seconds: float = SOON) -> None:
    """Wait until a write is accepted again."""
    until = time.monotonic() + seconds
    while aep.call("POST", CONNECTIONS, base_connection()).status != 201:
        assert time.monotonic() < until, "it does not come back by itself"
        time.sleep(0.02)


def test_a_server_that_is_stopped_is_told_in_each_services_envelope(
    open_one: Open, stoppable: Server
) -> None:
    aep = aep_for(open_one(stoppable.url()))
    kept = create(aep)
    operations = some_of_each_service(aep)
    assert 503 not in {called(aep, operation).status for operation in operations}
    stoppable.stop("immediate")
    for operation in operations:
        answer = called(aep, operation)
        if operation.service != "ims":  # tokens ask nothing of the store
            refused(answer)
            assert answer.headers["content-type"].partition(";")[0].endswith("json")
    assert "store does not answer" in refused(aep.call("GET", "/_emulator/health"))
    assert aep.call("GET", f"{FLOW_SERVICE}/nothing").status == 404
    stoppable.start()
    back(aep)
    assert kept in ids(aep)
    assert aep.call("GET", "/_emulator/health").status == 200


def some_of_each_service(aep: AepClient) -> list[Operation]:
    """Return an operation of each service and method."""
    operations = aep.contract.operations.values()
    chosen = {(o.service, o.method): o for o in operations if o.emulated}
    assert len(chosen) > 20
    return list(chosen.values())


def called(aep: AepClient, operation: Operation) -> Response:
    path = operation.base_path + re.sub(r"\{[^}]*\}", "x", operation.path)
    body = base_connection() if operation.method == "POST" else None
    return aep.call(operation.method, path, body)


def test_connections_that_the_server_ends_are_made_anew(open_one: Open, server: Server) -> None:
    aep = aep_for(open_one(server.url()))
    engine = sa.create_engine(server.url())
    made = [create(aep)]
    for _ in range(3):
        with engine.connect() as connection:
            ended = connection.execute(
                sa.text(
                    "select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity"
                    " where pid <> pg_backend_pid() and backend_type = 'client backend'"
                )
            ).scalar_one()
        assert ended > 0
        time.sleep(0.05)  # until the end of them has come here
        made.append(create(aep))
        assert set(ids(aep)) >= set(made)
    engine.dispose()


def test_few_wait_for_a_server_that_stands_still(
    open_one: Open, server: Server, waits: list[str]
) -> None:
    with proxy(server.port) as between:
        url = server.url().replace(f":{server.port}/", f":{between.port}/")
        emulator = open_one(url)
        aep = aep_for(emulator)
        create(aep)
        between.stand_still()

        def ask(number: int) -> None:
            call = aep_for(emulator).call  # a client has one call at a time
            if number % 5 == 0:
                refused(call("GET", "/_emulator/health"))
            elif number % 2:
                refused(call("POST", CONNECTIONS, base_connection()))
            else:
                refused(call("GET", CONNECTIONS))

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(ask, range(40), timeout=SOON))
        assert 0 < len(waits) < 20, waits  # the others fail at once
        between.go_on()
        back(aep)


def test_a_call_that_is_cut_off_within_a_transaction_changes_nothing(
    open_one: Open, server: Server
) -> None:
    emulator = open_one(server.url())
    aep = aep_for(emulator)
    before = emulator.platform.store.dump().documents
    ended = []

    def end_all(*_: object) -> None:
        engine = sa.create_engine(server.url())
        with engine.connect() as connection:
            connection.execute(
                sa.text(
                    "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                    " where pid <> pg_backend_pid() and backend_type = 'client backend'"
                )
            )
        engine.dispose()
        ended.append(True)

    write = emulator.platform.store.write

    def write_and_end(*changes: object) -> None:
        write(*changes)  # type: ignore[arg-type]
        end_all()

    emulator.platform.store.write = write_and_end  # type: ignore[method-assign]
    refused(aep.call("POST", CONNECTIONS, base_connection()))
    assert ended
    emulator.platform.store.write = write  # type: ignore[method-assign]
    assert emulator.platform.store.dump().documents == before
    create(aep)


def test_the_end_waits_for_no_server_that_stands_still(
    open_one: Open,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(postgresql, "ANSWER_SECONDS", 600.0)
    with proxy(server.port) as between:
        url = server.url().replace(f":{server.port}/", f":{between.port}/")
        emulator = open_one(url)
        for _ in range(3):
            create(aep_for(emulator))
        between.stand_still()
        with ThreadPoolExecutor(1) as threads, ThreadPoolExecutor(1) as threads_of_the_end:
            call = threads.submit(aep_for(emulator).call, "POST", CONNECTIONS, base_connection())
            assert between.holds_back.wait(SOON)  # it waits for an answer by now
            closing_it = threads_of_the_end.submit(emulator.close)
            closing_it.result(SOON)
            refused(call.result())
        said = [line for line in caplog.messages if "loses its last calls" in line]
        assert len(said) == 1
        between.go_on()


# SQLite


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let another writer hold a file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_file_that_another_process_locks_can_be_read(
    open_one: Open, path: Path, waits: list[str]
) -> None:
    aep = aep_for(open_one(f"sqlite:///{path}"))
    kept = create(aep)
    with locked(path):
        assert aep.call("GET", "/_emulator/health").status == 200
        for _ in range(20):
            refused(aep.call("POST", CONNECTIONS, base_connection()))
        assert 0 < len(waits) < 15, waits  # the others fail at once
        assert ids(aep) == [kept]
    back(aep)


def test_others_are_answered_while_a_call_waits_for_a_locked_file(
    open_one: Open, path: Path
) -> None:
    emulator = open_one(f"sqlite:///{path}")
    create(aep_for(emulator))
    begin = emulator.application.begin

    def call(method: str, body: bytes = b"") -> Request:
        sent = {name.lower(): value for name, value in valid_headers().items()}
        return Request(method, CONNECTIONS, sent | {"content-type": "application/json"}, body)

    body = dumps(base_connection())
    assert not isinstance(begin(call("POST", body)), Deferred)
    with locked(path):
        waiting = begin(call("POST", body))
        assert not isinstance(begin(call("GET")), Deferred)
    assert isinstance(waiting, Deferred)
    assert waiting.answer().status == 201


def test_those_who_wait_behind_another_call_give_up(open_one: Open, path: Path) -> None:
    emulator = open_one(f"sqlite:///{path}")
    aep = aep_for(emulator)
    kept = create(aep)
    place = next(iter(emulator.platform.store.dump().documents))[0]
    with emulator.platform.store.exclusive(place), ThreadPoolExecutor(4) as threads:
        others = [aep_for(emulator) for _ in range(4)]  # a client has one call at a time
        calls = [threads.submit(o.call, "POST", CONNECTIONS, base_connection()) for o in others]
        for call in calls:
            refused(call.result(SOON))
    create(aep)
    assert len(ids(aep)) == 2
    assert kept in ids(aep)


def test_a_file_that_is_gone_is_not_written_to(open_one: Open, path: Path) -> None:
    aep = aep_for(open_one(f"sqlite:///{path}"))
    kept = create(aep)
    path.rename(path.with_suffix(".away"))
    assert "No such file" in refused(aep.call("GET", "/_emulator/health"))
    # What has been seen once is known, however lately a look before it has found the file.
    refused(aep.call("GET", CONNECTIONS))
    refused(aep.call("POST", CONNECTIONS, base_connection()))
    assert not path.exists()
    path.with_suffix(".away").rename(path)
    assert ids(aep) == [kept]
    create(aep)


def test_a_file_that_takes_its_place_is_left_alone(open_one: Open, path: Path) -> None:
    aep = aep_for(open_one(f"sqlite:///{path}"))
    create(aep)
    other = path.with_name("other.db")
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("create table mine (a)")
        connection.commit()
    content = other.read_bytes()
    other.rename(path)
    refused(aep.call("POST", CONNECTIONS, base_connection()))
    assert "another file than at the start" in refused(aep.call("GET", "/_emulator/health"))
    assert path.read_bytes() == content


def test_a_damaged_file_is_told(open_one: Open, path: Path) -> None:
    with closing(create_emulator(Settings(store=f"sqlite:///{path}"), like=new_emulator())) as one:
        aep = aep_for(one)
        for _ in range(60):
            create(aep)
    content = bytearray(path.read_bytes())
    page = 4096
    for begin in range(page, len(content), page):
        content[begin : begin + 200] = os.urandom(200)
    path.write_bytes(content)
    with pytest.raises(Exception, match="store: sqlite"):
        create_emulator(Settings(store=f"sqlite:///{path}"), like=new_emulator())


def test_a_page_that_is_damaged_while_it_runs_is_told(open_one: Open, path: Path) -> None:
    emulator = open_one(f"sqlite:///{path}")
    aep = aep_for(emulator)
    for _ in range(60):
        create(aep)
    with closing(sqlite3.connect(path)) as other:
        other.execute("pragma wal_checkpoint(truncate)")
        root = other.execute("select rootpage from sqlite_master where name = 'document'")
        page = (root.fetchone()[0] - 1) * 4096
    with path.open("r+b") as file:
        file.seek(page)
        file.write(b"\xff" * 4096)
    later = aep_for(open_one(f"sqlite:///{path}"))
    refused(later.call("GET", CONNECTIONS))


# No room


def test_a_full_file_is_told_and_goes_on_when_there_is_room(open_one: Open, path: Path) -> None:
    emulator = open_one(f"sqlite:///{path}", "database")
    aep = aep_for(emulator)
    lake = Lake(aep)
    before = ids(aep)
    with closing(sqlite3.connect(path)) as other:
        pages = other.execute("pragma page_count").fetchone()[0]
    limit(emulator, pages)
    held = emulator.platform.store.dump()
    batch = None
    for _ in range(200):
        answer = aep.call("POST", CONNECTIONS, base_connection())
        if answer.status != 201:
            break
        held = emulator.platform.store.dump()
    refused(answer, 507)
    assert emulator.platform.store.dump() == held
    limit(emulator, 1_000_000)
    create(aep)
    batch = lake.ingest(ANN)
    assert lake.landed(batch)
    assert len(ids(aep)) > len(before)


def limit(emulator: Emulator, pages: int) -> None:
    """Limit how many pages the file may have, for this thread, which keeps its connection."""
    kept = emulator.stores._database  # type: ignore[attr-defined]
    with kept.connection() as connection:
        connection.exec_driver_sql(f"pragma max_page_count = {pages}")


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[Path]:
    """Have a file system of its own with little room."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a small file system")
    folder.mkdir()
    options = f"size={size},mode=1777"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=False
    )
    if done.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "small", "2m") as folder:
        yield folder


@pytest.fixture
def full_server(server: Server) -> Iterator[tuple[str, Path]]:
    """The URL of a database, and the folder with little room in which all of its tables lie."""
    place = server.data.parent / "small"
    engine = sa.create_engine(
        server.url(), isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool
    )
    with mounted(place, "24m"), engine.connect() as asked:
        owner = server.data.stat()
        os.chown(place, owner.st_uid, owner.st_gid)
        asked.execute(sa.text(f"create tablespace small location '{place}'"))
        asked.execute(sa.text("create database small tablespace small"))
        yield server.url("small"), place
        asked.execute(sa.text("drop database small with (force)"))
        asked.execute(sa.text("drop tablespace small"))


def fill(path: Path) -> None:
    """Leave no room beside a file."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"\0" * 1024):
            pass


@pytest.mark.parametrize("full", ["store", "blobs", "both"])
def test_a_full_disk_is_told_and_goes_on_when_there_is_room(
    open_one: Open, small: Path, tmp_path: Path, full: str
) -> None:
    store = small if full in ("store", "both") else tmp_path
    blobs = small if full in ("blobs", "both") else tmp_path
    emulator = open_one(f"sqlite:///{store}/a.db", f"file://{blobs}/files")
    aep = aep_for(emulator)
    lake = Lake(aep)
    batch = lake.create()
    filler = small / "filler"
    fill(filler)
    told: set[int] = set()
    number = 0
    held = emulator.platform.store.dump(), list(emulator.platform.blobs.everything())
    while told != {507} and number < 100:
        number += 1
        answer = lake.put(batch, os.urandom(5_000), f"{number}.json")
        assert answer.status in (200, 507), answer.content
        told = {answer.status}
        if answer.status == 200:
            held = emulator.platform.store.dump(), list(emulator.platform.blobs.everything())
    refused(answer, 507)
    assert held == (emulator.platform.store.dump(), list(emulator.platform.blobs.everything()))
    assert not list(blobs.glob("files/**/*.part"))
    filler.unlink()
    assert lake.put(batch, b'{"_id": "1"}', "last.json").status == 200
    assert aep.ok("GET", f"{CATALOG}/batches/{batch}")
    put(aep, create(aep), "a.csv", b"a,b")


def test_a_server_may_say_in_any_language_that_it_is_full() -> None:
    errors = pytest.importorskip("psycopg.errors", reason="needs the extra sql")
    said = errors.DiskFull("Datei konnte nicht erweitert werden")
    with pytest.raises(StoreFull), guarded():
        raise sa.exc.OperationalError("insert", {}, said)


def test_a_full_server_is_told_and_goes_on_when_there_is_room(
    open_one: Open, full_server: tuple[str, Path]
) -> None:
    url, place = full_server
    emulator = open_one(url, "database")
    aep = aep_for(emulator)
    lake = Lake(aep)
    batch = lake.create()
    filler = place / "filler"
    fill(filler)
    refusals = 0
    for number in range(10):
        held = emulator.platform.store.dump(), list(emulator.platform.blobs.everything())
        answer = lake.put(batch, os.urandom(20_000), f"{number}.json")
        if answer.status >= 300:
            refused(answer, 507)
            refusals += 1
            now = emulator.platform.store.dump(), list(emulator.platform.blobs.everything())
            assert now == held
    assert refusals >= 8
    filler.unlink()
    assert lake.put(batch, b'{"_id": "1"}', "last.json").status == 200
    create(aep)
