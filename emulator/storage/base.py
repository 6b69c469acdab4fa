"""The seam to where files lie: list, read, write and delete, whatever storage it is."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from typing import BinaryIO, Literal, NamedTuple, Protocol

from emulator.budgets import STORAGE_FILES, STORAGE_LEVELS

Kind = Literal["missing", "refused", "unreachable", "full", "over budget", "not installed"]

PART = ".part"
"""How the name of a file ends that is being written. Such files are not listed."""


class StorageError(Exception):
    """A storage does not do what it was asked for; the text is one sentence without secrets.

    `kind` says why: nothing is there, the credentials are refused, nobody answers, there is no
    room, it would cost more than its budget, or its driver is not installed.
    """

    def __init__(self, kind: Kind, text: str) -> None:
        super().__init__(text)
        self.kind: Kind = kind


class Entry(NamedTuple):
    """A file. `path` does not begin with a slash; `modified` is the storage's time, in ms.

    A storage that does not tell times, or sizes, has 0 there. `version` is another one when the
    file has been replaced, as far as the storage tells: by its ETag, a count, its time or its size.
    """

    path: str
    size: int
    modified: int
    version: str = ""


class Level(NamedTuple):
    """What lies right below a folder: files, and the names of folders, each in order."""

    files: list[Entry]
    folders: list[str]


class Place(Protocol):
    """A storage from one of its folders on. Paths are below that and cannot lead out of it.

    All methods raise a `StorageError` where they cannot do their work.
    """

    def level(self, folder: str) -> Level:
        """Return what lies right below a folder; nothing where there is none."""

    def below(self, folder: str) -> list[Entry]:
        """Return all files below a folder at any depth, by path; nothing where there is none."""

    def find(self, path: str) -> Entry | None:
        """Return one file, or None."""

    def versioned(self, entry: Entry) -> Entry:
        """Return a file that was listed with its version, if listing does not tell that."""

    def open(self, path: str) -> BinaryIO:
        """Return a file's content as a stream that can seek."""

    def put(self, path: str, content: bytes) -> None:
        """Write a file; it is there whole or as it was, also while it is written."""

    def delete(self, path: str) -> bool:
        """Remove a file; tell whether it was there."""

    def check(self) -> None:
        """Find out whether it can be read."""

    def close(self) -> None:
        """Let go of connections. What was opened cannot be read any more."""


def steps_of(path: str) -> list[str] | None:
    """Return the steps of a path; None for one that no file has, or that would lead elsewhere."""
    steps = [step for step in path.split("/") if step]
    is_plain = not any(step in (".", "..") or "\0" in step or "\\" in step for step in steps)
    return steps if is_plain else None


def all_below(level: Callable[[str], Level], folder: str) -> list[Entry]:
    """Return all files below a folder, by path, of a storage that tells of one level at a time.

    Raises:
        StorageError: There are too many, or a folder is too deep, as those of a circle are.
    """
    found: list[Entry] = []
    waiting = ["/".join(steps_of(folder) or ())]
    while waiting:
        head = waiting.pop()
        files, folders = level(head)
        found += files
        count_files(len(found))
        deeper = [f"{head}/{name}" if head else name for name in folders]
        if any(path.count("/") >= STORAGE_LEVELS for path in deeper):
            text = f"It has more than {STORAGE_LEVELS} levels of folders."
            raise StorageError("over budget", text)
        waiting += deeper
    return sorted(found)


def count_files(files: int) -> None:
    """Go on, unless these are too many files.

    Raises:
        StorageError: They are.
    """
    if files > STORAGE_FILES:
        raise StorageError("over budget", f"There are more than {STORAGE_FILES} files.")


def beside(path: str) -> str:
    """Return where a file is written before it takes its name.

    Nobody else has that path: several machines, processes and threads may put one file at a time.
    """
    folder, slash, _ = path.rpartition("/")
    return f"{folder}{slash}{socket.gethostname()}-{os.getpid()}-{threading.get_native_id()}{PART}"
