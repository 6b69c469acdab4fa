"""The views of specs, and the searches, which find entities and specs alike."""

from __future__ import annotations

from emulator.json_types import JsonObject
from emulator.services.flow_service import shapes
from emulator.services.flow_service.due import catch_up
from emulator.services.flow_service.kinds import CONNECTION, FLOW
from emulator.services.flow_service.listing import matching, page, read_query, read_search
from emulator.services.flow_service.service import FlowService
from emulator.services.flow_service.specs import CONNECTION_SPEC, FLOW_SPEC, SpecKind
from emulator.store import Stored
from emulator.web import Call, Reply, operation

_DATA_SETS_PER_PAGE = 20


def _kind(call: Call) -> SpecKind:
    return CONNECTION_SPEC if "connection_spec" in call.operation.id else FLOW_SPEC


def _rows(service: FlowService, call: Call, kind: SpecKind) -> list[Stored]:
    specs = service.specs.all(call.sandbox, call.fixtures, kind)
    return [Stored(spec["id"], 1, number, spec) for number, spec in enumerate(specs, 1)]


@operation("flow_service.list_connection_specs")
@operation("flow_service.list_flow_specs")
def list_specs(service: FlowService, call: Call) -> Reply:
    rows = matching(_rows(service, call, _kind(call)), read_query(call.query))
    return Reply(200, {"items": [shapes.spec(row.body) for row in rows]})


@operation("flow_service.get_connection_spec")
@operation("flow_service.get_flow_spec")
def get_spec(service: FlowService, call: Call) -> Reply:
    return Reply(200, {"items": [shapes.spec(call.find(_kind(call).name, call.path["id"]))]})


@operation("flow_service.create_connection_spec")
@operation("flow_service.create_flow_spec")
def create_spec(service: FlowService, call: Call) -> Reply:
    kind = _kind(call)
    spec = service.specs.create(call.sandbox, kind, call.body, call.client)
    return shapes.created_spec(call, kind, spec)


@operation("flow_service.replace_connection_spec")
@operation("flow_service.replace_flow_spec")
def replace_spec(service: FlowService, call: Call) -> Reply:
    kind = _kind(call)
    spec = call.find(kind.name, call.path["id"])
    replaced = service.specs.replace(call.sandbox, kind, spec, call.body, call.client)
    return Reply(200, shapes.spec(replaced))


@operation("flow_service.get_connection_spec_configs")
def get_spec_configs(service: FlowService, call: Call) -> Reply:
    if "authType" in call.query:
        role = service.storage_role(call.sandbox.organization)
        return Reply(200, {"configParams": {"IAMRole": role}})
    start = int(call.query.get("start", "0"))
    end = start + int(call.query.get("limit", _DATA_SETS_PER_PAGE))
    datasets = call.lookup.all("dataset")
    return Reply(200, {"items": datasets[start:end], "pageInfo": {"hasNext": end < len(datasets)}})


@operation("flow_service.search_connections")
@operation("flow_service.search_flows")
def search_entities(service: FlowService, call: Call) -> Reply:
    kind = FLOW if call.operation.id.endswith("flows") else CONNECTION
    if kind is FLOW:
        catch_up(service, call)
    rows = list(service.scan(call.sandbox, kind))
    return _search(call, rows, kind.collection)


@operation("flow_service.search_flow_specs")
def search_flow_specs(service: FlowService, call: Call) -> Reply:
    return _search(call, _rows(service, call, FLOW_SPEC), FLOW_SPEC.collection)


def _search(call: Call, rows: list[Stored], collection: str) -> Reply:
    body: JsonObject = call.body or {}
    query = read_search(body, call.query.get("continuationToken", ""))
    if str(body.get("count", "")).lower() == "true":
        return Reply(200, {"count": sum(1 for _ in matching(rows, query))})
    after = 0 if query.order else query.position
    bodies, position = page([row for row in rows if row.ordinal > after], query)
    items = [shapes.spec(shapes.shown(body, call.lookup.find)) for body in bodies]
    return shapes.listed(shapes.found(call, items), f"{collection}/search", query, position)
