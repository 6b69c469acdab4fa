"""A handler behind a socket: one process, one thread, one event loop, keep-alive HTTP/1.1."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from emulator import budgets
from emulator.serving.shared_listener import SharedListener, SharedSocket
from emulator.serving.workers import Workers
from emulator.web.message import Handler

if TYPE_CHECKING:
    from uvicorn.server import ServerState

    from emulator.serving.protocol import HandlerProtocol

GRACE_SECONDS = 1.5
SWITCH_SECONDS = 0.001
TICK_SECONDS = 1.0
"""How often the time of a response and the patience with clients are looked at."""

_BACKLOG = 1024
_DRAIN_SECONDS = 0.002
_ABORT_SECONDS = 1.0
_GOODBYE_SECONDS = 1.0
"""How long a TLS client may take to confirm the end of its connection."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one.

    Raises OSError when the address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


class Server:
    """Serves one handler on one address.

    `start()` binds, `serve_forever()` serves in the calling thread until `stop()`. Used as a
    context manager it serves from a thread of its own and has ended when the block is left.
    """

    def __init__(
        self,
        handler: Handler,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        grace: float = GRACE_SECONDS,
        interrupt: Callable[[], object] = lambda: None,
        listener: SharedSocket | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Remember what to serve.

        Args:
            handler: Answers requests, and refuses bodies itself: of one longer than its
                `body_limit` it gets nothing if the length was declared, else one byte too many.
            host: Where to listen.
            port: 0 takes a free one.
            grace: For how many seconds `stop()` waits for requests in flight.
            interrupt: Called when the server is to end, to give up what takes long.
            listener: Listens already, for other processes too, in place of a socket of its own.
            tls: Has the certificate of HTTPS; without it HTTP is spoken.
        """
        self._handler = handler
        self._address = (host, port)
        self._grace = grace
        self._interrupt = interrupt
        self._socket = None if listener is None else listener.socket
        self._shared = listener
        self._tls = tls
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._ended = asyncio.Event()

    def start(self) -> None:
        """Bind and listen; clients that connect from now on are answered once we serve.

        Raises OSError when the address is taken or not ours.
        """
        if self._socket is None:
            self._socket = listen(*self._address)
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
        from uvicorn.config import Config
        from uvicorn.server import ServerState

        workers, large_bodies = Workers("worker"), Workers("large-bodies", most=1)
        protocol = _protocol_of(self._handler, loop, workers, large_bodies)
        state = ServerState()
        config = Config(
            self._handler.handle,
            http=protocol,
            interface="asgi3",
            lifespan="off",
            ws="none",
            access_log=False,
            log_config=None,
            # Without a level uvicorn takes itself to be tracing and logs every message.
            log_level="warning",
            proxy_headers=False,
        )
        listener = await self._accept(
            loop,
            sock,
            lambda: protocol(config=config, server_state=state, app_state={}, _loop=loop),
            lambda: len(protocol.open),
        )
        while not self._ended.is_set():
            state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), timeout=TICK_SECONDS)
            for connection in list(protocol.open):
                connection.tick()
        listener.close()
        # A request that has arrived but not yet been read is in flight as well.
        await asyncio.sleep(_DRAIN_SECONDS)
        self._interrupt()
        await _drain(state, self._grace)
        workers.close()
        large_bodies.close()

    async def _accept(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        make: Callable[[], HandlerProtocol],
        load: Callable[[], int],
    ) -> SharedListener | asyncio.Server:
        """Accept connections until what is returned is closed; `load` tells how many there are."""
        tls: dict[str, Any] = {
            "ssl": self._tls,
            "ssl_handshake_timeout": budgets.HANDSHAKE_SECONDS if self._tls else None,
            "ssl_shutdown_timeout": _GOODBYE_SECONDS if self._tls else None,
        }
        if self._shared is not None:
            return SharedListener(loop, self._shared, make, load, tls)
        server: asyncio.Server = await loop.create_server(make, sock=sock, backlog=_BACKLOG, **tls)
        return server


def run(
    server: Server,
    on_ready: Callable[[Server], None] | None = None,
    signals: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGTERM),
) -> None:
    """Start the server and serve until SIGTERM or Ctrl-C; a second signal ends it at once.

    `on_ready` is called when clients can connect and the port is known. OSError as in `start()`.
    """
    server.start()
    previous = {number: signal.getsignal(number) for number in signals}

    def restore() -> None:
        for number, handler in previous.items():
            signal.signal(number, handler)

    def end(*_: object) -> None:
        restore()
        server.stop()

    for number in signals:
        signal.signal(number, end)
    # Whatever computes beside it lets the serving thread in this often.
    sys.setswitchinterval(SWITCH_SECONDS)
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


def _protocol_of(
    handler: Handler, loop: asyncio.AbstractEventLoop, workers: Workers, large_bodies: Workers
) -> type[HandlerProtocol]:
    from emulator.serving.answers import Answers
    from emulator.serving.bodies import Bodies
    from emulator.serving.outbox import Outbox
    from emulator.serving.protocol import HandlerProtocol

    class Protocol(HandlerProtocol):
        """A connection of this server."""

    Protocol.handler, Protocol.outbox = handler, Outbox(loop)
    Protocol.bodies, Protocol.answers, Protocol.open = Bodies(), Answers(), set()
    Protocol.workers, Protocol.large_bodies = workers, large_bodies
    return Protocol


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
