"""What files lack that a mapping reads, and which of their columns are left out: misspelt ones.

A source that is in no row maps to nothing, and the row lands without it: no document says that the
platform minds. So a run goes on, and says which sources its files do not have and which columns
nothing maps, or without a mapping, which the schema lacks; so does a batch of uploads. A delimited
file is judged by its header, others by their first records. What lies behind a null may be there
or not, so nothing is said of it where no record has more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from emulator.budgets import EXPLAINED_FILES
from emulator.data_plane.rows import Row
from emulator.json_types import Json, JsonObject
from emulator.plurals import counted

SAMPLED = 100
"""How many records of a file without a header are looked at."""

MAX_NAMES = 20
"""How many sources, or columns, of a file are named; the others are counted."""

MAX_COUNTED = 1000
"""How many columns that nothing maps are counted."""

MAX_NAME = 100
"""How many characters of a name are kept."""

MAX_LINES = 10
"""How many lines tell what files and mapping lack of each other."""

Nest = Callable[[JsonObject], JsonObject]
"""What nests columns whose names are paths."""

Read = dict[str, "Read | None"]
"""Which names are read, each with those that are read in it; None where all of it is."""


class ColumnNotes:
    """Looks at the first rows of each file of a run, and keeps what is to be said of them.

    `found` are files of which there is something to say: `path`; `records`, how many were looked
    at, null if all that the file has is known; `by`, what they are held against, `mapping` or
    `schema`; the first names that are mapped and `missing`, and those that are `unmapped`, with
    `missingCount` and `unmappedCount`.
    """

    def __init__(
        self, attributes: Sequence[str], wanted: Iterable[str] = (), *, is_whole: bool = True
    ) -> None:
        """Look for the paths that a mapping reads.

        Args:
            attributes: These paths, as the mapping has them.
            wanted: The columns that the source selects; empty for all.
            is_whole: Whether these are all paths that it reads.
        """
        self.found: list[JsonObject] = []
        self._attributes = attributes
        self._wanted = frozenset(name.casefold() for name in wanted)
        self._read = _read(attributes) if is_whole else None
        self._by = "mapping"
        self._nest: Nest = dict

    @classmethod
    def of_schema(
        cls, schema: JsonObject, wanted: Iterable[str] = (), nest: Nest = dict
    ) -> ColumnNotes:
        """Look for what a resolved schema lacks: rows that no mapping maps leave that out.

        Args:
            schema: The schema.
            wanted: The columns that the source selects; empty for all.
            nest: What becomes of the columns of a header before they are held against it.
        """
        notes = cls((), wanted)
        notes._nest = nest
        notes._read, notes._by = _fields(schema), "schema"
        return notes

    def noted(self, path: str, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the rows of a file, and look at the first ones on the way."""
        rows, seen = iter(rows), _Seen(self._attributes, self._read, self._wanted, self._nest)
        try:
            for row in rows:
                goes_on = seen.look(row)
                yield row
                if not goes_on:
                    break
        finally:
            self._keep(path, seen)
        yield from rows

    def _keep(self, path: str, seen: _Seen) -> None:
        missing, unmapped = seen.missing, list(seen.unmapped)
        if seen.records and (missing or unmapped) and len(self.found) < EXPLAINED_FILES:
            self.found.append(
                {
                    "path": path,
                    "records": SAMPLED if seen.is_sample else None,
                    "by": self._by,
                    "missing": [name[:MAX_NAME] for name in missing[:MAX_NAMES]],
                    "missingCount": len(missing),
                    "unmapped": [name[:MAX_NAME] for name in unmapped[:MAX_NAMES]],
                    "unmappedCount": len(unmapped),
                }
            )


class _Reached(NamedTuple):
    """How far a path leads in the rows so far: the number of its names that are there.

    `is_known` says that its next name is not there; it may be if there is a null or an empty list.
    """

    depth: int
    is_known: bool


_NOT_AT_ALL = _Reached(-1, is_known=False)


class _Seen:
    """What has been seen of one file."""

    def __init__(
        self, attributes: Sequence[str], read: Read | None, wanted: frozenset[str], nest: Nest
    ) -> None:
        self._reached = dict.fromkeys(attributes, _NOT_AT_ALL)
        self.unmapped: dict[str, None] = {}
        self.records = 0
        self.is_sample = False
        self._read = read
        self._wanted = wanted
        self._nest = nest

    @property
    def missing(self) -> list[str]:
        """The paths that lead to nothing in any row, and end where something else is."""
        return [path for path, reached in self._reached.items() if reached.is_known]

    def look(self, row: Row) -> bool:
        """Look at a row; return whether to look at the next one."""
        if row.corrupt:
            return True
        if self.records == SAMPLED:
            self.is_sample = True
            return False
        self.records += 1
        value = self._nest(dict.fromkeys(row.columns, "")) if row.columns else row.value
        for path, reached in list(self._reached.items()):
            further = _reached(value, path)
            if further is None:
                del self._reached[path]
            elif further > reached:
                self._reached[path] = further
        if self._read is not None:
            self._note_unmapped(value, self._read)
        return not row.columns

    def _note_unmapped(self, value: JsonObject, read: Read) -> None:
        wanted = self._wanted
        for path in _unread(value, read):
            if len(self.unmapped) == MAX_COUNTED:
                return
            if not wanted or path.partition(".")[0].casefold() in wanted:
                self.unmapped[path] = None


def told_columns(found: Sequence[JsonObject], *, with_unmapped: bool = True) -> list[str]:
    """Return in words what files and mapping lack of each other; files of one kind together.

    Args:
        found: What `ColumnNotes` has found.
        with_unmapped: Whether to tell too which columns nothing maps.
    """
    files: dict[tuple[str, str], list[str]] = {}
    for file in found:
        if file["missing"]:
            sample = f"the first {file['records']} records of " if file["records"] else ""
            key = f"Mapped, but not in {sample}", f": {_names(file, 'missing')}"
            files.setdefault(key, []).append(file["path"])
        if file["unmapped"] and with_unmapped:
            where = "in the schema" if file.get("by") == "schema" else "mapped"
            key = "In ", f", but not {where}: {_names(file, 'unmapped')}"
            files.setdefault(key, []).append(file["path"])
    told = [f"{head}{_place(paths)}{tail}" for (head, tail), paths in files.items()]
    more = len(told) - MAX_LINES
    return told if more < 1 else [*told[:MAX_LINES], f"and {more} more such lines"]


def told_missing(found: Sequence[JsonObject]) -> str:
    """Return in words what no row of the first such file has though it is mapped; empty if none."""
    known = [file for file in found if not file["records"]]
    lines = told_columns(known, with_unmapped=False)
    return f"{lines[0]}." if lines else ""


def _names(file: JsonObject, kind: str) -> str:
    names, more = ", ".join(file[kind]), file[f"{kind}Count"] - len(file[kind])
    return f"{names} and {more} more" if more else names


def _place(paths: Sequence[str]) -> str:
    more = len(paths) - 1
    return f"{paths[0]} and {counted(more, 'more file')}" if more else paths[0]


def _read(attributes: Sequence[str]) -> Read:
    """Return which names paths read: of a column whose whole name is a path, also that."""
    found: Read = {}
    for path in attributes:
        found[path] = found[path.replace("\\.", ".")] = None
        place: Read = found
        *outer, last = _names_in(path) or [path]
        for name in outer:
            inner = place.setdefault(name, {})
            if inner is None:
                break
            place = inner
        else:
            place[last] = None
    return found


def _fields(schema: JsonObject) -> Read | None:
    """Return which names a schema knows; None where it leaves out nothing."""
    node = schema.get("items", {}) if schema.get("type") == "array" else schema
    known: dict[str, JsonObject] = node.get("properties") or {}
    return {name: _fields(inner) for name, inner in known.items()} or None


def _names_in(path: str) -> list[str]:
    # what maps rows is loaded when there is something to map, not at the start
    from emulator.mapping.errors import MappingError
    from emulator.mapping.paths import parse_steps

    try:
        return [step for step in parse_steps(path) if isinstance(step, str)]
    except MappingError:
        return []


def _unread(value: Mapping[str, Json], read: Read, head: str = "") -> Iterator[str]:
    """Yield the paths of a record that nothing reads; of a list the first item stands for all."""
    for name, inner in value.items():
        if name not in read:
            yield f"{head}{name}"
        elif below := read[name]:
            item = inner[0] if isinstance(inner, list) and inner else inner
            if isinstance(item, dict):
                yield from _unread(item, below, f"{head}{name}.")


def _reached(row: JsonObject, path: str) -> _Reached | None:
    """Return how far a path leads in a row; None if it leads to something."""
    if path in row or path.replace("\\.", ".") in row:
        return None
    value: Json = row
    for depth, name in enumerate(_names_in(path) or [path]):
        while isinstance(value, list) and value:
            value = value[0]
        if not isinstance(value, dict) or name not in value:
            return _Reached(depth, is_known=value is not None and value != [])
        value = value[name]
    return None
