"""The relay: what goes through is what was sent, byte for byte, and what breaks is told."""

from __future__ import annotations

import gzip
import http.client
import json
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from emulator.emulator import Emulator
from emulator.serving.server import Server
from emulator.traffic.proxy import Watcher
from emulator.traffic.recording import RecordedCall, headers_by_name
from emulator.traffic.relay import Relay
from emulator.traffic.upstream import Upstream, UpstreamError
from tests.bodies import FLOW_SERVICE, HEADERS, base_connection
from tests.emulators import new_emulator

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CONNECTIONS = f"{FLOW_SERVICE}/connections"
NAME = "flow_service.create_connection.name_is_text"


class Scripted:
    """An upstream that answers each connection's requests with given bytes, and keeps them."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.received: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        for answer in self.answers:
            connection, _ = self._socket.accept()
            with connection:
                self.received.append(self._request(connection))
                connection.sendall(answer)

    def _request(self, connection: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        if b"chunked" in head.lower():
            while not body.endswith(b"0\r\n\r\n"):
                body += connection.recv(65536)
        for line in head.lower().splitlines():
            if line.startswith(b"content-length:"):
                while len(body) < int(line.partition(b":")[2]):
                    body += connection.recv(65536)
        return head + b"\r\n\r\n" + body

    def close(self) -> None:
        self._socket.close()
        self._thread.join(timeout=10)


@contextmanager
def relaying(
    url: str, seen: Callable[[RecordedCall], None], authorities: str | None = None
) -> Iterator[Relay]:
    def own(*asked: object) -> tuple[int, list[tuple[str, str]], bytes]:
        return 200, [("Content-Length", "3")], b"own"

    relay = Relay(Upstream.of(url, authorities), seen, own, timeout=10)
    thread = threading.Thread(target=relay.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        relay.shutdown()
        relay.server_close()
        thread.join(timeout=10)


@pytest.fixture
def seen() -> list[RecordedCall]:
    return []


@pytest.fixture
def scripted(seen: list[RecordedCall]) -> Iterator[Callable[..., tuple[Scripted, int]]]:
    with ExitStack() as stack:

        def start(*answers: bytes) -> tuple[Scripted, int]:
            upstream = Scripted(*answers)
            stack.callback(upstream.close)
            relay = stack.enter_context(relaying(upstream.url, seen.append))
            return upstream, relay.server_address[1]

        yield start


def exchange(port: int, request: bytes) -> bytes:
    """Send bytes, and return all that comes back until the other end closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        data = b""
        while piece := connection.recv(65536):
            data += piece
        return data


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


def test_a_request_goes_through_as_it_was_sent(
    scripted: Callable[..., tuple[Scripted, int]], seen: list[RecordedCall]
) -> None:
    upstream, port = scripted(OK)
    exchange(
        port,
        b"PATCH /data/x%2Fy?a=%20&b=c%2Cd&a=2 HTTP/1.1\r\n"
        b"x-First: 1\r\nHost: client.example\r\nx-Twice: b\r\nAccept: */*\r\nx-twice: a\r\n"
        b"x-odd: \xe4\r\nContent-Length: 5\r\nConnection: close, x-mine\r\nx-mine: 1\r\n"
        b"TE: trailers\r\n\r\n\x00\xffabc",
    )
    assert upstream.received == [
        b"PATCH /data/x%2Fy?a=%20&b=c%2Cd&a=2 HTTP/1.1\r\n"
        b"x-First: 1\r\nHost: " + upstream.url.removeprefix("http://").encode() + b"\r\n"
        b"x-Twice: b\r\nAccept: */*\r\nx-twice: a\r\nx-odd: \xe4\r\nContent-Length: 5\r\n"
        b"\r\n\x00\xffabc"
    ]
    (recorded,) = seen
    assert (recorded.method, recorded.url) == ("PATCH", "/data/x%2Fy?a=%20&b=c%2Cd&a=2")
    assert recorded.body == b"\x00\xffabc"
    assert recorded.reply is not None
    assert (recorded.reply.status, recorded.reply.body) == (200, b"ok")


def test_a_reply_comes_back_as_it_was_given(
    scripted: Callable[..., tuple[Scripted, int]],
) -> None:
    _, port = scripted(
        b"HTTP/1.1 299 Odd Indeed\r\nX-B: 2\r\nSet-Cookie: a=1\r\nx-a: 1\r\nSet-Cookie: b=2\r\n"
        b"Keep-Alive: timeout=5\r\nContent-Length: 3\r\nConnection: close\r\n\r\n\x00\xff\r"
    )
    reply = exchange(port, b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert reply == (
        b"HTTP/1.1 299 Odd Indeed\r\nX-B: 2\r\nSet-Cookie: a=1\r\nx-a: 1\r\nSet-Cookie: b=2\r\n"
        b"Content-Length: 3\r\n\r\n\x00\xff\r"
    )


def test_chunked_bodies_stay_chunked_both_ways(
    scripted: Callable[..., tuple[Scripted, int]], seen: list[RecordedCall]
) -> None:
    upstream, port = scripted(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b"4\r\nwiki\r\n5;x=y\r\npedia\r\n0\r\n\r\n"
    )
    reply = exchange(
        port,
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
        b"Connection: close\r\n\r\n3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\ntrailer: 1\r\n\r\n",
    )
    head, _, body = reply.partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head
    assert body.endswith(b"0\r\n\r\n")
    assert b"".join(body.split(b"\r\n")[1::2]) == b"wikipedia"
    assert upstream.received[0].endswith(b"\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    assert b"Content-Length" not in upstream.received[0]
    assert seen[0].body == b"abcde"
    assert seen[0].reply is not None
    assert seen[0].reply.body == b"wikipedia"


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\nConnection: close\r\n\r\n"),
        ("DELETE", b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nETag: 1\r\nConnection: close\r\n\r\n"),
    ],
)
def test_replies_without_a_body_have_none(
    scripted: Callable[..., tuple[Scripted, int]], method: str, answer: bytes
) -> None:
    _, port = scripted(answer)
    request = f"{method} /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
    assert exchange(port, request) == answer.replace(b"Connection: close\r\n", b"")


def test_a_reply_that_ends_with_its_connection_goes_through(
    scripted: Callable[..., tuple[Scripted, int]],
) -> None:
    _, port = scripted(b"HTTP/1.0 200 OK\r\n\r\nto the end", b"HTTP/1.0 200 OK\r\n\r\nagain")
    whole = exchange(port, b"GET /x HTTP/1.0\r\n\r\n")
    assert whole.endswith(b"\r\n\r\nto the end")
    modern = exchange(port, b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert modern.endswith(b"5\r\nagain\r\n0\r\n\r\n")


def test_a_compressed_reply_stays_so_and_is_read(
    scripted: Callable[..., tuple[Scripted, int]], seen: list[RecordedCall]
) -> None:
    packed = gzip.compress(b'{"items": []}')
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    _, port = scripted(head.encode() + packed)
    reply = exchange(port, b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert reply.endswith(packed)
    assert seen[0].reply is not None
    assert seen[0].reply.body == b'{"items": []}'


def test_a_reply_that_breaks_off_breaks_off(
    scripted: Callable[..., tuple[Scripted, int]], seen: list[RecordedCall]
) -> None:
    _, port = scripted(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/x")
    with pytest.raises(http.client.IncompleteRead):
        connection.getresponse().read()
    connection.close()
    assert seen[0].reply is not None
    assert (seen[0].reply.status, seen[0].reply.body) == (200, None)


def test_an_upstream_that_is_down_is_a_502_of_the_proxy(seen: list[RecordedCall]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with relaying(url, seen.append) as relay:
        connection = http.client.HTTPConnection("127.0.0.1", relay.server_address[1], timeout=10)
        connection.request("POST", CONNECTIONS, b"{}")
        reply = connection.getresponse()
        body = json.loads(reply.read())
        connection.close()
    assert reply.status == 502
    assert body["error"] == "no answer from upstream"
    assert body["upstream"] == url
    assert "did not answer" in body["detail"]
    assert [(one.method, one.reply) for one in seen] == [("POST", None)]


def test_what_is_no_http_is_refused_in_json(
    scripted: Callable[..., tuple[Scripted, int]],
) -> None:
    _, port = scripted()
    for request in (
        b"nonsense\r\n\r\n",
        b"GET /x HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"GET /x HTTP/9.9\r\n\r\n",
    ):
        reply = exchange(port, request)
        assert json.loads(reply.partition(b"\r\n\r\n")[2])["error"] == "unreadable request"


@pytest.mark.parametrize("url", ["", "platform.adobe.io", "ftp://a", "http://", "http://a:b"])
def test_an_upstream_that_is_no_url_is_named(url: str) -> None:
    with pytest.raises(UpstreamError):
        Upstream.of(url)


def test_an_upstream_keeps_its_path_and_its_port() -> None:
    upstream = Upstream.of("https://Gateway.example:8443/aep/")
    assert (upstream.name, upstream.prefix) == ("gateway.example:8443", "/aep")
    assert upstream.context is not None
    assert Upstream.of("https://platform.adobe.io").name == "platform.adobe.io"
    assert Upstream.of("http://[::1]:80").name == "[::1]"


@pytest.fixture
def upstream() -> Iterator[tuple[Emulator, str]]:
    emulator = new_emulator()
    with Server(emulator.application) as server:
        yield emulator, f"http://127.0.0.1:{server.port}"
    emulator.close()


@pytest.fixture
def watched(upstream: tuple[Emulator, str]) -> Iterator[tuple[int, Watcher, Emulator]]:
    """A relay in front of an emulator, its watcher, and the emulator that lends the journal."""
    lent = new_emulator()
    watcher = Watcher(lent)
    relay = Relay(Upstream.of(upstream[1]), watcher.add, watcher.control, timeout=10)
    thread = threading.Thread(target=relay.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield relay.server_address[1], watcher, lent
    relay.shutdown()
    relay.server_close()
    thread.join(timeout=10)
    watcher.close()


class Client:
    """One connection through the relay."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def settle(self) -> None:
        """Wait until what went through this connection has been judged, and close it."""
        assert self.call("GET", "/_emulator/health")[0] == 200
        self.connection.close()

    def call(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, object, dict[str, str]]:
        content = None if body is None else json.dumps(body).encode()
        sent = {**HEADERS, **({"Content-Type": "application/json"} if content else {}), **headers}
        self.connection.request(method, path, content, sent)
        reply = self.connection.getresponse()
        data = reply.read()
        found = {name.lower(): value for name, value in reply.getheaders()}
        return reply.status, json.loads(data) if data else None, found


def test_both_sides_are_judged_into_a_journal(
    watched: tuple[int, Watcher, Emulator], upstream: tuple[Emulator, str]
) -> None:
    port, _, _ = watched
    client = Client(port)
    status, created, headers = client.call("POST", CONNECTIONS, base_connection())
    assert status == 201
    assert headers["x-emulator-operation"] == "flow_service.create_connection"
    assert client.call("POST", CONNECTIONS, base_connection(name=7))[0] == 400
    assert isinstance(created, dict)
    assert client.call("GET", f"{CONNECTIONS}/{created['id']}")[0] == 200
    # The journal is the proxy's own; the upstream's would have other numbers.
    _, journal, _ = client.call("GET", "/_emulator/journal?order=oldest&format=full")
    assert isinstance(journal, dict)
    entries = journal["entries"]
    assert [(one["id"], one["status"], one["outcome"]) for one in entries] == [
        (1, 201, "accepted"),
        (2, 400, "refused"),
        (3, 200, "accepted"),
    ]
    assert [item["rule"] for item in entries[1]["findings"]] == [NAME]
    assert all("deviations" not in one for one in entries)
    _, coverage, _ = client.call("GET", "/_emulator/coverage")
    assert isinstance(coverage, dict)
    assert [row["rule"] for row in coverage["unexpected"]] == [NAME]
    assert client.call("POST", "/_emulator/reset")[0] == 404
    assert len(list(upstream[0].journal.entries())) == 3  # type: ignore[union-attr]
    client.connection.close()


def test_secrets_go_through_and_stay_nowhere(
    watched: tuple[int, Watcher, Emulator], upstream: tuple[Emulator, str]
) -> None:
    port, watcher, lent = watched
    client = Client(port)
    token, key = "Bearer sesame-open", "AccountKey=open-sesame"
    auth = {"specName": "ConnectionString", "params": {"connectionString": key}}
    body = base_connection(auth=auth)
    status, _, _ = client.call("POST", CONNECTIONS, body, Authorization=token)
    assert status == 201
    form = b"grant_type=client_credentials&client_id=k&client_secret=open-sesame&scope=openid"
    client.connection.request("POST", "/ims/token/v3", form, FORM)
    issued = json.loads(client.connection.getresponse().read())["access_token"]
    client.settle()
    assert upstream[0].journal is not None
    (first, _) = upstream[0].journal.entries(newest_first=False)
    assert first.headers["authorization"] == token
    assert lent.journal is not None
    for entry in lent.journal.entries():
        held = repr(entry)
        for secret in ("sesame", issued):
            assert secret not in held
    learned = repr(list(watcher.judge.known))
    assert "ConnectionString" in learned
    assert "sesame" not in learned


def test_two_clients_at_once_get_their_own_replies(
    watched: tuple[int, Watcher, Emulator],
) -> None:
    port, _, lent = watched
    found: dict[int, list[object]] = {0: [], 1: []}

    def work(number: int) -> None:
        client = Client(port)
        for turn in range(15):
            name = f"client {number}, turn {turn}"
            _, created, _ = client.call("POST", CONNECTIONS, base_connection(name=name))
            assert isinstance(created, dict)
            _, read, _ = client.call("GET", f"{CONNECTIONS}/{created['id']}")
            assert isinstance(read, dict)
            found[number].append(read["items"][0]["name"])
        client.settle()

    threads = [threading.Thread(target=work, args=(number,)) for number in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    for number, names in found.items():
        assert names == [f"client {number}, turn {turn}" for turn in range(15)]
    assert lent.journal is not None
    entries = list(lent.journal.entries())
    assert len(entries) == 60
    assert all(not entry.findings and not entry.deviations for entry in entries)


def test_bodies_of_megabytes_go_through(watched: tuple[int, Watcher, Emulator]) -> None:
    port, _, lent = watched
    client = Client(port)
    long = "x" * 1_000_000
    status, created, _ = client.call("POST", CONNECTIONS, base_connection(description=long))
    assert status == 201
    assert isinstance(created, dict)
    _, read, _ = client.call("GET", f"{CONNECTIONS}/{created['id']}")
    assert isinstance(read, dict)
    assert read["items"][0]["description"] == long
    client.settle()
    assert lent.journal is not None
    assert all(not entry.deviations for entry in lent.journal.entries())


def test_a_connection_that_the_upstream_closed_is_opened_again(
    scripted: Callable[..., tuple[Scripted, int]], seen: list[RecordedCall]
) -> None:
    """The upstream closes after each reply without saying so, as a restarted one would."""
    quiet = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    _, port = scripted(quiet, quiet, quiet)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for _ in range(3):
        connection.request("GET", "/x")
        assert connection.getresponse().read() == b"ok"
    # What has been asked of the relay itself is answered behind what went through before.
    connection.request("GET", "/_emulator/health")
    assert connection.getresponse().read() == b"own"
    connection.close()
    assert [one.reply.status for one in seen if one.reply] == [200, 200, 200]
    assert headers_by_name(seen[0].headers)["host"] == f"127.0.0.1:{port}"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of this machine that nobody else has signed, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl on this machine")
    folder = tmp_path_factory.mktemp("certificate")
    key, file = folder / "own.key", folder / "own.crt"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-keyout", str(key), "-out", str(file), "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return file, key


class Secret(BaseHTTPRequestHandler):
    """Answers over TLS with the host that it was asked for."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        content = self.headers["Host"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def over_tls(certificate: tuple[Path, Path]) -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(timeout=10)


def test_an_upstream_over_tls_is_checked(
    over_tls: str, certificate: tuple[Path, Path], seen: list[RecordedCall]
) -> None:
    for authorities, status in ((str(certificate[0]), 200), (None, 502)):
        with relaying(over_tls, seen.append, authorities) as relay:
            port = relay.server_address[1]
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/x")
            reply = connection.getresponse()
            said = reply.read().decode()
            connection.close()
        assert reply.status == status
        assert (over_tls.removeprefix("https://") if status == 200 else "certificate") in said
