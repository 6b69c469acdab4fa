"""One run of a flow: its parts are looked up, its rows read and ingested."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from emulator.claims import BATCH, claimed, released, working_on
from emulator.data_plane import sources
from emulator.data_plane.areas import area_of
from emulator.data_plane.columns import told_missing
from emulator.data_plane.delta import DeltaColumn, Selection
from emulator.data_plane.diagnostics import OF_ROWS
from emulator.data_plane.errors import (
    INTERNAL_ERROR,
    NO_ROOM,
    SOURCE_FAILED,
    CopyFailed,
    FileError,
)
from emulator.data_plane.flow_parts import (
    MAPPING_FAILED,
    FlowParts,
    flow_mapping,
    flow_parts,
)
from emulator.data_plane.ingest import Ingested, percent_of, read_in
from emulator.data_plane.input_rows import Input
from emulator.data_plane.metrics import RunResult
from emulator.data_plane.real_tables import RealTable, UnreachableDatabase
from emulator.data_plane.source_reader import SourceReader, select, source_files
from emulator.json_types import JsonObject
from emulator.ongoing import Interrupted
from emulator.scope import Scope
from emulator.services.interfaces import Batches, Services
from emulator.storage.base import StorageError
from emulator.store import NoRoom, StoreFull, StoreUnavailable

_log = logging.getLogger("emulator")

MAPPING_FAILED_TEXT = "Mapper Transform Error"


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
            found = source_files(scope, reader.area, parts, delta)
            files, reader.passed_over = select(found, selection, delta)
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
        reasons=_reasons(batch, ingested, reader),
        passed_over=reader.passed_over,
        columns=told_missing(reader.input.columns),
    )


def _reasons(batch: JsonObject, ingested: Ingested, reader: SourceReader) -> str:
    """Return in words what is wrong with a batch as a whole, or else with its first rows."""
    first: JsonObject = next(iter(batch["errors"]), {})
    is_whole = bool(first) and first["code"] not in OF_ROWS
    file = f"{reader.reading}: " if reader.reading else ""
    whole = f"{file}{first['description']} ({first['code']})" if is_whole else ""
    return " ".join(filter(None, (whole, ingested.reasons)))


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
