"""Where the bytes of blobs lie that a database only lists: a folder, or any place fsspec knows."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast
from urllib.parse import unquote, urlsplit

from emulator.store.base import StoreFull, StoreUnavailable, StoreUnusable


class Outside(Protocol):
    """Files with names of ours. One is written whole, and never changed."""

    def put(self, name: str, content: bytes) -> None:
        """Write a file; it is there whole or not at all."""

    def open(self, name: str) -> BinaryIO:
        """Return a file as a stream that can seek."""

    def delete(self, name: str) -> None:
        """Remove a file, if it is there."""


def outside(url: str) -> Outside:
    """Return what a URL names: `file:///DIR`, or one of fsspec's such as `s3://bucket/folder`.

    Raises:
        StoreUnusable: It cannot be used; the message says why in a line.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Folder(Path(unquote(parts.path)))
    try:
        import fsspec

        return _Remote(*fsspec.core.url_to_fs(url))
    except ImportError as error:
        reason = f"{url} needs the extra storage: {error}"
        raise StoreUnusable(reason) from error
    except (ValueError, OSError) as error:
        raise StoreUnusable(f"{url}: {error}") from error


class _File(io.BufferedReader):
    """A file that is closed with its last reader: blobs in memory need no closing either."""

    def __del__(self) -> None:
        self.close()


class Folder:
    """Files in a folder, a thousand in each folder of it."""

    def __init__(self, folder: Path) -> None:
        """Create the folder if need be."""
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnusable(f"{folder}: {error.strerror}") from error

    def put(self, name: str, content: bytes) -> None:
        path = self._path(name)
        beside = path.with_suffix(".part")
        try:
            path.parent.mkdir(exist_ok=True)
            beside.write_bytes(content)
            beside.replace(path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise StoreFull(str(error)) from error

    def open(self, name: str) -> BinaryIO:
        try:
            return _File(io.FileIO(self._path(name)))
        except OSError as error:
            raise StoreUnavailable(str(error)) from error

    def delete(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / name[:-3].rjust(3, "0") / name


class _Remote:
    """Files in a place that fsspec knows."""

    def __init__(self, system: Any, folder: str) -> None:
        self._system = system
        self._folder = folder.rstrip("/")

    def put(self, name: str, content: bytes) -> None:
        try:
            self._system.pipe_file(self._path(name), content)
        except OSError as error:
            raise StoreUnavailable(str(error)) from error

    def open(self, name: str) -> BinaryIO:
        try:
            return cast("BinaryIO", self._system.open(self._path(name), "rb"))
        except OSError as error:
            raise StoreUnavailable(str(error)) from error

    def delete(self, name: str) -> None:
        try:
            self._system.rm_file(self._path(name))
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StoreUnavailable(str(error)) from error

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"
