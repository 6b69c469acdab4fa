"""The views of runs. Whoever looks at runs has what is due carried out first."""

from __future__ import annotations

from emulator.json_types import JsonObject
from emulator.services.flow_service import run_shapes as shapes
from emulator.services.flow_service.due import catch_up, flow_engine
from emulator.services.flow_service.listing import matching, page, read_query
from emulator.services.flow_service.service import FlowService
from emulator.services.flow_service.shapes import listed
from emulator.web import Call, Reply, operation


@operation("flow_service.list_runs")
def list_runs(service: FlowService, call: Call) -> Reply:
    catch_up(service, call)
    query = read_query(call.query)
    rows = service.runs.scan(call.sandbox, 0 if query.order else query.position)
    if call.query.get("count", "").lower() == "true":
        return Reply(200, {"count": sum(1 for _ in matching(rows, query))})
    runs, next_position = page(rows, query)
    return listed([shapes.shown(call, run) for run in runs], "runs", query, next_position)


@operation("flow_service.get_run")
def get_run(service: FlowService, call: Call) -> Reply:
    catch_up(service, call)
    return shapes.one(call, _run(service, call))


@operation("flow_service.create_run")
def create_run(service: FlowService, call: Call) -> Reply:
    catch_up(service, call)
    flow = call.find("flow", call.body["flowId"])
    run = flow_engine(service, call).order(call.sandbox, flow, call.body, call.client)
    return shapes.created(call, run)


@operation("flow_service.replace_run")
def replace_run(service: FlowService, call: Call) -> Reply:
    run = service.replace_run(call.sandbox, _run(service, call), call.body, call.client)
    return shapes.replaced(call, run)


@operation("flow_service.run_action")
def trigger_again(service: FlowService, call: Call) -> Reply:
    run = flow_engine(service, call).again(call.sandbox, _run(service, call), call.client)
    return shapes.bare(call, run)


def _run(service: FlowService, call: Call) -> JsonObject:
    """Return the run of the path as it is now: what was due may have changed it."""
    run = service.runs.find(call.sandbox, call.path["id"])
    return run or call.find("run", call.path["id"])
