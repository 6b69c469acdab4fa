"""What an emulator holds: versioned documents and blobs, by sandbox and key."""

from emulator.store.base import EMPTY, Change, Conflict, Place, Row, Snapshot, Store, Stored
from emulator.store.blobs import Blob, Blobs, MemoryBlobs
from emulator.store.memory import MemoryStore

__all__ = [
    "EMPTY",
    "Blob",
    "Blobs",
    "Change",
    "Conflict",
    "MemoryBlobs",
    "MemoryStore",
    "Place",
    "Row",
    "Snapshot",
    "Store",
    "Stored",
]
