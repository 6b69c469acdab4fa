"""Bytes by sandbox and key: uploaded files, data set files, diagnostics."""

from __future__ import annotations

import io
import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import BinaryIO, NamedTuple, Protocol, cast

from emulator.sandbox import Sandbox
from emulator.store.room import NoRoom, Room


class Blob(NamedTuple):
    """A blob with its place."""

    sandbox: Sandbox
    key: str
    content: bytes


class Blobs(Protocol):
    """Bytes under keys such as `batches/{id}/files/{name}`; a key is any text.

    What is written may find no room: a `NoRoom`, and nothing has changed.

    Blobs have no versions: a caller that decides and writes in one step does so within the store's
    exclusive section of the sandbox.
    """

    def put(self, sandbox: Sandbox, key: str, content: bytes | bytearray) -> None:
        """Write a blob whole, replacing an earlier one."""

    def append(self, sandbox: Sandbox, key: str, content: bytes | bytearray) -> None:
        """Add bytes to the end of a blob, which is created if it does not exist."""

    def read(
        self, sandbox: Sandbox, key: str, start: int = 0, length: int | None = None
    ) -> bytes | None:
        """Return a blob from byte `start` on, at most `length` bytes; None if it does not exist."""

    def open(self, sandbox: Sandbox, key: str) -> BinaryIO | None:
        """Return a blob as it is now as a stream that can seek; None if it does not exist."""

    def size(self, sandbox: Sandbox, key: str) -> int | None:
        """Return how many bytes a blob has; None if it does not exist."""

    def keys(self, sandbox: Sandbox, prefix: str = "") -> list[str]:
        """Return the keys that begin with `prefix`, in alphabetical order."""

    def join(self, sandbox: Sandbox, key: str, parts: Iterable[str]) -> None:
        """Concatenate blobs into one, and remove them.

        Raises:
            KeyError: A part does not exist; nothing was changed.
        """

    def delete(self, sandbox: Sandbox, key: str) -> bool:
        """Remove a blob; tell whether it existed."""

    def delete_all(self, sandbox: Sandbox, prefix: str) -> int:
        """Remove the blobs whose keys begin with `prefix`; return how many there were."""

    def everything(self, sandbox: Sandbox | None = None) -> Iterator[Blob]:
        """Yield every blob of every sandbox, or of one, by organization, sandbox and key."""

    def erase(self, organization: str | None = None, name: str | None = None) -> None:
        """Forget everything, or one organization, or one sandbox of it."""

    def close(self) -> None:
        """Release all resources."""


class _Pieces(io.RawIOBase):
    """A stream over what several pieces are together, which are not copied for that."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = pieces
        self._ends = list(accumulate(map(len, pieces))) or [0]
        self._at = 0

    @classmethod
    def stream(cls, pieces: Sequence[bytes]) -> BinaryIO:
        """Return a buffered stream over pieces."""
        return cast("BinaryIO", io.BufferedReader(cls(pieces), 64 * 1024))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._ends[-1]}[whence]
        if start + offset < 0:
            raise ValueError("the place is before the beginning")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # as it is called
        index = bisect_right(self._ends, self._at)
        if index >= len(self._pieces):
            return 0
        piece = self._pieces[index]
        begin = self._at - (self._ends[index] - len(piece))
        found = memoryview(piece)[begin : begin + len(buffer)]
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)


class MemoryBlobs:
    """All blobs of one emulator in one process.

    A blob is the list of what was written: its pieces are never copied together.
    """

    def __init__(self, room: Room | None = None) -> None:
        """Keep as much as there is room for, or anything."""
        self._room = room or Room()
        self._lock = threading.Lock()
        self._sandboxes: dict[Sandbox, dict[str, list[bytes]]] = {}

    def put(self, sandbox: Sandbox, key: str, content: bytes | bytearray) -> None:
        piece = bytes(content)
        with self._lock:
            blobs = self._sandboxes.setdefault(sandbox, {})
            before = blobs.get(key, [])
            self._release(before)  # it leaves its room to what takes its place
            try:
                self._room.hold(piece, len(piece))
            except NoRoom:
                with self._room.exempt():
                    for kept in before:
                        self._room.hold(kept, len(kept))
                raise
            blobs[key] = [piece]

    def append(self, sandbox: Sandbox, key: str, content: bytes | bytearray) -> None:
        piece = self._held(content)
        with self._lock:
            self._sandboxes.setdefault(sandbox, {}).setdefault(key, []).append(piece)

    def _held(self, content: bytes | bytearray) -> bytes:
        piece = bytes(content)
        self._room.hold(piece, len(piece))
        return piece

    def _release(self, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            self._room.release(piece)

    def read(
        self, sandbox: Sandbox, key: str, start: int = 0, length: int | None = None
    ) -> bytes | None:
        stream = self.open(sandbox, key)
        if stream is None:
            return None
        stream.seek(start)
        return stream.read(-1 if length is None else length)

    def open(self, sandbox: Sandbox, key: str) -> BinaryIO | None:
        with self._lock:
            pieces = self._sandboxes.get(sandbox, {}).get(key)
            if pieces is None:
                return None
            return io.BytesIO(pieces[0]) if len(pieces) == 1 else _Pieces.stream(tuple(pieces))

    def size(self, sandbox: Sandbox, key: str) -> int | None:
        with self._lock:
            pieces = self._sandboxes.get(sandbox, {}).get(key)
            return None if pieces is None else sum(map(len, pieces))

    def keys(self, sandbox: Sandbox, prefix: str = "") -> list[str]:
        with self._lock:
            return self._matching(sandbox, prefix)

    def _matching(self, sandbox: Sandbox, prefix: str) -> list[str]:
        keys = self._sandboxes.get(sandbox, {})
        return sorted(key for key in keys if key.startswith(prefix))

    def join(self, sandbox: Sandbox, key: str, parts: Iterable[str]) -> None:
        with self._lock:
            blobs = self._sandboxes.setdefault(sandbox, {})
            names = list(parts)
            pieces = [piece for name in names for piece in blobs[name]]
            # The same piece may come many times; whoever reads the blob has each of them.
            if sum(map(len, pieces)) > self._room.limit:
                raise NoRoom(self._room.limit)
            for piece in pieces:
                self._room.hold(piece, len(piece))
            for name in dict.fromkeys((*names, key)):
                self._release(blobs.pop(name, ()))
            blobs[key] = pieces

    def delete(self, sandbox: Sandbox, key: str) -> bool:
        with self._lock:
            pieces = self._sandboxes.get(sandbox, {}).pop(key, None)
            self._release(pieces or ())
        return pieces is not None

    def delete_all(self, sandbox: Sandbox, prefix: str) -> int:
        with self._lock:
            keys = self._matching(sandbox, prefix)
            for key in keys:
                self._release(self._sandboxes[sandbox].pop(key))
        return len(keys)

    def everything(self, sandbox: Sandbox | None = None) -> Iterator[Blob]:
        with self._lock:
            places = sorted(
                (where, key)
                for where, blobs in self._sandboxes.items()
                if sandbox in (None, where)
                for key in blobs
            )
        for where, key in places:
            content = self._whole(where, key)
            if content is not None:
                yield Blob(where, key, content)

    def _whole(self, sandbox: Sandbox, key: str) -> bytes | None:
        """Return a blob, from now on in one piece, so that it can be shared with states."""
        with self._lock, self._room.exempt():
            pieces = self._sandboxes.get(sandbox, {}).get(key)
            if pieces is None:
                return None
            if len(pieces) != 1:
                whole = self._held(b"".join(pieces))
                self._release(pieces)
                pieces[:] = [whole]
            return pieces[0]

    def erase(self, organization: str | None = None, name: str | None = None) -> None:
        with self._lock:
            gone = [
                sandbox
                for sandbox in self._sandboxes
                if organization in (None, sandbox.organization) and name in (None, sandbox.name)
            ]
            for sandbox in gone:
                for pieces in self._sandboxes.pop(sandbox).values():
                    self._release(pieces)

    def close(self) -> None:
        self.erase()
