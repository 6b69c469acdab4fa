"""A transport of asyncio that is answered within the process, for aiohttp."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp.client_proto import ResponseHandler

from emulator.testing.by_bytes import RESET, Peer, is_cut, written
from emulator.testing.in_process import InProcessTransport
from emulator.web.message import Response


def connected(client: InProcessTransport, origin: str) -> ResponseHandler:
    """Return a connection of aiohttp that leads to an emulator in this process."""
    loop = asyncio.get_running_loop()
    protocol = ResponseHandler(loop=loop)
    protocol.connection_made(AnsweringTransport(Peer(client, origin), protocol, loop))
    return protocol


class AnsweringTransport(asyncio.Transport):
    """Hands what a protocol writes to a peer, and the peer's answers to the protocol."""

    def __init__(
        self, peer: Peer, protocol: asyncio.Protocol, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__()
        self._peer = peer
        self._protocol = protocol
        self._loop = loop
        self._is_closing = False

    def write(self, data: Any) -> None:
        if not self._is_closing:
            for response in self._peer.feed(bytes(data)):
                self._loop.call_soon(self._deliver, response)

    def _deliver(self, response: Response) -> None:
        if self._is_closing:
            return
        if response.is_reset:
            self._end(RESET)
            return
        self._protocol.data_received(written(response))
        if is_cut(response):
            self._end(None)

    def _end(self, error: Exception | None) -> None:
        if not self._is_closing:
            self._is_closing = True
            self._loop.call_soon(self._protocol.connection_lost, error)

    def close(self) -> None:
        self._end(None)

    def abort(self) -> None:
        self._end(None)

    def is_closing(self) -> bool:
        return self._is_closing

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        """Take no notice: an answer comes as a whole."""

    def resume_reading(self) -> None:
        """Take no notice, either."""
