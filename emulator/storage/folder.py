"""Files in a folder of this machine. Nothing leads out of it: no `..`, and no symbolic link."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from emulator.storage.base import (
    PART,
    Entry,
    Kind,
    Level,
    StorageError,
    all_below,
    beside,
    count_files,
    steps_of,
)


class _File(io.BufferedReader):
    """A file that is closed with its last reader: files in memory need no closing either."""

    def __del__(self) -> None:
        self.close()


class Folder:
    """A folder; it is made when something is first written.

    Args:
        folder: Which one.
        largest: How many bytes a file may have that is read; 0 for any.
        within: The name of a folder in it, to begin there.
        is_durable: Whether what has been written outlives a loss of power.
    """

    def __init__(
        self, folder: Path, largest: int = 0, within: str = "", *, is_durable: bool = False
    ) -> None:
        self._outermost = Path(os.path.realpath(folder))
        self._folder = self._outermost / within
        self._largest = largest
        self._is_durable = is_durable

    def level(self, folder: str) -> Level:
        files, folders = [], []
        for entry in self._scanned(folder):
            if entry.is_dir():
                folders.append(entry.name)
            elif entry.is_file() and not entry.name.endswith(PART):
                files.append(self._entry(Path(entry.path)))
                count_files(len(files))
        return Level(sorted(files), sorted(folders))

    def below(self, folder: str) -> list[Entry]:
        return all_below(self.level, folder)

    def find(self, path: str) -> Entry | None:
        place = self._path(path)
        if place is None or not place.is_file() or place.name.endswith(PART):
            return None
        return self._entry(place, path)

    def versioned(self, entry: Entry) -> Entry:
        return entry

    def open(self, path: str) -> BinaryIO:
        place = self._path(path)
        try:
            if place is None or not place.is_file():
                raise FileNotFoundError(errno.ENOENT, "")
            if self._largest and place.stat().st_size > self._largest:
                raise StorageError("over budget", f"{path} is larger than {self._largest} bytes.")
            return _File(io.FileIO(place))
        except OSError as error:
            raise _storage_error(path, error) from error

    def put(self, path: str, content: bytes) -> None:
        place = self._path(path, is_new=True)
        if place is None or place == self._folder:
            raise StorageError("refused", f"{path} is not the path of a file.")
        part = Path(beside(str(place)))
        try:
            is_first = not place.parent.exists()
            place.parent.mkdir(parents=True, exist_ok=True)
            if is_first and self._is_durable:
                _to_disk(self._folder)
            part.write_bytes(content)
            if self._is_durable:
                _to_disk(part)
            part.replace(place)
            if self._is_durable:
                _to_disk(place.parent)
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise _storage_error(path, error) from error

    def delete(self, path: str) -> bool:
        place = self._path(path)
        try:
            if place is None or not place.is_file():
                return False
            place.unlink()
        except OSError as error:
            raise _storage_error(path, error) from error
        return True

    def check(self) -> None:
        try:
            next(self._folder.iterdir(), None)
        except OSError as error:
            raise _storage_error("", error) from error

    def close(self) -> None:
        """Nothing is kept open."""

    def _scanned(self, folder: str) -> Iterator[os.DirEntry[str]]:
        """Yield what is right in a folder and does not lead out of it."""
        place = self._path(folder)
        if place is None:
            return
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    if not entry.is_symlink() or self._holds(Path(entry.path)):
                        yield entry
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise _storage_error(folder, error) from error

    def _path(self, path: str, *, is_new: bool = False) -> Path | None:
        """Return where a path leads; None if that is not within the folder."""
        steps = steps_of(path)
        if steps is None or any(len(step.encode()) > 255 for step in steps):
            return None
        place = self._folder.joinpath(*steps)
        return place if self._holds(place.parent if is_new and steps else place) else None

    def _holds(self, place: Path) -> bool:
        """Tell whether a path leads into the folder, after all symbolic links."""
        try:
            return Path(os.path.realpath(place)).is_relative_to(self._outermost)
        except (OSError, ValueError):
            return False

    def _entry(self, place: Path, path: str = "") -> Entry:
        """Return a file. It came when it was written, moved here or copied here with its times."""
        found = place.stat()
        at, name = max(found.st_mtime_ns, found.st_ctime_ns), path
        name = name or place.relative_to(self._folder).as_posix()
        return Entry(name, found.st_size, at // 1_000_000, f"{found.st_size} {at}")


def _to_disk(place: Path) -> None:
    """Have a file, or the names in a folder, outlive a loss of power."""
    opened = os.open(place, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


_KINDS: dict[int | None, Kind] = {
    errno.ENOENT: "missing",
    errno.ENOTDIR: "missing",
    errno.EISDIR: "missing",
    errno.EACCES: "refused",
    errno.EPERM: "refused",
    errno.EROFS: "refused",
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EFBIG: "full",
}


def _storage_error(path: str, error: OSError) -> StorageError:
    text = f"{path or 'The folder'}: {error.strerror or 'there is no such file'}."
    return StorageError(_KINDS.get(error.errno, "unreachable"), text)
