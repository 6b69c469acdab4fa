"""Emulators that are served by processes of their own, and clients of them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import requests

from emulator.testing.client import AepClient
from tests.bodies import HEADERS
from tests.emulators import new_emulator
from tests.journeys.conftest import by_requests

SOON = 20.0
"""Seconds within which something has to happen that takes a fraction of it."""

_T = TypeVar("_T")


@dataclass(slots=True)
class Served:
    """A served emulator: its process, and what it said at the start."""

    process: subprocess.Popen[str]
    lines: list[str]

    @property
    def url(self) -> str:
        return self.lines[0].rpartition(" ")[2]

    def client(self) -> AepClient:
        """Return a client with connections of its own."""
        send = by_requests(self.url, requests.Session())
        return AepClient(send, new_emulator().contract, dict(HEADERS))

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextmanager
def serving(store: str, *flags: str) -> Iterator[Served]:
    """Serve a database in a process of its own until the block ends."""
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0", "--store", store, *flags]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline().rstrip()]
            while "Ctrl-C" not in lines[-1]:
                lines.append(process.stdout.readline().rstrip())
                assert lines[-1], process.stderr.read() if process.stderr else ""
            yield Served(process, lines)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def until(ask: Callable[[], _T]) -> _T:
    """Ask until the answer is true, and return it."""
    end = time.monotonic() + SOON
    while not (answer := ask()):
        assert time.monotonic() < end, f"{ask} stays {answer!r}"
        time.sleep(0.01)
    return answer
