"""The store's promises; every backend has to keep them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from emulator.json_types import Json
from emulator.sandbox import Sandbox
from emulator.store import (
    EMPTY,
    Change,
    Conflict,
    Hint,
    MemoryStore,
    Store,
    StoreUnavailable,
    statements,
)
from emulator.store.database import Database
from emulator.store.sql import SqlStore
from tests.databases import Server

_NUMBERS = count(1)

PROD = Sandbox("A@AdobeOrg", "prod")
DEV = Sandbox("A@AdobeOrg", "dev")
OTHER = Sandbox("B@AdobeOrg", "prod")


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Return a function that makes stores of one kind, each by itself."""
    made: list[Store] = []
    opened: list[Database] = []
    server: Server | None = None
    if request.param == "postgresql":
        server = request.getfixturevalue("server")

    def make_one() -> Store:
        number = next(_NUMBERS)
        if request.param == "memory":
            made.append(MemoryStore())
            return made[-1]
        opened.append(
            Database(f"sqlite:///{tmp_path}/{number}.db" if server is None else server.url())
        )
        made.append(SqlStore(opened[-1], f"world {number}"))
        return made[-1]

    yield make_one
    for store in made:
        store.close()
    for database in opened:
        database.close()


@pytest.fixture
def store(make: Callable[[], Store]) -> Store:
    return make()


def put(store: Store, key: str, body: object, sandbox: Sandbox = PROD) -> None:
    store.write(Change(sandbox, "flow", key, body))


def keys(store: Store, sandbox: Sandbox = PROD) -> list[str]:
    return [stored.key for stored in store.scan(sandbox, "flow")]


def test_reads_what_was_written_with_its_version(store: Store) -> None:
    put(store, "a", {"n": 1})
    put(store, "a", {"n": 2})
    stored = store.read(PROD, "flow", "a")
    assert stored is not None
    assert (stored.key, stored.version, stored.body) == ("a", 2, {"n": 2})


def test_reads_none_where_nothing_is(store: Store) -> None:
    assert store.read(PROD, "flow", "a") is None
    assert store.count(PROD, "flow") == 0


def test_bodies_are_copies_on_the_way_in_and_out(store: Store) -> None:
    body = {"list": [1]}
    put(store, "a", body)
    body["list"].append(2)
    first = store.read(PROD, "flow", "a")
    assert first is not None
    first.body["list"].append(3)
    again = store.read(PROD, "flow", "a")
    assert again is not None
    assert again.body == {"list": [1]}


def test_reads_many_at_once_in_the_order_of_their_keys(store: Store) -> None:
    many = [f"{number:04}" for number in range(1200)]
    store.write(*(Change(PROD, "flow", key, {"key": key}) for key in many))
    put(store, "0007", {"key": "0007", "changed": True})
    store.write(Change(OTHER, "flow", "elsewhere", {}), Change(PROD, "run", "0008", {}))
    asked = ["0900", "elsewhere", "0007", "missing", "0001"]
    assert [(s.key, s.version, s.body["key"]) for s in store.read_many(PROD, "flow", asked)] == [
        ("0900", 1, "0900"), ("0007", 2, "0007"), ("0001", 1, "0001"),
    ]  # fmt: skip
    backwards = many[::-1]
    assert [s.key for s in store.read_many(PROD, "flow", iter(backwards))] == backwards
    assert store.read_many(PROD, "flow", []) == []


def test_scans_in_order_of_creation_which_updates_do_not_change(store: Store) -> None:
    for key in "cab":
        put(store, key, {})
    put(store, "c", {"changed": True})
    assert keys(store) == ["c", "a", "b"]


def test_a_document_moves_to_the_end_of_its_kind(store: Store, make: Callable[[], Store]) -> None:
    for key in "abc":
        put(store, key, {})
    store.write(Change(PROD, "flow", "a", {"n": 1}, moves=True))
    store.write(Change(PROD, "flow", "b", {"n": 1}), Change(PROD, "flow", "d", {}, moves=True))
    assert keys(store) == ["b", "c", "a", "d"]
    assert [(s.key, s.version) for s in store.recent(PROD, "flow")] == [
        ("d", 1), ("a", 2), ("c", 1), ("b", 2),
    ]  # fmt: skip
    moved = {stored.key: stored.ordinal for stored in store.scan(PROD, "flow")}
    assert [s.key for s in store.recent(PROD, "flow", before=moved["a"])] == ["c", "b"]
    again = make()
    again.load(store.dump())
    assert list(again.recent(PROD, "flow")) == list(store.recent(PROD, "flow"))


def test_scans_from_beyond_an_ordinal_even_after_deletions(store: Store) -> None:
    for key in "abc":
        put(store, key, {})
    ordinals = {stored.key: stored.ordinal for stored in store.scan(PROD, "flow")}
    store.write(Change(PROD, "flow", "a", None))
    put(store, "d", {})
    assert [s.key for s in store.scan(PROD, "flow", after=ordinals["b"])] == ["c", "d"]


def test_a_transaction_does_not_go_on_behind_a_statement_that_failed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever passes over the error must not have the rest written, and be told that it is all."""
    if not isinstance(store, SqlStore):
        pytest.skip("memory has no statements")
    put(store, "a", {"n": 1})

    def passes_over() -> None:
        with store.exclusive(PROD):
            put(store, "a", {"n": 2})
            with monkeypatch.context() as patch:
                patch.setattr(statements.Statement, "all", nonsense)
                with pytest.raises((StoreUnavailable, sa.exc.DBAPIError), match="nonsense"):
                    put(store, "b", {"n": 2})
            with pytest.raises(StoreUnavailable):
                put(store, "c", {"n": 2})

    with pytest.raises(StoreUnavailable, match="has failed"):
        passes_over()
    assert [(s.key, s.body) for s in store.scan(PROD, "flow")] == [("a", {"n": 1})]
    put(store, "d", {"n": 3})
    assert keys(store) == ["a", "d"]


def nonsense(_: statements.Statement, connection: sa.Connection, _values: object) -> list[object]:
    statements.run(connection, "SELECT nonsense")
    return []


def test_writes_all_or_nothing(store: Store) -> None:
    put(store, "a", {"n": 1})
    with pytest.raises(Conflict) as conflict:
        store.write(
            Change(PROD, "flow", "b", {}, expected=0),
            Change(PROD, "flow", "a", {"n": 2}, expected=7),
        )
    assert (conflict.value.change.key, conflict.value.found) == ("a", 1)
    assert keys(store) == ["a"]


def test_expecting_version_zero_means_not_there_yet(store: Store) -> None:
    store.write(Change(PROD, "flow", "a", {}, expected=0))
    with pytest.raises(Conflict):
        store.write(Change(PROD, "flow", "a", {}, expected=0))


def test_a_sandbox_sees_only_its_own(store: Store) -> None:
    put(store, "a", {}, PROD)
    put(store, "a", {}, OTHER)
    assert (keys(store, PROD), keys(store, DEV), keys(store, OTHER)) == (["a"], [], ["a"])


def test_tells_the_sandboxes_that_hold_documents_of_a_kind(store: Store) -> None:
    assert store.sandboxes("flow") == []
    for sandbox in (PROD, DEV, OTHER):
        put(store, "a", {}, sandbox)
    store.write(Change(DEV, "flow", "a", None), Change(DEV, "run", "b", {}))
    assert store.sandboxes("flow") == sorted([PROD, OTHER])
    assert store.sandboxes("run") == [DEV]
    store.erase()
    assert store.sandboxes("flow") == []


def test_counters_count_by_sandbox_and_name(store: Store) -> None:
    assert [store.next(PROD, "flow") for _ in range(3)] == [1, 2, 3]
    assert store.next(DEV, "flow") == 1
    assert store.next(PROD, "run") == 1


@pytest.mark.parametrize(
    ("organization", "name", "left"),
    [
        (None, None, (0, 0, 0)),
        ("A@AdobeOrg", None, (0, 0, 1)),
        ("A@AdobeOrg", "dev", (1, 0, 1)),
        (None, "prod", (0, 1, 0)),
    ],
)
def test_erases_what_it_is_told(
    store: Store, organization: str | None, name: str | None, left: tuple[int, int, int]
) -> None:
    for sandbox in (PROD, DEV, OTHER):
        put(store, "a", {}, sandbox)
        store.next(sandbox, "flow")
    store.erase(organization, name)
    assert tuple(len(keys(store, sandbox)) for sandbox in (PROD, DEV, OTHER)) == left
    assert store.next(DEV, "flow") == (2 if left[1] else 1)


def test_counts_right_under_many_threads(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: store.next(PROD, "flow"), range(400)))
    assert sorted(numbers) == list(range(1, 401))


def test_one_of_two_writers_with_the_same_expectation_loses(store: Store) -> None:
    put(store, "a", {"n": 0})

    def write(n: int) -> bool:
        try:
            store.write(Change(PROD, "flow", "a", {"n": n}, expected=1))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(20))) == 1


def test_exclusive_lets_one_writer_at_a_time_into_a_sandbox(store: Store) -> None:
    inside: list[int] = []
    most: list[int] = []

    def enter(_: int) -> None:
        with store.exclusive(PROD):
            inside.append(1)
            most.append(len(inside))
            inside.pop()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enter, range(200)))
    assert max(most) == 1


def test_a_snapshot_brings_back_documents_versions_order_and_counters(store: Store) -> None:
    for key in "cab":
        put(store, key, {"key": key})
    put(store, "a", {"key": "a", "changed": True})
    store.next(PROD, "run")
    before = list(store.scan(PROD, "flow"))
    snapshot = store.dump()
    store.write(Change(PROD, "flow", "c", None), Change(PROD, "flow", "a", {}))
    put(store, "new", {}, DEV)
    store.next(PROD, "run")
    store.load(snapshot)
    assert list(store.scan(PROD, "flow")) == before
    assert store.count(DEV, "flow") == 0
    assert store.next(PROD, "run") == 2
    put(store, "d", {})
    assert keys(store) == ["c", "a", "b", "d"]


def test_a_snapshot_stays_as_it_was_made_and_can_be_loaded_again(store: Store) -> None:
    put(store, "a", {"n": 1})
    snapshot = store.dump()
    for _ in range(3):
        put(store, "a", {"n": 2})
        put(store, "b", {})
        store.erase("A@AdobeOrg", "prod")
        put(store, "c", {})
        store.load(snapshot)
        found = store.read(PROD, "flow", "a")
        assert found is not None
        assert (keys(store), found.version, found.body) == (["a"], 1, {"n": 1})


def test_a_snapshot_can_be_loaded_into_other_stores(
    store: Store, make: Callable[[], Store]
) -> None:
    put(store, "a", {"n": 1})
    snapshot = store.dump()
    others = [make(), make()]
    for other in others:
        other.load(snapshot)
    put(others[0], "b", {})
    assert [keys(made) for made in (store, *others)] == [["a"], ["a", "b"], ["a"]]


def test_a_new_store_holds_what_the_empty_snapshot_says(store: Store) -> None:
    put(store, "a", {})
    store.load(EMPTY)
    assert keys(store) == []
    assert store.next(PROD, "#flow") == 1


def test_one_sandbox_goes_back_to_a_snapshot_and_the_others_stay(store: Store) -> None:
    put(store, "a", {"n": 1})
    put(store, "d", {"n": 1}, DEV)
    before = store.dump()
    put(store, "a", {"n": 2})
    put(store, "b", {})
    put(store, "e", {}, DEV)
    store.write(Change(PROD, "other", "x", {}))
    store.next(PROD, "numbers")
    store.load(before, PROD)
    assert keys(store) == ["a"]
    assert keys(store, DEV) == ["d", "e"]
    stored = store.read(PROD, "flow", "a")
    assert stored is not None
    assert (stored.version, stored.body) == (1, {"n": 1})
    assert store.count(PROD, "other") == 0
    assert store.next(PROD, "numbers") == 1
    put(store, "c", {})
    assert keys(store) == ["a", "c"]
    put(store, "f", {}, DEV)
    assert keys(store, DEV) == ["d", "e", "f"]


MANY = 600
"""More documents than a store looks through one by one."""


def fill(store: Store) -> None:
    for number in range(MANY):
        body = {"n": number // 3, "name": f"name {number}", "list": ["x", f"y{number}"]}
        put(store, f"k{number}", body)


def test_a_hint_leaves_out_nothing_that_is_needed(store: Store) -> None:
    fill(store)
    store.write(Change(PROD, "flow", "k7", {"name": ["name 8"], "other": 1}))
    for hint, wanted in {
        Hint(texts=("y8",)): "y8",
        Hint(equal=(("name", "name 8"),)): "name 8",
        Hint(prefix="k8"): "y8",
        Hint(frozenset({"name"}), equal=(("name", "name 8"),)): "name 8",
    }.items():
        for rows in (store.scan(PROD, "flow", 5, hint), store.recent(PROD, "flow", 0, hint)):
            assert "k8" in [row.key for row in rows], wanted
    named = Hint(equal=(("name", "name 8"),))
    assert {"k7", "k8"} <= {row.key for row in store.scan(PROD, "flow", hint=named)}


def test_a_hint_follows_every_change(store: Store) -> None:
    fill(store)
    named = Hint(frozenset({"name"}), equal=(("name", "new"),))
    assert list(store.scan(PROD, "flow", hint=named)) == []
    snapshot = store.dump()
    store.write(
        Change(PROD, "flow", "k1", {"name": "new"}), Change(PROD, "flow", "z", {"name": "new"})
    )
    assert [row.key for row in store.scan(PROD, "flow", hint=named)] == ["k1", "z"]
    store.write(Change(PROD, "flow", "k1", {"name": "new"}, moves=True))
    assert [row.key for row in store.scan(PROD, "flow", hint=named)] == ["z", "k1"]
    store.write(Change(PROD, "flow", "z", None), Change(PROD, "flow", "k1", {"name": "old"}))
    assert [row for row in store.scan(PROD, "flow", hint=named) if row.body["name"] == "new"] == []
    store.load(snapshot)
    assert list(store.scan(PROD, "flow", hint=named)) == []
    assert len(list(store.scan(PROD, "flow", hint=Hint(frozenset({"name"}))))) == MANY


def ordered(store: Store, path: str = "createdAt", **how: bool | int) -> list[str] | None:
    rows = store.ordered(PROD, "flow", path, **how)  # type: ignore[arg-type]
    return None if rows is None else [row.key for row in rows]


def at(created: Json, updated: Json = 0) -> dict[str, Json]:
    return {"createdAt": created, "updatedAt": updated}


def test_documents_come_in_the_order_of_a_number_if_the_store_has_it(store: Store) -> None:
    store.write(*(Change(PROD, "flow", f"k{n}", at(n // 3, -n)) for n in range(MANY)))
    assert ordered(store) == [f"k{number}" for number in range(MANY)]
    assert ordered(store, "updatedAt") == [f"k{number}" for number in reversed(range(MANY))]
    store.write(Change(PROD, "flow", "k0", at(500)), Change(PROD, "flow", "k1", None))
    assert ordered(store, start=199) == ["k597", "k598", "k599", "k0"]
    assert (ordered(store, descending=True) or [])[:4] == ["k0", "k597", "k598", "k599"]
    assert (ordered(store, descending=True, ties=True) or [])[:4] == ["k0", "k599", "k598", "k597"]
    assert len(ordered(store, descending=True) or []) == MANY - 1
    store.write(Change(PROD, "flow", "odd", at("text")))
    assert ordered(store) is None


DATABASES = pytest.mark.parametrize("make", ["sqlite", "postgresql"], indirect=True)


@DATABASES
def test_a_database_orders_few_documents_too(store: Store) -> None:
    for key, number in {"a": 5, "b": -3, "c": 2**62, "d": 5, "e": 10, "f": 0}.items():
        put(store, key, {**at(number), "text": "n\\"})
    assert ordered(store) == ["b", "f", "a", "d", "e", "c"]  # as numbers, not as texts
    assert ordered(store, descending=True) == ["c", "e", "a", "d", "f", "b"]
    assert ordered(store, descending=True, ties=True) == ["c", "e", "d", "a", "f", "b"]
    assert ordered(store, start=5) == ["a", "d", "e", "c"]
    snapshot = store.dump()
    store.erase()
    assert ordered(store) == []
    store.load(snapshot)
    assert ordered(store) == ["b", "f", "a", "d", "e", "c"]


@DATABASES
def test_documents_of_one_moment_are_read_in_parts(store: Store) -> None:
    store.write(*(Change(PROD, "flow", f"k{n}", at(1)) for n in range(MANY)))
    inorder = [f"k{n}" for n in range(MANY)]
    assert ordered(store) == ordered(store, descending=True) == inorder
    assert ordered(store, descending=True, ties=True) == inorder[::-1]


@DATABASES
@pytest.mark.parametrize("body", [
    {}, at(None), at(1.5), at(1.0), at("1"), at(True), at([1]), {"in": at(1)}, [at(1)], "n",
    at(2**63), {"createdAt": 1}, {"created": 1, "updated": 1},
    {"created": 1, "updated": 1, **at(1)},
])  # fmt: skip
def test_documents_without_a_whole_number_are_the_callers_to_sort(
    store: Store, body: object
) -> None:
    put(store, "a", at(1))
    assert ordered(store) == ["a"]
    put(store, "b", body)
    assert ordered(store) is None
    put(store, "b", None)
    assert ordered(store) == ["a"]


@DATABASES
def test_a_body_of_any_characters_ends_no_list(store: Store) -> None:
    put(store, "a", {**at(2), "text": "ä😀\x01"})
    put(store, "b", {**at(1), "text": "\0"})
    assert ordered(store) == ["b", "a"]


@DATABASES
def test_a_list_in_order_goes_on_while_documents_change(store: Store) -> None:
    store.write(*(Change(PROD, "flow", f"k{n}", at(n)) for n in range(600)))
    rows = store.ordered(PROD, "flow", "createdAt")
    assert rows is not None
    assert next(rows).key == "k0"
    put(store, "k500", None)
    put(store, "k0", at(300))
    put(store, "k400", at(1000))
    put(store, "new", at(200))
    found = [row.key for row in rows]
    left = [f"k{n}" for n in range(1, 600) if n not in (400, 500)]
    assert found == [*left[:200], "new", *left[200:], "k400"]  # and no document twice
