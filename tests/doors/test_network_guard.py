"""The guard: whoever reaches for Adobe's own hosts past the emulator fails, and is told why."""

from __future__ import annotations

import asyncio
import http.client
import socket
import urllib.request
from collections.abc import Callable, Iterator

import httpx
import pytest
import requests

from emulator.testing import Aep, AepServer, RealHostError
from emulator.testing.guard import NetworkGuard, is_real, other_of
from emulator.testing.mock import mock_aep

HOST = "platform.adobe.io"
URL = f"https://{HOST}/data/foundation/flowservice/flows"


@pytest.fixture
def guard() -> Iterator[NetworkGuard]:
    made = NetworkGuard()
    made.start()
    yield made
    made.stop()


async def open_stream() -> None:
    await asyncio.open_connection(HOST, 443)


def connect() -> None:
    with socket.socket() as own:
        own.connect((HOST, 443))


def connect_ex() -> None:
    with socket.socket() as own:
        own.connect_ex((HOST, 443))


WAYS: dict[str, Callable[[], object]] = {
    "urllib": lambda: urllib.request.urlopen(URL, timeout=5),
    "http.client": lambda: http.client.HTTPSConnection(HOST, timeout=5).request("GET", "/"),
    "requests": lambda: requests.get(URL, timeout=5),
    "httpx": lambda: httpx.get(URL),
    "create_connection": lambda: socket.create_connection((HOST, 443), timeout=5),
    "connect": connect,
    "connect_ex": connect_ex,
    "getaddrinfo": lambda: socket.getaddrinfo(host=HOST, port=443),
    "gethostbyname": lambda: socket.gethostbyname("IMS-NA1.adobelogin.com."),
    "gethostbyname_ex": lambda: socket.gethostbyname_ex("dcs.adobedc.net"),
    "bytes": lambda: socket.getaddrinfo(HOST.encode(), 443),
    "proxy": lambda: http.client.HTTPSConnection("127.0.0.1", 1).set_tunnel(HOST),
    "asyncio": lambda: asyncio.run(open_stream()),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_way_fails_and_says_what_to_do(
    guard: NetworkGuard, way: Callable[[], object]
) -> None:
    with pytest.raises(RealHostError, match="was reached for") as caught:
        way()
    assert "or use mock_aep" in str(caught.value)
    assert guard.reached
    with pytest.raises(RealHostError, match="was reached for"):
        guard.check()


@pytest.mark.parametrize("kind", [Aep, AepServer])
def test_it_is_on_while_an_aep_is_started(kind: type[Aep]) -> None:
    aep = kind()
    with pytest.raises(RealHostError), aep:
        requests.get(URL, timeout=5)


def test_a_client_that_hides_the_failure_does_not_hide_it_for_long() -> None:
    def client() -> str:
        try:
            urllib.request.urlopen(URL, timeout=5)
        except Exception:  # noqa: BLE001 - as careless clients do
            return "nothing"
        return "something"

    with pytest.raises(RealHostError, match=HOST), Aep():
        assert client() == "nothing"


def test_it_is_on_within_mock_aep_for_what_that_does_not_answer() -> None:
    with mock_aep() as aep:
        assert requests.get(URL, headers=aep.headers, timeout=5).status_code == 200
    with pytest.raises(RealHostError), mock_aep():
        connect()


def test_a_failure_of_the_test_itself_comes_first() -> None:
    aep = Aep()

    def reach_and_fail() -> None:
        aep.guard.reached.append(HOST)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), aep:
        reach_and_fail()


def test_other_hosts_are_left_alone(guard: NetworkGuard) -> None:
    assert socket.getaddrinfo("127.0.0.1", 80)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as own:
        own.connect(server.getsockname())
    one, other = socket.socketpair()
    one.close()
    other.close()
    assert guard.reached == []


@pytest.mark.parametrize(
    ("host", "real"),
    [
        ("platform.adobe.io", True),
        ("platform-stage.adobe.io", True),
        ("platform-aus5.adobe.io", True),
        ("ims-na1.adobelogin.com", True),
        ("ims-na1-stg1.adobelogin.com", True),
        ("dcs.adobedc.net", True),
        ("adobe.io", False),
        ("platform.adobe.io.example.com", False),
        ("myplatform.adobe.io", False),
        ("stock.adobe.io", False),
        ("localhost", False),
    ],
)
def test_which_hosts_are_meant(host: str, *, real: bool) -> None:
    assert is_real(host) is real


@pytest.mark.parametrize(
    "host",
    [
        "adobe.io",
        "stock.adobe.io",
        "edge.adobedc.net",
        "company.data.adobedc.net",
        "dpm.demdex.net",
        "company.sc.omtrdc.net",
        "adobeid-na1.services.adobe.com",
        "dlblobstore99hh25i3dflek.blob.core.windows.net",
    ],
)
def test_hosts_of_adobe_that_nothing_answers_for_are_refused_too(
    guard: NetworkGuard, host: str
) -> None:
    with pytest.raises(RealHostError, match="No emulator answers for it"):
        socket.getaddrinfo(host, 443)
    with pytest.raises(RealHostError, match=host):
        guard.check()


@pytest.mark.parametrize(
    "host", ["notadobe.io", "adobe.io.example.com", "own.blob.core.windows.net", "myadobe.com"]
)
def test_hosts_of_others_are_none_of_adobes(host: str) -> None:
    assert (is_real(host), other_of(host)) == (False, "")


def test_a_host_can_be_let_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *given: [given])
    one, other = NetworkGuard(), NetworkGuard()
    one.start()
    other.start()
    one.allow("Stock.adobe.io.")
    (found,) = socket.getaddrinfo("stock.adobe.io", 443)
    assert list(found) == ["stock.adobe.io", 443]
    with pytest.raises(RealHostError):
        socket.getaddrinfo("photoshop.adobe.io", 443)
    other.stop()
    one.stop()
    assert one.reached == other.reached == ["photoshop.adobe.io"]


def state() -> list[object]:
    names = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "create_connection")
    return [
        *(getattr(socket, name) for name in names),
        vars(socket.socket).get("connect"),
        vars(socket.socket).get("connect_ex"),
        http.client.HTTPConnection.set_tunnel,
    ]


def test_everything_is_as_before_afterwards() -> None:
    before = state()
    one, two = NetworkGuard(), NetworkGuard()
    one.start()
    two.start()
    one.stop()
    with pytest.raises(RealHostError):
        connect()
    assert (one.reached, two.reached) == ([], [HOST])
    two.stop()
    assert state() == before
