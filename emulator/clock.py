"""Time: the only place that reads the machine's clock."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Where every timestamp comes from."""

    def now(self) -> int:
        """Return milliseconds since 1970-01-01 UTC."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000


class ManualClock:
    """A clock that stands still until it is set or advanced."""

    def __init__(self, now: int = 1_600_000_000_000) -> None:
        self.start = now
        self._now = now
        self._lock = threading.Lock()

    def now(self) -> int:
        return self._now

    def set(self, now: int) -> None:
        """Move to `now`, in milliseconds since 1970-01-01 UTC."""
        with self._lock:
            self._now = now

    def reset(self) -> None:
        """Move back to where it started."""
        self.set(self.start)

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds`."""
        with self._lock:
            self._now += round(seconds * 1000)
