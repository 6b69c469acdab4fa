"""How much is kept: what counts, what counts once, and what is refused."""

from __future__ import annotations

import pytest

from emulator.sandbox import Sandbox
from emulator.store import Change, MemoryBlobs, MemoryStore, NoRoom, Room
from emulator.store.base import DOCUMENT_BYTES

PROD = Sandbox("A@AdobeOrg", "prod")
DEV = Sandbox("A@AdobeOrg", "dev")


@pytest.fixture
def room() -> Room:
    return Room(1000)


@pytest.fixture
def blobs(room: Room) -> MemoryBlobs:
    return MemoryBlobs(room)


@pytest.fixture
def store(room: Room) -> MemoryStore:
    return MemoryStore(room)


def document(key: str, text: str, sandbox: Sandbox = PROD) -> Change:
    return Change(sandbox, "kind", key, text)


def test_files_count_as_long_as_they_are_there(room: Room, blobs: MemoryBlobs) -> None:
    blobs.put(PROD, "a", b"x" * 400)
    blobs.append(PROD, "a", b"y" * 100)
    blobs.put(DEV, "b", b"z" * 300)
    assert room.used == 800
    blobs.put(PROD, "a", b"x" * 50)
    assert room.used == 350
    assert blobs.delete(PROD, "a")
    assert blobs.delete_all(DEV, "") == 1
    assert room.used == 0


def test_a_file_without_room_changes_nothing(room: Room, blobs: MemoryBlobs) -> None:
    blobs.put(PROD, "a", b"x" * 600)
    blobs.put(PROD, "a", b"x" * 600)
    with pytest.raises(NoRoom, match="no more than 1000 bytes"):
        blobs.append(PROD, "a", b"y" * 401)
    for key, size in (("a", 1001), ("b", 401)):
        with pytest.raises(NoRoom):
            blobs.put(PROD, key, b"y" * size)
    assert room.used == 600
    assert blobs.read(PROD, "a") == b"x" * 600
    blobs.put(PROD, "b", b"y" * 400)
    assert not room.has(1)


def test_a_piece_counts_once(room: Room, blobs: MemoryBlobs) -> None:
    other, piece = MemoryBlobs(room), b"x" * 600
    blobs.put(PROD, "a", piece)
    other.put(DEV, "b", piece)
    blobs.put(PROD, "c", b"y" * 10)
    blobs.join(PROD, "d", ["c", "a"])
    assert blobs.read(PROD, "d") == b"y" * 10 + piece
    assert room.used == 610
    blobs.erase()
    assert room.used == 600
    other.close()
    assert room.used == 0


def test_a_file_of_the_same_piece_over_and_over_is_as_long_as_it_is(blobs: MemoryBlobs) -> None:
    blobs.put(PROD, "a", b"x" * 600)
    with pytest.raises(NoRoom):
        blobs.join(PROD, "b", ["a", "a"])
    assert blobs.keys(PROD) == ["a"]


def test_documents_count_as_long_as_they_are_there(room: Room, store: MemoryStore) -> None:
    store.write(document("a", "x" * 98), document("b", "y"))
    assert room.used == 2 * DOCUMENT_BYTES + 101 + 4
    store.write(document("a", "x"))
    assert room.used == 2 * DOCUMENT_BYTES + 8
    store.write(Change(PROD, "kind", "a", None), Change(PROD, "kind", "c", None))
    store.erase("A@AdobeOrg", "prod")
    assert room.used == 0


def test_documents_may_go_beyond_the_limit_a_little(store: MemoryStore, room: Room) -> None:
    store.write(document("a", "x" * 5000))
    assert not room.has(0)
    with pytest.raises(NoRoom):
        store.write(document("b", "x"), document("c", "x" * Room.RESERVED))
    assert store.count(PROD, "kind") == 1


def test_what_many_stores_began_with_counts_once(room: Room, store: MemoryStore) -> None:
    store.write(document("a", "x" * 100), document("b", "x" * 100, DEV))
    begin, used = store.dump(), room.used
    others = [MemoryStore(room) for _ in range(3)]
    for other in others:
        other.load(begin)
    assert room.used == 2 * used  # with the store that goes on
    others[0].write(document("c", "y"))
    assert room.used == 2 * used + DOCUMENT_BYTES + 4
    others[0].write(document("a", "changed"), Change(PROD, "kind", "c", None))
    assert room.used == 2 * used + DOCUMENT_BYTES + 10
    others[0].load(begin, PROD)
    assert room.used == 2 * used
    for other in (store, *others):
        other.close()
    assert room.used == 0


def test_a_state_has_room_in_place_of_what_was_there(room: Room, store: MemoryStore) -> None:
    store.write(document("a", "x" * 500))
    begin = store.dump()
    store.write(document("b", "y" * 100))
    store.load(begin)
    with room.exempt():
        room.hold(object(), 10_000)
    with pytest.raises(NoRoom):
        room.hold(object(), 1)
