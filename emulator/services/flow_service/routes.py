"""The views of the Flow Service: call the domain, hand the result to a shape."""

from __future__ import annotations

from emulator.json_types import JsonObject
from emulator.services.flow_service import shapes
from emulator.services.flow_service.due import catch_up
from emulator.services.flow_service.kinds import (
    CONNECTION,
    FLOW,
    SOURCE_CONNECTION,
    TARGET_CONNECTION,
    Kind,
)
from emulator.services.flow_service.listing import matching, page, read_query
from emulator.services.flow_service.service import FlowService
from emulator.web import Call, Reply, operation

_KINDS = {
    "connection": CONNECTION,
    "source_connection": SOURCE_CONNECTION,
    "target_connection": TARGET_CONNECTION,
    "flow": FLOW,
}
_STATES = {"enable": "enabled", "disable": "disabled", "publish": "enabled"}


def _kind(call: Call) -> Kind:
    """Return the kind that an operation is about: `flow_service.list_flows` lists flows."""
    return _KINDS[call.operation.id.partition(".")[2].partition("_")[2].removesuffix("s")]


def _entity(service: FlowService, call: Call, kind: Kind) -> JsonObject:
    """Return the entity of the path; a flow's runs that are due change it first."""
    if kind is FLOW:
        catch_up(service, call)
        flow = call.scope.find(kind.name, call.path["id"])
        return flow or call.find(kind.name, call.path["id"])
    return call.find(kind.name, call.path["id"])


@operation("flow_service.create_connection")
@operation("flow_service.create_source_connection")
@operation("flow_service.create_target_connection")
@operation("flow_service.create_flow")
def create(service: FlowService, call: Call) -> Reply:
    kind = _kind(call)
    state = "draft" if call.query.get("mode") == "draft" else "enabled"
    entity = service.create(call.sandbox, kind, call.body, call.lookup.find, call.client, state)
    return shapes.created(call, kind, entity)


@operation("flow_service.list_connections")
@operation("flow_service.list_source_connections")
@operation("flow_service.list_target_connections")
@operation("flow_service.list_flows")
def list_entities(service: FlowService, call: Call) -> Reply:
    kind, query = _kind(call), read_query(call.query)
    if kind is FLOW:
        catch_up(service, call)
    after = 0 if query.order else query.position
    rows = service.scan(call.sandbox, kind, after)
    if call.query.get("count", "").lower() == "true":
        return Reply(200, {"count": sum(1 for _ in matching(rows, query))})
    entities, next_position = page(rows, query)
    items = [shapes.shown(entity, call.lookup.find) for entity in entities]
    return shapes.listed(items, kind.collection, query, next_position)


@operation("flow_service.get_connection")
@operation("flow_service.get_source_connection")
@operation("flow_service.get_target_connection")
@operation("flow_service.get_flow")
def get(service: FlowService, call: Call) -> Reply:
    return shapes.one(call, _entity(service, call, _kind(call)))


@operation("flow_service.update_connection")
@operation("flow_service.update_source_connection")
@operation("flow_service.update_target_connection")
@operation("flow_service.update_flow")
def update(service: FlowService, call: Call) -> Reply:
    kind = _kind(call)
    entity = _entity(service, call, kind)
    changed = service.patch(call.sandbox, kind, entity, call.body, call.lookup.find, call.client)
    return shapes.written(changed)


@operation("flow_service.delete_connection")
@operation("flow_service.delete_source_connection")
@operation("flow_service.delete_target_connection")
@operation("flow_service.delete_flow")
def delete(service: FlowService, call: Call) -> Reply:
    kind = _kind(call)
    _entity(service, call, kind)
    service.delete(call.sandbox, kind, call.path["id"])
    return Reply(204)


@operation("flow_service.connection_action")
@operation("flow_service.source_connection_action")
@operation("flow_service.target_connection_action")
@operation("flow_service.flow_action")
def act(service: FlowService, call: Call) -> Reply:
    kind = _KINDS[call.operation.id.partition(".")[2].removesuffix("_action")]
    entity = _entity(service, call, kind)
    state = _STATES[call.query["op"].lower()]
    return shapes.written(service.set_state(call.sandbox, kind, entity, state, call.client))


@operation("flow_service.test_connection")
def test_connection(service: FlowService, call: Call) -> Reply:
    """A connection passes if it were accepted without a remark, were it created as it is."""
    connection = call.find("connection", call.path["id"])
    request = {"headers": {}, "query": {}, "path": {}, "content": {}, "body": connection}
    findings = call.lookup.judge("flow_service.create_connection", request)
    return Reply(200, {"result": not findings})
