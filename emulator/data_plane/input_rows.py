"""Rows on their way into a data set, and where each of them comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from emulator.data_plane.conform import CORRUPT_CODE, RowError
from emulator.json_types import JsonObject


class Place(NamedTuple):
    """Where a row stands in its file: its number, from 1, and in which file of an archive."""

    number: int = 0
    inside: str = ""


class InputRow(NamedTuple):
    """One row on its way into a data set.

    Args:
        value: Its fields; of a corrupt row what can be shown of it.
        file: Name of the file that it comes from.
        errors: What is already wrong with it, such as that it cannot be read.
        place: Where it stands in the file.
        fault: What the reader says of it if it cannot be read.
        warnings: The transformations that failed in it, whose fields it lacks.
        read: What was read, if there are warnings.
    """

    value: JsonObject
    file: str = ""
    errors: tuple[RowError, ...] = ()
    place: Place = Place()
    fault: str = ""
    warnings: tuple[RowError, ...] = ()
    read: JsonObject | None = None

    @property
    def path(self) -> str:
        """The path of its file, with what leads to it within an archive."""
        return f"{self.file}/{self.place.inside}" if self.place.inside else self.file


@dataclass(slots=True)
class Input:
    """What a batch is made of.

    Args:
        rows: Taken once, one by one. A `FileError` that they raise fails the batch.
        files: The names of the files that the rows are read from.
        bytes: The size of these files; it may grow while the rows are read.
        columns: What these files and a mapping lack of each other, as `ColumnNotes` finds it while
            the rows are read.
    """

    rows: Iterable[InputRow]
    files: list[str] = field(default_factory=list)
    bytes: int = 0
    columns: list[JsonObject] = field(default_factory=list)


UNREADABLE = (
    RowError(CORRUPT_CODE, "Row is corrupted and cannot be read, please fix and resend."),
)
"""The errors of a row that cannot be read."""
