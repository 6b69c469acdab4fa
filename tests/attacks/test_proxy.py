"""The proxy forwards nothing that its upstream could understand differently, and keeps little."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from emulator import budgets
from emulator.emulator import Emulator
from emulator.traffic.proxy import Watcher
from emulator.traffic.recording import RecordedCall
from emulator.traffic.relay import Relay
from emulator.traffic.room import Room
from emulator.traffic.upstream import Upstream
from tests.attacks.effort import IS_FULL, size
from tests.attacks.test_heads import REFUSED, TRICKLES, rest_of
from tests.emulators import new_emulator

MIB = 1024**2
TIMEOUT = 60.0
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\nok\r\n0\r\n\r\n"
)
GET = b"GET /data HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /data HTTP/1.1\r\nHost: localhost\r\n"


class Scripted:
    """An upstream that answers every connection alike, and keeps what it receives."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.received = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection:
                    self.received += connection.recv(65_536)
                    connection.sendall(self.answer)

    def close(self) -> None:
        self._socket.close()


class Silent(Scripted):
    """An upstream that takes what comes and never answers."""

    def _serve(self) -> None:
        return


@contextmanager
def relaying(upstream: Scripted, seen: list[RecordedCall]) -> Iterator[int]:
    def own(*asked: object) -> tuple[int, list[tuple[str, str]], bytes]:
        return 200, [("Content-Length", "3")], b"own"

    with relay_to(upstream, Relay(Upstream.of(upstream.url), seen.append, own)) as port:
        yield port


@contextmanager
def relay_to(upstream: Scripted, relay: Relay) -> Iterator[int]:
    thread = threading.Thread(target=relay.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield relay.server_address[1]
    finally:
        relay.shutdown()
        relay.server_close()
        thread.join(TIMEOUT)
        upstream.close()


@pytest.fixture
def seen() -> list[RecordedCall]:
    return []


@pytest.fixture
def proxy(seen: list[RecordedCall]) -> Iterator[tuple[Scripted, int]]:
    upstream = Scripted(OK)
    with relaying(upstream, seen) as port:
        yield upstream, port


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)


def exchange(port: int, *pieces: bytes) -> bytes:
    with connect(port) as raw:
        with suppress(BrokenPipeError, ConnectionResetError):
            for piece in pieces:
                raw.sendall(piece)
        return rest_of(raw)


def status_of(received: bytes) -> int:
    """Return the status of a refusal, which is JSON; of an empty one, 0."""
    head, _, body = received.partition(b"\r\n\r\n")
    assert json.loads(body)["error"] == "unreadable request"
    return int(head.split()[1])


# What is not forwarded


@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED.keys())
def test_what_has_two_meanings_is_not_forwarded(
    sent: bytes, proxy: tuple[Scripted, int], seen: list[RecordedCall]
) -> None:
    upstream, port = proxy
    sent = sent.replace(b"/_emulator/", b"/data/")
    assert status_of(exchange(port, sent)) == 400
    assert seen == []
    # Of a body that turns out to be broken, the head has gone; its end has not.
    assert upstream.received == b"" or b"chunked" in upstream.received
    assert not upstream.received.endswith(b"\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/data?a=b", b"/data?a=b"),
        (b"http://localhost:80/data?a=b", b"/data?a=b"),
        (b"HTTP://LOCALHOST:80", b"/"),
    ],
)
def test_a_url_of_its_own_becomes_a_path(
    target: bytes, path: bytes, proxy: tuple[Scripted, int]
) -> None:
    upstream, port = proxy
    sent = b"GET " + target + b" HTTP/1.0\r\nHost: localhost:80\r\n\r\n"
    assert exchange(port, sent).endswith(b"ok")
    assert upstream.received.startswith(b"GET " + path + b" HTTP/1.1\r\n")


def test_a_url_of_the_upstream_becomes_a_path(proxy: tuple[Scripted, int]) -> None:
    """A client that has been told to use a proxy sends such ones."""
    upstream, port = proxy
    name = upstream.url.removeprefix("http://").encode()
    sent = b"GET http://" + name + b"/data HTTP/1.0\r\nHost: " + name + b"\r\n\r\n"
    assert exchange(port, sent).endswith(b"ok")
    assert upstream.received.startswith(b"GET /data HTTP/1.1\r\n")


def test_it_is_no_proxy_to_other_hosts(proxy: tuple[Scripted, int]) -> None:
    """Its client's credentials are for the upstream, and another host's are not."""
    upstream, port = proxy
    sent = b"GET http://evil.example/data HTTP/1.1\r\nHost: evil.example\r\n\r\n"
    assert status_of(exchange(port, sent)) == 400
    assert upstream.received == b""


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nx-a: b\rSet-Cookie: c\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nx-a: b\0\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 O\rK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ],
)
def test_a_reply_with_two_meanings_is_a_502(head: bytes, seen: list[RecordedCall]) -> None:
    with relaying(Scripted(head), seen) as port:
        received = exchange(port, GET + b"Connection: close\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 502 ")
    assert b"Set-Cookie" not in received
    assert [one.reply for one in seen] == [None]


@pytest.mark.parametrize(
    ("answer", "passed"),
    [
        (b"HTTP/1.1 200 OK\r\nx-a: b\r\n c\r\nContent-Length: 2\r\n\r\nok", b"\r\nx-a: b c\r\n"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
            b"\r\nContent-Length: 2\r\n\r\n",
        ),
        (
            CHUNKED,
            b"\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok",
        ),
    ],
)
def test_a_reply_with_one_meaning_is_passed_on_with_that(
    answer: bytes, passed: bytes, seen: list[RecordedCall]
) -> None:
    with relaying(Scripted(answer), seen) as port:
        received = exchange(port, GET + b"Connection: close\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 200 ")
    assert passed in received
    assert b"Content-Length: 9" not in received


# Size and time


@pytest.mark.parametrize(
    ("begun", "endless", "status"),
    [
        (b"GET /", b"a", 414),
        (GET + b"x-a: ", b"a", 431),
        (GET, b"x-a: b\r\n", 431),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1", 431),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"x-a: b\r\n", 431),
    ],
)
def test_endless_heads_are_refused(
    begun: bytes, endless: bytes, status: int, proxy: tuple[Scripted, int]
) -> None:
    _, port = proxy
    pieces = [endless * (MIB // len(endless))] * size(4, 117)
    assert status_of(exchange(port, begun, *pieces)) == status


def test_many_headers_are_refused(proxy: tuple[Scripted, int]) -> None:
    _, port = proxy
    lines = b"".join(b"x-%d: a\r\n" % each for each in range(budgets.MAX_HEADERS))
    assert status_of(exchange(port, GET + lines + b"\r\n")) == 431


def test_slow_clients_are_given_up(
    monkeypatch: pytest.MonkeyPatch, seen: list[RecordedCall]
) -> None:
    if not IS_FULL:
        monkeypatch.setattr(budgets, "HEAD_SECONDS", 0.3)
        monkeypatch.setattr(budgets, "BODY_SECONDS", 0.3)
    for begun in TRICKLES:
        with relaying(Silent(b""), seen) as port, connect(port) as raw:
            raw.sendall(begun)
            raw.settimeout(0.05)
            received = b""
            while not received:
                with suppress(TimeoutError):
                    raw.sendall(b"a")
                    received = raw.recv(65_536)
            assert status_of(received + rest_of(raw)) == 408


def test_a_connection_beyond_the_budget_takes_the_place_of_an_idle_one(
    monkeypatch: pytest.MonkeyPatch, proxy: tuple[Scripted, int]
) -> None:
    monkeypatch.setattr(budgets, "MAX_CONNECTIONS", 3)
    _, port = proxy
    with ExitStack() as stack:
        raws = []
        for _ in range(3):
            raws.append(stack.enter_context(connect(port)))
            raws[-1].sendall(GET)
            time.sleep(0.05)
        assert exchange(port, GET + b"Connection: close\r\n\r\n").endswith(b"ok")
        assert rest_of(raws[0]) == b""
        raws[2].sendall(b"Connection: close\r\n\r\n")
        assert rest_of(raws[2]).endswith(b"ok")


# Memory


def test_bodies_without_room_go_through_and_are_not_judged(
    monkeypatch: pytest.MonkeyPatch, proxy: tuple[Scripted, int], seen: list[RecordedCall]
) -> None:
    monkeypatch.setattr(budgets, "BODIES_BYTES", 10)
    upstream, port = proxy
    for body, known in ((b"12345", b"12345"), (b"12345678901", None)):
        upstream.received = b""
        head = POST + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        assert exchange(port, head + body).endswith(b"ok")
        assert seen[-1].body == known
        assert seen[-1].reply is not None
        assert seen[-1].reply.body == b"ok"


def test_exchanges_wait_for_room_until_others_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "BODIES_BYTES", 10)
    room = Room()
    room.wait_for(100)  # nobody else has any, so it would never get more
    waited = threading.Event()

    def take() -> None:
        room.wait_for(1)
        waited.set()

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    assert not waited.wait(0.1)
    room.release(100)
    assert waited.wait(TIMEOUT)
    assert not room.take(10)
    assert room.take(9)


def test_a_watcher_gives_room_back(emulator: Emulator) -> None:
    watcher = Watcher(emulator)
    for _ in range(3):
        watcher.add(RecordedCall(source=None, method="GET", url="/x", body=bytes(100 * MIB)))  # type: ignore[arg-type]
    watcher.close()
    assert watcher._room.take(budgets.BODIES_BYTES)


# Its control API


def test_its_control_api_is_guarded() -> None:
    lent = new_emulator(admin_token="")
    watcher = Watcher(lent)
    upstream = Scripted(OK)
    relay = Relay(Upstream.of(upstream.url), lambda _: None, watcher.control)
    with relay_to(upstream, relay) as port:
        for path, host, status in (
            (b"journal", b"localhost", 200),
            (b"journal", b"evil.example", 403),
            (b"coverage", b"evil.example", 403),
            (b"health", b"evil.example", 200),
        ):
            sent = b"GET /_emulator/" + path + b" HTTP/1.0\r\nHost: " + host + b"\r\n\r\n"
            assert int(exchange(port, sent).split()[1]) == status
        head = b"PUT /_emulator/edition HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
        pieces = [b" " * MIB] * 17
        received = exchange(port, head + b"%d\r\n\r\n" % (17 * MIB), *pieces)
        assert status_of(received) == 413
    watcher.close()
    assert upstream.received == b""
