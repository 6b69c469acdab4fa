"""State: versioned documents and blobs by sandbox and key. Nothing here knows what a flow is."""

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
