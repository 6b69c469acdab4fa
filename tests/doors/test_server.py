"""The server over real sockets: it answers, keeps connections, and ends without losing requests."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, unquote

import pytest

from emulator.serving.reading import ReadingProtocol
from emulator.serving.server import Server
from emulator.web.envelopes import Refusal, gateway
from emulator.web.message import Deferred, Request, Response
from emulator.web.transport_fault import TransportFault
from tests.emulators import new_emulator

TIMEOUT = 60.0
BODY_LIMIT = 100_000
LARGE = bytes(50_000)


class Echo:
    """Answers with the request's body, else with its path.

    For /slow it waits for `released`; the response to /late is late, that to /large is large.
    """

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.released = threading.Event()

    def handle(self, request: Request) -> Response:
        path = unquote(request.target.partition("?")[0])
        if path == "/slow":
            self.entered.set()
            self.released.wait(TIMEOUT)
        if path == "/fail":
            raise ValueError("told to fail")
        body = request.body or (LARGE if path == "/large" else path.encode())
        fault = TransportFault(delay=0.05) if path == "/late" else None
        return Response(200, [("X-Seen", str(len(body)))], body, fault)

    def begin(self, request: Request) -> Response | Deferred:
        """Defer what is below /deferred, with a body as a large one."""
        if not request.target.startswith("/deferred"):
            return self.handle(request)
        request.target = request.target.removeprefix("/deferred")
        return Deferred(lambda: self.handle(request), is_large=bool(request.body))

    def body_limit(self, method: str, target: str) -> int:
        return BODY_LIMIT


@pytest.fixture
def app() -> Echo:
    return Echo()


@pytest.fixture
def server(app: Echo) -> Iterator[Server]:
    with Server(app) as running:
        yield running
        app.released.set()


@pytest.fixture
def client(server: Server) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=TIMEOUT)
    yield connection
    connection.close()


def exchange(server: Server, sent: bytes) -> bytes:
    """Send raw bytes and return everything up to the end of the connection."""
    with socket.create_connection((server.host, server.port), timeout=TIMEOUT) as raw:
        raw.sendall(sent)
        raw.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: raw.recv(65_536), b""))


def post(client: http.client.HTTPConnection, path: str, body: object = None) -> bytes:
    client.request("POST", path, body)  # type: ignore[arg-type]
    return client.getresponse().read()


def test_the_free_port_is_known_before_serving_and_the_app_answers_there() -> None:
    server = Server(Echo())
    server.start()
    assert server.port > 0
    serving = threading.Thread(target=server.serve_forever)
    connection = http.client.HTTPConnection(server.host, server.port, timeout=TIMEOUT)
    connection.request("GET", "/hello")
    serving.start()
    assert connection.getresponse().read() == b"/hello"
    connection.close()
    server.stop()
    serving.join(TIMEOUT)
    assert not serving.is_alive()


def test_a_connection_is_kept_for_many_requests(client: http.client.HTTPConnection) -> None:
    client.connect()
    used = client.sock
    assert [post(client, "/", body) for body in (b"1", b"2", b"3")] == [b"1", b"2", b"3"]
    assert client.sock is used


def test_more_connections_than_we_could_have_threads_are_all_answered(server: Server) -> None:
    connections = [
        http.client.HTTPConnection(server.host, server.port, timeout=TIMEOUT) for _ in range(32)
    ]
    for connection in connections:
        connection.connect()
    with ThreadPoolExecutor(len(connections)) as pool:
        for turn in range(5):
            bodies = [f"{turn}:{number}".encode() for number in range(len(connections))]
            answers = pool.map(post, connections, ["/"] * len(connections), bodies)
            assert list(answers) == bodies
    for connection in connections:
        connection.close()


@pytest.mark.parametrize(
    "unfinished",
    [b"", b"POST / HT", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"],
    ids=["silent", "half a head", "half a body"],
)
def test_slow_clients_block_nobody(
    server: Server, client: http.client.HTTPConnection, unfinished: bytes
) -> None:
    slow = [socket.create_connection((server.host, server.port)) for _ in range(32)]
    for raw in slow:
        raw.sendall(unfinished)
    assert post(client, "/", b"quick") == b"quick"
    for raw in slow:
        raw.close()


def test_a_chunked_body_arrives(client: http.client.HTTPConnection) -> None:
    assert post(client, "/", iter([b"one ", b"two ", b"three"])) == b"one two three"


def pipelined(*paths: str) -> bytes:
    return b"".join(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode() for path in paths)


def test_the_rest_of_a_long_answer_does_not_wait_for_the_client_to_have_the_beginning(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With Nagle's algorithm, and a client that delays its ACKs, each would take 40 ms."""
    made, options = ReadingProtocol.connection_made, []

    def connection_made(self: ReadingProtocol, transport: asyncio.Transport) -> None:
        made(self, transport)
        sock = transport.get_extra_info("socket")
        options.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    monkeypatch.setattr(ReadingProtocol, "connection_made", connection_made)
    fresh = http.client.HTTPConnection(server.host, server.port, timeout=TIMEOUT)
    assert post(fresh, "/", b"a") == b"a"
    fresh.close()
    assert len(options) == 1
    assert options[0] != 0


def test_requests_of_one_packet_are_answered_in_their_order(server: Server) -> None:
    with socket.create_connection((server.host, server.port), timeout=TIMEOUT) as raw:
        raw.sendall(pipelined("/one", "/two") + b"GET /three HTTP/1.0\r\n\r\n")
        received = b"".join(iter(lambda: raw.recv(65_536), b""))
    bodies = [part.partition(b"HTTP/")[0] for part in received.split(b"\r\n\r\n")[1:]]
    assert bodies == [b"/one", b"/two", b"/three"]
    assert received.count(b"connection: close") == 1


def test_a_late_response_keeps_its_place_in_the_order(server: Server) -> None:
    with socket.create_connection((server.host, server.port), timeout=TIMEOUT) as raw:
        raw.sendall(pipelined("/late", "/next"))
        raw.sendall(b"GET /last HTTP/1.0\r\n\r\n")
        received = b"".join(iter(lambda: raw.recv(65_536), b""))
    assert received.find(b"/late") < received.find(b"/next") < received.find(b"/last")


def test_a_client_that_reads_late_gets_every_response(server: Server) -> None:
    """What it does not read is not piled up here: reading stops until it goes on."""
    number, size = 200, len(LARGE)
    with socket.create_connection((server.host, server.port), timeout=TIMEOUT) as raw:
        sender = threading.Thread(target=raw.sendall, args=(pipelined(*["/large"] * number),))
        sender.start()
        threading.Event().wait(0.2)
        with raw.makefile("rb") as received:
            for _ in range(number):
                while received.readline() != b"\r\n":
                    pass
                assert len(received.read(size)) == size
        sender.join(TIMEOUT)


@pytest.mark.parametrize("path", ["/plain", "/a b", "/é/ü", "/%2F/%25", "/" + "x" * 5000])
def test_paths_reach_the_app_decoded(client: http.client.HTTPConnection, path: str) -> None:
    assert post(client, quote(path)).decode() == path


def test_of_a_body_over_the_limit_the_app_sees_enough_to_refuse_it(
    client: http.client.HTTPConnection,
) -> None:
    client.request("POST", "/declared", b"x" * (BODY_LIMIT + 1))
    assert client.getresponse().read() == b"/declared"
    client.request("POST", "/chunked", iter([b"x" * 70_000] * 10))
    answer = client.getresponse()
    assert answer.getheader("X-Seen") == str(BODY_LIMIT + 1)
    answer.read()
    assert post(client, "/", b"next") == b"next"


def test_continue_is_sent_when_the_client_waits_for_it(server: Server) -> None:
    with socket.create_connection((server.host, server.port), timeout=TIMEOUT) as raw:
        raw.sendall(
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
        assert raw.recv(1000).startswith(b"HTTP/1.1 100 ")
        raw.sendall(b"ok")
        assert raw.recv(1000).endswith(b"ok")


@pytest.mark.parametrize("body", [b"ok", b"ok\r\nUpgrade: h2c\r\n"])
def test_an_offer_to_upgrade_is_declined_and_the_body_kept(
    client: http.client.HTTPConnection, body: bytes
) -> None:
    offer = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMA"}
    for headers in (offer, {}, offer):
        client.request("POST", "/", body, headers)
        assert client.getresponse().read() == body


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"what is this\r\n\r\n",
        b"\x00" * 100_000,
        b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent_Length: many\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nshort",
        b"GET / HTTP/9.9\r\n\r\n",
    ],
)
def test_garbage_harms_only_its_sender(
    server: Server, client: http.client.HTTPConnection, garbage: bytes
) -> None:
    answer = exchange(server, garbage)
    assert not answer or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5"))
    assert post(client, "/", b"still here") == b"still here"


def test_what_is_no_http_is_refused_in_the_gateways_form(server: Server) -> None:
    head, _, body = exchange(server, b"what is this\r\n\r\n").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nx-emulator-rule: platform.unreadable" in head
    entry = new_emulator().contract.edition("latest").problems["platform.unreadable"]
    reason = "Invalid HTTP request received."
    refusal = Refusal(400, entry.code, entry.title, entry.detail.format(reason=reason), "", 0)
    assert json.loads(body) == gateway(refusal)


def test_an_app_that_raises_is_answered_with_500(client: http.client.HTTPConnection) -> None:
    client.request("GET", "/fail")
    answer = client.getresponse()
    answer.read()
    assert answer.status == 500
    assert post(client, "/", b"next") == b"next"


def test_requests_in_flight_finish_when_stopped(app: Echo) -> None:
    server = Server(app)
    server.start()
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    with ThreadPoolExecutor(1) as pool:
        running = http.client.HTTPConnection(server.host, server.port, timeout=TIMEOUT)
        answer = pool.submit(post, running, "/slow", b"kept")
        assert app.entered.wait(TIMEOUT)
        arriving = socket.create_connection((server.host, server.port), timeout=TIMEOUT)
        arriving.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nha")
        server.stop()
        app.released.set()
        assert answer.result(TIMEOUT) == b"kept"
        running.close()
    arriving.sendall(b"lf")
    with arriving, arriving.makefile("rb") as received:
        assert received.read().endswith(b"half")
    serving.join(TIMEOUT)
    assert not serving.is_alive()


def test_stopping_closes_idle_connections_and_frees_the_port(
    client: http.client.HTTPConnection, server: Server
) -> None:
    post(client, "/", b"now idle")
    server.stop()
    assert client.sock.recv(1) == b""
    server.__exit__(None, None, None)
    with Server(Echo(), port=server.port) as next_server:
        assert exchange(next_server, b"GET /again HTTP/1.0\r\n\r\n").endswith(b"/again")


def test_a_client_that_never_finishes_cannot_hold_up_the_end(app: Echo) -> None:
    with Server(app, grace=0.0) as server:
        raw = socket.create_connection((server.host, server.port), timeout=TIMEOUT)
        raw.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf")
        assert exchange(server, b"GET /x HTTP/1.0\r\n\r\n").endswith(b"/x")
    raw.close()


def test_stop_may_come_early_late_and_twice() -> None:
    server = Server(Echo())
    server.stop()
    server.start()
    server.stop()
    server.serve_forever()
    server.stop()


def test_a_busy_port_is_an_ordinary_error(server: Server) -> None:
    with pytest.raises(OSError, match=r"in use|usage of"):
        Server(Echo(), port=server.port).start()


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot send these signals to a child")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_cleanly(number: signal.Signals) -> None:
    code = (
        "from emulator.serving.server import Server, run\n"
        "from emulator.web.wsgi import WsgiHandler\n"
        "def app(environ, start): start('200 OK', []); return [b'hi']\n"
        "run(Server(WsgiHandler(app)), lambda server: print(server.port, flush=True))\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        port = int(child.stdout.readline())
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"hi"
        connection.close()
        child.send_signal(number)
        assert child.wait(TIMEOUT) == 0


# What takes long


def test_nobody_waits_for_what_is_deferred(
    server: Server, app: Echo, client: http.client.HTTPConnection
) -> None:
    waiting = http.client.HTTPConnection(server.host, server.port, timeout=TIMEOUT)
    waiting.request("GET", "/deferred/slow")
    assert app.entered.wait(TIMEOUT)
    assert [post(client, path) for path in ("/a", "/deferred/b", "/c")] == [b"/a", b"/b", b"/c"]
    app.released.set()
    assert waiting.getresponse().read() == b"/slow"
    waiting.close()


def test_large_bodies_are_answered_one_by_one_beside_the_others(
    server: Server, app: Echo, client: http.client.HTTPConnection
) -> None:
    first = http.client.HTTPConnection(server.host, server.port, timeout=TIMEOUT)
    first.request("POST", "/deferred/slow", LARGE)
    assert app.entered.wait(TIMEOUT)
    second = http.client.HTTPConnection(server.host, server.port, timeout=TIMEOUT)
    second.request("POST", "/deferred/fail", LARGE)
    assert post(client, "/deferred/other") == b"/other"
    app.released.set()
    assert first.getresponse().read() == LARGE
    assert second.getresponse().status == 500
    first.close()
    second.close()


def test_answers_keep_their_order_on_a_connection(server: Server, app: Echo) -> None:
    paths = ("/a", "/deferred/b", "/late", "/deferred/late", "/c")
    sent = b"".join(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode() for path in paths)
    answers = exchange(server, sent)
    bodies = [answer.rpartition(b"\r\n\r\n")[2] for answer in answers.split(b"HTTP/1.1 ")[1:]]
    assert bodies == [b"/a", b"/b", b"/late", b"/late", b"/c"]


def test_a_client_that_leaves_before_its_deferred_answer_disturbs_nobody(
    server: Server, app: Echo, client: http.client.HTTPConnection
) -> None:
    leaving = http.client.HTTPConnection(server.host, server.port, timeout=TIMEOUT)
    leaving.request("GET", "/deferred/slow")
    assert app.entered.wait(TIMEOUT)
    leaving.close()
    app.released.set()
    assert post(client, "/deferred/next") == b"/next"


def test_the_end_gives_up_what_takes_long_and_sends_its_answer() -> None:
    app = Echo()
    with Server(app, interrupt=app.released.set) as server:
        waiting = http.client.HTTPConnection(server.host, server.port, timeout=TIMEOUT)
        waiting.request("GET", "/deferred/slow")
        assert app.entered.wait(TIMEOUT)
    assert waiting.getresponse().read() == b"/slow"
    waiting.close()
