"""A WSGI app behind uvicorn's event loop: one process, one thread, keep-alive HTTP/1.1.

The loop gathers each request body before it calls the app, so slow clients and idle connections
never hold up the others, and the app never runs on two threads at once.
"""

from __future__ import annotations

import asyncio
import gc
import json
import re
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from emulator.serving.wsgi_bridge import TRANSPORT, BodyLimit, WsgiBridge

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from uvicorn.config import Config
    from uvicorn.server import ServerState

BODY_LIMIT = 512 * 1024 * 1024
GRACE_SECONDS = 10.0
_BACKLOG = 1024
# Closing an idle connection just as its client reuses it fails that request, so we keep
# connections longer than clients keep them in their pools.
_KEEP_ALIVE_SECONDS = 300
_DRAIN_SECONDS = 0.002
_ABORT_SECONDS = 1.0
# An answer must not wait long for the slower requests of the same turn.
_HOLD_SECONDS = 0.001
_HOLD_BYTES = 64 * 1024
# SO_LINGER, on, for no time: what is unsent is dropped and the peer gets a reset.
_AT_ONCE = struct.pack("ii", 1, 0)
_UPGRADE = re.compile(rb"\r\nupgrade:[^\r]*", re.IGNORECASE)


class Server:
    """Serves one WSGI app on one address.

    `start()` binds, `serve_forever()` serves in the calling thread until `stop()`. Used as a
    context manager it serves from a thread of its own and has ended when the block is left.
    """

    def __init__(
        self,
        wsgi_app: WSGIApplication,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        body_limit: int | BodyLimit = BODY_LIMIT,
        grace: float = GRACE_SECONDS,
    ) -> None:
        """Remember what to serve.

        Port 0 asks for a free port. The app refuses bodies itself: of one longer than
        `body_limit` it sees nothing if the length was declared, or one byte too many if it was
        not; it may be a function of the request's environment. `grace` bounds how long `stop()`
        waits for requests in flight.
        """
        self._app = wsgi_app
        self._address = (host, port)
        self._body_limit = body_limit
        self._grace = grace
        self._socket: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._ended = asyncio.Event()

    def start(self) -> None:
        """Bind and listen; clients that connect from now on are answered once we serve.

        Raises OSError when the address is taken or not ours.
        """
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        self._socket = socket.create_server(self._address, family=family, backlog=_BACKLOG)
        self._address = (self._address[0], self._socket.getsockname()[1])
        self._loop = asyncio.new_event_loop()

    @property
    def host(self) -> str:
        """The host we were asked to listen on."""
        return self._address[0]

    @property
    def port(self) -> int:
        """The port we listen on: the one asked for, or once started the free one we got."""
        return self._address[1]

    def serve_forever(self) -> None:
        """Serve in this thread until `stop()`, then finish the requests in flight."""
        if self._loop is None or self._socket is None:
            raise RuntimeError("the server has not been started")
        try:
            self._loop.run_until_complete(self._serve(self._loop, self._socket))
        finally:
            self._socket.close()
            self._loop.close()

    def stop(self) -> None:
        """Ask the server to end. Returns at once; safe from any thread and signal handler."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: we have ended already
                self._loop.call_soon_threadsafe(self._ended.set)

    def __enter__(self) -> Self:
        """Start, and serve from a thread of its own."""
        self.start()
        self._thread = threading.Thread(target=self.serve_forever, name="server", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, and wait for the requests in flight."""
        self.stop()
        if self._thread is not None:
            self._thread.join()

    async def _serve(self, loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
        from uvicorn.server import ServerState

        bridge = WsgiBridge(self._app, self.host, self.port, self._body_limit)
        config = _configure(bridge)
        state = ServerState()
        outbox = _Outbox(loop)
        listener = await loop.create_server(
            lambda: _protocol(config, state, loop, outbox), sock=sock, backlog=_BACKLOG
        )
        while not self._ended.is_set():
            state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), timeout=1.0)
        listener.close()
        # A request that has arrived but not yet been read is in flight as well.
        await asyncio.sleep(_DRAIN_SECONDS)
        await _drain(state, self._grace)


def run(server: Server, on_ready: Callable[[Server], None] | None = None) -> None:
    """Start the server and serve until SIGTERM or Ctrl-C; a second signal ends it at once.

    `on_ready` is called when clients can connect and the port is known. OSError as in `start()`.
    """
    server.start()
    signals = (signal.SIGINT, signal.SIGTERM)
    previous = {number: signal.getsignal(number) for number in signals}

    def restore() -> None:
        for number, handler in previous.items():
            signal.signal(number, handler)

    def end(*_: object) -> None:
        restore()
        server.stop()

    for number in signals:
        signal.signal(number, end)
    try:
        freeze_garbage()
        if on_ready is not None:
            on_ready(server)
        server.serve_forever()
    finally:
        restore()


def freeze_garbage() -> None:
    """Exempt everything alive from garbage collection and collect what follows rarely.

    The cyclic collector walks every live container, so its pauses grow with the in-memory store
    and come to own the 99th percentile. Reference counting frees nearly all of what requests use.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000)


class _Outbox:
    """Holds what is written, across connections, until the loop's turn ends or turns long.

    uvicorn writes head and body apart; joined they cost one system call and wake the client once,
    and answers that leave together cost far fewer switches between the client and us.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._held: dict[asyncio.Transport, bytes] = {}
        self._since = 0.0

    def add(self, transport: asyncio.Transport, data: bytes) -> None:
        now = self._loop.time()
        if self._held and now - self._since > _HOLD_SECONDS:
            self.flush()
        if not self._held:
            self._since = now
            self._loop.call_soon(self.flush)
        held = self._held[transport] = self._held.get(transport, b"") + data
        if len(held) > _HOLD_BYTES:
            self.release(transport)

    def release(self, transport: asyncio.Transport) -> None:
        if data := self._held.pop(transport, b""):
            transport.write(data)

    def flush(self) -> None:
        for transport in list(self._held):
            self.release(transport)


class _HeldTransport:
    """A transport whose writes pass through the outbox."""

    def __init__(self, transport: asyncio.Transport, outbox: _Outbox) -> None:
        self._transport = transport
        self._outbox = outbox

    def write(self, data: bytes) -> None:
        self._outbox.add(self._transport, data)

    def close(self) -> None:
        self._outbox.release(self._transport)
        self._transport.close()

    def reset(self) -> None:
        """End the connection so that its client is told of a reset, not of an end."""
        self._outbox.release(self._transport)
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self._transport.abort()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def _configure(bridge: WsgiBridge) -> Config:
    from uvicorn.config import Config

    config = Config(
        bridge,
        interface="asgi3",
        lifespan="off",
        ws="none",
        access_log=False,
        log_config=None,
        # Without a level uvicorn takes itself to be tracing and logs every message.
        log_level="warning",
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
    )
    config.load()
    return config


def _protocol(
    config: Config, state: ServerState, loop: asyncio.AbstractEventLoop, outbox: _Outbox
) -> asyncio.Protocol:
    make = cast("Callable[..., Any]", config.http_protocol_class)
    app_state: dict[str, Any] = {}
    protocol = make(config=config, server_state=state, app_state=app_state, _loop=loop)
    connected, received = protocol.connection_made, protocol.data_received

    def connect(transport: asyncio.Transport) -> None:
        app_state[TRANSPORT] = held = _HeldTransport(transport, outbox)
        connected(held)

    def receive(data: bytes) -> None:
        within_body = protocol.cycle is not None and protocol.cycle.more_body
        received(data if within_body else _without_upgrade(data))

    protocol.connection_made = connect
    protocol.data_received = receive
    protocol.send_400_response = lambda reason: _refuse(protocol.transport, reason)
    return cast(asyncio.Protocol, protocol)


def _refuse(transport: asyncio.Transport, reason: str) -> None:
    """Answer what is no HTTP in the gateway's form, as the application does what it cannot read.

    uvicorn's own answer would be plain text. Which request follows is anybody's guess, so the
    connection ends.
    """
    message = f"The request cannot be read: {reason}"
    body = json.dumps({"error_code": "400900", "message": message}).encode()
    head = (
        "HTTP/1.1 400 Bad Request\r\nx-emulator-rule: platform.unreadable\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
        "connection: close\r\n\r\n"
    )
    transport.write(head.encode() + body)
    transport.close()


def _without_upgrade(data: bytes) -> bytes:
    """Remove an offer to upgrade to HTTP/2 from the head, as Java's client makes by default.

    We decline it, but httptools would skip the body of the request that carries it.
    """
    offer = _UPGRADE.search(data)
    if offer is None or offer.start() > data.find(b"\r\n\r\n") >= 0:
        return data
    return data[: offer.start()] + data[offer.end() :]


async def _drain(state: ServerState, grace: float) -> None:
    """Close idle connections, let the busy ones finish, and drop those that take too long."""
    for connection in list(state.connections):
        connection.shutdown()
    await _until_quiet(state, grace)
    for connection in list(state.connections):
        connection.transport.abort()
    await _until_quiet(state, _ABORT_SECONDS)


async def _until_quiet(state: ServerState, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    # uvicorn has no event for this, so it is asked again and again.
    while (state.connections or state.tasks) and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(_DRAIN_SECONDS)
