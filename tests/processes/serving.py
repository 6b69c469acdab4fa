"""Emulators that are served by processes of their own, and clients of them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import NamedTuple, TypeVar

import requests

from emulator.testing.client import AepClient
from tests.bodies import HEADERS
from tests.emulators import new_emulator
from tests.journeys.conftest import by_requests

SOON = 60.0
"""Seconds within which something has to happen, however slow or busy the machine is."""

_T = TypeVar("_T")


class Served(NamedTuple):
    """A served emulator: its process, its URL, and the lines that it said at the start."""

    process: subprocess.Popen[str]
    url: str
    lines: list[str]

    def client(self) -> AepClient:
        """Return a client with connections of its own."""
        return client_of(self.url)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def client_of(url: str) -> AepClient:
    """Return a client of a served emulator, with connections of its own."""
    return AepClient(by_requests(url, requests.Session()), new_emulator().contract, dict(HEADERS))


def serving(store: str, *flags: str) -> AbstractContextManager[Served]:
    """Serve a database in a process of its own until the block ends."""
    return serve("--store", store, *flags)


@contextmanager
def serve(*flags: str) -> Iterator[Served]:
    """Serve in a process of its own until the block ends."""
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0", *flags]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline().rstrip()]
            while "Ctrl-C" not in lines[-1]:
                lines.append(process.stdout.readline().rstrip())
                assert lines[-1], process.stderr.read() if process.stderr else ""
            yield Served(process, lines[0].rpartition(" ")[2], lines)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(SOON)  # one that measures coverage writes what it has seen
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def serve_all(*flags: tuple[str, ...]) -> Iterator[list[Served]]:
    """Serve in a process of its own for each of the flags; all of them start at the same time."""
    with ExitStack() as stack, ThreadPoolExecutor(len(flags)) as pool:
        yield list(pool.map(lambda one: stack.enter_context(serve(*one)), flags))


def until(ask: Callable[[], _T]) -> _T:
    """Ask until the answer is true, and return it."""
    end = time.monotonic() + SOON
    while not (answer := ask()):
        assert time.monotonic() < end, f"{ask} stays {answer!r}"
        time.sleep(0.01)
    return answer
