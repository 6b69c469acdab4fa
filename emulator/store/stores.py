"""Where the emulators behind one address keep what they hold: the settings `store` and `blobs`."""

from __future__ import annotations

from typing import Protocol

from emulator.store.base import Store, StoreUnusable
from emulator.store.blobs import Blobs, MemoryBlobs
from emulator.store.calls import Calls
from emulator.store.memory import MemoryStore
from emulator.store.processes import Alone, Processes
from emulator.store.room import Room
from emulator.store.urls import MEMORY, without_password
from emulator.store.values import MemoryValues, Values


class Stores(Protocol):
    """Makes what an emulator needs: the one at the address has no name, the isolated ones have."""

    processes: Processes
    """Those that share it, now or before."""
    describes: str
    is_remote: bool
    """Whether it is asked over a network, so that nobody should wait for another's answer."""

    def store(self, world: str = "") -> Store:
        """Return an emulator's documents."""

    def blobs(self, world: str = "") -> Blobs:
        """Return an emulator's files."""

    def values(self, world: str = "") -> Values:
        """Return what an emulator has been told to be like."""

    def calls(self) -> Calls | None:
        """Return the calls that have been answered, of all emulators; None if none are kept."""

    def worlds(self, kind: str = "") -> list[str]:
        """Return the names of isolated emulators that there are from before, or elsewhere.

        With a kind, of those that hold documents of it.
        """

    def check(self) -> None:
        """Ask whether it can be used now.

        Raises:
            StoreUnavailable: It cannot.
        """

    def end_soon(self) -> None:
        """Wait no longer than a moment for what does not answer: the process is to end."""

    def close(self) -> None:
        """Release all that is held."""


class MemoryStores:
    """All in this process, and gone with it; one may bring a store of its own."""

    describes = "in memory"
    is_remote = False

    def __init__(
        self, max_stored: int, store: Store | None = None, blobs: Blobs | None = None
    ) -> None:
        """Keep so many bytes at most, of all emulators together."""
        self.processes: Processes = Alone()
        self._store = store
        self._blobs = blobs
        self._room = Room() if store is None else store.room
        self._room.limit = max_stored

    def store(self, world: str = "") -> Store:
        return self._store if self._store is not None and not world else MemoryStore(self._room)

    def blobs(self, world: str = "") -> Blobs:
        return self._blobs if self._blobs is not None and not world else MemoryBlobs(self._room)

    def values(self, world: str = "") -> Values:
        return MemoryValues()

    def calls(self) -> Calls | None:
        return None

    def worlds(self, kind: str = "") -> list[str]:
        return []

    def check(self) -> None:
        """Memory is always there."""

    def end_soon(self) -> None:
        """Nobody waits."""

    def close(self) -> None:
        """Each emulator releases what is its own."""


def open_stores(store: str, blobs: str, max_stored: int) -> Stores:
    """Return what the settings name.

    Args:
        store: `memory`, or the URL of a database as SQLAlchemy has it.
        blobs: `memory`, `database`, `file:///DIR`, or a URL that fsspec knows; empty takes what
            suits the store.
        max_stored: How many bytes are kept in memory at most.

    Raises:
        StoreUnusable: It cannot be used; the message says why in a line.
    """
    if store == MEMORY:
        if blobs not in ("", MEMORY):
            raise StoreUnusable(
                f"blobs: {blobs!r} needs a store that lists them: sqlite or postgresql"
            )
        return MemoryStores(max_stored)
    try:
        from emulator.store.sql_stores import SqlStores
    except ImportError as error:
        raise StoreUnusable(
            f"store: {without_password(store)} needs the extra sql: {error}"
        ) from error
    return SqlStores(store, blobs)
