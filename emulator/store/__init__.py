"""State: versioned documents and blobs by sandbox and key. Nothing here knows what a flow is."""

from emulator.store.base import Change, Conflict, Store, Stored
from emulator.store.blobs import Blob, Blobs, MemoryBlobs
from emulator.store.memory import MemoryStore

__all__ = [
    "Blob",
    "Blobs",
    "Change",
    "Conflict",
    "MemoryBlobs",
    "MemoryStore",
    "Store",
    "Stored",
]
