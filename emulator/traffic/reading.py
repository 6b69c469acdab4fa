"""Finds out what a recording is, and reads it as it comes, never more than the entry at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import ijson

from emulator.budgets import RECORDED_CALL_BYTES
from emulator.traffic.depth import ShallowFile
from emulator.traffic.folder import read_exchange, read_folder
from emulator.traffic.har import read_har
from emulator.traffic.journaled import read_journal
from emulator.traffic.postman import read_collection
from emulator.traffic.recording import Readable, RecordedCall, TrafficError

Progress = Callable[[int], object]
"""Called with the number of bytes that have been read since the last call."""

_BY_MEMBER = {
    "log": "har",
    "entries": "journal",
    "info": "postman",
    "item": "postman",
    "request": "exchange",
    "method": "exchange",
}
"""The member by which a file shows what it is."""


def read_traffic(
    path: Path, environment: Mapping[str, str] | None = None, progress: Progress | None = None
) -> Iterator[RecordedCall]:
    """Yield the exchanges of a recording, whatever its form.

    Args:
        environment: Variables of a Postman collection.

    Raises:
        TrafficError: It does not exist, or is broken, or its form is not known; what stands before
            the broken place has been yielded.
    """
    if path.is_dir():
        for recorded in read_folder(path):
            yield recorded
            if progress:
                progress(Path(recorded.source.file).stat().st_size)
        return
    try:
        form = form_of(path)
        if form == "postman":
            yield from read_collection(path, environment or {})
        elif form == "exchange":
            yield read_exchange(path)
        else:
            with path.open("rb") as raw:
                file = _MeasuredFile(raw, str(path), progress, is_limited=form == "har")
                for recorded in _STREAMED[form](file, str(path)):
                    file.since_last_call = 0
                    yield recorded
    except OSError as error:
        raise TrafficError(f"{path}: {error.strerror}") from error


def form_of(path: Path) -> str:
    """Return what a file is: `har`, `journal`, `postman` or `exchange`.

    Raises:
        TrafficError: It is none of these.
        OSError: It cannot be read.
    """
    try:
        with path.open("rb") as raw:
            for prefix, event, value in ijson.parse(_MeasuredFile(raw, str(path))):
                if prefix == "" and event == "map_key" and value in _BY_MEMBER:
                    return _BY_MEMBER[value]
    except ijson.JSONError as error:
        reason = error.args[0] if error.args else ""
        # Where the text is not even UTF-8, the reason is in bytes.
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise TrafficError(f"{path}: not JSON: {text.partition(chr(10))[0]}") from error
    raise TrafficError(
        f"{path}: neither a HAR, nor a journal, nor a Postman collection, nor an exchange"
    )


_STREAMED: dict[str, Callable[[Readable, str], Iterator[RecordedCall]]] = {
    "har": read_har,
    "journal": read_journal,
}


class _MeasuredFile:
    """A file that reports how much of it has been read, and ends where one call is too large."""

    def __init__(
        self,
        raw: BinaryIO,
        name: str,
        progress: Progress | None = None,
        *,
        is_limited: bool = True,
    ) -> None:
        """Read a file; a journal's page, which is one whole, is not limited."""
        self._raw = ShallowFile(raw, name)
        self._name = name
        self._progress = progress
        self._is_limited = is_limited
        self.since_last_call = 0

    def read(self, size: int = -1) -> bytes:
        data = self._raw.read(size)
        self.since_last_call += len(data)
        if self._is_limited and self.since_last_call > RECORDED_CALL_BYTES:
            text = f"{self._name}: has more than {RECORDED_CALL_BYTES} bytes in one place"
            raise TrafficError(text)
        if self._progress and data:
            self._progress(len(data))
        return data


def size_of(path: Path) -> int:
    """Return how many bytes a recording has, for a progress bar; 0 if it is not there."""
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*.json"))
    return path.stat().st_size if path.is_file() else 0
