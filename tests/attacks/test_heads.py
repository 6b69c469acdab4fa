"""Heads and framing: too large, too many, too slow, half, or with two meanings."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

import pytest

from emulator import budgets
from emulator.serving.server import Server
from emulator.web import heads
from emulator.web.envelopes import Refusal, gateway
from emulator.web.message import Request, Response
from tests.attacks.effort import IS_FULL, size
from tests.attacks.served import HEADERS, ServedEmulator, Watch
from tests.emulators import new_emulator
from tests.processes.serving import until

MIB = 1024**2
TIMEOUT = 60.0
TICK = 0.1
"""Seconds in place of one of the server's, in tests of its patience."""

GET = b"GET /_emulator/health HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /_emulator/tick HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


class Echo:
    """Answers with the length of the body."""

    def handle(self, request: Request) -> Response:
        return Response(200, [], str(len(request.body)).encode())

    def body_limit(self, method: str, target: str) -> int:
        return 64 * MIB


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(Echo()) as running:
        yield running


def connect(url: str) -> socket.socket:
    host, _, port = url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=TIMEOUT)


def connected(server: Server) -> socket.socket:
    return socket.create_connection((server.host, server.port), timeout=TIMEOUT)


def rest_of(raw: socket.socket) -> bytes:
    """Return all that comes until the other end closes or resets."""
    received = bytearray()
    with suppress(ConnectionResetError):
        while piece := raw.recv(65_536):
            received += piece
    return bytes(received)


def exchange(served: ServedEmulator, *pieces: bytes) -> bytes:
    """Send pieces as long as they are taken; return all that comes back until the end."""
    with connect(served.url) as raw:
        with suppress(BrokenPipeError, ConnectionResetError):
            for piece in pieces:
                raw.sendall(piece)
        return rest_of(raw)


def refusal_of(received: bytes, problem: str) -> None:
    """Check that the last thing received is a refusal, in the gateway's form."""
    head, _, body = received[received.rindex(b"HTTP/1.1 ") :].partition(b"\r\n\r\n")
    entry = new_emulator().contract.edition("latest").problems[problem]
    assert head.startswith(f"HTTP/1.1 {entry.status} ".encode()), received[:200]
    assert f"\r\nx-emulator-rule: {problem}".encode() in head
    assert b"\r\nconnection: close" in head
    assert json.loads(body)["error_code"] == f"{entry.status}900"


# Size and number


def test_an_endless_header_is_refused(served: ServedEmulator) -> None:
    piece = b"a" * MIB
    with Watch(served) as watch:
        received = exchange(served, GET + b"x-long: ", *[piece] * size(8, 117))
    refusal_of(received, "platform.head_too_large")
    assert served.peak < 1024 * MIB
    print(f"slowest health check {watch.slowest:.3f} s")


def test_an_endless_target_is_refused(served: ServedEmulator) -> None:
    received = exchange(served, b"GET /" + b"a" * MIB, *[b"a" * MIB] * size(8, 117))
    refusal_of(received, "platform.target_too_long")


@pytest.mark.parametrize("number", [budgets.MAX_HEADERS, size(3_000, 100_000)])
def test_many_headers_are_refused(served: ServedEmulator, number: int) -> None:
    lines = b"".join(b"x-%d: a\r\n" % each for each in range(number))
    refusal_of(exchange(served, GET + lines + b"\r\n"), "platform.head_too_large")


def test_a_head_in_two_packets_is_measured_whole(served: ServedEmulator) -> None:
    with connect(served.url) as raw:
        raw.sendall(GET + b"x-a: " + b"a" * 60_000)
        time.sleep(0.2)
        raw.sendall(b"a" * 10_000 + b"\r\n\r\n")
        refusal_of(rest_of(raw), "platform.head_too_large")


def test_a_head_within_the_budget_is_taken(served: ServedEmulator) -> None:
    lines = b"".join(b"x-%d: %b\r\n" % (each, b"a" * 300) for each in range(190))
    received = exchange(served, GET + b"Connection: close\r\n" + lines + b"\r\n")
    assert received.startswith(b"HTTP/1.1 200 ")


def test_a_long_target_in_one_packet_is_refused(served: ServedEmulator) -> None:
    target = b"/_emulator/health?" + b"a" * budgets.HEAD_BYTES
    received = exchange(served, b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    refusal_of(received, "platform.target_too_long")


@pytest.mark.parametrize(
    "start", [b"0\r\nx: ", b"0\r\n", b"2;"], ids=["trailer", "trailers", "extension"]
)
def test_what_surrounds_chunks_is_bounded(served: ServedEmulator, start: bytes) -> None:
    begun = POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n" + start
    endless = b"x: a\r\n" if start == b"0\r\n" else b"aaaaaa"
    before = served.peak
    received = exchange(served, begun, *[endless * (MIB // 6)] * size(8, 117))
    refusal_of(received, "platform.head_too_large")
    assert served.peak - before < 64 * MIB


def test_requests_before_the_refused_one_are_answered(served: ServedEmulator) -> None:
    received = exchange(served, GET + b"\r\n" + GET + b"x-a: " + b"a" * 70_000 + b"\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 200 ")
    refusal_of(received, "platform.head_too_large")


# Time


@contextmanager
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server with little patience; at full size the budgets are as they are."""
    if not IS_FULL:
        for name in ("HEAD_SECONDS", "BODY_SECONDS", "SEND_SECONDS"):
            monkeypatch.setattr(budgets, name, 5)
        monkeypatch.setattr("emulator.serving.server.TICK_SECONDS", TICK)
    with Server(Echo()) as running:
        yield running


HALVES = (
    b"G",
    b"GET / HTTP/1.1\r\nHost: a\r\nx-a: ",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nh",
)
TRICKLES = (
    b"GET / HTTP/1.1\r\nx-a: ",
    b"POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n",
)


def test_half_a_request_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with impatient(monkeypatch) as server, ExitStack() as stack:
        raws = [stack.enter_context(connected(server)) for _ in HALVES]
        for raw, half in zip(raws, HALVES, strict=True):
            raw.sendall(half)
        for raw in raws:
            refusal_of(rest_of(raw), "platform.request_timeout")


def test_a_trickle_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with impatient(monkeypatch) as server, ThreadPoolExecutor(len(TRICKLES)) as pool:
        for received in pool.map(trickle, [server] * len(TRICKLES), TRICKLES):
            refusal_of(received, "platform.request_timeout")


def trickle(server: Server, begun: bytes) -> bytes:
    """Send a letter at a time until an answer comes; return it."""
    with connected(server) as raw:
        raw.sendall(begun)
        raw.settimeout(0.05)
        while True:
            try:
                raw.sendall(b"a")
                received = raw.recv(65_536)
                break
            except TimeoutError:
                continue
        raw.settimeout(TIMEOUT)
        return received + rest_of(raw)


def test_a_connection_that_is_not_used_any_more_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "IDLE_SECONDS", 2)
    monkeypatch.setattr("emulator.serving.server.TICK_SECONDS", TICK)
    with Server(Echo()) as server, connected(server) as raw:
        for _ in range(4):  # longer than the budget, but for no longer at a time
            raw.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert raw.recv(65_536).startswith(b"HTTP/1.1 200 ")
            time.sleep(TICK)
        assert rest_of(raw) == b""


def test_a_body_that_keeps_coming_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time is given for each piece, so a slow line is not cut off."""
    number = 60 if IS_FULL else 16
    length = number * budgets.MIN_BODY_RATE
    with impatient(monkeypatch) as server, connected(server) as raw:
        raw.sendall(b"POST / HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % length)
        for _ in range(number):
            raw.sendall(b"a" * budgets.MIN_BODY_RATE)
            time.sleep(0.8 if IS_FULL else TICK / 2)
        assert rest_of(raw).endswith(str(length).encode())


def test_a_client_that_does_not_read_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Large(Echo):
        def handle(self, request: Request) -> Response:
            return Response(200, [], bytes(16 * MIB))

    monkeypatch.setattr(budgets, "SEND_SECONDS", 2)
    monkeypatch.setattr("emulator.serving.server.TICK_SECONDS", TICK)
    with Server(Large()) as server, connected(server) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(5 * TICK)
        assert len(rest_of(raw)) < 16 * MIB


def test_half_requests_on_many_connections_keep_nobody_out(served: ServedEmulator) -> None:
    """Whoever comes beyond the budget takes the place of the one that was awaited longest."""
    number = size(budgets.MAX_CONNECTIONS + 20, 2 * budgets.MAX_CONNECTIONS)
    with ExitStack() as stack, Watch(served) as watch:
        raws = [stack.enter_context(connect(served.url)) for _ in range(number)]
        for raw in raws:
            with suppress(OSError):
                raw.sendall(GET)
        served.health()
        first = rest_of(raws[0])
    assert first == b"" or b" 408 " in first
    assert served.peak < 1024 * MIB
    print(f"slowest health check {watch.slowest:.3f} s")


def test_a_connection_beyond_the_budget_is_refused_if_all_are_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(budgets, "MAX_CONNECTIONS", 2)

    class Large(Echo):
        def handle(self, request: Request) -> Response:
            return Response(200, [], bytes(16 * MIB))

    with Server(Large()) as server, ExitStack() as stack:
        for _ in range(2):
            raw = stack.enter_context(connected(server))
            raw.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            raw.recv(1)
        third = stack.enter_context(connected(server))
        refusal_of(rest_of(third), "platform.too_many_at_once")


def test_of_a_client_that_never_reads_no_more_is_read(server: Server) -> None:
    with connected(server) as raw:
        raw.settimeout(0.4)
        requests = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 8_000

        def send() -> None:
            for _ in range(100):
                raw.sendall(requests)

        with pytest.raises(OSError, match=r"timed out|reset|Broken"):
            send()


# Bodies in flight


def test_bodies_in_flight_are_bounded(served: ServedEmulator) -> None:
    """More is declared and sent than memory allows: nobody sends it to its end."""
    number, piece = size(24, 100), b" " * MIB
    head = POST + b"Content-Length: %d\r\n\r\n" % (16 * MIB)
    with ExitStack() as stack, Watch(served) as watch:
        raws = [stack.enter_context(connect(served.url)) for _ in range(number)]
        for raw in raws:
            raw.sendall(head)
            raw.setblocking(False)
        for _ in range(15):
            for raw in raws:
                with suppress(BlockingIOError):
                    raw.send(piece)
            time.sleep(0.02)
    assert served.peak < 600 * MIB
    print(f"slowest health check {watch.slowest:.3f} s, peak {served.peak // MIB} MiB")


def test_bodies_beyond_the_budget_arrive_in_their_turn(
    monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    monkeypatch.setattr(budgets, "BODIES_BYTES", MIB)
    with ExitStack() as stack:
        raws = [stack.enter_context(connected(server)) for _ in range(4)]
        length, half = 2 * MIB, b"a" * MIB
        for raw in raws:
            raw.sendall(b"POST / HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % length)
            raw.sendall(half)
        for raw in raws:
            raw.sendall(half)
        for raw in raws:
            assert rest_of(raw).endswith(b"\r\n\r\n%d" % length)


# Answers that nobody reads

DOWNLOAD = b"GET /_emulator/files/a/b HTTP/1.1\r\nHost: localhost\r\n"


def test_unread_downloads_are_not_copied(served: ServedEmulator) -> None:
    length = size(32, 100) * MIB
    scope = b"".join(f"{name}: {value}\r\n".encode() for name, value in HEADERS.items())
    begun = b"PUT" + DOWNLOAD[3:] + scope + b"Connection: close\r\nContent-Length: %d\r\n\r\n"
    assert b" 201 " in exchange(served, begun % length, bytes(length))
    before = served.peak
    with ExitStack() as stack, Watch(served) as watch:
        for _ in range(size(20, 100)):
            raw = stack.enter_context(connect(served.url))
            raw.sendall(DOWNLOAD + scope + b"\r\n")
        served.health()
    assert served.peak - before < 200 * MIB
    print(f"slowest health check {watch.slowest:.3f} s, peak {served.peak // MIB} MiB")


LONG = bytes(range(256)) * (16 * MIB // 256)


class Long(Echo):
    """Answers at length, except to a health check; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def handle(self, request: Request) -> Response:
        self.asked.append(request.target)
        is_health = request.target.endswith("/health")
        return Response(200, [], b"ok" if is_health else LONG)


def test_beyond_the_budget_of_unread_answers_others_wait_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(budgets, "ANSWERS_BYTES", 24 * MIB)
    monkeypatch.setattr("emulator.serving.server.TICK_SECONDS", 2 * TICK)
    with Server(Long()) as server, ExitStack() as stack:
        idle = [stack.enter_context(connected(server)) for _ in range(3)]
        for raw in idle:
            raw.sendall(b"GET / HTTP/1.0\r\n\r\n")
            raw.recv(1)
        health, last = (stack.enter_context(connected(server)) for _ in range(2))
        last.sendall(b"GET / HTTP/1.0\r\n\r\n")
        health.sendall(b"GET /_emulator/health HTTP/1.0\r\n\r\n")
        assert rest_of(health).endswith(b"ok")
        assert rest_of(last).endswith(LONG)
        assert any(len(rest_of(raw)) < len(LONG) for raw in idle)


def test_a_long_answer_arrives_whole_however_slowly_it_is_read() -> None:
    app = Long()
    with Server(app) as server, connected(server) as raw:
        raw.sendall(b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.0\r\n\r\n")
        until(lambda: app.asked)
        time.sleep(0.2)  # a second one would be asked by now, on most machines
        assert app.asked == ["/1"]
        received = rest_of(raw)
    assert [part.endswith(LONG) for part in received.split(b"HTTP/1.1 200 ")[1:]] == [True, True]


# Framing


REFUSED = {
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a list of lengths": POST + b"Content-Length: 2, 3\r\n\r\n{}",
    "length and coding": POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
    "unknown coding": POST + b"Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
    "coding before chunked": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "coding behind chunked": POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "identity": POST + b"Transfer-Encoding: identity\r\n\r\n",
    "signed length": POST + b"Content-Length: +2\r\n\r\n{}",
    "negative length": POST + b"Content-Length: -2\r\n\r\n{}",
    "bare CR": GET + b"x-a: b\rc: d\r\n\r\n",
    "bare LF": GET + b"x-a: b\nx-c: d\r\n\r\n",
    "NUL": GET + b"x-a: b\0c\r\n\r\n",
    "control character": GET + b"x-a: b\x01c\r\n\r\n",
    "control character in a name": GET + b"x\x01a: b\r\n\r\n",
    "space in a name": GET + b"x a: b\r\n\r\n",
    "space before the colon": GET + b"x-a : b\r\n\r\n",
    "empty name": GET + b": b\r\n\r\n",
    "no colon": GET + b"x-a\r\n\r\n",
    "folded line": GET + b"x-a: b\r\n c\r\n\r\n",
    "two hosts": GET + b"Host: localhost\r\n\r\n",
    "URL of another host": b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "URL with a user": b"GET http://a@localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "URL of another scheme": b"GET ftp://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "control character in the target": b"GET /\x01 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
    "bad chunk size": POST + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
    "signed chunk size": POST + b"Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n",
    "underscored chunk size": POST + b"Transfer-Encoding: chunked\r\n\r\n0_2\r\n{}\r\n0\r\n\r\n",
    "huge chunk size": POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}",
    "chunk longer than its size": POST
    + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx\r\n0\r\n\r\n",
    "chunk line that ends with LF": POST + b"Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n",
}
"""Requests that a proxy before us, or behind us, may understand in another way than we do."""


@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED.keys())
def test_what_has_two_meanings_is_refused(served: ServedEmulator, sent: bytes) -> None:
    refusal_of(exchange(served, sent), "platform.unreadable")


@pytest.mark.parametrize("url", [b"http://localhost", b"HTTP://LOCALHOST"])
def test_the_url_of_this_host_is_a_target_too(served: ServedEmulator, url: bytes) -> None:
    sent = b"GET " + url + b"/_emulator/health HTTP/1.0\r\nHost: localhost\r\n\r\n"
    assert exchange(served, sent).startswith(b"HTTP/1.1 200 ")


def test_the_server_says_what_the_catalogue_says() -> None:
    """The server refuses without a contract; both have the same statuses and texts."""
    problems = new_emulator().contract.edition("latest").problems
    fills = {"most": budgets.HEAD_BYTES, "number": budgets.MAX_HEADERS}
    for error in (
        heads.target_too_long(),
        heads.head_too_large(),
        heads.too_slow(),
        heads.too_many_connections(),
        heads.too_many_pipelined(),
    ):
        entry = problems[error.rule]
        text = entry.detail.format(reason=str(error), **fills)
        refusal = Refusal(entry.status, entry.code, entry.title, text, "", 0)
        code = f"{error.status}900"
        assert {"error_code": code, "message": str(error)} == gateway(refusal)
