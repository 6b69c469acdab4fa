"""A transport of `httpx` that is answered within the process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus

import httpx

from emulator.testing.in_process import InProcessTransport
from emulator.web.message import Response


class HttpxTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Sends the requests of an `httpx` client to an emulator in this process."""

    def __init__(self, client: InProcessTransport) -> None:
        """Send with `client`."""
        self._client = client

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response; raise what `httpx` raises of a connection that is reset."""
        return self._respond(request, request.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """As `handle_request`."""
        return self._respond(request, await request.aread())

    def _respond(self, request: httpx.Request, body: bytes) -> httpx.Response:
        lines = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
        ]
        response = self._client.send(request.method, str(request.url), lines, body)
        if response.is_reset:
            raise httpx.ReadError("[Errno 104] Connection reset by peer", request=request)
        phrase = HTTPStatus(response.status).phrase.encode()
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions={"http_version": b"HTTP/1.1", "reason_phrase": phrase},
        )


class _Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that ends as the peer's would: with an error if it is cut short."""

    def __init__(self, response: Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield self._response.sent_body
        self._end()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._response.sent_body
        self._end()

    def _end(self) -> None:
        if len(self._response.sent_body) < len(self._response.body):
            reason = "peer closed connection without sending complete message body"
            raise httpx.RemoteProtocolError(reason)
