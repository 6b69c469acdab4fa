"""Journal and coverage in a database: they outlive processes, and are one for all that share it."""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from emulator.app import create_emulator
from emulator.clock import ManualClock
from emulator.coverage import lasting as lasting_coverage
from emulator.emulator import Emulator
from emulator.journal import lasting, writer
from emulator.journal.journal import Journal
from emulator.journal.lasting import LastingJournal
from emulator.journal.numbers import NUMBERS
from emulator.settings import Settings
from emulator.store import StoreFull, StoreUnavailable
from emulator.store.calls import unpack
from emulator.store.sql_calls import SqlCalls
from emulator.store.tables import CALL_PACK, COVERAGE
from emulator.testing.client import AepClient
from tests.bodies import FLOW_SERVICE, base_connection
from tests.databases import Server
from tests.emulators import aep_for, new_emulator
from tests.journal.conftest import control_of
from tests.processes.serving import client_of, serve_all, until

Start = Callable[..., Emulator]

CONNECTIONS = f"{FLOW_SERVICE}/connections"
FLOWS = f"{FLOW_SERVICE}/flows"
MIXED = [
    ("GET", FLOWS, None, {}),
    ("POST", CONNECTIONS, base_connection(), {"x_emulator_test": "a test"}),
    ("POST", CONNECTIONS, base_connection(name=3), {}),
    ("POST", CONNECTIONS, base_connection(name=4), {"x_emulator_expects": "*"}),
    ("POST", CONNECTIONS, base_connection(), {"x_emulator_expects": "*"}),
    ("GET", f"{FLOW_SERVICE}/nowhere", None, {"x_emulator_test": "another"}),
    ("DELETE", f"{CONNECTIONS}/unknown", None, {}),
]


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Emulators of this process look more often whether others have asked them to write."""
    monkeypatch.setattr(lasting, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(lasting, "POLL_SECONDS", 0.005)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state.db"
    found: str = request.getfixturevalue("server").url()
    engine = sa.create_engine(found)
    with engine.begin() as connection:
        connection.exec_driver_sql("drop schema public cascade")
        connection.exec_driver_sql("create schema public")
    engine.dispose()
    return found


@pytest.fixture
def start(url: str) -> Iterator[Start]:
    """Start emulators on one database, which end with the test."""
    with ExitStack() as stack:

        def create(**more: Any) -> Emulator:
            made = create_emulator(
                Settings(store=url, **more), clock=ManualClock(), like=new_emulator()
            )
            return stack.enter_context(closing(made))

        yield create


def play(aep: AepClient, calls: list[Any] = MIXED) -> None:
    for method, path, body, more in calls:
        aep.call(method, path, body, **more)


def journal_of(emulator: Emulator) -> LastingJournal:
    assert isinstance(emulator.journal, LastingJournal)
    return emulator.journal


def calls_of(emulator: Emulator) -> list[tuple[int, str, int]]:
    assert emulator.journal is not None
    entries = emulator.journal.entries(newest_first=False)
    return [(entry.number, entry.path, entry.status) for entry in entries]


def numbers_of(emulator: Emulator) -> list[int]:
    return [number for number, _, _ in calls_of(emulator)]


def counted(emulator: Emulator) -> dict[str, Any]:
    """What a coverage has counted: the examples are other calls in another emulator."""
    assert emulator.coverage is not None
    written = json.loads(b"".join(emulator.coverage.current().written()))
    for row in (*written["unexpected"], *written["drift"]):
        del row["examples"]
    return {name: sorted(map(json.dumps, rows)) for name, rows in written.items()}


def counted_in_memory(times: int = 1) -> dict[str, Any]:
    emulator = new_emulator()
    for _ in range(times):
        play(aep_for(emulator))
    return counted(emulator)


def test_a_restart_changes_nothing(start: Start) -> None:
    first = start()
    play(aep_for(first))
    control = control_of(first)
    paths = ("journal?format=full", "journal?format=har", "journal/3", "report", "coverage")
    before = {path: control(path) for path in paths}
    first.close()
    second = start()
    control = control_of(second)
    for path in paths:
        assert control(path) == before[path], path
    assert len(before["journal?format=full"]["entries"]) == len(MIXED)
    assert "editions" in before["journal/3"]
    play(aep_for(second))
    assert numbers_of(second) == list(range(1, 2 * len(MIXED) + 1))
    assert counted(second) == counted_in_memory(times=2)


def test_what_is_read_is_what_memory_has(start: Start) -> None:
    lasts, memory = start(), new_emulator()
    play(aep_for(lasts))
    play(aep_for(memory))
    assert counted(lasts) == counted(memory)
    assert memory.journal is not None
    for ours, theirs in zip(journal_of(lasts).entries(), memory.journal.entries(), strict=True):
        assert ours.document is not None or theirs.document is None
        for name in ("number", "time", "operation", "judged", "findings", "body", "test", "path"):
            assert getattr(ours, name) == getattr(theirs, name)


def test_processes_see_the_calls_of_all_in_order(start: Start) -> None:
    one, two = start(), start()
    clients = [aep_for(one), aep_for(two)]
    for number in range(6):
        clients[number % 2].call("GET", f"{FLOW_SERVICE}/runs/{number}")
    for emulator in (one, two):
        calls = calls_of(emulator)
        assert [path[-1] for _, path, _ in calls] == list("012345")
        assert len({number for number, _, _ in calls}) == 6


def test_processes_count_for_one_report(start: Start) -> None:
    one, two = start(), start()
    play(aep_for(one))
    play(aep_for(two))
    assert counted(one) == counted(two) == counted_in_memory(times=2)
    assert control_of(one)("report") == control_of(two)("report")


def test_pages_follow_each_other_whoever_has_answered(start: Start) -> None:
    one, two = start(), start()
    clients = [aep_for(one), aep_for(two)]
    for number in range(10):
        clients[number % 3 % 2].call("GET", f"{FLOW_SERVICE}/runs/{number}")
    control = control_of(two)
    for order in ("newest", "oldest"):
        seen, cursor = [], ""
        while True:
            page = control(f"journal?limit=3&order={order}{cursor}")
            seen += [entry["path"][-1] for entry in page["entries"]]
            if "nextCursor" not in page:
                break
            cursor = f"&cursor={page['nextCursor']}"
        assert "".join(seen if order == "oldest" else seen[::-1]) == "0123456789"


def test_clearing_acts_on_all(start: Start) -> None:
    one, two = start(), start()
    play(aep_for(one))
    play(aep_for(two))
    control_of(two)("journal", "DELETE", 204)
    assert calls_of(one) == calls_of(two) == []
    assert counted(one) == counted_in_memory(times=2)
    control_of(one)("coverage", "DELETE", 204)
    play(aep_for(two))
    assert counted(one) == counted(two) == counted_in_memory()
    assert min(numbers_of(one)) > 2 * len(MIXED)


def test_one_test_is_cleared_in_all(start: Start) -> None:
    one, two = start(), start()
    for emulator in (one, two):
        play(aep_for(emulator))
    journal_of(two).clear("a test")
    tests = [entry.test for entry in journal_of(one).entries()]
    assert (len(tests), tests.count("a test"), tests.count("another")) == (12, 0, 2)
    assert one.coverage is not None
    one.coverage.clear("a test")
    both = counted(two)
    assert both == counted(one)
    assert not any('"a test"' in row for row in both["rows"])
    assert any('"another"' in row for row in both["rows"])


def test_isolated_emulators_share_it(start: Start) -> None:
    one, two = start(), start()
    aep_for(one).call("GET", FLOWS, x_emulator_test="world")
    aep_for(two).call("GET", FLOWS)
    control = control_of(two)
    assert [entry["test"] for entry in control("journal")["entries"]] == ["", "world"]


def test_concurrent_calls_are_there_once(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lasting, "WRITE_SECONDS", 0.01)
    monkeypatch.setattr(lasting_coverage, "PARTS", 2)
    monkeypatch.setattr(writer, "PACK", 7)
    emulators = [start(), start()]
    each, ended = 60, threading.Event()

    def call(emulator: Emulator) -> None:
        aep = aep_for(emulator)
        for _ in range(each):
            aep.call("GET", FLOWS)

    def read() -> None:
        while not ended.is_set():
            for emulator in emulators:
                numbers = numbers_of(emulator)
                assert len(set(numbers)) == len(numbers)

    callers = [threading.Thread(target=call, args=(one,)) for one in (*emulators, *emulators)]
    reader = threading.Thread(target=read)
    for thread in (*callers, reader):
        thread.start()
    for thread in callers:
        thread.join()
    ended.set()
    reader.join()
    for emulator in emulators:
        assert len(set(numbers_of(emulator))) == 4 * each
        assert emulator.coverage is not None
        assert emulator.coverage.current().calls == 4 * each


def test_no_more_is_kept_than_may_be(start: Start) -> None:
    one, two = start(journal=5), start(journal=5)
    clients = [aep_for(one), aep_for(two)]
    for number in range(9):
        clients[number % 2].call("GET", f"{FLOW_SERVICE}/runs/{number}")
        if number % 3 == 0:
            journal_of(one).flush()
    for emulator in (one, two):
        assert [path[-1] for _, path, _ in calls_of(emulator)] == list("45678")
        newest = [entry.path[-1] for entry in journal_of(emulator).entries()]
        assert newest == list("87654")
    assert one.coverage is not None
    assert one.coverage.current().calls == 9


def test_no_more_bytes_are_kept_than_may_be(start: Start) -> None:
    emulator = start()
    journal = journal_of(emulator)
    journal._max_bytes = 300_000
    aep = aep_for(emulator)
    for number in range(8):
        aep.call("POST", CONNECTIONS, base_connection(name=f"{number}" * 50_000))
        if number % 2:
            journal.flush()
    kept = [entry.body[-1] for entry in journal.entries()]
    assert 4 <= len(kept) <= 7
    assert sum(pack.size for pack in journal._calls.packs()) < 500_000


def test_a_journal_that_is_off_writes_nothing(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    on, off = start(), start(journal=0)
    assert off.journal is None
    aep_for(off).call("GET", FLOWS)
    aep_for(on).call("GET", FLOWS)
    assert len(calls_of(on)) == 1
    assert caplog.messages == []  # nobody was waited for in vain
    control_of(off)("journal", "GET", 404)


def test_a_served_process_is_known_before_its_first_call(start: Start) -> None:
    one, two = start(), start()
    two.stores.processes.tick()
    assert list(journal_of(one)._calls.ask()) == [two.stores.processes.number]
    two.close()
    two.stores.processes.tick()
    assert journal_of(one)._calls.ask() == {}


def test_nothing_is_on_the_way_of_a_call(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lasting, "WRITE_SECONDS", 0.05)
    emulator = start()
    aep = aep_for(emulator)
    aep.call("GET", FLOWS)
    calls = journal_of(emulator)._calls
    callers: dict[str, set[str]] = {}
    for name in ("write", "take_numbers", "question"):
        real = getattr(calls, name)

        def watched(*arguments: Any, name: str = name, real: Callable[..., Any] = real) -> Any:
            callers.setdefault(name, set()).add(threading.current_thread().name)
            return real(*arguments)

        monkeypatch.setattr(calls, name, watched)
    for _ in range(300):
        aep.call("GET", f"{FLOW_SERVICE}/nowhere")
    until(lambda: len(callers) == 3)
    assert set().union(*callers.values()) == {"journal"}


def test_numbers_rise_however_fast_calls_come(start: Start) -> None:
    emulator = start(journal=10_000)
    aep = aep_for(emulator)
    for number in range(8 * NUMBERS):
        aep.call("GET", f"{FLOW_SERVICE}/nowhere/{number}")
    calls = calls_of(emulator)
    assert [path.rpartition("/")[2] for _, path, _ in calls] == [
        str(number) for number in range(8 * NUMBERS)
    ]
    numbers = [number for number, _, _ in calls]
    assert numbers == sorted(numbers)


class Failing:
    """Lets the calls of an emulator fail as a database does: one that is full can be read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> None:
        self.error: Exception | None = None
        self.after = False
        self._calls = journal_of(emulator)._calls
        for name in ("write", "question", "take_numbers", "ask"):
            made = self._made(getattr(self._calls, name), is_read=name in ("question", "ask"))
            monkeypatch.setattr(self._calls, name, made)

    def _made(self, real: Callable[..., Any], *, is_read: bool) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            fails = self.error is not None and not (is_read and isinstance(self.error, StoreFull))
            if fails and self.error is not None and not self.after:
                raise self.error
            found = real(*arguments)
            if fails and self.error is not None:
                raise self.error
            return found

        return call


@pytest.mark.parametrize(
    ("error", "calls"), [(StoreUnavailable("gone"), NUMBERS), (StoreFull("disk full"), 20)]
)
def test_what_cannot_be_written_is_written_later(
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    calls: int,
) -> None:
    monkeypatch.setattr(lasting, "WRITE_SECONDS", 0.05)
    emulator = start()
    aep = aep_for(emulator)
    play(aep)
    failing = Failing(monkeypatch, emulator)
    failing.error = error
    with caplog.at_level(logging.INFO, "emulator"):
        for _ in range(calls):
            aep.call("GET", FLOWS)
        until(lambda: "the journal waits" in caplog.text)
        play(aep)
        status = control_of_status(emulator)
        failing.error = None
        until(lambda: "again" in caplog.text)
    assert status == (507 if isinstance(error, StoreFull) else 503)
    assert caplog.text.count("the journal waits") == 1
    assert caplog.text.count("written again") == 1
    numbers = numbers_of(emulator)
    assert len(set(numbers)) == calls + 2 * len(MIXED)
    assert 0 not in numbers
    assert emulator.coverage is not None
    assert emulator.coverage.current().calls == calls + 2 * len(MIXED)


def control_of_status(emulator: Emulator) -> int:
    status: int = emulator.wsgi_app.test_client().get("/_emulator/journal").status_code
    return status


def test_what_was_written_without_an_answer_is_not_written_twice(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = start()
    play(aep_for(emulator))
    failing = Failing(monkeypatch, emulator)
    failing.error, failing.after = StoreUnavailable("the connection was lost"), True
    with pytest.raises(StoreUnavailable):
        journal_of(emulator)._writer.write()
    play(aep_for(emulator))
    failing.error = None
    assert numbers_of(emulator) == list(range(1, 2 * len(MIXED) + 1))
    assert counted(emulator) == counted_in_memory(times=2)


def test_what_waits_has_the_budget_of_the_journal(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = start(journal=50)
    aep = aep_for(emulator)
    aep.call("GET", FLOWS)
    failing = Failing(monkeypatch, emulator)
    failing.error = StoreUnavailable("gone")
    for number in range(200):
        aep.call("GET", f"{FLOW_SERVICE}/runs/{number}")
        if number % 50 == 0:
            with suppress(StoreUnavailable):
                journal_of(emulator)._writer.write()
    assert len(journal_of(emulator)._items) <= 50
    failing.error = None
    assert [path.rpartition("/")[2] for _, path, _ in calls_of(emulator)] == [
        str(number) for number in range(150, 200)
    ]
    assert emulator.coverage is not None
    assert emulator.coverage.current().calls == 201


def test_a_database_that_goes_and_comes_back_loses_no_call(server: Server) -> None:
    url = server.with_database("goes_and_comes").url()
    with closing(create_emulator(Settings(store=url), like=new_emulator())) as emulator:
        aep = aep_for(emulator)
        play(aep)
        server.stop("immediate")
        try:
            statuses = [aep.call("GET", FLOWS).status for _ in range(5)]
            assert statuses == [503] * 5
            assert control_of_status(emulator) == 503
        finally:
            server.start()
        until(lambda: control_of_status(emulator) == 200)
        assert len(calls_of(emulator)) == len(MIXED) + 5
        assert emulator.coverage is not None
        assert emulator.coverage.current().calls == len(MIXED) + 5


def secrets_sent(aep: AepClient) -> list[bytes]:
    token, secret, code = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSJ9.c2lnbmVk", "s3cret-of-ims", "c0de-9"
    aep.call("GET", FLOWS, Authorization=f"Bearer {token}")
    aep.call("GET", f"{FLOWS}/{token}", Authorization=f"Bearer {token}", Cookie="sid=c00kie-value")
    aep.call("GET", FLOWS, Authorization="Basic dXNlcjpwYXNzd29yZC1vZi1tZQ==")
    aep.call("GET", f"{FLOWS}?access_token=query-t0ken")
    form = f"grant_type=client_credentials&client_id=a&client_secret={secret}&code={code}"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    aep.exchange("POST", "/ims/token/v3", headers, form.encode())
    given = aep.exchange("POST", "/ims/token/v3", headers, form.encode())
    issued = json.loads(given.content).get("access_token", "eyJ")
    return [
        *(text.encode() for text in (token, secret, code, issued, "c00kie-value", "query-t0ken")),
        b"dXNlcjpwYXNzd29yZC1vZi1tZQ",
        b"password-of-me",
    ]


def test_credentials_of_callers_are_not_written(start: Start, url: str) -> None:
    emulator = start()
    secrets = secrets_sent(aep_for(emulator))
    journal_of(emulator).flush()
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        packs = connection.execute(sa.select(CALL_PACK.c.content)).scalars().all()
        parts = connection.execute(sa.select(COVERAGE.c.content)).scalars().all()
    engine.dispose()
    written = b"".join((*packs, *parts))
    assert sum(len(unpack(pack)) for pack in packs) == 6
    for secret in secrets:
        assert secret not in written, secret
    assert b"Bearer ******" in written


def test_a_call_says_the_same_without_its_credentials(start: Start) -> None:
    emulator, memory = start(), new_emulator()
    shown = []
    for one in (emulator, memory):
        play(aep_for(one))
        secrets_sent(aep_for(one))
        control = control_of(one)
        entries = control("journal?format=full&limit=100")["entries"]
        for entry in entries:
            for message in (entry["request"], entry["response"]):
                message["headers"].pop("x-request-id", None)
                message.pop("body", None)
        shown.append(entries)
        explained = [control(f"journal/{number}")["editions"] for number in (3, 5)]
        shown.append(explained)
    assert shown[0] == shown[2]
    assert shown[1] == shown[3]


def test_calls_are_found_by_their_client(start: Start) -> None:
    emulator = start()
    aep_for(emulator).call("GET", FLOWS, x_api_key="another-key")
    found = control_of(emulator)("journal?client=another-key")["entries"]
    assert len(found) == 1


def test_a_token_that_is_the_key_too_is_shown_as_neither(start: Start) -> None:
    emulator, both = start(), "made-up-for-all"
    aep_for(emulator).call("GET", FLOWS, Authorization=f"Bearer {both}", x_api_key=both)
    aep_for(emulator).call("GET", f"{FLOWS}/{both}", Authorization=f"Bearer {both}", x_api_key=both)
    shown = json.dumps(control_of(emulator)(f"journal?client={both}&format=full")["entries"])
    assert shown.count("Bearer ******") == 2
    assert both not in shown


def run_ids(entries: Iterable[str]) -> list[str]:
    return [path.rpartition("/")[2] for path in entries]


def test_served_processes_are_one(start: Start, url: str, caplog: pytest.LogCaptureFixture) -> None:
    """They tell the same, and neither an end nor a death a second later loses a call."""
    emulator = start()
    with serve_all(*[("--store", url)] * 2) as ((first, one, _), (second, two, _)):
        clients = [client_of(one), client_of(two)]
        for number in range(8):
            clients[number % 2].call("GET", f"{FLOW_SERVICE}/runs/{number}")
        for address in (one, two):
            entries = requests.get(f"{address}/_emulator/journal", timeout=30).json()["entries"]
            assert "".join(entry["path"][-1] for entry in entries) == "76543210"
        reports = [
            requests.get(f"{address}/_emulator/report", timeout=30).json() for address in (one, two)
        ]
        for report in reports:
            del report["date"]  # they may be of different seconds
        assert reports[0] == reports[1]
        for number in range(8, 48):
            clients[0].call("GET", f"{FLOW_SERVICE}/runs/{number}")
        first.send_signal(signal.SIGTERM)
        assert first.wait(10) == 0
        for number in range(48, 53):
            clients[1].call("GET", f"{FLOW_SERVICE}/runs/{number}")
        until(lambda: sum(one.calls for one in journal_of(emulator)._calls.packs()) >= 53)
        clients[1].call("GET", f"{FLOW_SERVICE}/runs/53")
        os.kill(second.pid, signal.SIGKILL)
        second.wait(10)
    for reader in (emulator, start()):
        entries = run_ids(path for _, path, _ in calls_of(reader))
        assert caplog.messages == []  # nobody was waited for in vain
        assert entries[:53] == [str(number) for number in range(53)]
        assert entries[53:] in ([], ["53"])  # the last one may have died with its process
        numbers = numbers_of(reader)
        assert len(set(numbers)) == len(numbers)
        assert numbers[8:48] == list(range(numbers[8], numbers[8] + 40))
        assert reader.coverage is not None
        assert reader.coverage.current().calls == len(entries)
        assert journal_of(reader)._calls.ask().keys() <= {emulator.stores.processes.number}


def test_parts_of_coverage_become_one(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lasting_coverage, "PARTS", 1)
    emulator = start()
    journal = journal_of(emulator)
    journal.after_write = lambda: None
    for _ in range(5):
        play(aep_for(emulator))
        journal.flush()
    calls: SqlCalls = journal._calls  # type: ignore[assignment]
    assert len(calls.counted_sizes()) == 5
    before = counted(emulator)
    assert isinstance(emulator.coverage, lasting_coverage.LastingCoverage)
    emulator.coverage._tidy()
    assert len(calls.counted_sizes()) == 1
    assert counted(emulator) == before == counted_in_memory(times=5)


def test_a_journal_in_memory_has_no_thread() -> None:
    emulator = new_emulator()
    aep_for(emulator).call("GET", FLOWS)
    assert type(emulator.journal) is Journal
    assert not any(thread.name == "journal" for thread in threading.enumerate())
