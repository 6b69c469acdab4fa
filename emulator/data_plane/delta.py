"""What is new since a flow's last run: files by their times, rows of a table by a delta column."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from decimal import Decimal
from typing import NamedTuple

from emulator.data_plane.files import ELSEWHERE, File
from emulator.data_plane.schedule import read_time
from emulator.json_types import Json, JsonObject, as_object
from emulator.moments import microseconds, to_milliseconds


def transformation(flow: JsonObject, name: str) -> JsonObject | None:
    """Return the params of the transformation of that name; None if the flow has none."""
    listed: Json = flow.get("transformations")
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, dict) and item.get("name") == name:
            params = item.get("params")
            return params if isinstance(params, dict) else {}
    return None


def delta_column(flow: JsonObject) -> JsonObject | None:
    """Return the delta column that a flow's transformation Copy names, or None."""
    column = (transformation(flow, "Copy") or {}).get("deltaColumn")
    return column if isinstance(column, dict) else None


Version = tuple[str, str]
"""A file of a real storage as it was read: its path and version."""


class Elsewhere(NamedTuple):
    """Which files of a real storage a run reads, by the storage's own times in milliseconds.

    A storage's clock may be coarse, and is not the emulator's. So what is new follows from what has
    been read: files that were modified after the last one of those, or in the same moment and not
    among `read`, by path and version. Those from `start` to `end` are read.

    Where a storage tells no times (they are 0), all that has been read is in `undated`: a file is
    new if it is not there, or not in this version; windows do not apply.
    """

    start: int = 0
    end: int = 2**63
    modified: int = -1
    read: frozenset[Version] = frozenset()
    undated: frozenset[Version] = frozenset()

    def includes(self, file: File) -> bool:
        if not file.modified:
            return (file.path, file.version) not in self.undated
        if not self.start <= file.modified <= self.end:
            return False
        if file.modified == self.modified:
            return (file.path, file.version) not in self.read
        return file.modified > self.modified

    def after(self, files: Iterable[File]) -> Elsewhere:
        """Return what is new when these files have been read too."""
        found = [file for file in files if file.number == ELSEWHERE]
        dated = [file for file in found if file.modified]
        modified = max([self.modified, self.start, *(file.modified for file in dated)])
        known = self.read if modified == self.modified else frozenset()
        return Elsewhere(
            modified=modified,
            read=known | _versions(file for file in dated if file.modified == modified),
            undated=_replaced(self.undated, _versions(f for f in found if not f.modified)),
        )


def _versions(files: Iterable[File]) -> frozenset[Version]:
    return frozenset((file.path, file.version) for file in files)


def _replaced(known: frozenset[Version], read: frozenset[Version]) -> frozenset[Version]:
    """Return the last version of each file."""
    return frozenset((dict(known) | dict(read)).items())


def read_elsewhere(kept: JsonObject) -> Elsewhere:
    """Return how far a real storage has been read, as a flow's progress keeps it."""
    read, undated = (
        frozenset((path, version) for path, version in kept.get(name, ()))
        for name in ("read", "undated")
    )
    return Elsewhere(modified=kept.get("modified", -1), read=read, undated=undated)


def kept_elsewhere(reached: Elsewhere) -> JsonObject:
    """Return how far a real storage has been read, for a flow's progress."""
    return {
        "modified": reached.modified,
        "read": [list(item) for item in sorted(reached.read)],
        "undated": [list(item) for item in sorted(reached.undated)],
    }


class Selection(NamedTuple):
    """Which files a run reads: modified from `start` to `end`, and written after `number`.

    Of files that were modified in the last millisecond it reads those up to the number `last`: they
    were there when the run became due. `advances` says that the next run continues where this one
    ends; a run with a window of its own does not advance its flow. `backfills` is false if what was
    there before `start` is passed over. `elsewhere` is about the files of real storages
    alone.
    """

    start: int = 0
    end: int = 2**63
    number: int = 0
    last: int = 2**63
    advances: bool = True
    backfills: bool = True
    elsewhere: Elsewhere = Elsewhere()

    def includes(self, file: File) -> bool:
        if file.number == ELSEWHERE:
            return self.elsewhere.includes(file)
        return self.start <= file.modified and file.number > self.number and self.reaches(file)

    def passes_over(self, file: File) -> bool:
        """Tell whether a file that is not included would be if the flow did backfill."""
        all_new = self._replace(start=0, elsewhere=self.elsewhere._replace(start=0))
        return not self.backfills and all_new.includes(file)

    def reaches(self, file: File) -> bool:
        """Tell whether the run became due after a file was written."""
        return (file.modified, file.number) <= (self.end, self.last)


def since_last_run(progress: JsonObject, at: int, last: int) -> Selection:
    """Return what is new since a flow's last run, up to `at`, where the file `last` was there."""
    return Selection(
        min(progress.get("until", 0), at),
        at,
        progress.get("read", 0),
        last,
        elsewhere=read_elsewhere(as_object(progress.get("elsewhere"))),
    )


def ordered_window(params: JsonObject) -> Selection | None:
    """Return the window that an order asks for. Its end is a second, which belongs to it."""
    start, end = read_time(params.get("windowStartTime")), read_time(params.get("windowEndTime"))
    if start is None or end is None:
        return None
    return Selection(start, end if end % 1000 else end + 999, advances=False)


def window_of(run: JsonObject) -> Selection | None:
    """Return the window that a run had, by its own metrics."""
    duration = (run.get("metrics") or {}).get("durationSummary") or {}
    window = duration.get("extensions") or {}
    start, end = window.get("windowStart"), window.get("windowEnd")
    if not isinstance(start, int) or not isinstance(end, int):
        return None
    return Selection(start, end, advances=False)


class DeltaColumn:
    """How far the delta column of a table has been read: rows beyond it are new.

    Values are compared as numbers where both are numbers, as moments where both are moments, else
    as text. With a window, rows whose value is a time outside of it are not new either.
    """

    def __init__(self, name: str, reached: Json, selection: Selection) -> None:
        """Continue from the value that has been `reached`; a flow without one has no `name`."""
        self.name = name
        self._reached_before = reached if selection.advances else None
        self._elsewhere = selection.elsewhere
        self._window = _window(selection.start, selection.end)
        self.reached = reached

    def read_elsewhere(self) -> None:
        """Read a table of a real database: what is new follows from what has been read of it.

        Times in it are not the emulator's, so the window is that of a real storage.
        """
        self._window = _window(self._elsewhere.start, self._elsewhere.end)

    @property
    def limits(self) -> tuple[Json, int, int]:
        """What a new value is beyond, None for anything, and from when to when a time may be."""
        return self._reached_before, *self._window

    def is_new(self, value: Json) -> bool:
        """Tell whether a row with this value is new, and count it as read."""
        before = self._reached_before
        if value is None or (before is not None and not _later(value, before)):
            return False
        time, (start, end) = _milliseconds(value), self._window
        if time is not None and not start <= time <= end:
            return False
        if self.reached is None or _later(value, self.reached):
            self.reached = value
        return True


def _window(start: int, end: int) -> tuple[int, int]:
    """Return a window; one without a beginning has times before 1970 too."""
    return start or -(2**62), end


def _later(first: Json, second: Json) -> bool:
    for read in (_number, _microseconds):
        mine, theirs = read(first), read(second)
        if mine is not None and theirs is not None:
            return mine > theirs
    return str(first) > str(second)


def _number(value: Json) -> int | float | Decimal | None:
    """Return a number exactly, also one that is written as text; None for what is not one."""
    if not isinstance(value, str):
        return value if isinstance(value, int | float) else None
    try:
        number = Decimal(value)
    except ArithmeticError:
        return None
    return number if number.is_finite() else None


def _microseconds(value: Json) -> int | None:
    return microseconds(value) if isinstance(value, str) else None


def _milliseconds(value: Json) -> int | None:
    """Return the milliseconds of a date or date-time in ISO 8601, in UTC unless it says otherwise.

    None for everything else, also for numbers, which could be dates without dashes.
    """
    if not isinstance(value, str) or value[4:5] != "-":
        return None
    try:
        return to_milliseconds(value, missing_zone=UTC)
    except ValueError:
        return None
