"""Joins what is written to connections, so that it takes fewer system calls."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress

# An answer must not wait long for the slower requests of the same turn.
_HOLD_SECONDS = 0.001
_HOLD_BYTES = 64 * 1024
# SO_LINGER, on, for no time: what is unsent is dropped and the peer gets a reset.
_AT_ONCE = struct.pack("ii", 1, 0)


class Outbox:
    """Holds what is written, across connections, until the loop's turn ends or turns long.

    Answers that leave together cost far fewer switches between the client and us.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._held: dict[asyncio.Transport, bytes] = {}
        self._since = 0.0

    def write(self, transport: asyncio.Transport, data: bytes) -> None:
        """Send data over a connection soon."""
        now = self._loop.time()
        if self._held and now - self._since > _HOLD_SECONDS:
            self._flush()
        if not self._held:
            self._since = now
            self._loop.call_soon(self._flush)
        held = self._held.get(transport)
        self._held[transport] = data = data if held is None else held + data
        if len(data) > _HOLD_BYTES:
            self.release(transport)

    def release(self, transport: asyncio.Transport) -> None:
        """Send what is held for a connection."""
        if data := self._held.pop(transport, b""):
            transport.write(data)

    def close(self, transport: asyncio.Transport) -> None:
        """End a connection once all has been sent."""
        self.release(transport)
        transport.close()

    def half_close(self, transport: asyncio.Transport) -> None:
        """Send the end once all has been sent, so that what still arrives resets nothing."""
        self.release(transport)
        if not transport.can_write_eof():  # TLS ends in both directions at once
            transport.close()
            return
        with suppress(OSError):  # the client has gone
            transport.write_eof()

    def reset(self, transport: asyncio.Transport) -> None:
        """End a connection with a TCP reset instead of an orderly end."""
        self.release(transport)
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        transport.abort()

    def _flush(self) -> None:
        for transport in list(self._held):
            self.release(transport)
