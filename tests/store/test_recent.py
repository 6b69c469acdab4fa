"""What a thread remembers of a database is what a new look at it would show."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest

from emulator.sandbox import Sandbox
from emulator.store import Change
from emulator.store.database import Database
from emulator.store.recent import MAX_ANSWER_BYTES, MAX_BYTES
from emulator.store.sql import SqlStore
from emulator.store.sql_stores import SqlValues
from emulator.store.statements import Statement

PROD = Sandbox("A@AdobeOrg", "prod")

Open = Callable[[], SqlStore]


@pytest.fixture(params=["sqlite", "postgresql"])
def another(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Return a function that opens the same store once more, as another process does."""
    url = f"sqlite:///{tmp_path}/state.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("server").url()
    world, opened = uuid4().hex, list[Database]()

    def open_it() -> SqlStore:
        opened.append(Database(url))
        return SqlStore(opened[-1], world)

    yield open_it
    for database in opened:
        database.close()


@pytest.fixture
def store(another: Open) -> SqlStore:
    return another()


def put(store: SqlStore, key: str, body: object) -> None:
    store.write(Change(PROD, "flow", key, body))


def look(store: SqlStore, key: str = "a") -> object:
    found = store.read(PROD, "flow", key)
    return None if found is None else found.body


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Statement]]:
    """Note the statements that are carried out in the block."""
    asked: list[Statement] = []
    carry_out = Statement.all

    def note(self: Statement, *arguments: object) -> object:
        asked.append(self)
        return carry_out(self, *arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Statement, "all", note)
        yield asked


def test_one_statement_tells_a_call_that_nothing_has_changed(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, "a", {"n": 1})
    for _ in range(2):
        with store.reading():
            known = look(store), look(store, "b")
    with counted(monkeypatch) as asked, store.reading():
        assert (look(store), look(store, "b"), look(store)) == (*known, {"n": 1})
    assert known == ({"n": 1}, None)
    assert len(asked) == 1


def test_what_another_process_has_written_is_seen_by_the_next_call(
    store: SqlStore, another: Open
) -> None:
    other = another()
    for written in ({"n": 1}, {"n": 2}, None, {"n": 3}):
        put(other, "a", written)
        with store.reading():
            assert look(store, "b") is None
            assert look(store) == written


def test_what_another_thread_has_written_is_seen_by_the_next_call(store: SqlStore) -> None:
    with ThreadPoolExecutor(1) as threads:
        for number in range(3):
            threads.submit(put, store, "a", number).result()
            with store.reading():
                assert look(store) == number


def test_what_the_thread_itself_has_written_is_seen_at_once(store: SqlStore) -> None:
    values = SqlValues(store._database, "w")
    with store.reading():
        assert (look(store), dict(values.all())) == (None, {})
        put(store, "a", 1)
        values.set("edition", "2020-03")
        assert (look(store), values.all()["edition"]) == (1, "2020-03")
    put(store, "a", 2)
    values.set("edition", "latest")
    with store.reading():
        assert (look(store), values.all()["edition"]) == (2, "latest")
    values.clear()
    with store.reading():
        assert dict(values.all()) == {}


def test_nothing_is_remembered_outside_of_a_call_or_in_a_section(
    store: SqlStore, another: Open
) -> None:
    other = another()
    with store.reading():
        assert look(store) is None
    put(other, "a", 1)
    assert look(store) == 1
    with store.reading():
        assert look(store) == 1
        put(other, "a", 2)
        with store.exclusive(PROD):
            assert look(store) == 2
        assert look(store) == 2


def test_bodies_that_are_remembered_are_copies(store: SqlStore) -> None:
    put(store, "a", {"list": [1]})
    with store.reading():
        found = store.read(PROD, "flow", "a")
        assert found is not None
        found.body["list"].append(2)
        assert look(store) == {"list": [1]}


def test_names_that_no_database_has_are_remembered_as_they_are(store: SqlStore) -> None:
    values = SqlValues(store._database, store._world)
    values.set("\0", "x")
    for _ in range(2):
        with store.reading():
            assert dict(values.all()) == {"\0": "x"}


def test_a_thread_remembers_only_so_much(store: SqlStore) -> None:
    put(store, "long", "x" * MAX_ANSWER_BYTES)
    many = 2 * MAX_BYTES // 60_000
    store.write(*(Change(PROD, "flow", f"{n}", f"{n:060000}") for n in range(many)))
    recent = store._database._recent
    with store.reading():
        assert look(store, "long") == "x" * MAX_ANSWER_BYTES
        assert not recent._answers
        assert [look(store, f"{n}") for n in range(many)] == [f"{n:060000}" for n in range(many)]
        assert 0 < recent._size <= MAX_BYTES
        assert len(recent._answers) < many


def test_calls_never_see_less_than_what_had_been_written_before_them(
    store: SqlStore, another: Open
) -> None:
    written, seen = [0] * 4, list[tuple[int, int]]()
    ended = threading.Event()

    def write(many: int) -> None:
        other = another()
        for number in range(1, many):
            key = Random(number).randrange(len(written))
            put(other, f"{key}", number)
            written[key] = number
        ended.set()

    writer = threading.Thread(target=write, args=(200,))
    writer.start()
    while not ended.is_set():
        before = list(written)
        with store.reading():
            found = [look(store, f"{key}") or 0 for key in range(len(written))]
        seen += zip(before, found, strict=True)  # type: ignore[arg-type]
    writer.join()
    assert all(last <= found for last, found in seen)
    assert any(found for _, found in seen)
