"""What leaves the emulator as text or as a file: harmless to look at, and whole or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What a terminal carries out instead of showing it, or by which it shows other text out of order;
and halves of characters, which cannot be written. Tabulators and ends of lines may stay."""

_TEXT = re.compile(">[^<>]+<")
"""What stands between two tags."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


def plain(text: str) -> str:
    r"""Return a text with all that would not be seen as `\u001b`; within JSON that is the same."""
    return _HIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def plain_html(page: str) -> str:
    """Return a page whose texts are plain; its attributes stay, since forms send them back.

    All values in it have to be escaped, so that `<` and `>` are those of tags. A browser takes a
    carriage return for the end of a line, so it may stay.
    """
    if not _HIDDEN.search(page.replace("\r", "")):
        return page
    return _TEXT.sub(lambda match: plain(match[0].replace("\r\n", "\n")), page)


def write_file(path: Path, content: str | bytes) -> None:
    """Write a whole file, or leave the one that is there as it is, whatever happens meanwhile.

    It is written beside, brought to the disk, and renamed. What is not a file, such as a pipe, is
    written to as it is.

    Raises:
        OSError: The file cannot be written.
    """
    data = content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")
    write_pieces(path, [data])


def write_pieces(path: Path, pieces: Iterable[bytes], *, is_private: bool = False) -> None:
    """Write a whole file piece by piece, as `write_file`; a private one is its owner's alone.

    Raises:
        OSError: The file cannot be written.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        with target.open("wb") as other:
            other.writelines(pieces)
        return
    beside = _written_beside(target, pieces, 0o600 if is_private else 0o666)
    try:
        with suppress(FileNotFoundError):
            if not is_private:
                beside.chmod(target.stat().st_mode & 0o7777)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _bring_to_disk(target.parent)


def _written_beside(target: Path, pieces: Iterable[bytes], mode: int) -> Path:
    """Return a new file in a target's folder that has these bytes on the disk."""
    for number in count():
        beside = target.with_name(f".{target.name[:60]}.{os.getpid()}-{number}.tmp")
        try:
            file = open(os.open(beside, _NEW, mode), "wb")  # noqa: PTH123, SIM115 - it has its mode
        except FileExistsError:
            continue  # of a process that was killed, or of another thread
        try:
            with file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        return beside
    raise AssertionError("unreachable")


def _bring_to_disk(folder: Path) -> None:
    """Have a folder's names survive a loss of power, where the system can do that."""
    with suppress(OSError):
        entry = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(entry)
        finally:
            os.close(entry)
