"""The memory of bodies that are being received, over all connections of a server."""

from __future__ import annotations

from typing import Protocol

from emulator import budgets

SMALL_BYTES = 64 * 1024
"""Bodies of up to so many bytes are not counted: those of all connections together are few."""


class Reader(Protocol):
    """A connection that is reading a body."""

    def wait_for_room(self) -> None:
        """Read no more for now."""

    def go_on(self) -> None:
        """Read on."""


class Bodies:
    """How much is held of bodies, and which connections wait for room.

    Beyond the budget the body that was begun first is read on, so that there is always one that
    comes to its end, and what was held of it is given back once it is answered.
    """

    def __init__(self) -> None:
        self.held = 0
        self._reading: dict[Reader, None] = {}
        self._waiting: set[Reader] = set()

    def add(self, reader: Reader, size: int) -> None:
        """Count bytes of a reader's body, which may have to wait before it reads more."""
        self.held += size
        self._reading.setdefault(reader)
        if self.held > budgets.BODIES_BYTES and reader is not next(iter(self._reading)):
            self._waiting.add(reader)
            reader.wait_for_room()

    def end(self, reader: Reader) -> None:
        """Note that a reader's body is whole, or will never be."""
        self._reading.pop(reader, None)
        self._waiting.discard(reader)
        self._wake()

    def release(self, size: int) -> None:
        """Give back the room of what is no longer held."""
        self.held -= size
        self._wake()

    def _wake(self) -> None:
        if not self._waiting:
            return
        has_room = self.held <= budgets.BODIES_BYTES
        first = next(iter(self._reading))
        for reader in list(self._waiting) if has_room else self._waiting & {first}:
            self._waiting.discard(reader)
            reader.go_on()
