"""How much an emulator may keep: one room for its documents and files, and for those isolated.

What several hold together counts once: the documents and files of a state that many emulators
began with, or a piece that two files have in common.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class NoRoom(Exception):
    """There is no room for what is to be kept; nothing of it has been."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"no more than {limit} bytes are kept")


class Room:
    """Counts what is kept, in bytes, and refuses what is too much.

    `limit` is that of files; documents may go a little beyond it, so that a call that passed the
    gate is carried out whole.
    """

    RESERVED = 16 * 1024**2
    """Bytes of documents beyond the limit."""

    def __init__(self, limit: int = sys.maxsize) -> None:
        self.limit = limit
        self.used = 0
        self._held: dict[int, tuple[object, int, int]] = {}
        self._lock = threading.Lock()
        self._exempt = threading.local()

    def has(self, size: int) -> bool:
        """Tell whether there is room for so many bytes more."""
        return self.used + size <= self.limit

    def hold(self, thing: object, size: int) -> None:
        """Keep a thing, which counts once however often it is held.

        Raises:
            NoRoom: It is new, and too large.
        """
        with self._lock:
            known = self._held.get(id(thing))
            if known is None:
                self._add(size, self.limit)
                self._held[id(thing)] = (thing, size, 1)
            else:
                self._held[id(thing)] = (thing, known[1], known[2] + 1)

    def release(self, thing: object) -> None:
        """Keep a thing no more that was held, unless it is held elsewhere."""
        with self._lock:
            _, size, count = self._held[id(thing)]
            if count == 1:
                del self._held[id(thing)]
                self.used -= size
            else:
                self._held[id(thing)] = (thing, size, count - 1)

    def size_of(self, thing: object) -> int:
        """Return as how many bytes a thing counts that is held."""
        return self._held[id(thing)][1]

    def change(self, size: int) -> None:
        """Keep so many bytes of documents more, or fewer.

        Raises:
            NoRoom: They are too many.
        """
        with self._lock:
            self._add(size, self.limit + self.RESERVED)

    def _add(self, size: int, limit: int) -> None:
        if size > 0 and self.used + size > limit and not getattr(self._exempt, "is_on", False):
            raise NoRoom(self.limit)
        self.used += size

    @contextmanager
    def exempt(self) -> Iterator[None]:
        """Keep whatever this thread stores in the block: it takes the place of what was there."""
        before = getattr(self._exempt, "is_on", False)
        self._exempt.is_on = True
        try:
            yield
        finally:
            self._exempt.is_on = before
