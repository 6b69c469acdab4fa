"""Processes that listen at one address share out its connections."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from emulator.serving import shared_listener
from emulator.serving.server import listen
from emulator.serving.shared_listener import SharedListener, SharedSocket, Shares


class Greeting(asyncio.Protocol):
    """Says who has taken a connection."""

    def __init__(self, name: str) -> None:
        self.name = name

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self.name.encode())
        transport.close()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with listen("127.0.0.1", 0) as made:
        yield made


def taking(listener: socket.socket, name: str, *loads: int, number: int = 1) -> SharedListener:
    """Begin to take connections as the process with a number does; it and others have so many."""
    loop, shares = asyncio.get_running_loop(), Shares(len(loads))
    shared = SharedSocket(listener, shares, number)
    made = SharedListener(loop, shared, lambda: Greeting(name), lambda: loads[number - 1], {})
    for other, load in enumerate(loads, start=1):
        shares.lead(other, load)
    return made


async def end(*listeners: SharedListener) -> None:
    for one in listeners:
        one.close()
    await asyncio.sleep(0)


async def greeting(listener: socket.socket) -> bytes:
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    said = await reader.read()
    writer.close()
    return said


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def within_time() -> None:
        await asyncio.wait_for(work(), 20)

    asyncio.run(within_time())


def test_who_has_fewer_connections_takes_the_next_ones(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_listener, "WAIT_SECONDS", 5.0)

    async def work() -> None:
        with listener.dup() as elsewhere:
            busy = taking(listener, "busy", 5, 3)
            both = busy, taking(elsewhere, "idle", 5, 3, number=2)
            for _ in range(5):
                assert await greeting(listener) == b"idle"
            await end(*both)

    run(work)


def test_who_has_about_as_many_as_the_others_waits_for_nobody(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_listener, "WAIT_SECONDS", 60.0)

    async def work() -> None:
        one = taking(listener, "hello", 1001, 1000, 2000)
        assert [await greeting(listener) for _ in range(3)] == [b"hello"] * 3
        await end(one)

    run(work)


def test_who_has_many_connections_takes_more_if_nobody_else_does(listener: socket.socket) -> None:
    async def work() -> None:
        one = taking(listener, "busy", 1000, 0)
        assert [await greeting(listener) for _ in range(3)] == [b"busy"] * 3
        await end(one)

    run(work)


def test_what_cannot_be_accepted_is_told_and_tried_again(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(shared_listener, "RETRY_SECONDS", 0.0)
    failures = [OSError(errno.EMFILE, "Too many open files"), ConnectionAbortedError()]

    class Failing(socket.socket):
        def accept(self) -> Any:
            if failures:
                raise failures.pop(0)
            return super().accept()

    async def work() -> None:
        with Failing(fileno=listener.dup().detach()) as failing:
            one = taking(failing, "hello", 0)
            assert await greeting(listener) == b"hello"
            await end(one)

    run(work)
    assert [record.getMessage() for record in caplog.records] == [
        "no connection can be accepted: [Errno 24] Too many open files"
    ]


def test_a_client_that_speaks_no_tls_is_let_go(listener: socket.socket) -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        tls = {"ssl": ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), "ssl_handshake_timeout": 10}
        shared = SharedSocket(listener, Shares(1), 1)
        one = SharedListener(loop, shared, asyncio.Protocol, lambda: 0, tls)
        for _ in range(2):
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            assert not (await reader.read()).startswith(b"HTTP")
            writer.close()
        await end(one)

    run(work)
