"""The reading half of a connection: whole requests, within budgets of size and time."""

from __future__ import annotations

import asyncio
import io
import re
import socket
from abc import abstractmethod
from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from httptools import parse_url
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from emulator import budgets
from emulator.serving.answers import IMPATIENT_SECONDS, Answers
from emulator.serving.bodies import SMALL_BYTES, Bodies
from emulator.web import heads
from emulator.web.heads import HeadError
from emulator.web.message import Handler, Request, base_url_of

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

    from emulator.serving.outbox import Outbox

_UPGRADE = re.compile(rb"\r\nupgrade:[^\r]*", re.IGNORECASE)
_TLS = b"\x16\x03"
"""How a TLS handshake begins, and no request of HTTP."""

_LINGER_SECONDS = 2
_ROOM_SECONDS = 0.05
_MOST_BEYOND = 300


class ReadingProtocol(HttpToolsProtocol):
    """Reads requests; a subclass answers those that are ready, in their order.

    A head or a body beyond its budget, in size or in time, ends the connection with a refusal,
    behind the answers to what came before.
    """

    handler: ClassVar[Handler]
    outbox: ClassVar[Outbox]
    bodies: ClassVar[Bodies]
    answers: ClassVar[Answers]
    open: ClassVar[set[ReadingProtocol]]
    """The connections of the server."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """Begin as uvicorn's protocol does, without a request."""
        super().__init__(config, server_state, app_state, _loop)
        # The one whose body is being gathered, and those that wait for their response.
        self._request: Request | None = None
        self._ready: deque[Request] = deque()
        self._body = io.BytesIO()
        self._limit = 0
        self._is_within_head = self._is_within_message = False
        # Whether the connection ends after what is ready, because its client or the server ends.
        self._is_last = False
        # Why no more is read, and whether the client has been told.
        self._refusal: HeadError | None = None
        self._is_refused = False
        # Bytes of the body that have come; bytes that the parser has kept without a result; bytes
        # that it was given since the head began, and perhaps some before.
        self._received = self._unparsed = self._fed = 0
        self._has_progressed = False
        self._counted = 0
        # Since when the client is awaited, and for how many seconds; what it has not yet read.
        self._since = self.loop.time()
        self._waited = self._was_unread = 0

    @abstractmethod
    def _answer(self) -> None:
        """Answer the requests that are ready, then send the refusal if there is one."""

    @property
    @abstractmethod
    def _is_waiting(self) -> bool:
        """Whether the response to an earlier request is still to come."""

    @property
    @abstractmethod
    def _unread(self) -> int:
        """How many bytes of responses the client has not taken yet."""

    # Called by the transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, and make room if there are too many connections."""
        super().connection_made(transport)
        # asyncio sees no TCP in a socket that has been made without naming its protocol; without
        # this, what follows the first piece of an answer waits 40 ms for the client's ACK.
        if (sock := transport.get_extra_info("socket")) is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.open.add(self)
        beyond = len(self.open) - budgets.MAX_CONNECTIONS
        if beyond > _MOST_BEYOND:
            self._make_room()
        elif beyond > 0:
            # What clients have sent already is to be read before one of them is taken to be slow.
            self.loop.call_later(_ROOM_SECONDS, self._make_room)

    def data_received(self, data: bytes) -> None:
        """Read what has arrived, and answer the requests that are whole."""
        if self._refusal is not None:
            return
        if data[:2] == _TLS and not self._is_within_message:
            self._refuse(heads.speaks_tls())
            return
        self._has_progressed = False
        self._fed = len(data) + (self._fed if self._is_within_head else 0)
        super().data_received(data if self._is_within_message else _without_upgrade(data))
        self._unparsed = 0 if self._has_progressed else self._unparsed + len(data)
        if self._unparsed > budgets.HEAD_BYTES and self._is_within_message:
            is_target = self._is_within_head and not self.headers
            self._refuse(heads.target_too_long() if is_target else heads.head_too_large())
        else:
            self._answer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give back the room of the bodies."""
        self.open.discard(self)
        self._request = None
        self._ready.clear()
        self._release()
        super().connection_lost(exc)

    # Called by the parser

    def on_message_begin(self) -> None:
        """Start a new request."""
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._is_within_head = self._is_within_message = True
        self._await_client()

    def on_headers_complete(self) -> None:
        """Take a request's head; if it declares too long a body, answer without waiting for it."""
        self._is_within_head = False
        self._await_client()
        try:
            request = self._request_of_head()
        except HeadError as error:
            self._refusal = error
            raise
        keeps = self.parser.should_keep_alive() and self.parser.get_http_version() != "1.0"
        self._is_last = self._is_last or not keeps
        self._request, self._received = request, 0
        headers = request.headers
        if "content-length" in headers or "transfer-encoding" in headers:
            self._limit = self.handler.body_limit(request.method, request.target)
            if int(headers.get("content-length", 0)) > self._limit:
                request.too_long = True
                self._finish()
            elif self.expect_100_continue:
                self.outbox.write(self.transport, b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """Gather a piece of the body, up to one byte beyond the limit."""
        self._has_progressed = True
        self._received += len(body)
        if self._request is None:
            return
        self._body.write(body[: self._limit + 1 - self._body.tell()])
        if self._received > SMALL_BYTES:
            self._counted += len(body)
            self.bodies.add(self, len(body))
        if self._received > self._limit:
            self._finish()

    def on_message_complete(self) -> None:
        """Take the whole request."""
        self._is_within_message = False
        self._await_client()
        self._finish()
        if len(self._ready) >= budgets.MAX_PIPELINED:
            self._answer()
            if len(self._ready) >= budgets.MAX_PIPELINED:
                self._refusal = heads.too_many_pipelined()
                raise self._refusal

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, or is beyond a budget: the next request has no known start.

        uvicorn's own answer would be plain text.
        """
        self._refuse(self._refusal or heads.unreadable(msg))

    def _request_of_head(self) -> Request:
        """Return the request that the head begins.

        Raises:
            HeadError: It is refused.
        """
        if self._fed > budgets.HEAD_BYTES or len(self.headers) > budgets.MAX_HEADERS:
            heads.check_size(self.url, self.headers)
        url = parse_url(self.url)
        target = url.path + b"?" + url.query if url.query else url.path
        headers: dict[str, str] = {}
        for raw_name, raw_value in self.headers:
            name, value = _header_name(raw_name), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        is_repeated = len(headers) < len(self.headers)
        if is_repeated or "transfer-encoding" in headers or not self.url.startswith(b"/"):
            heads.check_framing(self.url, self.headers)
        request = Request(self.parser.get_method().decode(), target.decode("ascii"), headers)
        request.base_url = base_url_of(self.scheme or "http", headers)
        request.local_address = "" if self.server is None else self.server[0]
        return request

    def _finish(self) -> None:
        """Queue the request that is being read, unless that has been done."""
        if self._request is not None:
            if self._body.tell():
                self._request.body, self._body = self._body.getvalue(), io.BytesIO()
            self._ready.append(self._request)
            self._request = None
            if self._counted:
                self.bodies.end(self)

    # Budgets

    def on_response_complete(self) -> None:
        """Go on reading."""
        if self._request is None and not self._ready:
            self._release()
        if not self._is_within_message:
            self._await_client()
        # uvicorn's own would begin to wait for the client too, with a timer for each response.
        if not self.transport.is_closing():
            self.flow.resume_reading()

    @property
    def is_awaiting(self) -> bool:
        """Whether nothing is to be done here before the client sends more."""
        return not (self._ready or self._is_waiting or self.flow.write_paused)

    def tick(self) -> None:
        """Give up a client that takes too long; called each second.

        Seconds in which the server did nothing else, or would not read, do not count.
        """
        if self.flow.write_paused:
            self._tick_unread()
        elif self.is_awaiting and not self.flow.read_paused:
            self._waited += 1
            if self._waited > self._patience:
                self.give_up()

    def _make_room(self) -> None:
        """Close the connection whose client is awaited longest, or refuse this one."""
        if len(self.open) <= budgets.MAX_CONNECTIONS or self not in self.open:
            return
        idle = [other for other in self.open if other is not self and other.is_awaiting]
        if idle:
            longest = min(idle, key=lambda other: other._since)
            self.open.discard(longest)
            longest.give_up()
            longest.transport.close()
        else:
            self._refuse(heads.too_many_connections())

    def give_up(self) -> None:
        """End the connection, with a refusal if a request has begun that nothing answers yet."""
        if self._refusal is None and (self._request is not None or self._is_within_head):
            self._refuse(heads.too_slow())
        else:
            self.transport.close()

    def wait_for_room(self) -> None:
        """Read no more of the body for now."""
        self.flow.pause_reading()

    def go_on(self) -> None:
        """Read on, unless earlier requests have to be answered first."""
        if not self._ready:
            self.flow.resume_reading()

    @property
    def _patience(self) -> float:
        """For how many seconds the client may be awaited."""
        if self._refusal is not None:
            return _LINGER_SECONDS
        if self._is_within_head:
            return budgets.HEAD_SECONDS
        if self._is_within_message:
            return budgets.BODY_SECONDS + self._received / budgets.MIN_BODY_RATE
        return budgets.IDLE_SECONDS

    def _tick_unread(self) -> None:
        unread = self._unread
        self._waited = 0 if unread != self._was_unread else self._waited + 1
        self._was_unread = unread
        if self._waited > (IMPATIENT_SECONDS if self.answers.is_full else budgets.SEND_SECONDS):
            self.transport.abort()

    def _await_client(self) -> None:
        """Begin to measure anew how long the client takes."""
        self._has_progressed = True
        self._since, self._waited = self.loop.time(), 0

    def _refuse(self, error: HeadError) -> None:
        """Read no more, and end with a refusal; what the client still sends is dropped."""
        self._refusal, self._request = error, None
        self._await_client()
        self._answer()

    def _release(self) -> None:
        if self._counted:
            counted, self._counted = self._counted, 0
            self.bodies.end(self)
            self.bodies.release(counted)


def _without_upgrade(data: bytes) -> bytes:
    """Remove an offer to upgrade to HTTP/2 from the head, as Java's client makes by default.

    We decline it, but httptools would skip the body of the request that carries it.
    """
    offer = _UPGRADE.search(data)
    if offer is None or offer.start() > data.find(b"\r\n\r\n") >= 0:
        return data
    return data[: offer.start()] + data[offer.end() :]


@lru_cache(maxsize=1024)
def _header_name(name: bytes) -> str:
    return name.decode("latin-1").lower()
