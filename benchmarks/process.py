"""A server under test in a process of its own."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_PATIENCE_SECONDS = 20.0


class Process:
    """Runs a command whose last argument is the port, until the block is left."""

    def __init__(self, command: list[str]) -> None:
        self.port = free_port()
        self._child = subprocess.Popen([*command, str(self.port)], stdout=subprocess.DEVNULL)

    def __enter__(self) -> Self:
        await_answer(self.port, "/", self._child)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._child.send_signal(signal.SIGTERM)
        self._child.wait(_PATIENCE_SECONDS)

    def cpu_seconds(self) -> float:
        """Return the processor time that the process has taken so far."""
        fields = Path(f"/proc/{self._child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_mib(self) -> float:
        """Return the resident memory of the process."""
        return rss_mib(self._child.pid)


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
    deadline = time.monotonic() + _PATIENCE_SECONDS
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


def start_to_first_answer(command: list[str], path: str) -> tuple[float, float]:
    """Return milliseconds from launch to the first answer, and MiB of memory then."""
    port = free_port()
    begun = time.monotonic()
    child = subprocess.Popen([*command, str(port)], stdout=subprocess.DEVNULL)
    try:
        await_answer(port, path, child)
        return (time.monotonic() - begun) * 1000, rss_mib(child.pid)
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(_PATIENCE_SECONDS)


def rss_mib(pid: int) -> float:
    """Return the resident memory of a process, from the kernel's own account."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
