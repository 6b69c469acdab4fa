"""Which credentials a landing zone has that is a container of Azure.

What they open, tests/storage/test_journeys.py shows with a container.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from emulator.clock import Clock, ManualClock, ShiftedClock, SystemClock
from emulator.json_types import JsonObject
from emulator.storage import Endpoint
from emulator.storage.signatures import container_of
from emulator.testing.client import AepClient
from tests.bodies import CONNECTORS
from tests.emulators import aep_for, new_emulator
from tests.storage.servers import AZURE_KEY

CREDENTIALS = f"{CONNECTORS}/landingzone/credentials?type="
ACCOUNT = {"account_name": "devstoreaccount1", "account_key": AZURE_KEY}
DAY = 24 * 3600 * 1000
ELSEWHERE = {**ACCOUNT, "public_endpoint": "https://abc.blob.example"}


def emulated(folder: Path, url: str, options: JsonObject, clock: Clock | None = None) -> AepClient:
    file = folder / "storage.json"
    entry = {"for": {"connectionSpec": "landing-zone"}, "url": url, "options": options}
    file.write_text(json.dumps({"endpoints": [entry]}))
    return aep_for(new_emulator(clock or SystemClock(), storage=file))


def test_each_refresh_gives_another_one_and_a_look_the_same(tmp_path: Path) -> None:
    pytest.importorskip("azure.storage.blob", reason="needs the extra storage")
    aep = emulated(tmp_path, "az://dlz-user-container", ELSEWHERE, ShiftedClock(DAY))
    path = f"{CREDENTIALS}user_drop_zone"
    refresh = f"{path}&action=refresh"
    tokens = [aep.ok("POST", refresh)["SASToken"] for _ in range(3)]
    assert len(set(tokens)) == 3
    assert aep.ok("GET", path)["SASToken"] == tokens[-1]
    assert aep.ok("GET", path)["SASUri"].startswith("https://abc.blob.example/dlz-user-container?")


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("az://landing-zone", {**ACCOUNT}),
        ("az://dlz-user-container/part", {**ACCOUNT}),
        ("az://dlz-user-container", {**ACCOUNT, "account_key": "not Base64!"}),
        ("az://dlz-user-container", {"account_name": "abc", "sas_token": "sv=1&sig=x"}),
        ("memory://zone", {}),
    ],
)
def test_what_cannot_be_signed_for_stays_behind_the_emulator(
    tmp_path: Path, url: str, options: JsonObject
) -> None:
    aep = emulated(tmp_path, url, options)
    for type in ("user_drop_zone", "dlz_destination"):
        found = aep.ok("GET", f"{CREDENTIALS}{type}")
        assert found["storageAccountName"].startswith("dlblobstore")
        assert urlsplit(found["SASUri"]).netloc == "localhost"


@pytest.mark.parametrize(
    ("options", "address"),
    [
        ({**ACCOUNT}, "https://devstoreaccount1.blob.core.windows.net"),
        ({**ACCOUNT, "blob_endpoint": "http://azurite:10000/a/"}, "http://azurite:10000/a"),
        (
            {**ACCOUNT, "blob_endpoint": "http://inside/a", "public_endpoint": "http://outside/a"},
            "http://outside/a",
        ),
        (
            {"connection_string": "AccountName=abc;AccountKey=eHg=;BlobEndpoint=http://x/abc"},
            "http://x/abc",
        ),
    ],
)
def test_clients_are_told_where_they_reach_it(options: JsonObject, address: str) -> None:
    endpoint = Endpoint("connectionSpec", "landing-zone", "az://dlz-user-container", options)
    container = container_of(endpoint)
    assert container is not None
    assert container.address == address


def test_a_clock_that_stands_still_does_not_make_a_signature_of_the_past(tmp_path: Path) -> None:
    pytest.importorskip("azure.storage.blob", reason="needs the extra storage")
    aep = emulated(tmp_path, "az://dlz-user-container", ELSEWHERE, ManualClock())
    path = f"{CREDENTIALS}user_drop_zone"
    token = aep.ok("GET", path)["SASToken"]
    assert token == aep.ok("GET", path)["SASToken"]
    assert datetime.fromisoformat(parse_qs(token)["se"][0]).timestamp() * 1000 > SystemClock().now()
