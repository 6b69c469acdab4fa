"""The seam to files: one suite over the emulator's own, folders, and servers that really run."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any, NamedTuple

import pytest

from emulator.clock import SystemClock
from emulator.data_plane.areas import Area, RealFiles, area_of
from emulator.json_types import JsonObject
from emulator.sandbox import Sandbox
from emulator.scope import Scope
from emulator.storage import Endpoint
from emulator.storage.base import Place, StorageError
from emulator.storage.deadline import within
from emulator.storage.drivers import open_place
from emulator.storage.kept import KeptDrivers
from tests.bodies import ORGANIZATION
from tests.emulators import new_emulator
from tests.storage.conftest import KINDS
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
def place(reached: Reached) -> Iterator[Place]:
    """A storage whose bucket, if it has any, is the first step of each path."""
    made = place_of(reached, reached.auth)
    yield made
    made.close()


def below(reached: Reached, *steps: str) -> str:
    return "/".join(step for step in (reached.folder, *steps) if step)


class Seam(NamedTuple):
    """What flows see of a storage, or of the emulator's own files, below one folder."""

    area: Area
    folder: str

    def path(self, *steps: str) -> str:
        return "/".join(step for step in (self.folder, *steps) if step)

    def content(self, path: str) -> bytes:
        opened = self.area.open(path)
        assert opened is not None
        with opened:
            return opened.read()


@pytest.fixture(params=("own", *KINDS))
def seam(request: pytest.FixtureRequest, start: Callable[[str], Reached]) -> Iterator[Seam]:
    if request.param == "own":
        emulator = new_emulator(SystemClock())
        edition = emulator.contract.edition("latest")
        scope = Scope(emulator.platform, edition, Sandbox(ORGANIZATION, "prod"))
        yield Seam(area_of(scope, "any connection"), "")
        return
    reached = start(request.param)
    area = RealFiles(place_of(reached, reached.auth), request.param)
    yield Seam(area, reached.folder)
    area.close()


def test_reads_what_was_put(seam: Seam) -> None:
    path = seam.path("one", "a b+ü.csv")
    seam.area.put(path, b"id,name\n1,Ann\n")
    file = seam.area.open(path)
    assert file is not None
    with file:
        assert file.read(3) == b"id,"
        file.seek(0)
        assert file.read() == b"id,name\n1,Ann\n"
    found = seam.area.find(path)
    assert found is not None
    assert (found.path, found.size) == (path, 14)
    assert found.modified > 1_600_000_000_000


def test_what_is_put_again_is_there_as_a_whole(seam: Seam) -> None:
    path = seam.path("again", "a.csv")
    seam.area.put(path, b"first and long")
    seam.area.put(path, b"second")
    assert seam.content(path) == b"second"
    assert [file.path for file in seam.area.below(seam.path("again"))] == [path]


def test_two_may_put_one_file(place: Place, reached: Reached) -> None:
    path = below(reached, "both", "a.csv")
    contents = [letter * 100_000 for letter in (b"a", b"b", b"c")]

    def put(content: bytes) -> None:
        with closing(place_of(reached, reached.auth)) as other:
            for _ in range(3):
                other.put(path, content)

    with ThreadPoolExecutor(len(contents)) as pool:
        list(pool.map(put, contents))
    assert place.open(path).read() in contents
    assert [entry.path for entry in place.below(below(reached, "both"))] == [path]


def test_what_is_put_again_is_another_version(seam: Seam) -> None:
    path = seam.path("version", "a.csv")
    seen = [version_of(seam, path, content) for content in (b"first", b"again", b"longer")]
    if seam.area.describes in ("sftp", "ftp", "memory"):  # they tell times and sizes alone
        seen.pop(0)
    assert len(set(seen)) == len(seen)


def version_of(seam: Seam, path: str, content: bytes) -> tuple[str, int]:
    """Return the version of a file with this content: however it is listed, it is the same."""
    seam.area.put(path, content)
    found = seam.area.find(path)
    (listed,) = seam.area.level(path.rpartition("/")[0]).files
    assert found is not None
    assert seam.area.versioned([listed]) == seam.area.versioned([found])
    return found.version, found.number


def test_lists_levels_and_all_below(seam: Seam) -> None:
    for path in ("b.csv", "a.csv", "deep/c.csv", "deep/er/d.csv"):
        seam.area.put(seam.path("tree", path), b"x")
    tree = seam.path("tree")
    level = seam.area.level(tree)
    assert [file.path for file in level.files] == [f"{tree}/a.csv", f"{tree}/b.csv"]
    assert level.folders == ["deep"]
    assert [file.path for file in seam.area.below(tree)] == [
        f"{tree}/{path}" for path in ("a.csv", "b.csv", "deep/c.csv", "deep/er/d.csv")
    ]


def test_nothing_lies_where_nothing_was_put(seam: Seam) -> None:
    nowhere = seam.path("nowhere")
    assert seam.area.find(f"{nowhere}/a.csv") is None
    assert seam.area.level(nowhere) == ([], [])
    assert seam.area.below(nowhere) == []
    assert not seam.area.delete(f"{nowhere}/a.csv")
    assert seam.area.open(f"{nowhere}/a.csv") is None


def test_what_is_not_there_is_missing(place: Place, reached: Reached) -> None:
    with pytest.raises(StorageError) as caught:
        place.open(below(reached, "nowhere", "a.csv"))
    assert caught.value.kind == "missing"


def test_what_is_deleted_is_gone(seam: Seam) -> None:
    path = seam.path("gone", "a.csv")
    seam.area.put(path, b"x")
    assert seam.area.delete(path)
    assert seam.area.find(path) is None
    assert seam.area.below(seam.path("gone")) == []


def test_large_files_come_in_pieces(seam: Seam) -> None:
    path, content = seam.path("pieces.bin"), bytes(range(256)) * 12_000
    seam.area.put(path, content)
    file = seam.area.open(path)
    assert file is not None
    with file:
        file.seek(2_000_000)
        assert file.read(1000) == content[2_000_000:2_001_000]
        file.seek(0)
        assert file.read() == content
    seam.area.delete(path)


def test_a_folder_is_not_a_file(seam: Seam) -> None:
    seam.area.put(seam.path("folder", "a.csv"), b"x")
    assert seam.area.find(seam.path("folder")) is None
    assert seam.area.open(seam.path("folder")) is None


@pytest.mark.parametrize("path", ["../a.csv", "one/../../a.csv", "./a", "a\0b", "a\\b"])
def test_no_path_leads_out(place: Place, path: str) -> None:
    with pytest.raises(StorageError):
        place.open(path)
    with pytest.raises(StorageError):
        place.put(path, b"x")


def test_a_file_has_a_name(place: Place) -> None:
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
    ended = threading.Event()

    def hang() -> None:
        hangs.wait()
        ended.set()

    with pytest.raises(StorageError, match=r"not answered for 0.2 seconds") as caught:
        within(0.2, lambda: None, hang)
    assert caught.value.kind == "unreachable"
    assert not ended.is_set()
    hangs.set()
