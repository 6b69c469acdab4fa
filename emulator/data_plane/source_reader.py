"""What a run reads: which files or table, and their rows, filtered, mapped and counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from emulator.data_plane import sources
from emulator.data_plane.areas import Area, files_at
from emulator.data_plane.columns import ColumnNotes
from emulator.data_plane.compression import ARCHIVES, UnpackedFile
from emulator.data_plane.conform import RowError
from emulator.data_plane.delta import DeltaColumn, Selection
from emulator.data_plane.errors import CopyFailed, SourceError
from emulator.data_plane.files import File
from emulator.data_plane.flow_parts import MAPPING_FAILED, FlowParts
from emulator.data_plane.ingest import schema_of
from emulator.data_plane.input_rows import UNREADABLE, Input, InputRow, Place
from emulator.data_plane.metrics import RunResult
from emulator.data_plane.readers import Row
from emulator.data_plane.real_tables import RealTable, UnreachableDatabase, database_of
from emulator.data_plane.source_query import require_columns
from emulator.data_plane.sources import FileFormat
from emulator.filters.pql import column_of
from emulator.json_types import as_object
from emulator.scope import Scope

if TYPE_CHECKING:
    from emulator.mapping import CompiledMapping


class SourceFile(NamedTuple):
    """A file that a run reads, and its format. The rows of a table may have a delta column."""

    file: File
    format: FileFormat
    is_table: bool = False

    @property
    def path(self) -> str:
        """The path of the file."""
        return self.file.path

    @property
    def name(self) -> str:
        """The name of the file without its folders."""
        return self.path.rpartition("/")[2]


SourceItem = SourceFile | RealTable
"""What a run reads: a file, or a table of a real database."""


def source_files(
    scope: Scope, area: Area, parts: FlowParts, delta: DeltaColumn
) -> Sequence[SourceItem]:
    """Return the files of a flow's source, by path, or its table of a real database.

    Raises:
        SourceError: The source connection names what does not exist.
        StorageError: The storage does not answer.
    """
    params = as_object(parts.source.get("params"))
    if "tableName" in params and (database := database_of(scope, parts.container)):
        delta.read_elsewhere()
        return [RealTable(database, str(params["tableName"]))]
    if "tableName" in params:
        return [_table(area, str(params["tableName"]))]
    path = sources.area_path(parts.container, str(params.get("path", "")))
    found = files_at(area, path, recursive=sources.is_true(params.get("recursive")))
    if found is None:
        raise SourceError(f"There is no file or folder {params.get('path')}.")
    format = sources.format_of(as_object(parts.source.get("data")))
    return [SourceFile(file, format) for file in area.versioned(found)]


def select(
    found: Sequence[SourceItem], selection: Selection, delta: DeltaColumn
) -> tuple[list[SourceItem], list[str]]:
    """Return what a run reads, and the paths of files that the flow passes over.

    A table with a delta column is always read: rows are what is new in it.
    """
    selected: list[SourceItem] = []
    passed_over: list[str] = []
    for item in found:
        if (
            isinstance(item, RealTable)
            or (item.is_table and delta.name)
            or selection.includes(item.file)
        ):
            selected.append(item)
        elif selection.passes_over(item.file):
            passed_over.append(item.path)
    return selected, passed_over


def _table(area: Area, name: str) -> SourceFile:
    listed = sources.tables(area.below("")).get(name)
    if listed is None:
        raise SourceError(f"There is no table {name}.")
    (file,) = area.versioned([listed])
    return SourceFile(file, sources.table_format(file.path), is_table=True)


class SourceReader:
    """Reads and maps the rows of a run; one file is in memory at a time.

    It counts what it reads, and in how many rows a transformation failed (`warnings`). `area` is
    where its files are, `reading` the one that is being read or could not be read to its end;
    `passed_over` are the paths of files that are older than the start of a flow without backfill.
    """

    def __init__(self, scope: Scope, delta: DeltaColumn) -> None:
        self._scope = scope
        self._delta = delta
        self.area: Area
        self.reading = ""
        self._inside = ""  # the file of an archive that is read now
        self._notes: ColumnNotes | None = None
        self.files: list[File] = []
        self.passed_over: list[str] = []
        self.input = Input(())
        self.rows = 0
        self.warnings = 0

    def read(
        self, parts: FlowParts, files: Sequence[SourceItem], mapping: CompiledMapping | None
    ) -> None:
        """Read files from now on: `input` has their rows, which may raise a `FileError`."""
        self.files = [item.file for item in files if isinstance(item, SourceFile)]
        rows = self._input_rows(parts, files, mapping)
        self.input = Input(rows, [item.path for item in files])
        wanted = parts.query.columns
        if mapping is None:
            self._notes = ColumnNotes.of_schema(schema_of(self._scope, parts.dataset), wanted)
        else:
            is_whole = not any(mapping.faults)
            self._notes = ColumnNotes(mapping.attributes, wanted, is_whole=is_whole)
        self.input.columns = self._notes.found

    def _input_rows(
        self, parts: FlowParts, files: Sequence[SourceItem], mapping: CompiledMapping | None
    ) -> Iterator[InputRow]:
        check = self._scope.platform.ongoing.check
        for item in files:
            name = self.reading = item.path
            for row in parts.query.projected(self._new_rows(parts, item)):
                check()
                self.rows += 1
                place = Place(row.number, self._inside)
                if row.corrupt:
                    yield InputRow(row.value, name, UNREADABLE, place, row.corrupt)
                elif mapping is None:
                    yield InputRow(row.value, name, (), place)
                else:
                    yield self._mapped(mapping, row, name, place)
        self.reading = ""

    def _mapped(self, mapping: CompiledMapping, row: Row, name: str, place: Place) -> InputRow:
        """Return a mapped row. What failed is null in its record."""
        mapped = mapping.apply(row.value, self.rows)
        record, failures = mapped.record, mapped.errors
        if not failures:
            return InputRow(record, name, (), place)
        self.warnings += 1
        warnings = tuple(
            RowError(MAPPING_FAILED, one.reason, one.destination, source=one.expression)
            for one in failures
        )
        return InputRow(record, name, (), place, "", warnings, row.value)

    def _new_rows(self, parts: FlowParts, item: SourceItem) -> Iterator[Row]:
        """Return the rows of a file that are new by the delta column, if there is one."""
        rows, delta = self._rows(parts, item), self._delta
        if not (item.is_table and delta.name):
            return rows
        return (
            row for row in rows if row.corrupt or delta.is_new(column_of(row.value, delta.name))
        )

    def _rows(self, parts: FlowParts, item: SourceItem) -> Iterator[Row]:
        """Yield the rows of a file, or of all files in an archive, that pass the row filter."""
        if isinstance(item, RealTable):
            self._inside = ""
            yield from parts.query.selected(self._noted(item, self._rows_of_table(parts, item)))
            return
        self.input.bytes += item.file.size
        for file, format in self._unpacked(parts, item):
            self._inside = file.name if format.compression in ARCHIVES else ""
            yield from parts.query.selected(self._noted(item, sources.rows(file, format)))

    def _noted(self, item: SourceItem, rows: Iterator[Row]) -> Iterator[Row]:
        """Return rows whose columns are compared with what the mapping, or the schema, knows."""
        path = f"{item.path}/{self._inside}" if self._inside else item.path
        return rows if self._notes is None else self._notes.noted(path, rows)

    def _rows_of_table(self, parts: FlowParts, table: RealTable) -> Iterator[Row]:
        try:
            for row, size in table.rows(parts.query, self._delta):
                self.input.bytes += size
                yield row
        except UnreachableDatabase as error:
            raise CopyFailed(str(error)) from error

    def _unpacked(
        self, parts: FlowParts, item: SourceFile
    ) -> Iterator[tuple[UnpackedFile, FileFormat]]:
        """Yield what a file holds, each to be read before the next one, with its format."""
        content = self.area.open(item.file.path)
        if content is None:
            raise SourceError(f"There is no file {item.file.path} any more.")
        format = sources.detect_format(content) if item.format.is_detected else item.format
        largest = self._scope.platform.settings.max_unpacked
        for file in sources.unpacked(item.name, content, format, largest):
            yield file, format

    def require_columns(self, parts: FlowParts, files: Sequence[SourceItem]) -> None:
        """Find the columns that the source's query and the delta column name, in every file.

        Records of JSON have columns of their own each; they are not asked for any.

        Raises:
            SourceError: A file has not all of them.
        """
        for item in files:
            asked = (*parts.query.names, *([self._delta.name] if item.is_table else ()))
            if not any(asked):
                continue
            self.reading = item.path
            if isinstance(item, RealTable):
                require_columns(filter(None, asked), item.columns)
                continue
            for file, format in self._unpacked(parts, item):
                if format.type != "json":
                    require_columns(filter(None, asked), sources.columns(file, format))
        self.reading = ""

    def result(self, code: str = "", text: str = "") -> RunResult:
        """Return the result of a run that has promoted nothing; with a code, its copying failed."""
        return RunResult(
            status="failed" if code else "success",
            files_in=len(self.input.files),
            files=self.files,
            bytes_in=self.input.bytes,
            rows_in=self.rows,
            copy_error={"code": code, "message": text} if code else None,
            reasons=f"{self.reading}: {text}" if code and self.reading else "",
            passed_over=self.passed_over,
        )
