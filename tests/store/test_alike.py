"""Random sequences of operations: a database answers each of them as memory does.

`make test` plays a dozen sequences, always the same; `STORE_SEEDS=500` plays so many.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest

from emulator.json_types import Json, dotted
from emulator.sandbox import Sandbox
from emulator.store import Change, Conflict, Hint, MemoryStores, Snapshot, Stored, Stores
from emulator.store.sql_stores import SqlStores
from tests.databases import Server

SEEDS = range(int(os.environ.get("STORE_SEEDS", "12")))
STEPS = 80

WORLDS = ("", "one", "Two")
SANDBOXES = [
    Sandbox(organization, name)
    for organization in ("A@AdobeOrg", "a@AdobeOrg", "%_\\")
    for name in ("prod", "Prod", "dev", "")
]
KINDS = ("flow", "Flow", "run")
KEYS = [
    "a",
    "A",
    "a/b",
    "a/B",
    "a%",
    "a_",
    "aa",
    "\\a",
    "ä",
    "Ä",
    "a\nb",
    "a\0",
    "a\x01b",
    "😀",
    "",
]
TEXTS = ["x", "X", 'with "quotes"', "Ünïcode", "a\\b", "%", "", "x" * 400]
COUNTERS = ("id", "Id", "#flow", "blob file")
BYTES = [b"", b"x", b"\0\xff", b"0123456789" * 300]


class Held:
    """What the emulators of one kind of storage hold, and what is taken of them."""

    def __init__(self, stores: Stores, prefix: str = "") -> None:
        self.stores = stores
        names = {world: f"{prefix}{world}" if world else prefix for world in WORLDS}
        self.store = {world: stores.store(name) for world, name in names.items()}
        self.blobs = {world: stores.blobs(name) for world, name in names.items()}
        self.values = {world: stores.values(name) for world, name in names.items()}
        self.taken: list[Snapshot] = []


_NUMBERS = count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[bool], Held]]:
    """Return a function that opens what is empty, with its files in a folder or not."""
    opened: list[Stores] = []

    def open_one(in_folder: bool) -> Held:
        number, prefix, url = next(_NUMBERS), "", f"sqlite:///{tmp_path}/a.db"
        if request.param == "postgresql":
            server: Server = request.getfixturevalue("server")
            url, prefix = server.url(), f"alike {number} "
        opened.append(SqlStores(url, f"file://{tmp_path}/files" if in_folder else "database"))
        return Held(opened[-1], prefix)

    yield open_one
    for stores in opened:
        stores.close()


Outcome = Any
Step = Callable[[Held], Outcome]


def body(chance: random.Random) -> Json:
    """Return a body such as hints ask about: texts, lists of them, and other things."""
    made: dict[str, Json] = {"n": chance.randrange(5)}
    if chance.random() < 0.8:
        text = chance.choice(TEXTS)
        made["name"] = chance.choice([text, [text, "y"], 5, None])
    if chance.random() < 0.9:
        odd = [1.5, True, "2", 2**63] if chance.random() < 0.05 else []
        made |= {"createdAt": chance.choice([1, 2, 2**53, -4, *odd]), "updatedAt": made["n"]}
    if chance.random() < 0.05:
        made |= {"created": 1, "updated": 2}
    is_odd = chance.random() < 0.1
    return chance.choice([[chance.choice(TEXTS)], "text", 7, None, {}]) if is_odd else made


def change(chance: random.Random) -> Change:
    return Change(
        chance.choice(SANDBOXES),
        chance.choice(KINDS),
        chance.choice(KEYS),
        None if chance.random() < 0.2 else body(chance),
        chance.choice([None, None, None, 0, 1, 2]),
        chance.random() < 0.2,
    )


def fits(stored: Stored, hint: Hint) -> bool:
    """Tell whether a document is what a hint asks for, by the words of `Hint`."""
    members = stored.body if isinstance(stored.body, dict) else {}

    def has(member: str, text: str) -> bool:
        value = members.get(member)
        return value == text or (isinstance(value, list) and text in value)

    texts = {text for value in members.values() for text in as_list(value)}
    are_in = all(any(text in found for found in texts) for text in hint.texts)
    return stored.key.startswith(hint.prefix) and are_in and all(has(*p) for p in hint.equal)


def as_list(value: Json) -> list[str]:
    return [item for item in (value if isinstance(value, list) else [value]) if type(item) is str]


def needed(found: Iterator[Stored] | None, hint: Hint) -> Outcome:
    """Return what was asked for: a store may return more."""
    if found is None:
        return None
    return [
        (stored.key, stored.version, stored.ordinal, part(stored.body, hint))
        for stored in found
        if fits(stored, hint)
    ]


def part(body: Json, hint: Hint) -> Json:
    if hint.members is None or not isinstance(body, dict):
        return body
    return {name: value for name, value in body.items() if name in hint.members}


def some_hint(chance: random.Random) -> Hint:
    members = frozenset(chance.sample(["n", "name", "at"], 2)) | {"name"}
    return Hint(
        chance.choice([None, members]),
        chance.choice([(), (), ("x",), ("ïc", "c"), ("a\\b",), ('"quo',)]),
        chance.choice([(), (("name", chance.choice(TEXTS)),)]),
        chance.choice(["", "", "a", "A", "a/", "a%", "a_", "\\", "a\0", "ä"]),
    )


# Steps


def write(chance: random.Random, world: str) -> Step:
    changes = [change(chance) for _ in range(chance.choice([1, 1, 2, 3, 6]))]
    if chance.random() < 0.3:
        changes.append(changes[0]._replace(body=body(chance), expected=None))
    return lambda held: held.store[world].write(*changes)


def fill(chance: random.Random, world: str) -> Step:
    sandbox, kind, n = chance.choice(SANDBOXES), chance.choice(KINDS), chance.choice([40, 40, 550])
    changes = [Change(sandbox, kind, f"k{n}", {"n": n, "name": "x"}) for n in range(n)]
    return lambda held: held.store[world].write(*changes)


def write_within(chance: random.Random, world: str) -> Step:
    """Read, count and write in one section, as a call does."""
    sandbox, kind, number = chance.choice(SANDBOXES), chance.choice(KINDS), chance.randrange(4)
    bodies = [body(chance) for _ in range(number)]
    key, content = chance.choice(KEYS), chance.choice(BYTES)

    def step(held: Held) -> Outcome:
        store = held.store[world]
        seen: list[Outcome] = []
        with store.exclusive(sandbox):
            for made in bodies:
                id = f"id{store.next(sandbox, 'id')}"
                store.write(Change(sandbox, kind, id, made, 0))
                seen.append(needed(store.scan(sandbox, kind), Hint()))
            held.blobs[world].append(sandbox, key, content)
            seen.append(held.blobs[world].read(sandbox, key))
        return seen

    return step


def move_all(chance: random.Random, world: str) -> Step:
    """Move the documents of a kind while they are read: each is read once."""
    sandbox, kind = chance.choice(SANDBOXES), chance.choice(KINDS)
    goes_back = chance.random() < 0.5

    def step(held: Held) -> Outcome:
        store = held.store[world]
        read = store.recent if goes_back else store.scan
        with store.exclusive(sandbox):
            for stored in islice(read(sandbox, kind), 2000):
                store.write(Change(sandbox, kind, stored.key, stored.body, stored.version, True))
        return needed(store.scan(sandbox, kind), Hint())

    return step


def read(chance: random.Random, world: str) -> Step:
    place = (chance.choice(SANDBOXES), chance.choice(KINDS), chance.choice(KEYS))
    return lambda held: held.store[world].read(*place)


def scan(chance: random.Random, world: str) -> Step:
    sandbox, kind, hint = chance.choice(SANDBOXES), chance.choice(KINDS), some_hint(chance)
    edge, goes_back = chance.choice([0, 0, 3, 550]), chance.random() < 0.5

    def step(held: Held) -> Outcome:
        read = held.store[world].recent if goes_back else held.store[world].scan
        return needed(read(sandbox, kind, edge, hint), hint)

    return step


def order(chance: random.Random, world: str) -> Step:
    """List in order of a number; a store may leave that to its caller, and then it is sorted."""
    sandbox, kind, hint = chance.choice(SANDBOXES), chance.choice(KINDS), some_hint(chance)
    path, falls, ties = chance.choice(["n", "createdAt", "updatedAt"]), chance.random() < 0.5, False
    if falls:
        ties = chance.random() < 0.5
    start = None if falls else chance.choice([None, 1, 2])

    def step(held: Held) -> Outcome:
        store = held.store[world]
        found = store.ordered(
            sandbox, kind, path, descending=falls, ties=ties, start=start, hint=hint
        )
        entries = numbered(list(store.scan(sandbox, kind)), path)
        if entries is None:
            assert found is None
            return None
        entries.sort(key=lambda entry: entry[1].ordinal, reverse=ties)
        entries.sort(key=lambda entry: entry[0], reverse=falls)
        wanted = [stored for n, stored in entries if start is None or n >= start]
        sorted_ones = needed(iter(wanted), hint)
        assert found is None or needed(found, hint) == sorted_ones
        return sorted_ones

    return step


def numbered(found: list[Stored], path: str) -> list[tuple[int, Stored]] | None:
    """Return documents with the whole number at a path; None if one of them has none."""
    entries = []
    for stored in found:
        number = dotted(stored.body, path)
        if type(number) is not int:
            return None
        entries.append((number, stored))
    return entries


def look(chance: random.Random, world: str) -> Step:
    sandbox, kind = chance.choice(SANDBOXES), chance.choice(KINDS)

    def step(held: Held) -> Outcome:
        store = held.store[world]
        return store.count(sandbox, kind), store.sandboxes(kind)

    return step


def next_number(chance: random.Random, world: str) -> Step:
    sandbox, counter = chance.choice(SANDBOXES), chance.choice(COUNTERS)
    return lambda held: held.store[world].next(sandbox, counter)


def take(chance: random.Random, world: str) -> Step:
    def step(held: Held) -> Outcome:
        held.taken.append(held.store[world].dump())
        return everything(held.taken[-1])

    return step


def give_back(chance: random.Random, world: str) -> Step:
    index, sandbox = chance.random(), chance.choice([None, None, *SANDBOXES])

    def step(held: Held) -> Outcome:
        if held.taken:
            held.store[world].load(held.taken[int(index * len(held.taken))], sandbox)
        return everything(held.store[world].dump())

    return step


def erase(chance: random.Random, world: str) -> Step:
    sandbox = chance.choice(SANDBOXES)
    what = chance.choice([(), (sandbox.organization,), tuple(sandbox), (None, sandbox.name)])

    def step(held: Held) -> Outcome:
        held.store[world].erase(*what)
        held.blobs[world].erase(*what)

    return step


def everything(snapshot: Snapshot) -> Outcome:
    """Return a snapshot as it compares: kinds without documents are none."""
    documents = {place: list(rows.items()) for place, rows in snapshot.documents.items() if rows}
    return documents, dict(snapshot.counters)


def put(chance: random.Random, world: str) -> Step:
    sandbox, key, content = chance.choice(SANDBOXES), chance.choice(KEYS), chance.choice(BYTES)
    adds = chance.random() < 0.6

    def step(held: Held) -> Outcome:
        blobs = held.blobs[world]
        (blobs.append if adds else blobs.put)(sandbox, key, content)
        return blobs.size(sandbox, key)

    return step


def join(chance: random.Random, world: str) -> Step:
    sandbox, key = chance.choice(SANDBOXES), chance.choice(KEYS)
    parts = chance.choices(KEYS, k=chance.choice([0, 1, 2, 3]))

    def step(held: Held) -> Outcome:
        blobs = held.blobs[world]
        there = [part for part in parts if blobs.size(sandbox, part) is not None]
        blobs.join(sandbox, key, parts if key == "ä" else there)
        return blobs.read(sandbox, key)

    return step


def remove(chance: random.Random, world: str) -> Step:
    sandbox, key, all_of = chance.choice(SANDBOXES), chance.choice(KEYS), chance.random() < 0.4
    prefix = chance.choice(["a", "A", "a/", "a%", "a_", "\\", "a\0", "ä", "\x01"])
    if all_of:
        return lambda held: held.blobs[world].delete_all(sandbox, prefix)
    return lambda held: held.blobs[world].delete(sandbox, key)


def look_at_blobs(chance: random.Random, world: str) -> Step:
    sandbox, key = chance.choice(SANDBOXES), chance.choice(KEYS)
    start, length = chance.choice([0, 1, 2999, 5000]), chance.choice([None, 0, 1, 4000])
    prefix = chance.choice(["", "a", "A", "a/", "a%", "a_", "\\", "a\0", "Ä"])

    def step(held: Held) -> Outcome:
        blobs = held.blobs[world]
        stream = blobs.open(sandbox, key)
        whole = None
        if stream is not None:
            with stream:
                stream.seek(start)
                whole = stream.read()
        return blobs.read(sandbox, key, start, length), whole, blobs.keys(sandbox, prefix)

    return step


def list_blobs(chance: random.Random, world: str) -> Step:
    sandbox = chance.choice([None, *SANDBOXES])
    return lambda held: list(held.blobs[world].everything(sandbox))


def tell(chance: random.Random, world: str) -> Step:
    name, value, clears = chance.choice("ab"), chance.choice(TEXTS), chance.random() < 0.2

    def step(held: Held) -> Outcome:
        values = held.values[world]
        values.clear() if clears else values.set(name, value)
        return dict(values.all())

    return step


OFTEN = (write, write, write, write_within, scan, order, put, put, look_at_blobs)
SELDOM = (
    fill, move_all, read, look, next_number, take, give_back, erase, join, remove, list_blobs, tell,
)  # fmt: skip


def call(chance: random.Random, world: str) -> Step:
    """Read a few documents and values as one call does that only reads."""
    place = chance.choice(SANDBOXES), chance.choice(KINDS)

    def step(held: Held) -> Outcome:
        store, values = held.store[world], held.values[world]
        with store.reading():
            return [dict(values.all()), *(store.read(*place, key) for key in ("a", "A", "id1"))]

    return step


def outcome(step: Step, held: Held) -> Outcome:
    try:
        return step(held)
    except (Conflict, KeyError) as error:
        return type(error).__name__, str(error)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_database_answers_as_memory_does(database: Callable[[bool], Held], seed: int) -> None:
    chance = random.Random(seed)
    memory, other = Held(MemoryStores(2**40)), database(seed % 2 == 0)
    told = []
    calls = [call(chance, world) for world in WORLDS]
    for number in range(STEPS):
        make = chance.choice((*OFTEN, *OFTEN, *SELDOM))
        step = make(chance, chance.choice(WORLDS))
        wanted = outcome(step, memory)
        told.append(wanted)
        assert outcome(step, other) == wanted, f"step {number}, {make.__name__}"
        for again in calls:
            assert outcome(again, other) == outcome(again, memory), f"call after step {number}"
    for world in WORLDS:
        assert everything(other.store[world].dump()) == everything(memory.store[world].dump())
        assert list(other.blobs[world].everything()) == list(memory.blobs[world].everything())
    assert sum(1 for wanted in told if wanted) > STEPS // 4  # they find something
