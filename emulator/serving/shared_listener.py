"""Connections of an address at which several processes listen: who has fewest takes the next one.

The system wakes all of them, and a client that keeps its connection stays with whoever was first.
"""

from __future__ import annotations

import asyncio
import logging
import mmap
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

_log = logging.getLogger("emulator")

WAIT_SECONDS = 0.001
"""How long a process leaves a connection to the others for each one that it has more than they.

One more is no reason: where clients connect anew for each request, all would wait all the time.
"""

MOST_WAITS = 8
"""For how many of its connections it waits."""

RETRY_SECONDS = 1.0
"""How long none is accepted after the system could give none."""


class Shares:
    """How many connections each of several processes has, in memory that forked ones share.

    Of one that has died the last number stays, until another one takes its place.
    """

    def __init__(self, processes: int) -> None:
        """Let so many processes, numbered from 1, have none."""
        size = processes * struct.calcsize("i")
        self._counts = memoryview(mmap.mmap(-1, size)).cast("i")

    def lead(self, number: int, count: int) -> int:
        """Note how many a process has, and return how many more that is than the fewest."""
        self._counts[number - 1] = count
        return count - min(self._counts)


class SharedSocket(NamedTuple):
    """A socket at which several processes listen, as the one with a number has it."""

    socket: socket.socket
    shares: Shares
    number: int

    def lead(self, count: int) -> int:
        """Note how many connections this process has; return how many more than the fewest."""
        return self.shares.lead(self.number, count)


MakeProtocol = Callable[[], asyncio.Protocol]


class SharedListener:
    """Accepts connections in a loop until it is closed; it closes neither them nor its socket."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        shared: SharedSocket,
        make: MakeProtocol,
        load: Callable[[], int],
        tls: dict[str, Any],
    ) -> None:
        """Begin to accept.

        Args:
            loop: Serves the connections.
            shared: The socket that all processes have.
            make: Makes the protocol of a connection.
            load: Returns how many connections this process has.
            tls: What `connect_accepted_socket` is told of TLS.
        """
        self._loop, self._shared, self._make = loop, shared, make
        self._load, self._tls = load, tls
        self._listener = shared.socket
        self._beginning: set[asyncio.Task[None]] = set()
        self._listener.setblocking(False)
        shared.lead(0)
        self._accepting = loop.create_task(self._accept_all())

    def close(self) -> None:
        """Accept no more."""
        self._accepting.cancel()

    async def _accept_all(self) -> None:
        while True:
            await self._until_some_come()
            lead = self._shared.lead(self._load())
            await asyncio.sleep(WAIT_SECONDS * min(max(lead - 1, 0), MOST_WAITS))
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
