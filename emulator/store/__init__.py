"""State: versioned documents by (sandbox, kind, key). Nothing here knows what a flow is."""

from emulator.store.base import Change, Conflict, Store, Stored
from emulator.store.memory import MemoryStore

__all__ = ["Change", "Conflict", "MemoryStore", "Store", "Stored"]
