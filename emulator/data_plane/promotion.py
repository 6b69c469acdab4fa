"""The second half of a run: its records go into a batch of the target's data set."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.data_plane.ingest import InputRow, ingest_rows
from emulator.data_plane.jobs import MAPPER_FAULT, MAPPER_TEXT, Job
from emulator.data_plane.metrics import Tally
from emulator.data_plane.sources import is_true
from emulator.json_types import Json, JsonObject
from emulator.platform import Platform
from emulator.scope import Scope


def promote(
    job: Job,
    scope: Scope,
    platform: Platform,
    flow: JsonObject,
    rows: Iterator[InputRow],
    tally: Tally,
) -> None:
    """Ingest the rows of a run and note in its tally what became of them.

    A run that found no file is a success without a batch.
    """
    if not tally.input.files:
        return
    batches = platform.services.catalog.batches
    dataset_id, client = job.dataset["id"], flow["createdClient"]
    members = {
        "relatedObjects": [{"type": "dataSet", "id": dataset_id}],
        "inputFormat": {"format": "json"},
        "tags": {"acp_producer": ["flow_service"], "flowId": [flow["id"]]},
    }
    batch = batches.create(scope.sandbox, client, members)
    tally.diagnosed = _diagnosed(job)
    tally.batch = batch["id"]
    try:
        finished = _ingested(job, scope, platform, batch["id"], rows, tally)
    except Exception as error:
        # Nobody else would ever end this batch; what happened is the engine's to tell.
        reason = {"code": "unknown", "description": f"Job aborted: {error!r}."}
        batches.update(scope.sandbox, batch["id"], {"status": "failed", "errors": [reason]})
        raise
    metrics = finished["metrics"]
    tally.rows_out = metrics["outputRecordCount"]
    tally.rows_failed = metrics["failedRecordCount"]
    tally.files_out = metrics["outputFileCount"]
    tally.bytes_out = metrics["outputByteSize"]
    tally.status = "success" if finished["status"] == "success" else "failed"
    tally.warnings = job.mapper_faults
    tally.errors = [_error(error) for error in finished["errors"]]
    if job.mapper_faults:
        fault = {"code": MAPPER_FAULT, "recordCount": job.mapper_faults, "message": MAPPER_TEXT}
        tally.errors.append(fault)


def _ingested(
    job: Job,
    scope: Scope,
    platform: Platform,
    batch_id: str,
    rows: Iterator[InputRow],
    tally: Tally,
) -> JsonObject:
    return ingest_rows(
        platform,
        scope.sandbox,
        scope.fixtures,
        job.dataset,
        batch_id,
        rows,
        percent=_percent(job.options.get("partialIngestionPercent")),
        diagnostics=tally.diagnosed,
        input=tally.input,
    )


def _diagnosed(job: Job) -> bool:
    wanted = job.options.get("errorDiagnosticsEnabled", False)
    return is_true(wanted) or job.dataset.get("enableErrorDiagnostics") is True


def _percent(value: Json) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _error(error: JsonObject) -> JsonObject:
    """Return a batch's error as runs show it."""
    shown = {"code": error["code"], "message": error["description"]}
    return {**shown, **{name: error[name] for name in ("recordCount",) if name in error}}
