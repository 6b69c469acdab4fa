"""Where the bytes of blobs lie that a database only lists: a folder, or any place fsspec knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from emulator.storage.base import Place, StorageError
from emulator.storage.drivers import place_at
from emulator.storage.folder import Folder
from emulator.store.base import StoreFull, StoreUnavailable, StoreUnusable


class Outside:
    """Files with names of ours in a storage. One is written whole, and never changed."""

    def __init__(self, place: Place, *, is_spread: bool) -> None:
        """Write into a storage; `is_spread` puts a thousand files into each folder of it."""
        self._place = place
        self._is_spread = is_spread

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

    def _path(self, name: str) -> str:
        return f"{name[:-3].rjust(3, '0')}/{name}" if self._is_spread else name


@contextmanager
def _as_a_store() -> Iterator[None]:
    try:
        yield
    except StorageError as error:
        raise (StoreFull if error.kind == "full" else StoreUnavailable)(str(error)) from error


def outside(url: str) -> Outside:
    """Return what a URL names: `file:///DIR`, or one of fsspec's such as `s3://bucket/folder`.

    Raises:
        StoreUnusable: It cannot be used; the message says why in a line.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        folder = Path(unquote(parts.path))
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnusable(f"{folder}: {error.strerror}") from error
        return Outside(Folder(folder), is_spread=True)
    try:
        return Outside(place_at(url), is_spread=False)
    except ImportError as error:
        reason = f"{url} needs the extra storage: {error}"
        raise StoreUnusable(reason) from error
    except (ValueError, OSError) as error:
        raise StoreUnusable(f"{url}: {error}") from error
