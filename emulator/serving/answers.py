"""The memory of long answers that clients have not read yet, over all connections of a server."""

from __future__ import annotations

import threading
from collections.abc import Callable

from emulator import budgets

PIECE_BYTES = 64 * 1024
"""Answers of more bytes are handed to the socket piece by piece, as their clients read them."""

IMPATIENT_SECONDS = 1
"""For how many seconds a client may read nothing while others wait for room."""

_LONGEST_WAIT = 10.0


class Answers:
    """Counts what is unread; its methods but `wait_for_room` are the serving thread's."""

    def __init__(self) -> None:
        self._unread = 0
        self._waiting: dict[Callable[[], object], None] = {}
        self._has_room = threading.Event()
        self._has_room.set()

    @property
    def is_full(self) -> bool:
        """Whether no further answer is to be made now."""
        return self._unread > budgets.ANSWERS_BYTES

    def add(self, size: int) -> None:
        """Count an answer that is to be read."""
        self._unread += size
        if self.is_full:
            self._has_room.clear()

    def release(self, size: int) -> None:
        """Note that some has been read, or will never be; call those that wait if there is room."""
        self._unread -= size
        if not self.is_full:
            self._has_room.set()
            waiting, self._waiting = self._waiting, {}
            for go_on in waiting:
                go_on()

    def wait(self, go_on: Callable[[], object]) -> None:
        """Have a function called, once, when there is room."""
        self._waiting.setdefault(go_on)

    def wait_for_room(self) -> None:
        """Wait in another thread until there is room: clients that read nothing are cut off."""
        self._has_room.wait(_LONGEST_WAIT)
