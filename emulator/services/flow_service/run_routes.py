"""The views of runs. Whoever looks at runs has what is due carried out first."""

from __future__ import annotations

from emulator.json_types import JsonObject
from emulator.services.flow_service import run_shapes as shapes
from emulator.services.flow_service.due import catch_up, flow_engine
from emulator.services.flow_service.listing import matching, page, read_query
from emulator.services.flow_service.runs import Runs
from emulator.services.flow_service.shapes import listed
from emulator.web import Call, Reply, operation


def _runs(call: Call) -> Runs:
    runs: Runs = call.platform.flow_service.runs
    return runs


@operation("flow_service.list_runs")
def list_runs(call: Call) -> Reply:
    catch_up(call)
    query = read_query(call.query)
    rows = _runs(call).scan(call.sandbox, 0 if query.order else query.position)
    if call.query.get("count", "").lower() == "true":
        return Reply(200, {"count": sum(1 for _ in matching(rows, query))})
    runs, next_position = page(rows, query)
    return listed([shapes.shown(call, run) for run in runs], "runs", query, next_position)


@operation("flow_service.get_run")
def get_run(call: Call) -> Reply:
    catch_up(call)
    return shapes.one(call, _run(call))


@operation("flow_service.create_run")
def create_run(call: Call) -> Reply:
    catch_up(call)
    flow = call.find("flow", call.body["flowId"])
    run = flow_engine(call).order(call.sandbox, flow, call.body, call.client)
    return shapes.created(call, run)


@operation("flow_service.replace_run")
def replace_run(call: Call) -> Reply:
    service = call.platform.flow_service
    run = service.replace_run(call.sandbox, _run(call), call.body, call.client)
    return shapes.replaced(call, run)


@operation("flow_service.run_action")
def trigger_again(call: Call) -> Reply:
    return shapes.bare(call, flow_engine(call).again(call.sandbox, _run(call), call.client))


def _run(call: Call) -> JsonObject:
    """Return the run of the path as it is now: what was due may have changed it."""
    run = _runs(call).find(call.sandbox, call.path["id"])
    return run or call.find("run", call.path["id"])
