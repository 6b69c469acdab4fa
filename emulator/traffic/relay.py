"""Sends requests on to another endpoint and its replies back, unchanged, and reports each exchange.

Method, target, header fields (order and repetitions included) and bodies go through as they are;
of header fields only those about the connection itself stay behind, and `Host` names the upstream.
Nothing is stored here.
"""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from urllib.parse import urlsplit

from emulator.json_types import JsonObject, dumps
from emulator.traffic.recording import Fields, RecordedCall, RecordedReply, Source
from emulator.traffic.upstream import Upstream
from emulator.traffic.wire import (
    CHUNK_BYTES,
    BodyRecorder,
    chunks,
    decoded,
    end_to_end,
    for_upstream,
    is_gone,
    named_by_connection,
    pieces_of,
)

CONTROL_PATHS = "/_emulator/"
"""What is asked of the relay itself, and not sent on."""

TIMEOUT = 60.0
"""Seconds to wait for the upstream."""

RETRIED_METHODS = ("GET", "HEAD", "PUT", "DELETE", "OPTIONS")
"""Methods that may be sent once more if the upstream has closed a connection that was kept."""


OnExchange = Callable[[RecordedCall], None]
Control = Callable[[str, str, Fields, bytes], tuple[int, Fields, bytes]]
"""Answers a request to `/_emulator/`: method, target, fields and body; status, fields and body."""


class Relay(ThreadingHTTPServer):
    """Listens on an address; a thread for each connection. These threads call `on_exchange`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        upstream: Upstream,
        on_exchange: OnExchange,
        control: Control,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        timeout: float = TIMEOUT,
    ) -> None:
        self.upstream = upstream
        self.on_exchange = on_exchange
        self.control = control
        self.upstream_timeout = timeout
        self._number = 0
        self._lock = threading.Lock()
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Bind without asking a name server for this machine's name, as `HTTPServer` would."""
        super(HTTPServer, self).server_bind()

    def next_number(self) -> int:
        """Return the number of the next call, from 1."""
        with self._lock:
            self._number += 1
            return self._number

    def handle_error(self, request: object, client_address: object) -> None:
        """Log nothing: a client closed its connection; what the upstream fails is answered 502."""


class _Handler(BaseHTTPRequestHandler):
    """Relays the requests of one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_version = "aep-emulator"
    server: Relay
    _connection: http.client.HTTPConnection | None = None

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self._relay
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:
        """Keep silent: a log would hold what queries hold."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse in JSON what cannot be read as a request."""
        self.close_connection = True
        self.request_version = self.protocol_version  # what HTTP/0.9 gets has no status
        self._answer(code, {"error": "unreadable request", "detail": message or explain or ""})

    def finish(self) -> None:
        self._drop()
        with suppress(OSError):
            super().finish()

    def _relay(self) -> None:
        fields = list(self.headers.items())
        if "close" in named_by_connection(fields):
            self.close_connection = True
        if self.path.startswith(CONTROL_PATHS):
            self._answer_control(fields)
            return
        number = self.server.next_number()
        recorded = RecordedCall(
            source=Source("proxy", f"call {number}"),
            method=self.command,
            url=self.path if self.path.startswith("/") else urlsplit(self.path).path or "/",
            headers=fields,
        )
        sent = BodyRecorder()
        try:
            response = self._send(fields, sent)
        except (OSError, http.client.HTTPException) as error:
            self._drop()
            recorded.body = sent.body
            self.close_connection = True
            self._answer(502, _bad_gateway(self.server.upstream, error))
        except ValueError as error:
            self._drop()
            self.send_error(400, str(error))
            return
        else:
            recorded.body = sent.body
            recorded.reply = self._reply(response)
        self.server.on_exchange(recorded)

    def _send(self, fields: Fields, sent: BodyRecorder) -> http.client.HTTPResponse:
        """Send the request on and return the beginning of its reply."""
        chunked = self._is_chunked()
        passed = list(for_upstream(fields, self.server.upstream.name, chunked))
        has_body = chunked or self.headers.get("Content-Length", "0") != "0"
        is_kept = self._connection is not None and not is_gone(self._connection)
        try:
            return self._send_once(passed, chunked, self._pieces(chunked), sent)
        except (http.client.RemoteDisconnected, ConnectionError):
            if not is_kept or has_body or self.command not in RETRIED_METHODS:
                raise
            self._drop()
            return self._send_once(passed, chunked, iter(()), sent)

    def _is_chunked(self) -> bool:
        return "chunked" in self.headers.get("Transfer-Encoding", "").lower()

    def _send_once(
        self, fields: Fields, chunked: bool, pieces: Iterator[bytes], sent: BodyRecorder
    ) -> http.client.HTTPResponse:
        connection = self._connection
        if connection is None or is_gone(connection):
            self._drop()
            connection = self._connection = self.server.upstream.connect(
                self.server.upstream_timeout
            )
        target = self.server.upstream.prefix + self.path
        connection.putrequest(self.command, target, skip_host=True, skip_accept_encoding=True)
        for name, value in fields:
            connection.putheader(name, value.encode("latin-1"))
        if chunked:
            connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        for piece in pieces:
            sent.add(piece)
            connection.send(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        if chunked:
            connection.send(b"0\r\n\r\n")
        return connection.getresponse()

    def _pieces(self, chunked: bool) -> Iterator[bytes]:
        """Yield the request's body as it comes.

        Raises:
            ConnectionError: It breaks off, or is not chunked as it says.
        """
        if chunked:
            yield from chunks(self.rfile)
            return
        left = int(self.headers.get("Content-Length") or 0)
        while left > 0:
            piece = self.rfile.read(min(left, CHUNK_BYTES))
            if not piece:
                raise ConnectionAbortedError("the request's body broke off")
            left -= len(piece)
            yield piece

    def _reply(self, response: http.client.HTTPResponse) -> RecordedReply:
        """Hand the reply back while it comes; what breaks off is broken off for the client too."""
        fields = response.getheaders()
        passed = list(end_to_end(fields))
        has_body = self.command != "HEAD" and response.status not in (204, 304)
        is_sized = any(name.lower() == "content-length" for name, _ in passed)
        chunked = has_body and not is_sized and self.request_version != "HTTP/1.0"
        self.send_response_only(response.status, response.reason)
        for name, value in passed:
            self.send_header(name, value)
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif has_body and not is_sized:
            self.close_connection = True
        self.end_headers()
        passed_body = BodyRecorder()
        try:
            for piece in pieces_of(response):
                passed_body.add(piece)
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
                self.wfile.flush()
            if chunked:
                self.wfile.write(b"0\r\n\r\n")
        except (OSError, http.client.HTTPException):
            passed_body.is_cut = True
            self.close_connection = True
            self._drop()
        if response.will_close:
            self._drop()
        return RecordedReply(response.status, list(fields), decoded(passed_body.body, fields))

    def _answer_control(self, fields: Fields) -> None:
        body = b"".join(self._pieces(self._is_chunked()))
        self._send_answer(*self.server.control(self.command, self.path, fields, body))

    def _answer(self, status: int, body: JsonObject) -> None:
        content = dumps(body)
        fields = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
        with suppress(OSError):
            self._send_answer(status, [*fields, ("Connection", "close")], content)

    def _send_answer(self, status: int, fields: Fields, content: bytes) -> None:
        self.send_response_only(status)
        for name, value in fields:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _bad_gateway(upstream: Upstream, error: Exception) -> JsonObject:
    reason = str(error) or type(error).__name__
    return {
        "error": "no answer from upstream",
        "detail": f"{upstream.name} did not answer: {reason}",
        "upstream": upstream.url,
    }
