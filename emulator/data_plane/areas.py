"""What a connection reaches: the emulator's own files, those of a folder, or a real storage.

Which of them says the setting `storage`: a connection that it names leads there. All others have
the emulator's own files, and beside them those in their folder of the setting `files`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from emulator.data_plane.files import ELSEWHERE, LANDING_ZONE, ConnectionFiles, File, clean_path
from emulator.data_plane.sources import is_landing_zone, matching
from emulator.json_types import JsonObject, as_object, dotted
from emulator.scope import Scope
from emulator.storage import Endpoint
from emulator.storage.base import Entry, Place, StorageError
from emulator.storage.drivers import open_place
from emulator.storage.folder import Folder

_WILDCARD = re.compile(r"[*?]")


class Level(NamedTuple):
    """What lies right below a folder: files by path, and the names of folders."""

    files: list[File]
    folders: list[str]


class Area(Protocol):
    """The files of one connection. A real storage may raise a `StorageError` instead of answering.

    `is_remote` says that an answer may take its time; `describes` says where they are, for people.
    """

    is_remote: bool
    describes: str

    def level(self, folder: str) -> Level:
        """Return what lies right below a folder; nothing where there is none."""

    def below(self, folder: str) -> list[File]:
        """Return all files below a folder, by path."""

    def find(self, path: str) -> File | None:
        """Return one file, or None."""

    def versioned(self, files: list[File]) -> list[File]:
        """Return files that were listed with their versions, if listing does not tell those."""

    def open(self, path: str) -> BinaryIO | None:
        """Return a file's content as a stream that can seek, or None."""

    def put(self, path: str, content: bytes) -> File:
        """Write a file whole, new or in place of the one that is there."""

    def delete(self, path: str) -> bool:
        """Remove a file; tell whether it was there."""

    def check(self) -> None:
        """Find out whether it can be read.

        Raises:
            StorageError: It cannot.
        """

    def close(self) -> None:
        """Let go of connections; what was opened cannot be read any more."""


class OwnFiles:
    """The files that lie in the emulator's own stores."""

    is_remote = False
    describes = "the emulator's own"

    def __init__(self, scope: Scope, container: str) -> None:
        self._files = ConnectionFiles(scope.platform)
        self._place = (scope.sandbox, container)

    def level(self, folder: str) -> Level:
        head = f"{folder}/" if folder else ""
        below = [file for file in self.below(folder) if file.path != folder]
        names = [file.path[len(head) :] for file in below]
        folders = dict.fromkeys(name.partition("/")[0] for name in names if "/" in name)
        return Level([file for file in below if "/" not in file.path[len(head) :]], [*folders])

    def below(self, folder: str) -> list[File]:
        head = f"{folder}/" if folder else ""
        return [file for file in self._files.all(*self._place) if file.path.startswith(head)]

    def find(self, path: str) -> File | None:
        return self._files.find(*self._place, path)

    def versioned(self, files: list[File]) -> list[File]:
        return files

    def open(self, path: str) -> BinaryIO | None:
        return self._files.open(*self._place, path)

    def put(self, path: str, content: bytes) -> File:
        return self._files.put(*self._place, path, content)

    def delete(self, path: str) -> bool:
        return self._files.delete(*self._place, path)

    def check(self) -> None:
        """It is always there."""

    def close(self) -> None:
        """Nothing is kept open."""


class RealFiles:
    """The files of a real storage, from one of its folders on."""

    def __init__(self, place: Place, describes: str, *, is_remote: bool = True) -> None:
        self._place = place
        self.describes = describes
        self.is_remote = is_remote

    def level(self, folder: str) -> Level:
        files, folders = self._place.level(folder)
        return Level([*map(_file, files)], folders)

    def below(self, folder: str) -> list[File]:
        return [*map(_file, self._place.below(folder))]

    def find(self, path: str) -> File | None:
        found = self._place.find(clean_path(path))
        return None if found is None else _file(found)

    def versioned(self, files: list[File]) -> list[File]:
        return [_file(self._place.versioned(_entry(file))) for file in files]

    def open(self, path: str) -> BinaryIO | None:
        try:
            return self._place.open(clean_path(path))
        except StorageError as error:
            if error.kind == "missing":
                return None
            raise

    def put(self, path: str, content: bytes) -> File:
        path = clean_path(path)
        self._place.put(path, content)
        return self.find(path) or File(path, len(content), 0, ELSEWHERE)

    def delete(self, path: str) -> bool:
        return self._place.delete(clean_path(path))

    def check(self) -> None:
        self._place.check()

    def close(self) -> None:
        self._place.close()


def _file(entry: Entry) -> File:
    return File(entry.path, entry.size, entry.modified, ELSEWHERE, entry.version)


def _entry(file: File) -> Entry:
    return Entry(file.path, file.size, file.modified, file.version)


class BothFiles:
    """The emulator's own files, and beside them those of a folder that it only reads.

    Where both have a file of one path, it is the emulator's own: that one was put later on purpose.
    """

    is_remote = False

    def __init__(self, own: OwnFiles, beside: RealFiles) -> None:
        self._own = own
        self._beside = beside
        self.describes = f"{own.describes}, and {beside.describes}"

    def level(self, folder: str) -> Level:
        own, beside = self._own.level(folder), self._beside.level(folder)
        return Level(_merged(own.files, beside.files), sorted({*own.folders, *beside.folders}))

    def below(self, folder: str) -> list[File]:
        return _merged(self._own.below(folder), self._beside.below(folder))

    def find(self, path: str) -> File | None:
        return self._own.find(path) or self._beside.find(path)

    def versioned(self, files: list[File]) -> list[File]:
        return files

    def open(self, path: str) -> BinaryIO | None:
        return self._own.open(path) or self._beside.open(path)

    def put(self, path: str, content: bytes) -> File:
        return self._own.put(path, content)

    def delete(self, path: str) -> bool:
        return self._own.delete(path)

    def check(self) -> None:
        """It is always there."""

    def close(self) -> None:
        """Nothing is kept open."""


def _merged(own: list[File], beside: list[File]) -> list[File]:
    found = {file.path: file for file in beside} | {file.path: file for file in own}
    return [found[path] for path in sorted(found)]


def area_of(scope: Scope, container: str) -> Area:
    """Return what a connection reaches, or the landing zone.

    Args:
        scope: Where it is.
        container: The id of a base connection, or the landing zone's name.

    Raises:
        StorageError: The credentials of the connection cannot be used.
    """
    own = OwnFiles(scope, container)
    if scope.platform.settings.files is None and not scope.platform.endpoints:
        return own
    connection, spec = _connection_and_spec(scope, container)
    endpoint = scope.platform.endpoints.of(connection, spec)
    if endpoint is not None and endpoint.is_files:
        return real_files(scope, endpoint, connection)
    folder = _folder_of(scope.platform.settings.files, container, connection, spec)
    return own if folder is None else BothFiles(own, folder)


def endpoint_of(scope: Scope, container: str) -> Endpoint | None:
    """Return where the setting `storage` leads a connection, or the landing zone; None if nowhere.

    `container` is as for `area_of`.
    """
    if not scope.platform.endpoints:
        return None
    return scope.platform.endpoints.of(*_connection_and_spec(scope, container))


def real_files(scope: Scope, endpoint: Endpoint, connection: JsonObject) -> RealFiles:
    """Return the files where an endpoint leads with the credentials of a connection.

    Raises:
        StorageError: They cannot be used.
    """
    params = as_object(as_object(connection.get("auth")).get("params"))
    largest, ongoing = scope.platform.settings.max_unpacked, scope.platform.ongoing
    drivers = scope.platform.endpoints.drivers
    place = open_place(endpoint, params, largest=largest, check=ongoing.check, drivers=drivers)
    return RealFiles(place, endpoint.shown)


def _connection_and_spec(scope: Scope, container: str) -> tuple[JsonObject, JsonObject]:
    if container == LANDING_ZONE:
        specs = scope.platform.fixtures_of(scope.edition).all("connection_specs")
        return {}, next((spec for spec in specs if is_landing_zone(spec)), {})
    connection = scope.find("connection", container) or {}
    id = dotted(connection, "connectionSpec.id")
    spec = scope.find("connection_spec", id) if isinstance(id, str) else None
    return connection, spec or {}


def _folder_of(
    files: Path | None, container: str, connection: JsonObject, spec: JsonObject
) -> RealFiles | None:
    """Return the connection's folder of the setting `files`, by the most exact name."""
    if files is None:
        return None
    level = Folder(files).level("")
    names = (container, connection.get("name"), spec.get("name"), spec.get("id"))
    for name in names:
        if isinstance(name, str) and name in level.folders:
            return RealFiles(Folder(files, within=name), str(files / name), is_remote=False)
    return None


def files_at(area: Area, path: str, *, recursive: bool) -> list[File] | None:
    """Return the files that a path means, by path; None if it names what does not exist.

    See `sources.matching`; of a real storage no more is listed than the path needs.
    """
    wildcard = _WILDCARD.search(path)
    if wildcard:
        head = path[: wildcard.start()].rpartition("/")[0]
        return matching(area.below(head), path, recursive)
    found = area.find(path) if path else None
    if found is not None:
        return [found]
    if recursive:
        return matching(area.below(path), path, recursive)
    level = area.level(path)
    return [] if level.folders and not level.files else matching(level.files, path, recursive)


def kind_at(area: Area, path: str) -> str:
    """Return what a path names, a `file` or a `folder`; nothing where neither is there."""
    if area.find(path):
        return "file"
    return "folder" if any(area.level(path)) else ""
