"""What every blob store promises."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from emulator.app import create_emulator
from emulator.sandbox import Sandbox
from emulator.store import Blob, Blobs, MemoryBlobs
from emulator.store.database import Database
from emulator.store.outside import outside
from emulator.store.sql_blobs import SqlBlobs
from tests.databases import Server

_NUMBERS = count(1)

PROD = Sandbox("A@AdobeOrg", "prod")
DEV = Sandbox("A@AdobeOrg", "dev")
OTHER = Sandbox("B@AdobeOrg", "prod")


@pytest.fixture(params=["memory", "sqlite", "folder", "fsspec", "postgresql"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Blobs]:
    if request.param == "memory":
        made: Blobs = MemoryBlobs()
        yield made
        made.close()
        return
    url = f"sqlite:///{tmp_path}/a.db"
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("server")
        url = server.url()
    places = {"folder": f"file://{tmp_path}/blobs", "fsspec": f"memory://{tmp_path}"}
    place = places.get(request.param)
    database = Database(url)
    world = f"world {next(_NUMBERS)}"
    yield SqlBlobs(database, world, None if place is None else outside(place))
    database.close()


def test_reads_what_was_put_last(blobs: Blobs) -> None:
    blobs.put(PROD, "a", b"first")
    blobs.put(PROD, "a", b"second")
    assert blobs.read(PROD, "a") == b"second"
    assert blobs.size(PROD, "a") == 6


def test_what_is_put_is_a_copy(blobs: Blobs) -> None:
    content = bytearray(b"mine")
    blobs.put(PROD, "a", content)
    content[:] = b"else"
    assert blobs.read(PROD, "a") == b"mine"


def test_nothing_is_not_the_same_as_empty(blobs: Blobs) -> None:
    assert blobs.read(PROD, "a") is None
    assert blobs.size(PROD, "a") is None
    blobs.put(PROD, "a", b"")
    assert blobs.read(PROD, "a") == b""
    assert blobs.size(PROD, "a") == 0


def test_appends_to_what_is_there_or_not(blobs: Blobs) -> None:
    blobs.append(PROD, "a", b"one ")
    blobs.append(PROD, "a", b"two")
    assert blobs.size(PROD, "a") == 7
    assert blobs.read(PROD, "a") == b"one two"
    blobs.append(PROD, "a", b" three")
    assert blobs.read(PROD, "a") == b"one two three"


@pytest.mark.parametrize(
    ("start", "length", "found"),
    [
        (0, 3, b"012"),
        (3, None, b"3456789"),
        (8, 10, b"89"),
        (10, 1, b""),
        (99, None, b""),
        (2, 0, b""),
    ],
)
def test_reads_ranges(blobs: Blobs, start: int, length: int | None, found: bytes) -> None:
    blobs.append(PROD, "a", b"01234")
    blobs.append(PROD, "a", b"56789")
    assert blobs.read(PROD, "a", start, length) == found


def test_lists_keys_by_prefix_in_order(blobs: Blobs) -> None:
    for key in ("b/2", "a/1", "b/1", "bb"):
        blobs.put(PROD, key, b"")
    blobs.put(DEV, "b/0", b"")
    assert blobs.keys(PROD, "b/") == ["b/1", "b/2"]
    assert blobs.keys(PROD) == ["a/1", "b/1", "b/2", "bb"]
    assert blobs.keys(OTHER) == []


def test_joins_parts_in_the_order_given(blobs: Blobs) -> None:
    for key, content in (("p/1", b"one "), ("p/2", b"two "), ("p/3", b"three")):
        blobs.put(PROD, key, content)
    blobs.join(PROD, "whole", ["p/2", "p/1", "p/3"])
    assert blobs.read(PROD, "whole") == b"two one three"
    assert blobs.keys(PROD) == ["whole"]
    blobs.join(PROD, "empty", [])
    assert blobs.read(PROD, "empty") == b""


def test_joins_nothing_if_a_part_is_missing(blobs: Blobs) -> None:
    blobs.put(PROD, "p/1", b"one")
    with pytest.raises(KeyError):
        blobs.join(PROD, "whole", ["p/1", "p/2"])
    assert blobs.keys(PROD) == ["p/1"]


def test_deletes_one_or_all_below_a_prefix(blobs: Blobs) -> None:
    for key in ("a/1", "a/2", "b"):
        blobs.put(PROD, key, b"x")
    assert blobs.delete(PROD, "b")
    assert not blobs.delete(PROD, "b")
    assert not blobs.delete(DEV, "a/1")
    assert blobs.delete_all(PROD, "a/") == 2
    assert blobs.keys(PROD) == []


def test_yields_everything_of_a_sandbox(blobs: Blobs) -> None:
    dev = Sandbox(PROD.organization, "dev")
    blobs.put(PROD, "b", b"1")
    blobs.put(PROD, "a", b"2")
    blobs.put(dev, "a", b"3")
    assert list(blobs.everything(dev)) == [Blob(dev, "a", b"3")]
    assert [blob.key for blob in blobs.everything(PROD)] == ["a", "b"]


def test_yields_everything_by_place(blobs: Blobs) -> None:
    blobs.put(OTHER, "a", b"3")
    blobs.put(PROD, "b", b"2")
    blobs.put(PROD, "a", b"1")
    found = list(blobs.everything())
    assert found == [Blob(PROD, "a", b"1"), Blob(PROD, "b", b"2"), Blob(OTHER, "a", b"3")]


@pytest.mark.parametrize(
    ("organization", "name", "left"),
    [
        (None, None, []),
        ("A@AdobeOrg", None, [OTHER]),
        ("A@AdobeOrg", "dev", [PROD, OTHER]),
    ],
)
def test_erases_all_an_organization_or_a_sandbox(
    blobs: Blobs, organization: str | None, name: str | None, left: list[Sandbox]
) -> None:
    for sandbox in (PROD, DEV, OTHER):
        blobs.put(sandbox, "a", b"x")
    blobs.erase(organization, name)
    assert [blob.sandbox for blob in blobs.everything()] == left


def test_a_reset_erases_blobs_too() -> None:
    emulator = create_emulator()
    for sandbox in (PROD, OTHER):
        emulator.platform.blobs.put(sandbox, "a", b"x")
    body = {"organization": PROD.organization}
    reply = emulator.wsgi_app.test_client().post("/_emulator/reset", json=body)
    assert reply.status_code == 204
    assert [blob.sandbox for blob in emulator.platform.blobs.everything()] == [OTHER]
    emulator.close()
    assert list(emulator.platform.blobs.everything()) == []
