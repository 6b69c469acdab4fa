"""A served emulator in a process of its own, with little address space, whose memory is watched."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

ADDRESS_SPACE = 3 * 1024**3 // 2
"""Bytes of address space that the process has."""

RESERVES_LITTLE = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "2"}
"""Arrow's own allocator and glibc's for threads reserve gigabytes of addresses, and use little."""

HEADERS = {
    "Authorization": "Bearer t",
    "x-api-key": "key",
    "x-gw-ims-org-id": "ABC@AdobeOrg",
    "x-sandbox-name": "prod",
}


class ServedEmulator:
    """One process that serves; `url` leads to it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process = process
        self.url = process.stdout.readline().rstrip().rpartition(" ")[2]

    @property
    def peak(self) -> int:
        """The most memory that the process has ever had, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    def health(self) -> float:
        """Ask whether it is alive; return how many seconds the answer took."""
        begun = time.perf_counter()
        requests.get(f"{self.url}/_emulator/health", timeout=30).raise_for_status()
        return time.perf_counter() - begun


class Watch:
    """Asks a served emulator for its health as long as the block lasts.

    `slowest` is the longest that an answer took, in seconds: for tests to print, not to judge.
    """

    def __init__(self, served: ServedEmulator) -> None:
        self._served = served
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self.slowest = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _ask(self) -> None:
        while not self._ended.wait(0.02):
            self.slowest = max(self.slowest, self._served.health())


@contextmanager
def serving(*flags: str) -> Iterator[ServedEmulator]:
    """Serve in a process of its own until the block ends."""
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0", *flags]
    environment = {**os.environ, **RESERVES_LITTLE}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        resource.prlimit(process.pid, resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
        try:
            yield ServedEmulator(process)
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(60)
            process.kill()
