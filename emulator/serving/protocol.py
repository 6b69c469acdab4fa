"""HTTP/1.1 on a connection: uvicorn reads and keeps it, a handler answers each whole request."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections import deque
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar

from httptools import parse_url
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from emulator.serving.outbox import Outbox
from emulator.web.message import Handler, Request, Response, base_url_of

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

_log = logging.getLogger("emulator")

_UPGRADE = re.compile(rb"\r\nupgrade:[^\r]*", re.IGNORECASE)
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}" for status in HTTPStatus}
_BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class HandlerProtocol(HttpToolsProtocol):
    """One connection; a subclass of it says what answers and what sends.

    The body of a request is read whole before the handler is called, so slow clients do not block
    others, and the handler never runs on two threads at once. Responses keep the order of requests.
    """

    handler: ClassVar[Handler]
    outbox: ClassVar[Outbox]

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
        self._body = bytearray()
        self._limit = 0
        self._is_within_message = False
        # Whether the connection ends after what is ready, because its client or the server ends.
        self._is_last = False
        self._late: asyncio.TimerHandle | None = None

    # Called by the transport

    def data_received(self, data: bytes) -> None:
        """Read what has arrived, and answer the requests that are whole."""
        super().data_received(data if self._is_within_message else _without_upgrade(data))
        self._answer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel a late response: its client has gone."""
        if self._late is not None:
            self._late.cancel()
        super().connection_lost(exc)

    def resume_writing(self) -> None:
        """Continue: the client has read what was sent."""
        super().resume_writing()
        self._answer()

    def shutdown(self) -> None:
        """End the connection after the responses to the requests that have arrived."""
        self._is_last = True
        if self._request is None and self._late is None and not self._ready:
            self.transport.close()

    # Called by the parser

    def on_message_begin(self) -> None:
        """Start a new request."""
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._is_within_message = True

    def on_headers_complete(self) -> None:
        """Take a request's head; if it declares too long a body, answer without waiting for it."""
        url = parse_url(self.url)
        target = url.path + b"?" + url.query if url.query else url.path
        headers: dict[str, str] = {}
        for raw_name, raw_value in self.headers:
            name, value = _header_name(raw_name), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        request = Request(self.parser.get_method().decode(), target.decode("ascii"), headers)
        request.base_url = base_url_of("http", headers)
        keeps = self.parser.should_keep_alive() and self.parser.get_http_version() != "1.0"
        self._is_last = self._is_last or not keeps
        self._request, self._body = request, bytearray()
        if "content-length" in headers or "transfer-encoding" in headers:
            self._limit = self.handler.body_limit(request.method, request.target)
            if int(headers.get("content-length", 0)) > self._limit:
                request.too_long = True
                self._finish()
            elif self.expect_100_continue:
                self.outbox.write(self.transport, b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """Gather a piece of the body, up to one byte beyond the limit."""
        if self._request is not None:
            self._body += body
            if len(self._body) > self._limit:
                del self._body[self._limit + 1 :]
                self._finish()

    def on_message_complete(self) -> None:
        """Take the whole request."""
        self._is_within_message = False
        self._finish()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, and end the connection: the next request has no known start.

        uvicorn's own answer would be plain text.
        """
        self._answer()
        if not self.transport.is_closing():
            self._is_last, self._request = True, None
            self._ready.clear()
            message = f"The request cannot be read: {msg}"
            self._send(_refusal(400, "platform.unreadable", message))

    # Responses

    def _finish(self) -> None:
        """Queue the request that is being read, unless that has been done."""
        if self._request is not None:
            self._request.body = bytes(self._body)
            self._ready.append(self._request)
            self._request = None

    def _answer(self) -> None:
        """Answer requests in their order, as long as nothing has to be waited for."""
        while self._ready and self._late is None:
            if self.transport.is_closing() or self.flow.write_paused:
                break
            request = self._ready.popleft()
            try:
                response = self.handler.handle(request)
            except Exception:  # noqa: BLE001 - one request must not end the others
                _log.exception("%s %s failed", request.method, request.target)
                response = _refusal(500, "platform.internal_error", "The emulator failed.")
            delay = 0.0 if response.fault is None else response.fault.delay
            if delay:
                self._late = self.loop.call_later(delay, self._send_late, response)
            else:
                self._send(response)
        if self._ready:
            self.flow.pause_reading()

    def _send_late(self, response: Response) -> None:
        self._late = None
        self._send(response)
        self._answer()

    def _send(self, response: Response) -> None:
        """Send a response, or as much of it as its fault lets through."""
        if response.is_reset:
            self.outbox.reset(self.transport)
            return
        body = response.sent_body
        is_last = self._is_last and not self._ready and self._request is None
        self.outbox.write(self.transport, self._head(response, is_last=is_last) + body)
        if is_last or len(body) < len(response.body):
            self.outbox.close(self.transport)
        else:
            self.on_response_complete()

    def _head(self, response: Response, *, is_last: bool) -> bytes:
        status = response.status
        lines = [_STATUS_LINES.get(status) or f"HTTP/1.1 {status} "]
        is_sized = status in _BODILESS
        for name, value in response.headers:
            field = name.lower()
            is_sized = is_sized or field == "content-length"
            lines.append(f"{field}: {value}")
        if not is_sized:
            lines.append(f"content-length: {len(response.body)}")
        if is_last:
            lines.append("connection: close")
        for raw_name, raw_value in self.server_state.default_headers:
            lines.append(f"{raw_name.decode()}: {raw_value.decode()}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _refusal(status: int, rule: str, message: str) -> Response:
    """Return a refusal in the gateway's form."""
    body = json.dumps({"error_code": f"{status}900", "message": message}).encode()
    return Response(status, [("x-emulator-rule", rule), ("content-type", "application/json")], body)


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
