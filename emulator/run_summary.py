"""What people want to know of a run at a glance: for the control API and the page."""

from __future__ import annotations

from emulator.json_types import Json, JsonObject, as_object
from emulator.masking.masker import CONNECTIONS, Masker
from emulator.scope import Scope

SUCCEEDED = ("success", "partialSuccess")

ERROR_OF_SUCCESS = (
    'a success has such an error too where single rows failed or came with warnings, as "Monitor'
    ' dataflows" prints it; it has written all others'
)
"""What an error means in a run that succeeded."""


def run_summary(scope: Scope, run: JsonObject) -> JsonObject:
    """Return what a list tells of a run, whatever a provider has told of it.

    Secrets in names and texts are masked.

    Returns:
        `id`, `flow` (its id) and `name`, `organization` and `sandbox`; `state`; `started` in
        milliseconds since 1970; `took` in milliseconds, null before the end; the numbers of rows
        `in`, `out`, `failed` and with `warnings`, null until they are known; `errors` and `message`
        as the run's status has them; `remark`, what errors mean in a run that succeeded.
    """
    metrics = as_object(run.get("metrics"))
    records = as_object(metrics.get("recordSummary"))
    duration, status = (
        as_object(metrics.get(name)) for name in ("durationSummary", "statusSummary")
    )
    began, ended = (whole(duration.get(name)) for name in ("startedAtUTC", "completedAtUTC"))
    flow = as_object(scope.read("flow", run["flowId"]))
    state = str(status.get("status") or run.get("state") or "")
    errors = [as_object(error) for error in _items(status.get("errors"))]
    summary = {
        "id": run["id"],
        "flow": run["flowId"],
        "name": str(flow.get("name") or run["flowId"]),
        "organization": scope.organization,
        "sandbox": scope.sandbox.name,
        "state": state,
        "started": began or run.get("createdAt"),
        "took": None if began is None or ended is None else ended - began,
        "in": whole(records.get("inputRecordCount")),
        "out": whole(records.get("outputRecordCount")),
        "failed": whole(records.get("failedRecordCount")),
        "warnings": whole(records.get("warningRecordCount")),
        "errors": errors,
        "message": str(as_object(status.get("extensions")).get("message", "")),
        "remark": ERROR_OF_SUCCESS if errors and state in SUCCEEDED else "",
    }
    masked: JsonObject = Masker(CONNECTIONS).json(summary)
    return masked


def batch_of(run: JsonObject) -> str:
    """Return the id of the batch that a run has made; empty if it made none."""
    for activity in _items(run.get("activities")):
        for target in _items(as_object(activity).get("targetInfo")):
            for id in _items(as_object(as_object(target).get("reference")).get("ids")):
                return str(id)
    return ""


def whole(value: Json) -> int | None:
    """Return a whole number of a run's metrics; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _items(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
