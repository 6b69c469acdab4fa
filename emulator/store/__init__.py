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
    StoreFull,
    StoreUnavailable,
    StoreUnusable,
)
from emulator.store.blobs import Blob, Blobs, MemoryBlobs
from emulator.store.memory import MemoryStore
from emulator.store.processes import Alone, Processes
from emulator.store.room import NoRoom, Room
from emulator.store.stores import MemoryStores, Stores, open_stores
from emulator.store.urls import MEMORY
from emulator.store.values import Values

__all__ = [
    "ALL",
    "EMPTY",
    "MEMORY",
    "Alone",
    "Blob",
    "Blobs",
    "Change",
    "Conflict",
    "Hint",
    "MemoryBlobs",
    "MemoryStore",
    "MemoryStores",
    "NoRoom",
    "Place",
    "Processes",
    "Room",
    "Row",
    "Snapshot",
    "Store",
    "StoreFull",
    "StoreUnavailable",
    "StoreUnusable",
    "Stored",
    "Stores",
    "Values",
    "open_stores",
]
