"""The other side of a connection that does not exist: reads requests and writes answers.

So clients that talk over sockets or transports, such as http.client, urllib3 and aiohttp, keep
their own ways of framing, reusing and parsing, down to answers that are cut short.
"""

from __future__ import annotations

import io
import socket
from http import HTTPStatus
from typing import IO, Any

from httptools import HttpRequestParser

from emulator.testing.in_process import InProcessTransport
from emulator.web.message import Response

RESET = ConnectionResetError(104, "Connection reset by peer")

_BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class Peer:
    """Reads the requests of one connection, each as a whole, and has them answered."""

    def __init__(self, client: InProcessTransport, origin: str) -> None:
        """Answer by `client`; `origin` is what the connection leads to, such as `https://a.b`."""
        self._client = client
        self._origin = origin
        self._parser = HttpRequestParser(self)
        self._answers: list[Response] = []
        self.on_message_begin()

    def feed(self, data: bytes) -> list[Response]:
        """Read more of the client's bytes; return the answers to the requests that end in them."""
        self._parser.feed_data(data)
        answers, self._answers = self._answers, []
        return answers

    # Called by the parser

    def on_message_begin(self) -> None:
        self._target = b""
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        method, target = self._parser.get_method().decode(), self._target.decode("latin-1")
        url = target if target.startswith(("http://", "https://")) else self._origin + target
        self._answers.append(self._client.send(method, url, self._headers, b"".join(self._body)))


def written(response: Response) -> bytes:
    """Return a response as it is sent, as much of it as its fault lets through."""
    lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    is_sized = any(name.lower() == "content-length" for name, _ in response.headers)
    if not is_sized and response.status not in _BODILESS:
        lines.append(f"content-length: {len(response.body)}")
    head = "\r\n".join(lines) + "\r\n\r\n"
    return head.encode("latin-1") + response.sent_body


def is_cut(response: Response) -> bool:
    """Tell whether the connection ends within a response."""
    return len(response.sent_body) < len(response.body)


class AnsweringSocket(socket.socket):
    """A socket that leads nowhere; what is written to it is answered when somebody reads."""

    def __init__(self, client: InProcessTransport, origin: str) -> None:
        """Be the socket of a connection to an origin."""
        # Never bound and never connected, it has a number for those who poll it, and stays silent.
        super().__init__(socket.AF_INET, socket.SOCK_DGRAM)
        self._peer = Peer(client, origin)
        self._answers: list[Response] = []

    def sendall(self, data: Any, flags: int = 0) -> None:
        self._answers += self._peer.feed(bytes(data))

    def send(self, data: Any, flags: int = 0) -> int:
        self.sendall(data)
        return len(data)

    def setsockopt(self, *given: Any) -> None:
        """Take no notice: they are options of TCP."""

    def shutdown(self, how: int) -> None:
        """Take no notice: there is nobody to be told."""

    def makefile(self, *given: Any, **named: Any) -> IO[Any]:  # type: ignore[override]
        """Return a file to read the next response from."""
        response = self._answers.pop(0)
        if response.is_reset:
            return io.BufferedReader(_Reset())
        return io.BytesIO(written(response))


class _Reset(io.RawIOBase):
    """What is read from a connection that is reset."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        raise RESET
