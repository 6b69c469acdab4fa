"""The views of exploring: what a rule has found is shown."""

from __future__ import annotations

from emulator.services.flow_service import run_shapes as shapes
from emulator.services.flow_service.service import FlowService
from emulator.web import Call, Reply, operation


@operation("flow_service.explore_connection")
def explore_connection(service: FlowService, call: Call) -> Reply:
    found = call.ask("flow_service.explored", call.path["id"], call.query)
    return shapes.explored(call, found)


@operation("flow_service.explore_connection_spec")
def explore_connection_spec(service: FlowService, call: Call) -> Reply:
    found = call.ask("flow_service.explored_spec", call.path["id"], call.query)
    return shapes.explored_zone(found)
