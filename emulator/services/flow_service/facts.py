"""What rules ask of flows, their runs, and what connections reach."""

from __future__ import annotations

from emulator.data_plane.delta import delta_column as column_of
from emulator.data_plane.metrics import is_of_nothing_new
from emulator.facts import fact
from emulator.json_types import JsonObject, as_object
from emulator.scope import Scope
from emulator.services.flow_service.flows import FLOW
from emulator.services.flow_service.listing import read_token
from emulator.services.flow_service.runs import RUN
from emulator.services.flow_service.service import FlowService
from emulator.services.flow_service.specs import CONNECTION_SPEC, FLOW_SPEC, explain_unknown

AD_HOC = "https://ns.adobe.com/xdm/data/adhoc"
"""The behaviour of classes that describe data as it is, without a meaning."""


@fact()
def started_flow(service: FlowService, scope: Scope, flow_id: str) -> bool:
    """Tell whether a flow's start time has passed: its schedule's start is fixed then."""
    flow = scope.read(FLOW, flow_id) or {}
    start = str((flow.get("scheduleParams") or {}).get("startTime", ""))
    is_time = start.isdecimal() and len(start) <= 18
    return is_time and int(start) * 1000 <= scope.now()


@fact()
def spec_of_flow(service: FlowService, scope: Scope, flow_id: str) -> JsonObject | None:
    """Return the flow spec of a flow, as its next run has to keep to it.

    Its runSpec requires the delta column of every run, but "on-demand ingestion" of the first only:
    after that the flow has it.
    """
    flow = scope.read(FLOW, flow_id) or {}
    named = flow.get("flowSpec")
    id = named.get("id") if isinstance(named, dict) else None
    spec = scope.find("flow_spec", id) if isinstance(id, str) else None
    return without_delta_column(spec) if spec and column_of(flow) else spec


def without_delta_column(spec: JsonObject) -> JsonObject:
    """Return a flow spec whose runSpec does not require a delta column."""
    run_spec = as_object(spec.get("runSpec"))
    schema = as_object(run_spec.get("spec"))
    required = schema.get("required")
    if not isinstance(required, list):
        return spec
    schema = {**schema, "required": [name for name in required if name != "deltaColumn"]}
    return {**spec, "runSpec": {**run_spec, "spec": schema}}


@fact()
def path_is_of_type(service: FlowService, scope: Scope, base_id: str, path: str, type: str) -> bool:
    """Tell whether a path of a connection is what a source says of it, a file or a folder.

    What is not there yet can be either, and a storage that would have to be asked first too.
    """
    from emulator.data_plane.areas import area_of, kind_at
    from emulator.data_plane.sources import area_path
    from emulator.storage.base import StorageError

    try:
        area = area_of(scope, base_id)
        return area.is_remote or kind_at(area, area_path(base_id, path)) in ("", type)
    except StorageError:
        return True


@fact()
def batch_flow(service: FlowService, scope: Scope, flow_id: str) -> bool:
    """Tell whether a flow is of a batch source: its spec has schedules."""
    return "scheduleSpec" in (spec_of_flow(service, scope, flow_id) or {})


@fact()
def spec_has_runs(service: FlowService, scope: Scope, spec_id: str) -> bool:
    """Tell whether flows of a flow spec are carried out; one that is not known may be."""
    spec = scope.find("flow_spec", spec_id)
    return spec is None or "scheduleSpec" in spec


@fact()
def delta_column(service: FlowService, scope: Scope, flow_id: str) -> JsonObject | None:
    """Return the delta column of a flow, where its first run left it."""
    return column_of(scope.read(FLOW, flow_id) or {})


@fact()
def idle_fault(service: FlowService, scope: Scope, run_id: str) -> JsonObject | None:
    """Return what a run says of itself that succeeded without anything to read."""
    metrics = as_object((scope.read(RUN, run_id) or {}).get("metrics"))
    said = as_object(as_object(metrics.get("statusSummary")).get("extensions")).get("message")
    return {"reason": said, "values": {"id": run_id}} if is_of_nothing_new(said) else None


@fact()
def rerun_fault(service: FlowService, scope: Scope, run_id: str) -> JsonObject | None:
    """Return why a run cannot be carried out again: its flow is deleted, or not enabled."""
    run = scope.read(RUN, run_id)
    if run is None:
        return None
    id = run["flowId"]
    state = (scope.read(FLOW, id) or {"state": "deleted"})["state"]
    if state == "enabled":
        return None
    return {"reason": f'flow of run {id} has state "{state}"', "values": {"id": id}}


@fact()
def retry_fault(service: FlowService, scope: Scope, run_id: str) -> JsonObject | None:
    """Return why a run is none to retry: it has not ended, or has ingested records.

    A run that succeeded in part is left alone: "Retry failed dataflow runs" says nothing of it.
    """
    run = scope.read(RUN, run_id)
    if run is None or run["state"] in ("failed", "partialSuccess", "partialFailure"):
        return None
    records = as_object(as_object(run.get("metrics")).get("recordSummary")).get("outputRecordCount")
    if run["state"] == "success" and not records:
        return None
    reason = f"it has ingested {records} records" if records else f"it is {run['state']}"
    values = {"id": run_id, "action": "RE_TRIGGER", "state": run["state"]}
    return {"reason": reason, "values": values}


@fact()
def ad_hoc_if_known(service: FlowService, scope: Scope, schema_id: str) -> bool:
    """Tell whether a schema is ad-hoc, of a class without a standard behaviour, or not there."""
    schema = scope.find("schema", schema_id)
    return schema is None or AD_HOC in schema.get("meta:extends", ())


@fact(stateless=True)
def real_spec_id(service: FlowService, scope: Scope, id: str) -> str | None:
    """Return the id of the connection spec that some documents print under another id."""
    return scope.fixtures.aliases("connection_specs").get(id)


@fact(stateless=True)
def unknown_connection_spec(service: FlowService, scope: Scope, id: str) -> str:
    """Return how many connection specs are known instead of this one, and how to add it."""
    return explain_unknown(scope, CONNECTION_SPEC, id)


@fact(stateless=True)
def unknown_flow_spec(service: FlowService, scope: Scope, id: str) -> str:
    """Return how many flow specs are known instead of this one, and how to add it."""
    return explain_unknown(scope, FLOW_SPEC, id)


@fact()
def continuation_token(service: FlowService, scope: Scope, token: str) -> bool:
    """Tell whether a text is a continuation token."""
    return read_token(token) is not None


@fact()
def explorable(service: FlowService, scope: Scope, connection_id: str) -> JsonObject | None:
    """Return what can be explored of a connection: `kinds`, in the spellings of documents."""
    from emulator.services.flow_service.explore import explorable_kinds

    kinds = explorable_kinds(scope, connection_id)
    cases = [*kinds, *map(str.upper, kinds), *map(str.title, kinds)]
    return {"kinds": cases} if kinds else None


@fact()
def landing_zone_spec(service: FlowService, scope: Scope, spec_id: str) -> bool:
    """Tell whether a spec is explored without a connection: the landing zone's is."""
    from emulator.services.flow_service.explore import is_explored_without_connection

    return is_explored_without_connection(scope, spec_id)


@fact()
def explored(
    service: FlowService, scope: Scope, connection_id: str, query: JsonObject
) -> JsonObject | None:
    """Return what a query finds on a connection, or its `fault`; None for an unknown one."""
    from emulator.services.flow_service.explore import explore_connection

    return explore_connection(scope, connection_id, query)


@fact()
def explored_spec(
    service: FlowService, scope: Scope, spec_id: str, query: JsonObject
) -> JsonObject | None:
    """Return what a query finds in the landing zone of a spec, or its `fault`."""
    from emulator.services.flow_service.explore import explore_landing_zone

    return explore_landing_zone(scope, spec_id, query)
