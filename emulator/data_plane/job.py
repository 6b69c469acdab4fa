"""One run of a flow: its parts are looked up, its files read and mapped, its rows ingested."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from emulator.claims import BATCH, claimed, released, working_on
from emulator.data_plane import sources
from emulator.data_plane.areas import Area, area_of, files_at
from emulator.data_plane.compression import UnpackedFile
from emulator.data_plane.delta import DeltaColumn, Selection
from emulator.data_plane.errors import (
    INTERNAL_ERROR,
    NO_ROOM,
    SOURCE_FAILED,
    CopyFailed,
    FileError,
    SourceError,
)
from emulator.data_plane.files import File
from emulator.data_plane.flow_parts import (
    MAPPING_FAILED,
    FlowParts,
    flow_mapping,
    flow_parts,
)
from emulator.data_plane.ingest import (
    UNREADABLE,
    Ingested,
    Input,
    InputRow,
    percent_of,
    read_in,
)
from emulator.data_plane.metrics import RunResult
from emulator.data_plane.readers import Row
from emulator.data_plane.real_tables import RealTable, UnreachableDatabase, database_of
from emulator.data_plane.source_query import require_columns
from emulator.data_plane.sources import FileFormat
from emulator.filters.pql import column_of
from emulator.json_types import JsonObject, as_object
from emulator.ongoing import Interrupted
from emulator.scope import Scope
from emulator.services.interfaces import Batches, Services
from emulator.storage.base import StorageError
from emulator.store import NoRoom, StoreFull, StoreUnavailable

if TYPE_CHECKING:
    from emulator.mapping import CompiledMapping

_log = logging.getLogger("emulator")

MAPPING_FAILED_TEXT = "Mapper Transform Error"


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


class Landing(NamedTuple):
    """What has been read for a run, and nobody sees yet.

    `land` is called in the sandbox's exclusive section and tells what became of it: so the rows,
    and that the flow has read them, are seen in one step. Or else `withdraw` is called.
    """

    land: Callable[[], RunResult]
    withdraw: Callable[[], object] = lambda: None


def carry_out(
    services: Services, scope: Scope, flow: JsonObject, selection: Selection, delta: DeltaColumn
) -> Landing:
    """Read what is new for a flow, and map it; return what lands it.

    Args:
        services: The platform's.
        scope: Where the flow is.
        flow: The flow.
        selection: Which files to read.
        delta: Which rows of a table to read; it notes how far they have been read.
    """
    reader = SourceReader(scope, delta)
    try:
        parts = flow_parts(services, scope, flow)
        with ExitStack() as held:
            reader.area = held.enter_context(closing(area_of(scope, parts.container)))
            files = source_files(scope, reader.area, parts, selection, delta)
            for item in files:
                if isinstance(item, RealTable):
                    held.callback(item.close)
            reader.require_columns(parts, files)
            reader.read(parts, files, flow_mapping(services, scope, flow) if files else None)
            return _promotion(services, scope, parts, reader) if files else Landing(reader.result)
    except (StorageError, UnreachableDatabase, CopyFailed) as error:  # all is still to be read
        return Landing(partial(_unreached, reader, str(error)))
    except FileError as error:
        return Landing(partial(reader.result, error.code, str(error)))
    except Interrupted:
        return Landing(partial(_interrupted, scope, reader))
    except NoRoom as error:
        text = f"There is no room for the data: {error}."
        return Landing(partial(reader.result, NO_ROOM, text))
    except (StoreFull, StoreUnavailable):
        raise  # how it went cannot be written either; it is ended once that can be
    except Exception as error:  # noqa: BLE001 - a bug must not break every list of flows and runs
        _log.exception("a run of flow %s broke", flow["id"])
        return Landing(partial(reader.result, INTERNAL_ERROR, f"The run broke: {error!r}."))


def _unreached(reader: SourceReader, text: str) -> RunResult:
    return replace(reader.result(SOURCE_FAILED, text), is_interrupted=True)


def _interrupted(scope: Scope, reader: SourceReader) -> RunResult:
    scope.platform.check_place()
    error = Interrupted()
    return replace(reader.result(error.code, str(error)), is_interrupted=True)


def source_files(
    scope: Scope, area: Area, parts: FlowParts, selection: Selection, delta: DeltaColumn
) -> Sequence[SourceItem]:
    """Return the files that a run reads, by path, or its table of a real database.

    Raises:
        SourceError: The source connection names what does not exist.
        StorageError: The storage does not answer.
    """
    params = as_object(parts.source.get("params"))
    if "tableName" in params and (database := database_of(scope, parts.container)):
        delta.read_elsewhere()
        return [RealTable(database, str(params["tableName"]))]
    if "tableName" in params:
        table = _table(area.below(""), str(params["tableName"]))
        return [table] if delta.name or selection.includes(table.file) else []
    path = sources.area_path(parts.container, str(params.get("path", "")))
    found = files_at(area, path, recursive=sources.is_true(params.get("recursive")))
    if found is None:
        raise SourceError(f"There is no file or folder {params.get('path')}.")
    format = sources.format_of(as_object(parts.source.get("data")))
    return [SourceFile(file, format) for file in found if selection.includes(file)]


def _table(files: list[File], name: str) -> SourceFile:
    file = sources.tables(files).get(name)
    if file is None:
        raise SourceError(f"There is no table {name}.")
    return SourceFile(file, sources.table_format(file.path), is_table=True)


class SourceReader:
    """Reads and maps the rows of a run; one file is in memory at a time.

    It counts what it reads, and in how many rows a transformation failed (`warnings`). `area` is
    where its files are.
    """

    def __init__(self, scope: Scope, delta: DeltaColumn) -> None:
        self._scope = scope
        self._delta = delta
        self.area: Area
        self.files: list[File] = []
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

    def _input_rows(
        self, parts: FlowParts, files: Sequence[SourceItem], mapping: CompiledMapping | None
    ) -> Iterator[InputRow]:
        check = self._scope.platform.ongoing.check
        for item in files:
            name = item.path
            for row in parts.query.projected(self._new_rows(parts, item)):
                check()
                self.rows += 1
                if row.corrupt:
                    yield InputRow(row.value, name, UNREADABLE)
                elif mapping is None:
                    yield InputRow(row.value, name)
                else:
                    mapped = mapping.apply(row.value, self.rows)
                    if mapped.errors:  # what failed is null in the record
                        self.warnings += 1
                    yield InputRow(mapped.record, name)

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
            yield from parts.query.selected(self._rows_of_table(parts, item))
            return
        self.input.bytes += item.file.size
        for file, format in self._unpacked(parts, item):
            yield from parts.query.selected(sources.rows(file, format))

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
            if isinstance(item, RealTable):
                require_columns(filter(None, asked), item.columns)
                continue
            for file, format in self._unpacked(parts, item):
                if format.type != "json":
                    require_columns(filter(None, asked), sources.columns(file, format))

    def result(self, code: str = "", text: str = "") -> RunResult:
        """Return the result of a run that has promoted nothing; with a code, its copying failed."""
        return RunResult(
            status="failed" if code else "success",
            files_in=len(self.input.files),
            files=self.files,
            bytes_in=self.input.bytes,
            rows_in=self.rows,
            copy_error={"code": code, "message": text} if code else None,
        )


def _promotion(services: Services, scope: Scope, parts: FlowParts, reader: SourceReader) -> Landing:
    """Read the rows of a run into a batch of its own; return what lands them."""
    batches = services.catalog.batches
    ingested = _ingested(batches, scope, parts, reader.input)
    result = _result(parts, reader, ingested)

    def land() -> RunResult:
        scope.write(released(scope, ingested.batch_id))
        try:
            ingested.land()
        except Interrupted:  # a client has ended the batch
            ingested.withdraw()
            return _interrupted(scope, reader)
        except NoRoom as error:
            ingested.withdraw()
            text = f"There is no room for the data: {error}."
            reason = {"code": "unknown", "description": f"Job aborted: {error}"}
            batches.give_up(scope, ingested.batch_id, [reason])
            return reader.result(NO_ROOM, text)
        return result

    return Landing(land, ingested.withdraw)


def _result(parts: FlowParts, reader: SourceReader, ingested: Ingested) -> RunResult:
    """Return what becomes of a run's rows once they have landed."""
    batch = ingested.members
    metrics, warnings = batch["metrics"], reader.warnings
    errors = [_run_error(error) for error in batch["errors"]]
    if warnings:
        failed = {"code": MAPPING_FAILED, "recordCount": warnings, "message": MAPPING_FAILED_TEXT}
        errors.append(failed)
    return RunResult(
        status="success" if batch["status"] == "success" else "failed",
        files_in=len(reader.input.files),
        files=reader.files,
        bytes_in=reader.input.bytes,
        rows_in=reader.rows,
        files_out=metrics["outputFileCount"],
        bytes_out=metrics["outputByteSize"],
        rows_out=metrics["outputRecordCount"],
        rows_failed=metrics["failedRecordCount"],
        warnings=warnings,
        batch=ingested.batch_id,
        diagnosed=_is_diagnosed(parts),
        errors=errors,
    )


def _ingested(batches: Batches, scope: Scope, parts: FlowParts, input: Input) -> Ingested:
    """Read rows into a new batch, which has not ended yet."""
    members = {
        "relatedObjects": [{"type": "dataSet", "id": parts.dataset["id"]}],
        "inputFormat": {"format": "json"},
        "tags": {"acp_producer": ["flow_service"], "flowId": [parts.flow["id"]]},
    }
    with scope.exclusive():
        batch = batches.create(scope.for_client(parts.flow["createdClient"]), members)
        scope.write(claimed(scope, batch["id"], BATCH))
    percent = percent_of(parts.options.get("partialIngestionPercent"))
    with working_on(scope, batch["id"]):
        try:
            return read_in(
                scope,
                batches,
                parts.dataset,
                batch["id"],
                input,
                percent=percent,
                diagnostics=_is_diagnosed(parts),
            )
        except Exception as error:
            # Nothing else would ever end this batch; `carry_out` reports what happened.
            code = error.code if isinstance(error, Interrupted | CopyFailed) else "unknown"
            reason = {"code": code, "description": f"Job aborted: {error}"}
            with scope.exclusive():
                batches.give_up(scope, batch["id"], [reason])
                scope.write(released(scope, batch["id"]))
            raise


def _is_diagnosed(parts: FlowParts) -> bool:
    wanted = parts.options.get("errorDiagnosticsEnabled", False)
    return sources.is_true(wanted) or parts.dataset.get("enableErrorDiagnostics") is True


def _run_error(error: JsonObject) -> JsonObject:
    """Return a batch's error as runs show it."""
    counted = {name: error[name] for name in ("recordCount",) if name in error}
    return {"code": error["code"], "message": error["description"], **counted}
