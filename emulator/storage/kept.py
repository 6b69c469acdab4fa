"""Drivers that are kept for the next call: S3's alone takes half a second to make."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from emulator.budgets import KEPT_DRIVERS


class KeptDrivers:
    """The drivers that were used last, by all that they were made with, credentials included."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[str, Any] = OrderedDict()

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        """Return the driver of a key, made now if need be."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        made = make()
        with self._lock:
            self._found[key] = made
            while len(self._found) > KEPT_DRIVERS:
                self._found.popitem(last=False)
        return made
