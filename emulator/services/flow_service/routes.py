"""Views of the Flow Service. What is due is carried out before flows or runs are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from emulator.filters.catalog import ordered, parse_condition
from emulator.json_types import JsonObject
from emulator.services.flow_service import shapes
from emulator.services.flow_service.flows import FLOW
from emulator.services.flow_service.listing import (
    Query,
    count,
    matching,
    ordered_rows,
    page,
    read_query,
    read_search,
    sorted_rows,
)
from emulator.services.flow_service.runs import RUN
from emulator.services.flow_service.service import FlowService
from emulator.services.flow_service.specs import (
    FLOW_SPEC,
    all_specs,
    create_spec,
    replace_spec,
    storage_role,
)
from emulator.store import Stored
from emulator.web import Answer, Call, Reply, Rest, operation

_STATES = {"enable": "enabled", "disable": "disabled", "publish": "enabled"}
_DATASETS_PER_PAGE = 20


def _entity(call: Call) -> JsonObject:
    """Return the entity of the path."""
    return call.find(call.resource.kind, call.path["id"])


@operation("flow_service.create_connection")
@operation("flow_service.create_source_connection")
@operation("flow_service.create_target_connection")
@operation("flow_service.create_flow")
def create(service: FlowService, call: Call) -> Reply:
    state = "draft" if call.query.get("mode") == "draft" else "enabled"
    entity = service.create(call.reading_scope, call.resource.kind, call.body, state)
    return shapes.created(call, entity)


@operation("flow_service.list_connections")
@operation("flow_service.list_source_connections")
@operation("flow_service.list_target_connections")
@operation("flow_service.list_flows", catches_up=True)
def list_entities(service: FlowService, call: Call) -> Reply:
    return _list(call, lambda entity: shapes.public_entity(call, entity))


@operation("flow_service.get_connection")
@operation("flow_service.get_source_connection")
@operation("flow_service.get_target_connection")
@operation("flow_service.get_flow", catches_up=True)
def get(service: FlowService, call: Call) -> Reply:
    return shapes.one(call, _entity(call))


@operation("flow_service.update_connection")
@operation("flow_service.update_source_connection")
@operation("flow_service.update_target_connection")
@operation("flow_service.update_flow", catches_up=True)
def update(service: FlowService, call: Call) -> Reply:
    entity = _entity(call)
    return shapes.written(service.patch(call.reading_scope, call.resource.kind, entity, call.body))


@operation("flow_service.delete_connection")
@operation("flow_service.delete_source_connection")
@operation("flow_service.delete_target_connection")
@operation("flow_service.delete_flow", catches_up=True)
def delete(service: FlowService, call: Call) -> Reply:
    _entity(call)
    service.delete(call.scope, call.resource.kind, call.path["id"])
    return Reply(204)


@operation("flow_service.connection_action")
@operation("flow_service.source_connection_action")
@operation("flow_service.target_connection_action")
@operation("flow_service.flow_action", catches_up=True)
def act(service: FlowService, call: Call) -> Reply:
    entity = _entity(call)
    state = _STATES[call.query["op"].lower()]
    return shapes.written(service.set_state(call.scope, call.resource.kind, entity, state))


@operation("flow_service.test_connection", is_long=True)
def test_connection(service: FlowService, call: Call) -> Reply:
    """A connection passes if it were accepted without a remark, were it created as it is.

    One that leads to a real storage or database also has to be let in there.
    """
    connection, own = call.find("connection", call.path["id"]), call.resource.values["own_members"]
    body = {name: connection[name] for name in own if name in connection}
    request = {"headers": {}, "query": {}, "path": {}, "content": {}, "body": body}
    findings = call.lookup.judge("flow_service.create_connection", request)
    return Reply(200, {"result": not findings and service.lets_in(call.scope, connection)})


@operation("flow_service.explore_connection", is_long=True)
def explore_connection(service: FlowService, call: Call) -> Reply:
    found = call.ask("flow_service.explored", call.path["id"], call.query)
    return shapes.explored(call, found)


@operation("flow_service.explore_connection_spec", is_long=True)
def explore_connection_spec(service: FlowService, call: Call) -> Reply:
    found = call.ask("flow_service.explored_spec", call.path["id"], call.query)
    return shapes.explored_zone(found)


@operation("flow_service.list_runs", catches_up=True)
def list_runs(service: FlowService, call: Call) -> Reply:
    return _list(call, lambda run: shapes.public_run(call, run))


def _list(call: Call, shape: Callable[[JsonObject], JsonObject]) -> Reply:
    query = read_query(call.query)
    if call.query.get("count", "").lower() == "true":
        return Reply(200, {"count": count(call.scope, call.resource.kind, query)})
    found, next_position = page(_rows(call, query), query)
    items = [shape(item) for item in _whole(call, found, query)]
    return shapes.listed(call, items, query, next_position)


def _rows(call: Call, query: Query) -> Iterable[Stored]:
    """Return a list's rows in order.

    Only what the query looks at is sure to be in them; `_whole` returns the rest.
    """
    return ordered_rows(call.scope, call.resource.kind, query)


def _whole(call: Call, rows: list[Stored], query: Query) -> list[JsonObject]:
    """Return what stands in the rows of a page, whole: a query that looks at nothing left it so."""
    if not (query.filters or query.order):
        return [row.body for row in rows]
    return call.scope.read_many(call.resource.kind, (row.key for row in rows))


@operation("flow_service.get_run", catches_up=True)
def get_run(service: FlowService, call: Call) -> Reply:
    return shapes.one_run(call, call.find(RUN, call.path["id"]))


@operation("flow_service.create_run", catches_up=True, is_long=True)
def create_run(service: FlowService, call: Call) -> Answer:
    run = service.order(call.scope, call.find(FLOW, call.body["flowId"]), call.body)
    if run["state"] == "scheduled":  # for later
        return shapes.created_run(call, run)

    def carry_out() -> Reply:
        done = service.carry_out(call.scope, run)
        call.remark_as("flow_service.get_run", {"id": run["id"]}, "/body/flowId")
        return shapes.created_run(call, done)

    return carry_out


@operation("flow_service.replace_run", catches_up=True)
def replace_run(service: FlowService, call: Call) -> Reply:
    run = call.find(RUN, call.path["id"])
    return shapes.replaced_run(call, service.replace_run(call.scope, run, call.body))


@operation("flow_service.run_action", catches_up=True, is_long=True)
def trigger_again(service: FlowService, call: Call) -> Rest:
    run = call.find(RUN, call.path["id"])

    def carry_out() -> Reply:
        done = service.carry_out(call.scope, run, again=True)
        call.remark_as("flow_service.get_run", {"id": run["id"]}, "/path/id")
        return Reply(200, shapes.public_run(call, done))

    return carry_out


def _spec_rows(call: Call, kind: str) -> list[Stored]:
    specs = all_specs(call.scope, kind)
    return [Stored(spec["id"], 1, number, spec) for number, spec in enumerate(specs, 1)]


@operation("flow_service.list_connection_specs")
@operation("flow_service.list_flow_specs")
def list_specs(service: FlowService, call: Call) -> Reply:
    """List specs: all of them, unless the query asks for a page."""
    query, rows = read_query(call.query), _spec_rows(call, call.resource.kind)
    if call.query.get("count", "").lower() == "true":
        return Reply(200, {"count": sum(1 for _ in matching(rows, query))})
    if not {"limit", "continuationToken"} & call.query.keys():
        query = replace(query, limit=len(rows))
    after = 0 if query.order else query.position
    ahead = [row for row in rows if row.ordinal > after]
    found, position = page(sorted_rows(ahead, query), query)
    items = [shapes.public_spec(row.body) for row in found]
    if position is None and not query.position:
        return Reply(200, {"items": items})
    return shapes.listed(call, items, query, position)


@operation("flow_service.get_connection_spec")
@operation("flow_service.get_flow_spec")
def get_spec(service: FlowService, call: Call) -> Reply:
    spec = call.find(call.resource.kind, call.path["id"])
    return Reply(200, {"items": [shapes.public_spec(spec)]})


@operation("flow_service.create_connection_spec")
@operation("flow_service.create_flow_spec")
def post_spec(service: FlowService, call: Call) -> Reply:
    return shapes.created_spec(call, create_spec(call.scope, call.resource.kind, call.body))


@operation("flow_service.replace_connection_spec")
@operation("flow_service.replace_flow_spec")
def put_spec(service: FlowService, call: Call) -> Reply:
    kind = call.resource.kind
    spec = call.find(kind, call.path["id"])
    replaced = replace_spec(call.scope, kind, spec, call.body)
    return Reply(200, shapes.public_spec(replaced))


@operation("flow_service.get_connection_spec_configs")
def get_spec_configs(service: FlowService, call: Call) -> Reply:
    if "authType" in call.query:
        return Reply(200, {"configParams": {"IAMRole": storage_role(call.scope)}})
    start = int(call.query.get("start", "0"))
    end = start + int(call.query.get("limit", _DATASETS_PER_PAGE))
    datasets = list(_datasets_asked_for(call))
    page_info = {"hasNext": end < len(datasets)}
    return Reply(200, {"items": datasets[start:end], "pageInfo": page_info})


def _datasets_asked_for(call: Call) -> Iterator[JsonObject]:
    """Yield the data sets that a query lets through, as Catalog's own list does."""
    query = call.query
    conditions = [parse_condition(text) for text in query.get("property", ())]
    named = query.get("name")
    members = {*query["properties"].split(","), "id"} if query.get("properties") else None
    for dataset in ordered(call.lookup.all("dataset"), query.get("orderBy", "")):
        meets = all(condition.holds(dataset) for condition in conditions if condition)
        if meets and named in (None, dataset.get("name")):
            yield dataset if members is None else {k: v for k, v in dataset.items() if k in members}


@operation("flow_service.search_connections")
@operation("flow_service.search_flows", catches_up=True)
def search_entities(service: FlowService, call: Call) -> Reply:
    query = _searched(call)
    if _only_counts(call):
        return Reply(200, {"count": count(call.scope, call.resource.kind, query)})
    found, position = page(_rows(call, query), query)
    return _search_page(call, _whole(call, found, query), query, position)


@operation("flow_service.search_flow_specs")
def search_flow_specs(service: FlowService, call: Call) -> Reply:
    query = _searched(call)
    after = 0 if query.order else query.position
    rows = [row for row in _spec_rows(call, FLOW_SPEC) if row.ordinal > after]
    if _only_counts(call):
        return Reply(200, {"count": sum(1 for _ in matching(rows, query))})
    found, position = page(sorted_rows(rows, query), query)
    return _search_page(call, [row.body for row in found], query, position)


def _searched(call: Call) -> Query:
    return read_search(call.body or {}, call.query.get("continuationToken", ""))


def _only_counts(call: Call) -> bool:
    return str((call.body or {}).get("count", "")).lower() == "true"


def _search_page(call: Call, bodies: list[JsonObject], query: Query, position: int | None) -> Reply:
    items = [shapes.public_spec(shapes.public_entity(call, body)) for body in bodies]
    return shapes.listed(call, shapes.projected_items(call, items), query, position)
