"""Files that cost more than they weigh: what they become is counted while it comes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

import pytest
import requests

from emulator.budgets import MIB
from emulator.testing.client import AepClient, Response
from tests.attacks.bombs import Bomb, archives, packed, parquets, texts
from tests.attacks.effort import size
from tests.attacks.served import HEADERS, ServedEmulator, Watch, serving
from tests.bodies import FLOW_SERVICE, base_connection
from tests.emulators import new_emulator
from tests.files import put
from tests.services.lake import Lake

GIB = 1024 * MIB
UNPACKED = size(8, 128)
"""How many MiB a compressed file may unpack to."""


@pytest.fixture(scope="module")
def served() -> Iterator[ServedEmulator]:
    with serving("--max-unpacked", f"{UNPACKED}MiB") as emulator:
        yield emulator


@pytest.fixture(scope="module")
def api(served: ServedEmulator) -> AepClient:
    session = requests.Session()

    def send(method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        got = session.request(method, served.url + path, headers=dict(headers), data=body)
        named = {name.lower(): value for name, value in got.headers.items()}
        return Response(got.status_code, named, got.content)

    return AepClient(send, new_emulator().contract, dict(HEADERS))


@pytest.fixture(scope="module")
def lake(api: AepClient) -> Lake:
    return Lake(api, "parquet")


@pytest.fixture(autouse=True)
def stays_small(served: ServedEmulator) -> Iterator[None]:
    """Hold the process below a gigabyte, and print how long others waited."""
    with Watch(served) as watch:
        yield
    print(f"health after {watch.slowest:.2f} s at most, {served.peak // MIB} MiB at most")
    assert served.peak < GIB


def named(bomb: Bomb) -> str:
    return f"{bomb.format} {bomb.compression} {bomb.name}"


@pytest.mark.parametrize("bomb", texts() + parquets(), ids=named)
def test_a_batch_of_a_bomb_ends(lake: Lake, bomb: Bomb) -> None:
    batch = lake.create(bomb.format)
    assert lake.put(batch, bomb.content).status == 200
    path = lake.path(batch).replace("/files/a.json", "/preview")
    assert lake.api.call("GET", path).status in (200, 400)
    assert lake.act(batch).status == 200
    found = lake.batch(batch)
    assert found["status"] == bomb.ends, found
    lake.act(batch, "REVERT")


@pytest.fixture(scope="module")
def base(api: AepClient) -> str:
    id: str = api.ok("POST", f"{FLOW_SERVICE}/connections", base_connection())["id"]
    return id


@pytest.mark.parametrize("bomb", archives(), ids=named)
def test_an_archive_that_is_a_bomb_is_not_explored(api: AepClient, base: str, bomb: Bomb) -> None:
    put(api, base, "bomb", bomb.content)
    query = {"objectType": "file", "object": "bomb", "preview": "true"}
    by_hand = {"fileType": "delimited", "compressionType": bomb.compression}
    for asked in (query, query | by_hand):
        answer = api.call("GET", f"{FLOW_SERVICE}/connections/{base}/explore?{urlencode(asked)}")
        assert answer.status == 400, answer.content


def test_a_state_that_is_a_bomb_is_refused(api: AepClient) -> None:
    from zlib import compressobj

    for many in (UNPACKED + 1, size(20, 2000)):
        sent = {"Content-Encoding": "gzip"}
        content = packed(many, compressobj(9, wbits=31))
        assert api.send("PUT", "/_emulator/state", sent, content).status == 413
    values = b'{"a":[' + b"{}," * 2_000_001 + b"0]}"
    assert api.send("PUT", "/_emulator/state", {}, values).status == 413
