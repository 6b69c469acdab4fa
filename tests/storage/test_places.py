"""The seam to storages: one suite over folders and over servers that are really started."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from emulator.json_types import JsonObject
from emulator.storage import Endpoint
from emulator.storage.base import Place, StorageError
from emulator.storage.deadline import within
from emulator.storage.drivers import open_place
from emulator.storage.kept import KeptDrivers
from tests.storage.servers import Reached

pytestmark = [
    # adlfs sends a file in one piece, and aiohttp remarks on that
    pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning"),
]


KEPT = KeptDrivers()


def place_of(reached: Reached, auth: dict[str, Any], **named: Any) -> Place:
    entry = reached.entry
    endpoint = Endpoint("connectionSpec", reached.spec, entry["url"], entry["options"])
    return open_place(endpoint, auth.get("params", {}), drivers=KEPT, **named)


@pytest.fixture
def place(reached: Reached, request: pytest.FixtureRequest) -> Iterator[Place]:
    """A storage whose bucket, if it has any, is the first step of each path."""
    made = place_of(reached, reached.auth)
    yield made
    made.close()


def below(reached: Reached, *steps: str) -> str:
    return "/".join(step for step in (reached.folder, *steps) if step)


def test_reads_what_was_put(place: Place, reached: Reached) -> None:
    path = below(reached, "one", "a b+ü.csv")
    place.put(path, b"id,name\n1,Ann\n")
    with place.open(path) as file:
        assert file.read(3) == b"id,"
        file.seek(0)
        assert file.read() == b"id,name\n1,Ann\n"
    found = place.find(path)
    assert found is not None
    assert (found.path, found.size) == (path, 14)
    assert found.modified > 1_600_000_000_000


def test_what_is_put_again_is_there_as_a_whole(place: Place, reached: Reached) -> None:
    path = below(reached, "again", "a.csv")
    place.put(path, b"first and long")
    place.put(path, b"second")
    assert place.open(path).read() == b"second"
    assert [entry.path for entry in place.below(below(reached, "again"))] == [path]


def test_two_may_put_one_file(place: Place, reached: Reached) -> None:
    path = below(reached, "both", "a.csv")
    contents = [letter * 100_000 for letter in (b"a", b"b", b"c")]

    def put(content: bytes) -> None:
        other = place_of(reached, reached.auth)
        for _ in range(3):
            other.put(path, content)

    with ThreadPoolExecutor(len(contents)) as pool:
        list(pool.map(put, contents))
    assert place.open(path).read() in contents
    assert [entry.path for entry in place.below(below(reached, "both"))] == [path]


def test_lists_levels_and_all_below(place: Place, reached: Reached) -> None:
    for path in ("b.csv", "a.csv", "deep/c.csv", "deep/er/d.csv"):
        place.put(below(reached, "tree", path), b"x")
    tree = below(reached, "tree")
    level = place.level(tree)
    assert [entry.path for entry in level.files] == [f"{tree}/a.csv", f"{tree}/b.csv"]
    assert level.folders == ["deep"]
    assert [entry.path for entry in place.below(tree)] == [
        f"{tree}/{path}" for path in ("a.csv", "b.csv", "deep/c.csv", "deep/er/d.csv")
    ]


def test_nothing_lies_where_nothing_was_put(place: Place, reached: Reached) -> None:
    nowhere = below(reached, "nowhere")
    assert place.find(f"{nowhere}/a.csv") is None
    assert place.level(nowhere) == ([], [])
    assert place.below(nowhere) == []
    assert not place.delete(f"{nowhere}/a.csv")
    with pytest.raises(StorageError) as caught:
        place.open(f"{nowhere}/a.csv")
    assert caught.value.kind == "missing"


def test_what_is_deleted_is_gone(place: Place, reached: Reached) -> None:
    path = below(reached, "gone", "a.csv")
    place.put(path, b"x")
    assert place.delete(path)
    assert place.find(path) is None
    assert place.below(below(reached, "gone")) == []


@pytest.mark.parametrize("path", ["../a.csv", "one/../../a.csv", "./a", "a\0b", "a\\b"])
def test_no_path_leads_out(place: Place, path: str) -> None:
    with pytest.raises(StorageError):
        place.open(path)
    with pytest.raises(StorageError):
        place.put(path, b"x")


def test_a_folder_is_not_a_file(place: Place, reached: Reached) -> None:
    place.put(below(reached, "folder", "a.csv"), b"x")
    assert place.find(below(reached, "folder")) is None
    with pytest.raises(StorageError):
        place.put("", b"x")


def test_a_file_beyond_its_budget_is_not_read(reached: Reached) -> None:
    path = below(reached, "large.csv")
    place = place_of(reached, reached.auth, largest=10)
    place.put(path, b"x" * 11)
    with pytest.raises(StorageError, match="larger than 10 bytes") as caught:
        place.open(path)
    assert caught.value.kind == "over budget"
    place.delete(path)
    place.close()


def test_large_files_come_in_pieces(place: Place, reached: Reached) -> None:
    path, content = below(reached, "pieces.bin"), bytes(range(256)) * 12_000
    place.put(path, content)
    with place.open(path) as file:
        file.seek(2_000_000)
        assert file.read(1000) == content[2_000_000:2_001_000]
        file.seek(0)
        assert file.read() == content
    place.delete(path)


def test_the_credentials_are_tried(place: Place, reached: Reached) -> None:
    place.check()
    if reached.wrong is None:
        pytest.skip("it asks nobody for credentials")
    wrong = place_of(reached, reached.wrong)
    with pytest.raises(StorageError) as caught:
        wrong.check()
    assert caught.value.kind == "refused"
    for value in reached.wrong["params"].values():
        assert value not in str(caught.value)


class _Enough(Exception):
    pass


def _enough() -> None:
    raise _Enough


@pytest.mark.parametrize(
    "url", ["s3://data", "sftp://127.0.0.1:{}", "ftp://127.0.0.1:{}", "az://data"]
)
def test_whoever_waits_for_a_server_that_says_nothing_can_be_interrupted(url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        address = f"http://127.0.0.1:{port}"
        options: JsonObject = {}
        if url == "s3://data":
            options = {"endpoint_url": address}
        if url == "az://data":
            options = {"blob_endpoint": address, "account_name": "abc", "account_key": "eHg="}
        endpoint = Endpoint("connectionSpec", "any", url.format(port), options)
        place = open_place(endpoint, {}, check=_enough)
        with pytest.raises(_Enough):
            place.level("")


def test_a_call_that_hangs_is_left_alone() -> None:
    hangs = threading.Event()
    started = time.monotonic()
    with pytest.raises(StorageError, match=r"not answered for 0.2 seconds") as caught:
        within(0.2, lambda: None, hangs.wait)
    assert caught.value.kind == "unreachable"
    assert time.monotonic() - started < 5
    hangs.set()
