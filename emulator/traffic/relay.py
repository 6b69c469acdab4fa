"""Sends requests on to another endpoint and its replies back, unchanged, and lets somebody see.

Method, target, header fields (order and repetitions included) and bodies go through as they are;
of header fields only those about the connection itself stay behind, and `Host` names the upstream.
Nothing is stored here.
"""

from __future__ import annotations

import http.client
import selectors
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from emulator.json_types import dumps
from emulator.traffic.recording import Fields, Recorded, RecordedReply, Source

OWN_PATHS = "/_emulator/"
"""What is asked of the relay itself, and not sent on."""

PATIENCE = 60.0
"""Seconds to wait for the upstream."""

MOST_OF_A_BODY = 16 * 1024**2
"""Bodies of more bytes go through, but are not judged."""

PIECE = 64 * 1024

HOP_BY_HOP = frozenset(
    "connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer "
    "transfer-encoding upgrade expect".split()
)
"""Header fields about one connection: RFC 9110, 7.6.1. `Expect` is answered here."""

RETRIED = ("GET", "HEAD", "PUT", "DELETE", "OPTIONS")
"""Methods that may be sent once more if a connection that was kept has gone meanwhile."""


class UpstreamError(ValueError):
    """An upstream's URL cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where requests are sent on to. `prefix` comes before every path."""

    scheme: str
    host: str
    port: int
    prefix: str = ""
    context: ssl.SSLContext | None = None

    @classmethod
    def of(cls, url: str, authorities: str | None = None) -> Upstream:
        """Return the upstream of a URL.

        Args:
            authorities: A file with the certificates to trust instead of the system's.

        Raises:
            UpstreamError: It is no URL of HTTP or HTTPS, or the file holds no certificates.
        """
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError as error:
            raise UpstreamError(f"{url!r}: {error}") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UpstreamError(f"{url!r} is not a URL such as https://platform.adobe.io")
        context = None
        if parts.scheme == "https":
            try:
                context = ssl.create_default_context(cafile=authorities)
            except OSError as error:
                raise UpstreamError(f"{authorities}: {error}") from error
            port = port or http.client.HTTPS_PORT
        prefix = parts.path.rstrip("/")
        return cls(parts.scheme, parts.hostname, port or http.client.HTTP_PORT, prefix, context)

    @property
    def name(self) -> str:
        """Host and port as a request's `Host` names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = http.client.HTTPS_PORT if self.context else http.client.HTTP_PORT
        return host if self.port == usual else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The base URL that requests are sent on to."""
        return f"{self.scheme}://{self.name}{self.prefix}"

    def connect(self, patience: float) -> http.client.HTTPConnection:
        """Return a connection that is opened by its first request."""
        if self.context is not None:
            return http.client.HTTPSConnection(
                self.host, self.port, timeout=patience, context=self.context
            )
        return http.client.HTTPConnection(self.host, self.port, timeout=patience)


Seen = Callable[[Recorded], None]
Own = Callable[[str, str, Fields, bytes], tuple[int, Fields, bytes]]
"""Answers a request to `/_emulator/`: method, target, fields and body; status, fields and body."""


class Relay(ThreadingHTTPServer):
    """Listens on an address; a thread for each connection. `seen` is called from these threads."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        upstream: Upstream,
        seen: Seen,
        own: Own,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        patience: float = PATIENCE,
    ) -> None:
        self.upstream = upstream
        self.seen = seen
        self.own = own
        self.patience = patience
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

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that has gone is no fault of ours, and others are answered 502."""


@dataclass(slots=True)
class _Kept:
    """What has gone through of a body, as long as it is not too long to be judged."""

    pieces: list[bytes] = field(default_factory=list)
    length: int = 0
    is_cut: bool = False

    def add(self, piece: bytes) -> None:
        self.length += len(piece)
        if self.length <= MOST_OF_A_BODY:
            self.pieces.append(piece)

    @property
    def body(self) -> bytes | None:
        """The body, or None if it is too long or broke off."""
        whole = self.length <= MOST_OF_A_BODY and not self.is_cut
        return b"".join(self.pieces) if whole else None


class _Handler(BaseHTTPRequestHandler):
    """Relays the requests of one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_version = "aep-emulator"
    server: Relay
    _connection: http.client.HTTPConnection | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._relay
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:
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
        if "close" in _named_by_connection(fields):
            self.close_connection = True
        if self.path.startswith(OWN_PATHS):
            self._answer_own(fields)
            return
        number = self.server.next_number()
        recorded = Recorded(
            source=Source("proxy", f"call {number}"),
            method=self.command,
            url=self.path if self.path.startswith("/") else urlsplit(self.path).path or "/",
            headers=fields,
        )
        sent = _Kept()
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
        self.server.seen(recorded)

    def _send(self, fields: Fields, sent: _Kept) -> http.client.HTTPResponse:
        """Send the request on and return the beginning of its reply."""
        chunked = self._is_chunked()
        passed = list(_for_upstream(fields, self.server.upstream.name, chunked))
        has_body = chunked or self.headers.get("Content-Length", "0") != "0"
        is_kept = self._connection is not None and not _is_gone(self._connection)
        try:
            return self._send_once(passed, chunked, self._pieces(chunked), sent)
        except (http.client.RemoteDisconnected, ConnectionError):
            if not is_kept or has_body or self.command not in RETRIED:
                raise
            self._drop()
            return self._send_once(passed, chunked, iter(()), sent)

    def _is_chunked(self) -> bool:
        return "chunked" in self.headers.get("Transfer-Encoding", "").lower()

    def _send_once(
        self, fields: Fields, chunked: bool, pieces: Iterator[bytes], sent: _Kept
    ) -> http.client.HTTPResponse:
        connection = self._connection
        if connection is None or _is_gone(connection):
            self._drop()
            connection = self._connection = self.server.upstream.connect(self.server.patience)
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
            ConnectionError: It breaks off, or its chunks are none.
        """
        if chunked:
            yield from _chunks(self.rfile)
            return
        left = int(self.headers.get("Content-Length") or 0)
        while left > 0:
            piece = self.rfile.read(min(left, PIECE))
            if not piece:
                raise ConnectionAbortedError("the request's body broke off")
            left -= len(piece)
            yield piece

    def _reply(self, response: http.client.HTTPResponse) -> RecordedReply:
        """Hand the reply back while it comes; what breaks off is broken off for the client too."""
        fields = response.getheaders()
        passed = list(_end_to_end(fields))
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
        kept = _Kept()
        try:
            for piece in _read(response):
                kept.add(piece)
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
                self.wfile.flush()
            if chunked:
                self.wfile.write(b"0\r\n\r\n")
        except (OSError, http.client.HTTPException):
            kept.is_cut = True
            self.close_connection = True
            self._drop()
        if response.will_close:
            self._drop()
        return RecordedReply(response.status, list(fields), _decoded(kept.body, fields))

    def _answer_own(self, fields: Fields) -> None:
        body = b"".join(self._pieces(self._is_chunked()))
        status, headers, content = self.server.own(self.command, self.path, fields, body)
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = dumps(body)
        with suppress(OSError):
            self.send_response_only(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _end_to_end(fields: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the header fields that are meant for the other end."""
    fields = list(fields)
    left_out = HOP_BY_HOP | _named_by_connection(fields)
    return (field for field in fields if field[0].lower() not in left_out)


def _named_by_connection(fields: Iterable[tuple[str, str]]) -> set[str]:
    return {
        part.strip().lower()
        for name, value in fields
        if name.lower() == "connection"
        for part in value.split(",")
    }


def _for_upstream(fields: Fields, host: str, chunked: bool) -> Iterator[tuple[str, str]]:
    """Yield a request's header fields as the upstream gets them: `Host` is its own name."""
    if not any(name.lower() == "host" for name, _ in fields):
        yield "Host", host
    for name, value in _end_to_end(fields):
        if name.lower() == "host":
            yield name, host
        elif not (chunked and name.lower() == "content-length"):
            # With both, the two ends might not agree about where the body ends.
            yield name, value


def _chunks(file: Any) -> Iterator[bytes]:
    """Yield the chunks of a body, cut into pieces; trailers are read and left out."""
    while True:
        size = file.readline(PIECE).partition(b";")[0].strip()
        try:
            left = int(size, 16)
        except ValueError:
            raise ConnectionAbortedError("the request's chunks are none") from None
        if left == 0:
            break
        while left > 0:
            piece = file.read(min(left, PIECE))
            if not piece:
                raise ConnectionAbortedError("the request's body broke off")
            left -= len(piece)
            yield piece
        file.readline(PIECE)
    while file.readline(PIECE).strip():
        pass


def _read(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yield a reply's body as it comes.

    Raises:
        http.client.HTTPException: It breaks off.
    """
    while piece := response.read1(PIECE):
        yield piece
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    response.close()  # of a sized body it does not notice the end itself


def _is_gone(connection: http.client.HTTPConnection) -> bool:
    """Tell whether the upstream has closed a connection, or sent what nobody asked for."""
    if connection.sock is None:
        return True
    with selectors.DefaultSelector() as selector:
        selector.register(connection.sock, selectors.EVENT_READ)
        return bool(selector.select(0))


def _decoded(body: bytes | None, fields: Iterable[tuple[str, str]]) -> bytes | None:
    """Return a body without its content coding, or None if that cannot be undone here."""
    codings = [value.lower() for name, value in fields if name.lower() == "content-encoding"]
    if not body or not codings or codings == ["identity"]:
        return body
    if codings not in (["gzip"], ["deflate"]):
        return None
    try:
        return zlib.decompress(body, wbits=zlib.MAX_WBITS | 32)
    except zlib.error:
        return None


def _bad_gateway(upstream: Upstream, error: Exception) -> dict[str, Any]:
    reason = str(error) or type(error).__name__
    return {
        "error": "no answer from upstream",
        "detail": f"{upstream.name} did not answer: {reason}",
        "upstream": upstream.url,
    }
