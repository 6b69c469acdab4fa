"""The HTTP clients of Python within `mock_aep`: what they send, get, and raise."""

from __future__ import annotations

import asyncio
import http.client
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3

from emulator.testing import Aep, RealHostError
from emulator.testing.mock import mock_aep
from tests.bodies import FLOW_SERVICE, HEADERS, base_connection

PLATFORM = "https://platform.adobe.io"
CONNECTIONS = f"{FLOW_SERVICE}/connections"
JSON = {**HEADERS, "Content-Type": "application/json"}

Got = tuple[int, bytes]
Ask = Callable[[str, str, bytes | None], Got]
"""Sends a method, a URL and a body; returns status and body."""


def by_urllib(method: str, url: str, body: bytes | None) -> Got:
    request = urllib.request.Request(url, body, JSON, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def by_http_client(method: str, url: str, body: bytes | None) -> Got:
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    connection = kind(host, timeout=30)
    try:
        connection.request(method, slash + path, body, JSON)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def by_urllib3(method: str, url: str, body: bytes | None) -> Got:
    with urllib3.PoolManager(retries=False) as pool:
        reply = pool.request(method, url, body=body, headers=JSON, timeout=30)
        return reply.status, reply.data


def by_requests(method: str, url: str, body: bytes | None) -> Got:
    reply = requests.request(method, url, data=body, headers=JSON, timeout=30)
    return reply.status_code, reply.content


def by_httpx(method: str, url: str, body: bytes | None) -> Got:
    reply = httpx.request(method, url, content=body, headers=JSON)
    return reply.status_code, reply.content


def by_async_httpx(method: str, url: str, body: bytes | None) -> Got:
    async def ask() -> Got:
        async with httpx.AsyncClient() as client:
            reply = await client.request(method, url, content=body, headers=JSON)
            return reply.status_code, reply.content

    return asyncio.run(ask())


def by_aiohttp(method: str, url: str, body: bytes | None) -> Got:
    async def ask() -> Got:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, data=body, headers=JSON) as reply,
        ):
            return reply.status, await reply.read()

    return asyncio.run(ask())


CLIENTS: dict[str, Ask] = {
    "urllib": by_urllib,
    "http.client": by_http_client,
    "urllib3": by_urllib3,
    "requests": by_requests,
    "httpx": by_httpx,
    "httpx, async": by_async_httpx,
    "aiohttp": by_aiohttp,
}


@pytest.fixture(params=list(CLIENTS.values()), ids=list(CLIENTS))
def ask(request: pytest.FixtureRequest) -> Ask:
    asked: Ask = request.param
    return asked


def test_all_are_answered_under_adobes_names(ask: Ask) -> None:
    body = json.dumps(base_connection()).encode()
    with mock_aep() as aep:
        status, content = ask("POST", PLATFORM + CONNECTIONS, body)
        assert status == 201
        id = json.loads(content)["id"]
        status, content = ask("GET", f"{PLATFORM}{CONNECTIONS}/{id}", None)
        assert (status, json.loads(content)["items"][0]["id"]) == (200, id)
        status, content = ask("GET", f"{PLATFORM}{CONNECTIONS}/none", None)
        assert status in (400, 404)
        assert json.loads(content)
        aep.assert_called("flow_service.create_connection", times=1, body_contains={"auth": {}})
        assert aep.journal[0].base_url == PLATFORM
        assert aep.journal[0].body == body


def test_all_are_answered_at_the_emulators_own_address(ask: Ask) -> None:
    with Aep() as aep:
        assert ask("GET", aep.url + CONNECTIONS, None)[0] == 200
        assert ask("HEAD", aep.url + "/_emulator/health", None) == (200, b"")


def test_what_is_not_emulated_is_said_and_stays_here(ask: Ask) -> None:
    with mock_aep():
        assert ask("GET", f"{PLATFORM}/data/core/ups/config", None)[0] == 501


FAULTS: dict[str, type[Exception]] = {
    "urllib": http.client.IncompleteRead,
    "http.client": http.client.IncompleteRead,
    "urllib3": urllib3.exceptions.ProtocolError,
    "requests": requests.exceptions.ChunkedEncodingError,
    "httpx": httpx.RemoteProtocolError,
    "httpx, async": httpx.RemoteProtocolError,
    "aiohttp": aiohttp.ClientPayloadError,
}
RESETS: dict[str, tuple[type[Exception], ...]] = {
    "urllib": (urllib.error.URLError, ConnectionResetError),
    "http.client": (ConnectionResetError,),
    "urllib3": (urllib3.exceptions.ProtocolError,),
    "requests": (requests.exceptions.ConnectionError,),
    "httpx": (httpx.ReadError,),
    "httpx, async": (httpx.ReadError,),
    "aiohttp": (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError),
}


@pytest.mark.parametrize("name", CLIENTS)
def test_faults_are_raised_as_a_network_would(name: str) -> None:
    with mock_aep() as aep:
        aep.faults.add({"kind": "truncate"})
        with pytest.raises(FAULTS[name]):
            CLIENTS[name]("GET", PLATFORM + CONNECTIONS, None)
        aep.faults.clear()
        aep.faults.add({"kind": "reset"})
        with pytest.raises(RESETS[name]):
            CLIENTS[name]("GET", PLATFORM + CONNECTIONS, None)
        aep.faults.clear()
        aep.faults.add({"kind": "delay", "seconds": 3600})
        before = aep.clock.now()
        assert CLIENTS[name]("GET", PLATFORM + CONNECTIONS, None)[0] == 200
        assert aep.clock.now() == before + 3_600_000


def test_connections_are_kept_and_bodies_come_in_pieces() -> None:
    def pieces() -> Any:
        text = json.dumps(base_connection()).encode()
        yield text[:20]
        yield text[20:]

    with mock_aep() as aep:
        connection = http.client.HTTPSConnection("platform.adobe.io")
        for _ in range(2):
            connection.request("POST", CONNECTIONS, pieces(), JSON, encode_chunked=True)
            assert connection.getresponse().read().startswith(b'{"id":')
        connection.close()
        with urllib3.PoolManager() as pool:
            for _ in range(3):
                assert pool.request("GET", PLATFORM + CONNECTIONS, headers=HEADERS).status == 200
            (kept,) = [pool.connection_from_url(PLATFORM)]
            assert kept.num_connections == 1
            assert kept.num_requests == 3

        async def play() -> None:
            async with aiohttp.ClientSession(PLATFORM, headers=HEADERS) as session:
                made = [session.get(CONNECTIONS) for _ in range(5)]
                for reply in await asyncio.gather(*made):
                    assert (await reply.json())["items"]
                async with session.post(CONNECTIONS, json=base_connection()) as reply:
                    assert reply.status == 201

        asyncio.run(play())
        aep.assert_called("flow_service.create_connection", times=3)
        aep.assert_no_violations()


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    with mock_aep():
        assert by_urllib("GET", PLATFORM + CONNECTIONS, None)[0] == 200
        with urllib3.ProxyManager("http://127.0.0.1:1", retries=False) as pool:
            reply = pool.request("GET", PLATFORM + CONNECTIONS, headers=HEADERS)
            assert reply.status == 200
        assert by_requests("GET", PLATFORM + CONNECTIONS, None)[0] == 200


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("https://edge.adobedc.net/ee/v2/interact", "Edge Network"),
        ("https://server.adobedc.net/ee/v2/collect", "Edge Network"),
        ("https://dpm.demdex.net/id", "Audience Manager"),
        ("https://stock.adobe.io/Rest/Media", "another API behind Adobe's gateway"),
        ("https://example.tt.omtrdc.net/rest/v1/delivery", "Adobe Analytics or Target"),
        ("https://sndbxdtlnd2bimpjpzo14hp6.blob.core.windows.net/dlz", "storage of a real landing"),
    ],
)
def test_hosts_that_nothing_answers_for_raise_an_error_that_says_so(
    ask: Ask, url: str, what: str
) -> None:
    with pytest.raises(RealHostError, match=what) as caught, mock_aep():
        ask("GET", url, None)
    assert "aep.guard.allow" in str(caught.value)


def test_everything_is_as_before_afterwards() -> None:
    def state() -> list[object]:
        kinds = (http.client.HTTPConnection, http.client.HTTPSConnection)
        more = (urllib3.connection.HTTPConnection, urllib3.connection.HTTPSConnection)
        return [
            *(vars(kind)["connect"] for kind in (*kinds, *more)),
            vars(aiohttp.TCPConnector)["_create_connection"],
        ]

    before = state()
    with mock_aep():
        assert all(now is not old for now, old in zip(state(), before, strict=True))
    assert all(now is old for now, old in zip(state(), before, strict=True))


def test_no_client_is_imported_unless_the_test_does() -> None:
    program = (
        "import sys; from aep_emulator import mock_aep\n"
        "with mock_aep() as aep: aep.client.ok('GET', '/data/foundation/flowservice/flows')\n"
        "print(*sorted({'requests', 'httpx', 'urllib3', 'aiohttp'} & set(sys.modules)))\n"
        "with mock_aep():\n"
        "    import aiohttp\n"
        "    assert 'patched' in aiohttp.TCPConnector._create_connection.__name__\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "\n"
