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

from emulator import budgets
from emulator.json_types import JsonObject, dumps
from emulator.traffic.incoming import Head, Incoming
from emulator.traffic.recording import (
    Fields,
    RecordedCall,
    RecordedReply,
    Source,
    headers_by_name,
)
from emulator.traffic.room import Room
from emulator.traffic.upstream import Upstream
from emulator.traffic.wire import (
    MAX_BODY_BYTES,
    BodyRecorder,
    StrictResponse,
    decoded,
    end_to_end,
    for_upstream,
    is_gone,
    named_by_connection,
    pieces_of,
    reply_fields,
)
from emulator.web.heads import (
    HeadError,
    names_this_machine,
    too_many_connections,
    unreadable,
)

CONTROL_PATHS = "/_emulator/"
"""What is asked of the relay itself, and not sent on."""

LINGER_SECONDS = 2.0
"""Seconds in which a client that is refused may go on sending."""

TIMEOUT = 60.0
"""Seconds to wait for the upstream."""

RETRIED_METHODS = ("GET", "HEAD", "PUT", "DELETE", "OPTIONS")
"""Methods that may be sent once more if the upstream has closed a connection that was kept."""


OnExchange = Callable[[RecordedCall], None]
Control = Callable[[str, str, Fields, bytes, str], tuple[int, Fields, bytes]]
"""Answers a request to `/_emulator/`: method, target, fields, body and the address of ours at which
it arrived; status, fields and body."""


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
        self.room = Room()
        self._number = 0
        self._open: set[_Handler] = set()
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

    def admit(self, handler: _Handler) -> bool:
        """Take a connection, if need be in the place of the one that is awaited longest."""
        with self._lock:
            if len(self._open) >= budgets.MAX_CONNECTIONS:
                awaited = [(one.incoming.awaited_since, one) for one in self._open]
                idle = [(since, id(one), one) for since, one in awaited if since is not None]
                if not idle:
                    return False
                _, _, longest = min(idle)
                self._open.discard(longest)
                with suppress(OSError):
                    longest.connection.shutdown(socket.SHUT_RDWR)
            self._open.add(handler)
            return True

    def discharge(self, handler: _Handler) -> None:
        """Note that a connection has ended."""
        with self._lock:
            self._open.discard(handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Log nothing: a client closed its connection; what the upstream fails is answered 502."""


class _Handler(BaseHTTPRequestHandler):
    """Relays the requests of one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_version = "aep-emulator"
    server: Relay
    _connection: http.client.HTTPConnection | None = None

    def log_message(self, format: str, *args: object) -> None:
        """Keep silent: a log would hold what queries hold."""

    def setup(self) -> None:
        super().setup()
        # What is refused before it has a head is answered as if it had one.
        self.command, self.request_version = "", self.protocol_version
        self.incoming = Incoming(self.connection)
        self._is_admitted = self.server.admit(self)

    def handle(self) -> None:
        if not self._is_admitted:
            self._refuse(too_many_connections())
            return
        with suppress(OSError):  # the client's end of the connection is gone
            super().handle()

    def handle_one_request(self) -> None:
        """Read a request and relay it, or refuse what another reader might misunderstand."""
        try:
            head = self.incoming.head()
            if head is None:
                self.close_connection = True
                return
            self.command, self.request_version = head.method, head.version
            self.path = self._own_target(head)
            named = named_by_connection(head.fields)
            self.close_connection = head.version == "HTTP/1.0" or "close" in named
            expects = headers_by_name(head.fields).get("expect", "").lower()
            if expects == "100-continue" and head.version != "HTTP/1.0":
                self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            if self.path.startswith(CONTROL_PATHS):
                self._answer_control(head)
            else:
                self._relay(head)
        except HeadError as error:
            self._drop()
            self._refuse(error)

    def _own_target(self, head: Head) -> str:
        """Return path and query of a target, which may be a URL of ours or of the upstream."""
        if head.target.startswith("/") or (head.target, head.method) == ("*", "OPTIONS"):
            return head.target
        url = urlsplit(head.target)
        here = str(self.connection.getsockname()[0])
        if url.netloc.lower() != self.server.upstream.name and not names_this_machine(
            url.netloc, here
        ):
            raise unreadable("its target is a URL of another host.")
        path = url.path or "/"
        return f"{path}?{url.query}" if url.query else path

    def _refuse(self, error: HeadError) -> None:
        """Refuse in JSON what cannot be read as a request, and end the connection."""
        self.close_connection = True
        with suppress(OSError):
            self._answer(error.status, {"error": "unreadable request", "detail": str(error)})
            self.connection.shutdown(socket.SHUT_WR)
        self.incoming.drain(LINGER_SECONDS)

    def finish(self) -> None:
        self.server.discharge(self)
        self._drop()
        with suppress(OSError):
            super().finish()

    def _relay(self, head: Head) -> None:
        number = self.server.next_number()
        recorded = RecordedCall(
            source=Source("proxy", f"call {number}"),
            method=head.method,
            url=self.path,
            headers=head.fields,
        )
        sent, passed = BodyRecorder(self.server.room), BodyRecorder(self.server.room)
        try:
            try:
                response = self._send(head, sent)
                fields = reply_fields(response)
            except (OSError, http.client.HTTPException) as error:
                self._drop()
                self.close_connection = True
                self._answer(502, _bad_gateway(self.server.upstream, error))
            else:
                self._reply(response, fields, passed)
                body = decoded(passed.body, fields)
                recorded.reply = RecordedReply(response.status, fields, body)
            recorded.body = sent.body
            self.server.on_exchange(recorded)
        finally:
            sent.release()
            passed.release()

    def _send(self, head: Head, sent: BodyRecorder) -> http.client.HTTPResponse:
        """Send the request on and return the beginning of its reply."""
        has_body = head.is_chunked or head.length > 0
        is_kept = self._connection is not None and not is_gone(self._connection)
        try:
            return self._send_once(head, self.incoming.body(head), sent)
        except (http.client.RemoteDisconnected, ConnectionError):
            if not is_kept or has_body or self.command not in RETRIED_METHODS:
                raise
            self._drop()
            return self._send_once(head, iter(()), sent)

    def _send_once(
        self, head: Head, pieces: Iterator[bytes], sent: BodyRecorder
    ) -> http.client.HTTPResponse:
        connection, upstream = self._connection, self.server.upstream
        if connection is None or is_gone(connection):
            self._drop()
            connection = self._connection = upstream.connect(self.server.upstream_timeout)
            connection.response_class = StrictResponse
        target = upstream.prefix + self.path
        connection.putrequest(self.command, target, skip_host=True, skip_accept_encoding=True)
        for name, value in for_upstream(head.fields, upstream.name):
            connection.putheader(name, value.encode("latin-1"))
        if head.is_chunked:
            connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        for piece in pieces:
            sent.add(piece)
            connection.send(b"%x\r\n%b\r\n" % (len(piece), piece) if head.is_chunked else piece)
        if head.is_chunked:
            connection.send(b"0\r\n\r\n")
        return connection.getresponse()

    def _reply(
        self, response: http.client.HTTPResponse, fields: Fields, recorder: BodyRecorder
    ) -> None:
        """Hand the reply back while it comes; what breaks off is broken off for the client too."""
        passed = list(end_to_end(fields))
        self.connection.settimeout(budgets.SEND_SECONDS)
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
        try:
            for piece in pieces_of(response):
                recorder.add(piece)
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
                self.wfile.flush()
            if chunked:
                self.wfile.write(b"0\r\n\r\n")
        except (OSError, http.client.HTTPException):
            recorder.is_cut = True
            self.close_connection = True
            self._drop()
        if response.will_close:
            self._drop()

    def _answer_control(self, head: Head) -> None:
        body = bytearray()
        for piece in self.incoming.body(head):
            body += piece
            if len(body) > MAX_BODY_BYTES:
                message = f"The body is longer than {MAX_BODY_BYTES} bytes."
                raise HeadError(413, "platform.body_too_long", message)
        here = str(self.connection.getsockname()[0])
        asked = (self.command, self.path, head.fields, bytes(body), here)
        self._send_answer(*self.server.control(*asked))

    def _answer(self, status: int, body: JsonObject) -> None:
        content = dumps(body)
        fields = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
        with suppress(OSError):
            self._send_answer(status, [*fields, ("Connection", "close")], content)

    def _send_answer(self, status: int, fields: Fields, content: bytes) -> None:
        self.connection.settimeout(budgets.SEND_SECONDS)
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
