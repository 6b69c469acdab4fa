"""Where the bytes of blobs lie that a database only lists: a folder, or any place fsspec knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from emulator.storage.base import PART, Entry, Place, StorageError
from emulator.storage.drivers import place_at
from emulator.storage.folder import Folder
from emulator.store.base import StoreFull, StoreUnavailable, StoreUnusable

_MARK = "used"
"""A file that is written to see what time it is where files are kept."""


class Outside:
    """Files with names of ours in a storage. One is written whole, and never changed."""

    def __init__(self, place: Place, folder: Path | None = None) -> None:
        """Write into a storage; if it is a folder here, a thousand files into each folder of it."""
        self._place = place
        self._folder = folder

    def put(self, name: str, content: bytes) -> None:
        """Write a file; it is there whole or not at all."""
        with _as_a_store():
            self._place.put(self._path(name), content)

    def open(self, name: str) -> BinaryIO:
        """Return a file as a stream that can seek."""
        with _as_a_store():
            return self._place.open(self._path(name))

    def delete(self, name: str) -> None:
        """Remove a file, if it is there."""
        with _as_a_store():
            self._place.delete(self._path(name))

    def older(self, seconds: float) -> Iterator[str]:
        """Yield the names of the files that are older than so many seconds.

        What was left unfinished and is as old is removed.
        """
        with _as_a_store():
            self._place.put(_MARK, b"")
            mark = self._place.find(_MARK)
            before = (mark.modified if mark else 0) - seconds * 1000
            for path in self._folder.glob(f"*/*{PART}") if self._folder else ():
                if path.stat().st_mtime * 1000 < before:
                    path.unlink(missing_ok=True)
            for entry in self._entries():
                if entry.path != _MARK and entry.modified < before:
                    yield entry.path.rpartition("/")[2]

    def _entries(self) -> Iterator[Entry]:
        if self._folder is not None:
            for folder in self._place.level("").folders:
                yield from self._place.level(folder).files
            return
        try:
            yield from self._place.below("")
        except StorageError as error:
            if error.kind != "over budget":  # then it takes too long to look for old ones
                raise

    def _path(self, name: str) -> str:
        return name if self._folder is None else f"{name[:-3].rjust(3, '0')}/{name}"


@contextmanager
def _as_a_store() -> Iterator[None]:
    try:
        yield
    except StorageError as error:
        raise (StoreFull if error.kind == "full" else StoreUnavailable)(str(error)) from error


def outside(url: str, owner: str = "") -> Outside:
    """Return what a URL names: `file:///DIR`, or one of fsspec's such as `s3://bucket/folder`.

    The files of each owner are apart there from those of others.

    Raises:
        StoreUnusable: It cannot be used; the message says why in a line.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        folder = Path(unquote(parts.path)) / owner
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnusable(f"{folder}: {error.strerror}") from error
        return Outside(Folder(folder, is_durable=True), folder)
    try:
        return Outside(place_at(f"{url.rstrip('/')}/{owner}"))
    except ImportError as error:
        reason = f"{url} needs the extra storage: {error}"
        raise StoreUnusable(reason) from error
    except (ValueError, OSError) as error:
        raise StoreUnusable(f"{url}: {error}") from error
