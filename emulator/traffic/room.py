"""The memory of the bodies that a proxy keeps until it has judged them."""

from __future__ import annotations

import threading

from emulator import budgets


class Room:
    """Counts bytes against the budget of bodies; any thread may use it."""

    def __init__(self) -> None:
        self._held = 0
        self._changed = threading.Condition()

    def take(self, size: int) -> bool:
        """Take room if there is any, and tell whether there was."""
        with self._changed:
            has_room = self._held + size <= budgets.BODIES_BYTES
            if has_room:
                self._held += size
            return has_room

    def wait_for(self, size: int) -> None:
        """Take room as soon as there is enough, or nobody else has any."""
        with self._changed:
            self._changed.wait_for(
                lambda: not self._held or self._held + size <= budgets.BODIES_BYTES
            )
            self._held += size

    def release(self, size: int) -> None:
        """Give room back."""
        with self._changed:
            self._held -= size
            self._changed.notify_all()
