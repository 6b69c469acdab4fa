"""Runs a WSGI app as an ASGI app on the event loop's own thread.

Knows nothing of the app but that an answer may have a transport fault. The request body is gathered
before the call, so the app never waits for its client; a WSGI result of several chunks is sent as
it is produced.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote_to_bytes

from emulator.web.transport_fault import KEY as FAULT

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope

    from emulator.web.transport_fault import TransportFault

TRANSPORT = "transport"
"""Where a scope's state holds the transport of its connection, for answers that break off."""


BodyLimit = Callable[["WSGIEnvironment"], int]
"""How many bytes of a request's body are read, by its environment."""


class WsgiBridge:
    """The ASGI app that gathers a request, calls the WSGI app and sends its answer."""

    def __init__(
        self, app: WSGIApplication, host: str, port: int, body_limit: int | BodyLimit
    ) -> None:
        """Wrap `app`, which listens on `host` and `port`; see `Server` for `body_limit`."""
        self._app = app
        self._body_limit = body_limit if callable(body_limit) else lambda environ: body_limit
        self._common: WSGIEnvironment = {
            "SCRIPT_NAME": "",
            "SERVER_NAME": host,
            "SERVER_PORT": str(port),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
            # Lets the app read a chunked body, which declares no length, up to its end.
            "wsgi.input_terminated": True,
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Answer one HTTP request."""
        environ = self._environ(cast("HTTPScope", scope))
        body = await self._read_body(environ, receive)
        if body is not None:
            environ["wsgi.input"] = body
            fault = await self._answer(environ, receive, send)
            if fault is not None:
                await _break_off(fault, scope, receive)

    def _environ(self, scope: HTTPScope) -> WSGIEnvironment:
        raw_path = scope["raw_path"]
        path = unquote_to_bytes(raw_path) if b"%" in raw_path else raw_path
        query = scope["query_string"].decode("latin-1")
        target = raw_path.decode("latin-1")
        environ = self._common | {
            "REQUEST_METHOD": scope["method"],
            "PATH_INFO": path.decode("latin-1"),
            "QUERY_STRING": query,
            "REQUEST_URI": f"{target}?{query}" if query else target,
            "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        }
        if scope["client"]:
            environ["REMOTE_ADDR"] = scope["client"][0]
        for name, value in scope["headers"]:
            key = _environ_key(name)
            text = value.decode("latin-1")
            environ[key] = f"{environ[key]},{text}" if key in environ else text
        return environ

    async def _read_body(
        self, environ: WSGIEnvironment, receive: ASGIReceiveCallable
    ) -> io.BytesIO | None:
        """Return the body, cut one byte past the limit, or None when the client has gone."""
        body, limit = io.BytesIO(), self._body_limit(environ)
        if int(environ.get("CONTENT_LENGTH", 0)) > limit:
            return body
        more = True
        while more and body.tell() <= limit:
            message = await receive()
            if message["type"] != "http.request":
                return None
            body.write(message["body"])
            more = message["more_body"]
        body.truncate(min(body.tell(), limit + 1))
        body.seek(0)
        return body

    async def _answer(
        self, environ: WSGIEnvironment, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> TransportFault | None:
        """Send the app's answer; return the fault if it has to break off."""
        start = _StartResponse()
        result: Iterable[bytes] = self._app(environ, start)
        try:
            fault: TransportFault | None = environ.get(FAULT)
            if fault is not None and fault.delay:
                # The others are answered meanwhile; that its client has gone ends the wait.
                with suppress(TimeoutError):
                    await asyncio.wait_for(_disconnect(receive), fault.delay)
            if fault is None or not (fault.reset or fault.truncated):
                await _send(start, result, send)
                return None
            return await _send_badly(fault, start, result, send)
        finally:
            if hasattr(result, "close"):
                result.close()


async def _send(start: _StartResponse, result: Iterable[bytes], send: ASGISendCallable) -> None:
    chunks = iter(result)
    # One chunk ahead of the client: only with the first chunk must the app have named
    # its status, and the last one has to be sent as such.
    chunk = next(chunks, b"")
    await send({"type": "http.response.start", "status": start.status, "headers": start.headers})
    for following in chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
        chunk = following
    await send({"type": "http.response.body", "body": chunk, "more_body": False})


async def _send_badly(
    fault: TransportFault, start: _StartResponse, result: Iterable[bytes], send: ASGISendCallable
) -> TransportFault | None:
    """Send nothing or a part of an answer; return the fault if the rest never comes."""
    if fault.reset:
        return fault
    body = b"".join(result)
    part = body[: fault.sent(len(body))]
    if len(part) == len(body):
        await _send(start, [body], send)
        return None
    await send({"type": "http.response.start", "status": start.status, "headers": start.headers})
    await send({"type": "http.response.body", "body": part, "more_body": True})
    return fault


async def _break_off(fault: TransportFault, scope: Scope, receive: ASGIReceiveCallable) -> None:
    """End the connection, and wait until it has."""
    transport = cast("dict[str, Any]", scope)["state"][TRANSPORT]
    if fault.reset:
        transport.reset()
    else:
        transport.close()
    await _disconnect(receive)


async def _disconnect(receive: ASGIReceiveCallable) -> None:
    """Wait until the connection has ended."""
    while (await receive())["type"] != "http.disconnect":
        pass


class _StartResponse:
    """The WSGI `start_response`, which keeps what the app said."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []

    def __call__(
        self, status: str, headers: list[tuple[str, str]], exc_info: object = None, /
    ) -> Callable[[bytes], object]:
        self.status = int(status[:3])
        self.headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ]
        return _refuse_write


def _refuse_write(_data: bytes) -> object:
    # PEP 3333 keeps it for applications that cannot return their body; Flask always does.
    raise NotImplementedError("the legacy write() of start_response")


@lru_cache(maxsize=1024)
def _environ_key(name: bytes) -> str:
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if name in (b"content-type", b"content-length") else f"HTTP_{key}"
