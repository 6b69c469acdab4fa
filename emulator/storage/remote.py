"""Files in a storage that fsspec has a driver for, such as S3, Azure Blob Storage and SFTP."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, BinaryIO, TypeVar

from emulator.budgets import STORAGE_SECONDS
from emulator.storage.base import (
    PART,
    Entry,
    Level,
    StorageError,
    all_below,
    beside,
    count_files,
    steps_of,
)
from emulator.storage.deadline import within
from emulator.storage.failures import storage_error

_T = TypeVar("_T")
_BUFFER = 1024**2


class Remote:
    """A storage by its fsspec driver, from a folder on.

    Args:
        make: Returns the driver; it may connect at once.
        root: The folder, as the driver names it; empty for all of the storage.
        is_server: Whether it has a file system with a root of its own. There a file is written
            beside and renamed; what object stores are sent is there as a whole or not at all.
        has_buckets: Whether the first step of a path is a bucket, or a container.
        is_pages: Whether folders are pages with links: then only their page tells what a file is.
        largest: How many bytes a file may have that is read; 0 for any.
        check: Raises an exception if whoever waits is not to wait any more.
    """

    def __init__(
        self,
        make: Callable[[], Any],
        root: str = "",
        *,
        is_server: bool = False,
        has_buckets: bool = False,
        is_pages: bool = False,
        largest: int = 0,
        check: Callable[[], object] = lambda: None,
    ) -> None:
        self._make = make
        self._made: Any = None
        self._root = root.strip("/")
        self._start = "/" if is_server else ""
        self._is_server = is_server
        self._has_buckets = has_buckets
        self._is_pages = is_pages
        self._largest = largest
        self._check = check

    def level(self, folder: str) -> Level:
        head = self._path(folder)
        found: list[Mapping[str, Any]] = []
        try:
            found = self._call(lambda system: system.ls(self._as_folder(head), detail=True))
        except StorageError as error:
            if error.kind != "missing" or not folder:
                raise
        if not found:
            self._require_bucket(head)
        count_files(len(found))
        return self._sorted(head, found)

    def below(self, folder: str) -> list[Entry]:
        return all_below(self.level, folder)

    def find(self, path: str) -> Entry | None:
        place = self._path(path)
        steps = steps_of(path)
        if not steps or (self._is_pages and not self._has_link(steps)):
            return None
        try:
            found = self._call(lambda system: system.info(place))
        except StorageError as error:
            if error.kind == "missing":
                return None
            raise
        is_file = found.get("type") in ("file", "link")
        return _entry(path, found) if is_file and not path.endswith(PART) else None

    def versioned(self, entry: Entry) -> Entry:
        """Ask for what a page with links does not say of a file: there it is asked for by itself.

        One that is gone meanwhile is returned as it was listed.
        """
        if not self._is_pages:
            return entry
        place = self._path(entry.path)
        try:
            return _entry(entry.path, self._call(lambda system: system.info(place)))
        except StorageError as error:
            if error.kind == "missing":
                return entry
            raise

    def open(self, path: str) -> BinaryIO:
        found = self.find(path)
        if found is None:
            raise StorageError("missing", f"There is no file {path}.")
        if self._largest and found.size > self._largest:
            raise StorageError("over budget", f"{path} is larger than {self._largest} bytes.")
        place = self._path(path)
        source = self._call(lambda system: system.open(place, "rb"))
        return io.BufferedReader(_Content(self, source, path), _BUFFER)

    def put(self, path: str, content: bytes) -> None:
        if not steps_of(path):
            raise StorageError("refused", f"{path} is not the path of a file.")
        place = self._path(path)

        def write(system: Any) -> None:
            folder = place.rpartition("/")[0]
            if not self._is_server:
                system.pipe_file(place, content)
                return
            if folder:
                _make_folder(system, folder)
            part = beside(place)
            with system.open(part, "wb") as file:
                if hasattr(file, "set_pipelined"):  # else SFTP waits after each 32 KiB
                    file.set_pipelined(True)
                file.write(content)
            try:
                _replace(system, part, place)
            except BaseException:
                with suppress(Exception):
                    system.rm_file(part)
                raise

        self._call(write)

    def delete(self, path: str) -> bool:
        if self.find(path) is None:
            return False
        place = self._path(path)
        self._call(lambda system: system.rm_file(place))
        return True

    def check(self) -> None:
        self._call(lambda system: system.ls(self._as_folder(self._path("")), detail=True))

    def close(self) -> None:
        made, self._made = self._made if self._is_server else None, None
        for name in ("client", "ftp"):  # of SFTP and FTP; the others have sessions that end
            if (connection := getattr(made, name, None)) is not None:
                with suppress(Exception):
                    connection.close()

    def call(self, call: Callable[[], _T]) -> _T:
        """Return what a call of the driver returns; errors are ours, and it may not hang."""

        def translated() -> _T:
            try:
                return call()
            except StorageError:
                raise
            except Exception as error:
                raise storage_error(error) from error

        return within(STORAGE_SECONDS, self._check, translated)

    def _call(self, call: Callable[[Any], _T]) -> _T:
        return self.call(lambda: call(self._system()))

    def _system(self) -> Any:
        if self._made is None:
            self._made = self._make()
        self._made.invalidate_cache()  # others write there too
        return self._made

    def _path(self, path: str) -> str:
        steps = steps_of(path)
        if steps is None:
            raise StorageError("missing", f"There is no file or folder {path}.")
        return self._start + "/".join([*([self._root] if self._root else []), *steps])

    def _as_folder(self, path: str) -> str:
        return f"{path}/" if self._is_pages else path

    def _has_link(self, steps: list[str]) -> bool:
        path = "/".join(steps)
        return any(entry.path == path for entry in self.level("/".join(steps[:-1])).files)

    def _require_bucket(self, path: str) -> None:
        """Go on, unless the bucket or container of a path does not exist.

        Raises:
            StorageError: It does not.
        """
        bucket = path.partition("/")[0]
        if self._has_buckets and bucket and not self._call(lambda system: system.exists(bucket)):
            raise StorageError("missing", f"There is no bucket or container {bucket}.")

    def _sorted(self, head: str, found: list[Mapping[str, Any]]) -> Level:
        files, folders = [], []
        start = head.strip("/")
        for info in found:
            name = str(info["name"]).strip("/")
            inner = name.removeprefix(f"{start}/") if start else name
            if name == start or "/" in inner or not inner or steps_of(inner) is None:
                continue  # the marker of the folder itself, or a name that no path has
            if info.get("type") == "directory":
                folders.append(inner)
            elif not inner.endswith(PART):
                outer = name.removeprefix(f"{self._root}/") if self._root else name
                files.append(_entry(outer, info))
        return Level(sorted(files), sorted(folders))


class _Content(io.RawIOBase):
    """What a file has, read by its driver."""

    def __init__(self, remote: Remote, source: Any, path: str) -> None:
        self._remote = remote
        self._source = source
        self.name = path

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._remote.call(lambda: self._source.read(len(buffer)))
        buffer[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        """Read in large pieces: each is asked for by itself."""
        return b"".join(iter(lambda: self.read(_BUFFER), b""))

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._source.seek(offset, whence)
        return self.tell()

    def tell(self) -> int:
        return int(self._source.tell())

    def close(self) -> None:
        if not self.closed:
            with suppress(Exception):
                self._source.close()
        super().close()


def _make_folder(system: Any, folder: str) -> None:
    """Make a folder unless it is there. Another may make it, or one above it, meanwhile."""
    for _ in range(folder.count("/") + 1):
        if system.isdir(folder):
            return
        with suppress(Exception):
            system.makedirs(folder, exist_ok=True)
        system.invalidate_cache()
    if not system.isdir(folder):
        system.makedirs(folder, exist_ok=True)


def _replace(system: Any, source: str, target: str) -> None:
    """Rename a file over the one that may be there."""
    posix = getattr(getattr(system, "ftp", None), "posix_rename", None)  # SFTP's, if there is one
    if posix is not None:
        try:
            posix(source, target)
        except OSError:
            pass  # an old server
        else:
            return
    try:
        system.mv(source, target)
    except Exception:
        if not system.exists(target):
            raise
        system.rm_file(target)
        system.mv(source, target)


_MLSD = re.compile(r"^(\d{8})(\d{6})(?:\.\d+)?$")
_TIMES = ("LastModified", "last_modified", "updated", "mtime", "modify", "modified", "created")
"""Under which names drivers tell when a file was last written, the surest first."""

_VERSIONS = ("ETag", "etag", "generation", "Last-Modified")
"""Under which names they tell what changes with a file; with the others its time and size do.

`Last-Modified` of a page is no time by which what is new could be known: files that are put there
often keep that of their original.
"""


def _entry(path: str, info: Mapping[str, Any]) -> Entry:
    told = next((info[name] for name in _TIMES if info.get(name)), None)
    size, modified = int(info.get("size") or 0), _milliseconds(told)
    version = next((info[name] for name in _VERSIONS if info.get(name)), modified or told or "")
    return Entry("/".join(steps_of(path) or ()), size, modified, f"{size} {version}")


def _milliseconds(told: object) -> int:
    """Return a time as drivers tell it, in milliseconds; 0 if it cannot be read.

    It is a datetime, seconds, ISO 8601, or the digits of FTP's MLSD; without a zone it is UTC.
    """
    if isinstance(told, int | float):
        return int(told * 1000)
    if isinstance(told, str):
        try:
            told = _MLSD.sub(r"\1T\2+00:00", told)
            told = datetime.fromisoformat(told)
        except ValueError:
            return 0
    if not isinstance(told, datetime):
        return 0
    zoned = told if told.tzinfo else told.replace(tzinfo=UTC)
    return int(zoned.timestamp() * 1000)
