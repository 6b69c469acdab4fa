"""The emulator's own files: one area for each base connection, and the landing zone's.

Nothing is connected to; tests put the files there that a storage would have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from emulator.json_types import JsonObject
from emulator.sandbox import Sandbox
from emulator.store import Change, Hint, NoRoom

if TYPE_CHECKING:
    from emulator.scope import PlatformBase

FILE = "connection_file"
LANDING_ZONE = "dlz-user-container"
"""The container of the landing zone, by "Data Landing Zone"."""

ELSEWHERE = 0
"""The number of files that do not lie in the emulator's own stores."""

DAYS_KEPT = 7
"""How long the landing zone keeps a file, by "Data Landing Zone"."""

_DAY = 24 * 3600 * 1000
_SLASHES = re.compile(r"/{2,}")


class File(NamedTuple):
    """A file of an area. `path` does not begin with a slash; `modified` is in milliseconds.

    `number` grows with every write in a sandbox, so that files written at the same time have an
    order too; of files elsewhere it is `ELSEWHERE`, `modified` is the time of their storage, 0 if
    that tells none, and `version` is another one when a file has been replaced.
    """

    path: str
    size: int
    modified: int
    number: int
    version: str = ""

    @property
    def stored(self) -> JsonObject:
        """What the emulator keeps of a file of its own."""
        return {name: value for name, value in self._asdict().items() if name != "version"}


class ConnectionFiles:
    """The areas of every sandbox. A container is a base connection's id, or a landing zone."""

    def __init__(self, platform: PlatformBase) -> None:
        self._platform = platform
        self._store = platform.store
        self._blobs = platform.blobs

    def put(self, sandbox: Sandbox, container: str, path: str, content: bytes) -> File:
        """Write a file whole, new or in place of the one that is there."""
        file = self._written(sandbox, path, len(content))
        key = _key(container, file.path)
        try:
            self._blobs.put(sandbox, f"files/{key}", content)
        except NoRoom:
            if not self._drop_forgotten(sandbox):
                raise
            self._blobs.put(sandbox, f"files/{key}", content)
        self._store.write(Change(sandbox, FILE, key, file.stored, moves=True))
        return file

    def _written(self, sandbox: Sandbox, path: str, size: int) -> File:
        """Return a file that is written now."""
        now, number = self._platform.clock.now(), self._store.next(sandbox, FILE)
        return File(clean_path(path), size, now, number)

    def _drop_forgotten(self, sandbox: Sandbox) -> int:
        """Remove the files that the landing zone keeps no more; return how many there were."""
        head, oldest = _key(LANDING_ZONE, ""), self._oldest(LANDING_ZONE)
        found = self._store.scan(sandbox, FILE, hint=Hint(prefix=head))
        gone = [stored.key for stored in found if stored.body["modified"] < oldest]
        for key in gone:
            self._store.write(Change(sandbox, FILE, key, None))
            self._blobs.delete(sandbox, f"files/{key}")
        return len(gone)

    def put_block(
        self, sandbox: Sandbox, container: str, path: str, block: str, content: bytes
    ) -> None:
        """Keep a part of a file under its own name until the file is made of its parts."""
        self._blobs.put(sandbox, _block(container, path, block), content)

    def size_of_blocks(
        self, sandbox: Sandbox, container: str, path: str, blocks: list[str]
    ) -> int | None:
        """Return how many bytes a file of these parts has; None if one of them is missing."""
        names = set(blocks)
        parts = {name: self._blobs.read(sandbox, _block(container, path, name)) for name in names}
        sizes = {name: len(part) for name, part in parts.items() if part is not None}
        return sum(sizes[name] for name in blocks) if len(sizes) == len(names) else None

    def put_blocks(
        self, sandbox: Sandbox, container: str, path: str, blocks: list[str]
    ) -> File | None:
        """Write a file that is made of parts, in this order; None if one of them is missing."""
        head = _block(container, path, "")
        if not {f"{head}{name}" for name in blocks} <= {*self._blobs.keys(sandbox, head)}:
            return None
        file = self._written(sandbox, path, 0)
        key = _key(container, file.path)
        self._blobs.join(sandbox, f"files/{key}", [f"{head}{name}" for name in blocks])
        self._blobs.delete_all(sandbox, head)
        file = file._replace(size=self._blobs.size(sandbox, f"files/{key}") or 0)
        self._store.write(Change(sandbox, FILE, key, file.stored, moves=True))
        return file

    def take_blocks(
        self, sandbox: Sandbox, container: str, path: str, blocks: list[str]
    ) -> bytes | None:
        """Return parts as one content and forget them all; None if one of them is missing."""
        head = _block(container, path, "")
        parts = [self._blobs.read(sandbox, f"{head}{name}") for name in blocks]
        found = [part for part in parts if part is not None]
        if len(found) < len(parts):
            return None
        self._blobs.delete_all(sandbox, head)
        return b"".join(found)

    def find(self, sandbox: Sandbox, container: str, path: str) -> File | None:
        """Return one file, or None."""
        stored = self._store.read(sandbox, FILE, _key(container, clean_path(path)))
        file = File(**stored.body) if stored else None
        return file if file and file.modified >= self._oldest(container) else None

    def read(self, sandbox: Sandbox, container: str, path: str) -> bytes | None:
        """Return a file's content, or None if there is no such file."""
        file = self.find(sandbox, container, path)
        return self._blobs.read(sandbox, f"files/{_key(container, file.path)}") if file else None

    def open(self, sandbox: Sandbox, container: str, path: str) -> BinaryIO | None:
        """Return a file's content as a stream that can seek, or None if there is no such file."""
        file = self.find(sandbox, container, path)
        return self._blobs.open(sandbox, f"files/{_key(container, file.path)}") if file else None

    def all(self, sandbox: Sandbox, container: str) -> list[File]:
        """Return the files of an area, by path."""
        head, oldest = _key(container, ""), self._oldest(container)
        found = self._store.scan(sandbox, FILE, hint=Hint(prefix=head))
        rows: list[JsonObject] = [stored.body for stored in found]
        files = (File(**row) for row in rows)
        return sorted(file for file in files if file.modified >= oldest)

    def recent(
        self, sandbox: Sandbox, container: str, before: int = 0
    ) -> Iterator[tuple[int, File]]:
        """Yield the files of an area with their places in the store, what was written last first.

        It goes on below the place `before`, without reading the others.
        """
        head, oldest = _key(container, ""), self._oldest(container)
        for stored in self._store.recent(sandbox, FILE, before, Hint(prefix=head)):
            file = File(**stored.body)
            if file.modified >= oldest:
                yield stored.ordinal, file

    def latest(self, sandbox: Sandbox) -> int:
        """Return the number of the file of a sandbox that was written last; 0 without one."""
        last = next(self._store.recent(sandbox, FILE), None)
        return 0 if last is None else last.body["number"]

    def last_number(self, sandbox: Sandbox, reaches: Callable[[File], bool]) -> int:
        """Return the highest number of the files of a sandbox for which a condition holds."""
        files = (File(**stored.body) for stored in self._store.scan(sandbox, FILE))
        return max((file.number for file in files if reaches(file)), default=0)

    def delete(self, sandbox: Sandbox, container: str, path: str) -> bool:
        """Remove a file; tell whether it was there."""
        file = self.find(sandbox, container, path)
        if file is None:
            return False
        key = _key(container, file.path)
        self._store.write(Change(sandbox, FILE, key, None))
        return self._blobs.delete(sandbox, f"files/{key}")

    def _oldest(self, container: str) -> int:
        """Return the time of the oldest file that is still kept: a landing zone forgets files."""
        if container != LANDING_ZONE:
            return 0
        return self._platform.clock.now() - DAYS_KEPT * _DAY


def clean_path(path: str) -> str:
    """Return a path without slashes at its ends, and with none doubled."""
    return _SLASHES.sub("/", path).strip("/")


def _block(container: str, path: str, name: str) -> str:
    return f"blocks/{container}/{clean_path(path)}//{name}"


def _key(container: str, path: str) -> str:
    return f"{container}/{path}"
