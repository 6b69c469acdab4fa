"""What an emulator holds: versioned documents and blobs, by sandbox and key."""

from emulator.store.base import (
    ALL,
    EMPTY,
    Change,
    Conflict,
    Hint,
    Place,
    Row,
    Snapshot,
    Store,
    Stored,
)
from emulator.store.blobs import Blob, Blobs, MemoryBlobs
from emulator.store.memory import MemoryStore
from emulator.store.room import NoRoom, Room

__all__ = [
    "ALL",
    "EMPTY",
    "Blob",
    "Blobs",
    "Change",
    "Conflict",
    "Hint",
    "MemoryBlobs",
    "MemoryStore",
    "NoRoom",
    "Place",
    "Room",
    "Row",
    "Snapshot",
    "Store",
    "Stored",
]
