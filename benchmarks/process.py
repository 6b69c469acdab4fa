"""A server under test in a process of its own."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

HEADERS = {
    "Authorization": "Bearer benchmark",
    "x-api-key": "benchmark",
    "x-gw-ims-org-id": "BENCHMARK@AdobeOrg",
    "x-sandbox-name": "prod",
}
"""What every call of an API carries."""

EMULATOR = [sys.executable, "-m", "emulator", "serve", "--log-level", "error", "--port"]

_TIMEOUT_SECONDS = 20.0


class StartTimes(NamedTuple):
    """What a start took: to the first answer and, after it, to the first of an API."""

    start_ms: float
    rss_mib: float
    first_call_ms: float


class Process:
    """Runs a command whose last argument is the port, until the block is left."""

    def __init__(self, command: list[str], folder: Path | None = None) -> None:
        """Begin; in a folder, the command finds the modules of a checkout there."""
        self.port = free_port()
        self.child = subprocess.Popen(
            [*command, str(self.port)], stdout=subprocess.DEVNULL, cwd=folder, env=_env(folder)
        )

    def __enter__(self) -> Self:
        await_answer(self.port, "/", self.child)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.child.send_signal(signal.SIGTERM)
        self.child.wait(_TIMEOUT_SECONDS)

    def cpu_seconds(self) -> float:
        """Return the processor time that the process and those it has started have taken so far."""
        return cpu_seconds(self.child.pid)

    def rss_mib(self) -> float:
        """Return the resident memory of the process."""
        return rss_mib(self.child.pid)


def free_port() -> int:
    """Return a port of the loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def await_answer(port: int, path: str, child: subprocess.Popen[bytes]) -> None:
    """Return when anything answers at a port.

    Raises:
        RuntimeError: The process ended, or nothing answered for a long time.
    """
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            connection.getresponse().read()
        except OSError:
            time.sleep(0.002)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError(f"nothing answers on port {port}")


def start_times(
    command: list[str], folder: Path | None = None, path: str = "/_emulator/health"
) -> StartTimes:
    """Return how long a server takes from its launch; an API is called only if it is a checkout."""
    begun = time.monotonic()
    process = Process(command, folder)
    try:
        await_answer(process.port, path, process.child)
        started, memory = time.monotonic(), process.rss_mib()
        first = first_call(process.port) if folder is not None else 0.0
        return StartTimes((started - begun) * 1000, memory, first)
    finally:
        process.__exit__(None, None, None)


def first_call(port: int) -> float:
    """Return how many milliseconds a first call of an API takes."""
    begun = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/data/foundation/flowservice/flows", headers=HEADERS)
    status = connection.getresponse().status
    connection.close()
    if status != http.HTTPStatus.OK:
        raise RuntimeError(f"the first call was answered with {status}")
    return (time.monotonic() - begun) * 1000


def _env(folder: Path | None) -> dict[str, str] | None:
    return None if folder is None else {**os.environ, "PYTHONPATH": str(folder)}


def _with_children(pid: int) -> list[int]:
    """Return a process and all that it has started, whoever of them has."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(below for child in children for below in _with_children(int(child)))]


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process and those it has started have taken so far."""
    stats = (Path(f"/proc/{child}/stat").read_text() for child in _with_children(pid))
    fields = [stat.rpartition(")")[2].split() for stat in stats]
    ticks = sum(int(user) + int(system) for user, system in (row[11:13] for row in fields))
    return ticks / os.sysconf("SC_CLK_TCK")


def rss_mib(pid: int) -> float:
    """Return the resident memory of a process, from the kernel's own account."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
