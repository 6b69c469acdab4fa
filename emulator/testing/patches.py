"""Attributes of modules and classes of libraries, replaced while a test needs it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_INHERITED = object()


class Patches(Generic[T]):
    """Replacements that last from the first start to the last stop."""

    def __init__(self, patch: Callable[[], None], undo: Callable[[], None] | None = None) -> None:
        """Remember how to begin: `patch` calls `replace`; `undo` ends what it did beside that."""
        self.lock = threading.RLock()
        self.started: list[T] = []
        self._patch = patch
        self._undo = undo
        self._originals: list[tuple[Any, str, Any]] = []

    def start(self, item: T) -> None:
        """Let the replacements serve an item, from now on."""
        with self.lock:
            if not self.started:
                self._patch()
            self.started.append(item)

    def stop(self, item: T) -> None:
        """Serve it no longer; after the last one, the originals are put back."""
        with self.lock:
            self.started.remove(item)
            if not self.started:
                self._restore()

    def replace(self, owner: Any, name: str, replacement: Any) -> None:
        """Put something in place of an attribute of a module or class, inherited ones too."""
        self._originals.append((owner, name, vars(owner).get(name, _INHERITED)))
        setattr(owner, name, replacement)

    def _restore(self) -> None:
        if self._undo is not None:
            self._undo()
        while self._originals:
            owner, name, original = self._originals.pop()
            if original is _INHERITED:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
