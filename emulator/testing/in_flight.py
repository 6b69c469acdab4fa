"""The calls that an emulator is answering, so that it is not lent again before they have ended."""

from __future__ import annotations

import threading


class InFlight:
    """Counts calls, each from the beginning to the end of a with block; may be used by threads."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._count -= 1
            if not self._count:
                self._changed.notify_all()

    def wait(self, timeout: float) -> bool:
        """Wait until none is left, for so many seconds at most; tell whether none is left."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._count, timeout)
