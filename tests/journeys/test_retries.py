"""requests with retries on, as in production: what is sent again, and what is not."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from tests.bodies import CATALOG, FLOW_SERVICE, HEADERS, base_connection
from tests.journeys.conftest import Running

TRANSIENT = (429, 500, 502, 503, 504)


@pytest.fixture
def patient() -> Iterator[requests.Session]:
    """A session that tries every method four times, at once."""
    retry = Retry(total=3, backoff_factor=0, status_forcelist=TRANSIENT, allowed_methods=None)
    with requests.Session() as opened:
        opened.trust_env = False
        opened.mount("http://", HTTPAdapter(max_retries=retry, pool_maxsize=1))
        yield opened


@pytest.fixture
def headers(organization: str) -> dict[str, str]:
    return {**HEADERS, "x-gw-ims-org-id": organization}


@pytest.fixture
def seen(own: Running) -> Iterator[Callable[[], int]]:
    """Return a function that counts the requests that have reached the emulator."""
    counted: list[str] = []
    watch = own.emulator.engine.after
    watch.append(lambda exchange: counted.append(exchange.request_id))
    yield lambda: len(counted)
    watch.pop()


def test_a_refusal_is_sent_once(
    own: Running, patient: requests.Session, headers: dict[str, str], seen: Callable[[], int]
) -> None:
    for path, status in (("/dataSets?limit=0", 400), ("/dataSets/none", 404), ("/health", 501)):
        before = seen()
        reply = patient.get(own.url + CATALOG + path, headers=headers, timeout=10)
        assert (reply.status_code, seen() - before) == (status, 1)
        assert reply.json()["detail"]


def test_a_connection_is_kept_over_refusals(
    own: Running, patient: requests.Session, headers: dict[str, str]
) -> None:
    for path in ("/dataSets", "/dataSets?limit=0", "/dataSets", "/dataSets/none", "/dataSets"):
        patient.get(own.url + CATALOG + path, headers=headers, timeout=10)
    adapter = patient.get_adapter(own.url)
    assert isinstance(adapter, HTTPAdapter)
    pools = adapter.poolmanager.pools
    (pool,) = (pools[key] for key in pools.keys())  # noqa: SIM118 - it is no mapping
    assert (pool.num_connections, pool.num_requests) == (1, 5)


def whole_request(client: socket.socket) -> bytes:
    """Read a request with its body, so that hanging up afterwards is no reset."""
    read = b""
    while b"\r\n\r\n" not in read:
        read += client.recv(65536)
    head, _, body = read.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    while length and len(body) < int(length[1]):
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body


class Flaky:
    """A hop in front of the emulator that drops the first connections after the request."""

    def __init__(self, port: int, drops: int) -> None:
        self._target = ("127.0.0.1", port)
        self._left = drops
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with closing(client):
                request = whole_request(client)
                if self._left:
                    self._left -= 1
                    continue
                with socket.create_connection(self._target) as server:
                    server.sendall(request)
                    server.shutdown(socket.SHUT_WR)
                    while part := server.recv(65536):
                        client.sendall(part)

    def close(self) -> None:
        self._listener.close()


def test_a_dropped_connection_is_tried_again_and_creates_one_thing(
    own: Running, patient: requests.Session, headers: dict[str, str]
) -> None:
    hop = Flaky(int(own.url.rpartition(":")[2]), drops=2)
    with closing(hop):
        place = f"http://127.0.0.1:{hop.port}{FLOW_SERVICE}/connections"
        sent = {**headers, "Connection": "close"}
        made = patient.post(place, json=base_connection(), headers=sent, timeout=10)
    assert made.status_code == 201
    listed = patient.get(f"{own.url}{FLOW_SERVICE}/connections", headers=headers, timeout=10).json()
    assert [item["id"] for item in listed["items"]] == [made.json()["id"]]


def test_a_server_that_is_gone_is_an_error_after_all_tries(
    patient: requests.Session, headers: dict[str, str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(requests.ConnectionError):
        patient.get(f"http://127.0.0.1:{port}{CATALOG}/dataSets", headers=headers, timeout=10)
