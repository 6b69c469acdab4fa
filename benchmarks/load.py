"""Closed-loop HTTP/1.1 load generator over raw keep-alive sockets, standard library only.

One thread drives every connection with a selector, so the generator costs little next to the
server under test. Run it in a process of its own: `python -m benchmarks.load --port 8080`.
"""

from __future__ import annotations

import argparse
import json
import selectors
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

RequestSource = bytes | Callable[[int], bytes]
"""Ready request bytes, or a function from the request's number to its bytes."""

_HEAD_END = b"\r\n\r\n"
_RECEIVE_BYTES = 65_536


@dataclass(frozen=True)
class LoadResult:
    """What one run measured; latencies cover the answered requests."""

    connections: int
    seconds: float
    requests: int
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    errors: int
    non_2xx: int


@dataclass(slots=True)
class _Connection:
    sock: socket.socket
    unsent: memoryview = field(default_factory=lambda: memoryview(b""))
    received: bytearray = field(default_factory=bytearray)
    sent_at: float = 0.0
    busy: bool = False


def prepare(
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> bytes:
    """Return the bytes of one keep-alive request."""
    fields = {"Host": "127.0.0.1", **(headers or {})}
    if body:
        fields.setdefault("Content-Type", "application/json")
        fields["Content-Length"] = str(len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + body


def run_load(
    host: str,
    port: int,
    request: RequestSource,
    connections: int = 1,
    seconds: float = 3.0,
    max_requests: int = 1_000_000,
) -> LoadResult:
    """Send requests on every connection for `seconds`, each waiting for its answer."""
    run = _Run(host, port, request, max_requests)
    return run.execute(connections, seconds)


class _Run:
    """The state of one run: open connections, latencies and failures."""

    def __init__(self, host: str, port: int, request: RequestSource, max_requests: int) -> None:
        self._address = (host, port)
        self._request = request if callable(request) else lambda _number: request
        self._max_requests = max_requests
        self._selector = selectors.DefaultSelector()
        self._latencies: list[float] = []
        self._sent = self._errors = self._non_2xx = 0

    def execute(self, connections: int, seconds: float) -> LoadResult:
        started = time.perf_counter()
        self._deadline = started + seconds
        try:
            for _ in range(connections):
                self._open()
            self._loop()
        finally:
            elapsed = time.perf_counter() - started
            for key in list(self._selector.get_map().values()):
                key.data.sock.close()
            self._selector.close()
        return self._result(connections, elapsed)

    def _loop(self) -> None:
        while (now := time.perf_counter()) < self._deadline and self._selector.get_map():
            for key, events in self._selector.select(self._deadline - now):
                self._serve(key.data, events)

    def _open(self) -> None:
        try:
            sock = socket.create_connection(self._address, timeout=5.0)
        except OSError:
            self._errors += 1
            return
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        connection = _Connection(sock)
        self._selector.register(sock, selectors.EVENT_READ, connection)
        self._next_request(connection)

    def _serve(self, connection: _Connection, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE:
                self._send(connection)
            if events & selectors.EVENT_READ:
                self._receive(connection)
        except (OSError, ValueError):
            self._replace(connection)

    def _replace(self, connection: _Connection) -> None:
        if connection.busy:
            self._errors += 1
        self._selector.unregister(connection.sock)
        connection.sock.close()
        if self._sent < self._max_requests:
            self._open()

    def _next_request(self, connection: _Connection) -> None:
        if self._sent >= self._max_requests or time.perf_counter() >= self._deadline:
            self._selector.unregister(connection.sock)
            connection.sock.close()
            return
        connection.unsent = memoryview(self._request(self._sent))
        self._sent += 1
        connection.busy = True
        connection.sent_at = time.perf_counter()
        self._send(connection)

    def _send(self, connection: _Connection) -> None:
        sent = 0
        with suppress(BlockingIOError):
            sent = connection.sock.send(connection.unsent)
        was_waiting = self._selector.get_key(connection.sock).events & selectors.EVENT_WRITE
        connection.unsent = connection.unsent[sent:]
        if bool(connection.unsent) != bool(was_waiting):
            interest = selectors.EVENT_READ
            if connection.unsent:
                interest |= selectors.EVENT_WRITE
            self._selector.modify(connection.sock, interest, connection)

    def _receive(self, connection: _Connection) -> None:
        data = connection.sock.recv(_RECEIVE_BYTES)
        if not data:
            raise ConnectionError("closed by the server")
        connection.received += data
        if not _is_complete(connection.received):
            return
        self._latencies.append(time.perf_counter() - connection.sent_at)
        if not connection.received.startswith(b"2", len("HTTP/1.1 ")):
            self._non_2xx += 1
        closing = b"\r\nconnection: close\r\n" in connection.received.lower()
        connection.received.clear()
        connection.busy = False
        if closing:
            self._replace(connection)
        else:
            self._next_request(connection)

    def _result(self, connections: int, elapsed: float) -> LoadResult:
        ordered = sorted(self._latencies)
        return LoadResult(
            connections=connections,
            seconds=round(elapsed, 3),
            requests=len(ordered),
            requests_per_second=round(len(ordered) / elapsed, 1),
            p50_ms=percentile_ms(ordered, 0.50),
            p99_ms=percentile_ms(ordered, 0.99),
            errors=self._errors,
            non_2xx=self._non_2xx,
        )


def percentile_ms(ordered_seconds: list[float], fraction: float) -> float:
    """Return the given percentile of ascending latencies in milliseconds, NaN when empty."""
    if not ordered_seconds:
        return float("nan")
    index = min(len(ordered_seconds) - 1, int(len(ordered_seconds) * fraction))
    return round(ordered_seconds[index] * 1000, 3)


def _is_complete(received: bytearray) -> bool:
    """Tell whether the buffer holds one whole response, by length, by chunks or bodiless."""
    head_end = received.find(_HEAD_END)
    if head_end < 0:
        return False
    head = bytes(received[: head_end + 2]).lower()
    if head.find(b"\r\ntransfer-encoding: chunked") >= 0:
        return received.endswith(b"0\r\n\r\n")
    at = head.find(b"\r\ncontent-length:")
    if at < 0:
        if head[9:12] in (b"204", b"304"):
            return True
        raise ValueError("response without a length")
    length = int(head[at + 17 : head.index(b"\r\n", at + 17)])
    return len(received) >= head_end + len(_HEAD_END) + length


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--method", default="GET")
    parser.add_argument("--path", default="/")
    parser.add_argument("--header", action="append", default=[], metavar="NAME:VALUE")
    parser.add_argument("--body-file", type=Path, help="send this file as the request body")
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3.0)
    return parser.parse_args()


def main() -> None:
    """Run one load from the command line and print its result as JSON."""
    options = _parse_arguments()
    headers = dict(item.split(":", 1) for item in options.header)
    headers = {name.strip(): value.strip() for name, value in headers.items()}
    body = options.body_file.read_bytes() if options.body_file else b""
    request = prepare(options.method, options.path, body, headers)
    result = run_load(options.host, options.port, request, options.connections, options.seconds)
    print(json.dumps(asdict(result)))


if __name__ == "__main__":
    main()
