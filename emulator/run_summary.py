"""What people want to know of a run at a glance: for the control API and the page."""

from __future__ import annotations

from emulator.json_types import JsonObject, as_object
from emulator.masking.masker import CONNECTIONS, Masker
from emulator.scope import Scope


def run_summary(scope: Scope, run: JsonObject) -> JsonObject:
    """Return what a list tells of a run.

    Secrets in names and texts are masked.

    Returns:
        `id`, `flow` (its id) and `name`, `organization` and `sandbox`; `state`; `started` in
        milliseconds since 1970; the numbers of rows `in`, `out`, `failed` and with `warnings`, null
        until they are known; `errors` and `message` as the run's status has them.
    """
    metrics = as_object(run.get("metrics"))
    records = as_object(metrics.get("recordSummary"))
    duration, status = (
        as_object(metrics.get(name)) for name in ("durationSummary", "statusSummary")
    )
    flow = as_object(scope.read("flow", run["flowId"]))
    summary = {
        "id": run["id"],
        "flow": run["flowId"],
        "name": str(flow.get("name") or run["flowId"]),
        "organization": scope.organization,
        "sandbox": scope.sandbox.name,
        "state": str(status.get("status") or run.get("state") or ""),
        "started": duration.get("startedAtUTC") or run.get("createdAt"),
        "in": records.get("inputRecordCount"),
        "out": records.get("outputRecordCount"),
        "failed": records.get("failedRecordCount"),
        "warnings": records.get("warningRecordCount"),
        "errors": status.get("errors") or [],
        "message": as_object(status.get("extensions")).get("message", ""),
    }
    masked: JsonObject = Masker(CONNECTIONS).json(summary)
    return masked


def batch_of(run: JsonObject) -> str:
    """Return the id of the batch that a run has made; empty if it made none."""
    for activity in run.get("activities") or ():
        for target in as_object(activity).get("targetInfo") or ():
            for id in as_object(as_object(target).get("reference")).get("ids") or ():
                return str(id)
    return ""
