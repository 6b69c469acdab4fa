"""The views of the Flow Service: call the domain, hand the result to a shape."""

from __future__ import annotations

from emulator.json_types import JsonObject
from emulator.services.flow_service import shapes
from emulator.services.flow_service.kinds import (
    CONNECTION,
    FLOW,
    SOURCE_CONNECTION,
    TARGET_CONNECTION,
    Kind,
)
from emulator.services.flow_service.listing import matching, page, read_query
from emulator.services.flow_service.service import FlowService
from emulator.store import Stored
from emulator.web import Call, Reply, operation

_KINDS = {
    "connection": CONNECTION,
    "source_connection": SOURCE_CONNECTION,
    "target_connection": TARGET_CONNECTION,
    "flow": FLOW,
}
_STATES = {"enable": "enabled", "disable": "disabled"}


def _service(call: Call) -> FlowService:
    service: FlowService = call.platform.flow_service
    return service


def _kind(call: Call) -> Kind:
    """Return the kind that an operation is about: `flow_service.list_flows` lists flows."""
    return _KINDS[call.operation.id.partition(".")[2].partition("_")[2].removesuffix("s")]


@operation("flow_service.create_connection")
@operation("flow_service.create_source_connection")
@operation("flow_service.create_target_connection")
@operation("flow_service.create_flow")
def create(call: Call) -> Reply:
    kind = _kind(call)
    entity = _service(call).create(call.sandbox, kind, call.body, call.lookup.find, call.client)
    return shapes.created(call, kind, entity)


@operation("flow_service.list_connections")
@operation("flow_service.list_source_connections")
@operation("flow_service.list_target_connections")
@operation("flow_service.list_flows")
def list_entities(call: Call) -> Reply:
    kind, query = _kind(call), read_query(call.query)
    after = 0 if query.order else query.position
    rows = _service(call).scan(call.sandbox, kind, after)
    if call.query.get("count", "").lower() == "true":
        return Reply(200, {"count": sum(1 for _ in matching(rows, query))})
    entities, next_position = page(rows, query)
    return shapes.listed(call, kind, entities, query, next_position)


@operation("flow_service.get_connection")
@operation("flow_service.get_source_connection")
@operation("flow_service.get_target_connection")
@operation("flow_service.get_flow")
def get(call: Call) -> Reply:
    return shapes.one(call, call.find(_kind(call).name, call.path["id"]))


@operation("flow_service.update_connection")
@operation("flow_service.update_source_connection")
@operation("flow_service.update_target_connection")
@operation("flow_service.update_flow")
def update(call: Call) -> Reply:
    kind = _kind(call)
    entity = call.find(kind.name, call.path["id"])
    return shapes.written(_service(call).patch(call.sandbox, kind, entity, call.body, call.client))


@operation("flow_service.delete_connection")
@operation("flow_service.delete_source_connection")
@operation("flow_service.delete_target_connection")
@operation("flow_service.delete_flow")
def delete(call: Call) -> Reply:
    _service(call).delete(call.sandbox, _kind(call), call.path["id"])
    return Reply(204)


@operation("flow_service.flow_action")
def act_on_flow(call: Call) -> Reply:
    flow = call.find("flow", call.path["id"])
    state = _STATES[call.query["op"].lower()]
    return shapes.written(_service(call).set_state(call.sandbox, FLOW, flow, state, call.client))


@operation("flow_service.list_connection_specs")
def list_connection_specs(call: Call) -> Reply:
    return _list_specs(call, call.fixtures.all("connection_specs"))


@operation("flow_service.list_flow_specs")
def list_flow_specs(call: Call) -> Reply:
    return _list_specs(call, call.fixtures.all("flow_specs"))


def _list_specs(call: Call, specs: list[JsonObject]) -> Reply:
    query = read_query(call.query)
    rows = (Stored(spec["id"], 1, number, spec) for number, spec in enumerate(specs))
    return Reply(200, {"items": [shapes.spec(row.body) for row in matching(rows, query)]})


@operation("flow_service.get_connection_spec")
def get_connection_spec(call: Call) -> Reply:
    spec = call.find("connection_spec", call.path["id"])
    return Reply(200, {"items": [shapes.spec(spec)]})


@operation("flow_service.get_flow_spec")
def get_flow_spec(call: Call) -> Reply:
    return Reply(200, {"items": [shapes.spec(call.find("flow_spec", call.path["id"]))]})
