"""Connections of an address at which several processes listen: who has fewest takes the next one.

The system wakes all of them, and a client that keeps its connection stays with whoever was first.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

_log = logging.getLogger("emulator")

WAIT_SECONDS = 0.001
"""How long a process leaves a connection to the others for each one that it has."""

MOST_WAITS = 8
"""For how many of its connections it waits."""

RETRY_SECONDS = 1.0
"""How long none is accepted after the system could give none."""

MakeProtocol = Callable[[], asyncio.Protocol]


class SharedListener:
    """Accepts connections in a loop until it is closed; it closes neither them nor its socket."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listener: socket.socket,
        make: MakeProtocol,
        load: Callable[[], int],
        tls: dict[str, Any],
    ) -> None:
        """Begin to accept.

        Args:
            loop: Serves the connections.
            listener: The socket that all processes have.
            make: Makes the protocol of a connection.
            load: Returns how many connections this process has.
            tls: What `connect_accepted_socket` is told of TLS.
        """
        self._loop, self._listener, self._make = loop, listener, make
        self._load, self._tls = load, tls
        self._beginning: set[asyncio.Task[None]] = set()
        listener.setblocking(False)
        self._accepting = loop.create_task(self._accept_all())

    def close(self) -> None:
        """Accept no more."""
        self._accepting.cancel()

    async def _accept_all(self) -> None:
        while True:
            await self._until_some_come()
            await asyncio.sleep(WAIT_SECONDS * min(self._load(), MOST_WAITS))
            try:
                accepted, _ = self._listener.accept()
            except (BlockingIOError, ConnectionAbortedError, InterruptedError):
                continue  # another process has taken it, or its client has gone
            except OSError as error:
                _log.error("no connection can be accepted: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            accepted.setblocking(False)
            task = self._loop.create_task(self._begin(accepted))
            self._beginning.add(task)
            task.add_done_callback(self._beginning.discard)

    async def _until_some_come(self) -> None:
        some = self._loop.create_future()
        self._loop.add_reader(self._listener, _tell, some)
        try:
            await some
        finally:
            self._loop.remove_reader(self._listener)

    async def _begin(self, accepted: socket.socket) -> None:
        with suppress(OSError):  # a client that cannot speak TLS, or has gone
            await self._loop.connect_accepted_socket(self._make, accepted, **self._tls)


def _tell(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
