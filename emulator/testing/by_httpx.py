"""The transports of `httpx`, answered within the process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx

from emulator.testing.in_process import Answer
from emulator.testing.interception import Interception, claimant


def patched_handle(original: Callable[..., httpx.Response]) -> Callable[..., httpx.Response]:
    """Return what takes the place of `HTTPTransport.handle_request`."""

    def handle_request(self: Any, request: httpx.Request) -> httpx.Response:
        found = claimant(request.url.host)
        return original(self, request) if found is None else _answer(found, request, request.read())

    return handle_request


def patched_handle_async(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return what takes the place of `AsyncHTTPTransport.handle_async_request`."""

    async def handle_async_request(self: Any, request: httpx.Request) -> httpx.Response:
        found = claimant(request.url.host)
        if found is None:
            reply: httpx.Response = await original(self, request)
            return reply
        return _answer(found, request, await request.aread())

    return handle_async_request


def _answer(found: Interception, request: httpx.Request, body: bytes) -> httpx.Response:
    lines = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
    ]
    answer = found.send(request.method, str(request.url), lines, body)
    if answer.is_reset:
        raise httpx.ReadError("[Errno 104] Connection reset by peer", request=request)
    return httpx.Response(
        answer.status,
        headers=answer.headers,
        stream=_Body(answer),
        extensions={"http_version": b"HTTP/1.1", "reason_phrase": answer.phrase.encode()},
    )


class _Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that ends as the peer's would: with an error if it is cut short."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield self._answer.body
        self._end()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._answer.body
        self._end()

    def _end(self) -> None:
        if self._answer.is_cut:
            reason = "peer closed connection without sending complete message body"
            raise httpx.RemoteProtocolError(reason)
