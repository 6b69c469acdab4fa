"""Replies of the Flow Service as its documents show them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emulator.json_types import Json, JsonObject, as_object
from emulator.scope import Scope
from emulator.services.flow_service.connections import found, spec_id
from emulator.services.flow_service.listing import Query, projected
from emulator.web import Call, Reply

if TYPE_CHECKING:
    from emulator.contract.judge import Edition

MASK = "******"
"""What reads show instead of a secret; which form the platform uses is not documented."""


def _id_and_etag(entity: JsonObject) -> JsonObject:
    return {"id": entity["id"], "etag": entity["etag"]}


WRITTEN: dict[str, Callable[[JsonObject], JsonObject]] = {
    "": _id_and_etag,
    "id_and_etag": _id_and_etag,
    "id_only": lambda entity: {"id": entity["id"]},
}
"""What creating an entity answers, by the shape that an edition's documents show."""


def created(call: Call, entity: JsonObject) -> Reply:
    """Return the 201 of a new entity, with its place."""
    shape = call.edition.answer(f"flow_service.created_{call.resource.kind}")
    location = f"{call.operation.base_path}{call.resource.collection}/{entity['id']}"
    return Reply(201, WRITTEN[shape](entity), {"Location": location})


def written(entity: JsonObject) -> Reply:
    return Reply(200, _id_and_etag(entity))


def one(call: Call, entity: JsonObject) -> Reply:
    """Return a read of one entity: a list of one."""
    return Reply(200, {"items": [public_entity(call, entity)]}, {"ETag": entity["etag"]})


def listed(call: Call, items: list[JsonObject], query: Query, position: int | None) -> Reply:
    """Return one page of a list or search with the link to the next."""
    path = call.operation.path
    links: JsonObject = {}
    if position is not None:
        links["next"] = {"href": f"{path}?continuationToken={query.token(position)}"}
    return Reply(200, {"items": items, "_links": links})


def projected_items(call: Call, items: list[JsonObject]) -> list[JsonObject]:
    """Return what a search's body wants to see of the items that it found."""
    fields = (call.body or {}).get("projectionFields") or []
    return [projected(item, fields) for item in items]


def public_entity(call: Call, entity: JsonObject) -> JsonObject:
    """Return an entity as reads show it: secrets masked, an inlet's URL with the caller's host."""
    shown = masked(call.reading_scope, entity)
    auth = as_object(shown.get("auth"))
    if "inletUrl" in as_object(auth.get("params")):
        shown = {**shown, "auth": {**auth, "params": _with_host(call, auth["params"])}}
    if "inletUrl" in as_object(shown.get("params")):
        shown = {**shown, "params": _with_host(call, shown["params"])}
    return shown


def _with_host(call: Call, params: JsonObject) -> JsonObject:
    url = params["inletUrl"]
    is_path = isinstance(url, str) and url.startswith("/")
    return {**params, "inletUrl": call.base_url + url} if is_path else params


def masked(scope: Scope, entity: JsonObject) -> JsonObject:
    """Return an entity as reads show it: secrets of its auth spec are masked."""
    auth = entity.get("auth")
    if not isinstance(auth, dict) or not isinstance(auth.get("params"), dict):
        return entity
    secrets = _secrets(scope, entity, auth)
    params = {name: MASK if name in secrets else item for name, item in auth["params"].items()}
    return {**entity, "auth": {**auth, "params": params}}


def _secrets(scope: Scope, entity: JsonObject, auth: JsonObject) -> set[str]:
    spec = found(scope, "connection_spec", spec_id(entity, "connectionSpec")) or {}
    spellings = (spec.get("x-emulator") or {}).get("authParamAliases", {})
    properties: JsonObject = {}
    for member in spec.get("authSpec") or []:
        if member["name"] == auth.get("specName") and isinstance(member.get("spec"), dict):
            properties = member["spec"].get("properties", {})
    secret = {
        name
        for name, field in properties.items()
        if isinstance(field, dict) and field.get("format") == "password"
    }
    return secret | {other for other, name in spellings.items() if name in secret}


def public_spec(resource: JsonObject) -> JsonObject:
    """Return a connection spec or flow spec without what only the emulator knows of it."""
    return {name: value for name, value in resource.items() if name != "x-emulator"}


def created_spec(call: Call, resource: JsonObject) -> Reply:
    """Return the 201 of a new spec, which shows it bare, with its place."""
    location = f"{call.operation.base_path}{call.resource.collection}/{resource['id']}"
    return Reply(201, public_spec(resource), {"Location": location})


def _items(run: JsonObject) -> JsonObject:
    """The on-demand page's list of one, with the reference's members beside it."""
    pair = _id_and_etag(run)
    return {**pair, "items": [pair]}


_CREATED: dict[str, Callable[[JsonObject], JsonObject]] = {
    "": _id_and_etag,
    "id_and_etag": _id_and_etag,
    "items": _items,
}


def created_run(call: Call, run: JsonObject) -> Reply:
    """Return the 201 of a new run."""
    return Reply(201, _CREATED[call.edition.answer("flow_service.created_run")](run))


def replaced_run(call: Call, run: JsonObject) -> Reply:
    """Return the 200 of a replaced run, with its place."""
    location = f"{call.operation.base_path}/runs/{run['id']}"
    return Reply(200, _id_and_etag(run), {"Location": location})


def one_run(call: Call, run: JsonObject) -> Reply:
    """Return a read of one run: a list of one."""
    return Reply(200, {"items": [public_run(call, run)]}, {"ETag": run["etag"]})


def public_run(call: Call, run: JsonObject) -> JsonObject:
    """Return a run as reads show it."""
    return shown_run(run, call.edition, call.base_url)


def shown_run(run: JsonObject, edition: Edition, base_url: str) -> JsonObject:
    """Return a run as an edition's documents show it.

    Links to the manifests of its batch lead to this emulator. In the documents of 2020-08
    activities have names for ids.
    """
    from emulator.data_plane.metrics import ACTIVITIES, EXPORT

    named = edition.answer("flow_service.run_activities") == "named"
    texts = {activity.id: activity.old_id for activity in ACTIVITIES} if named else {}

    def public(value: Json) -> Json:
        if isinstance(value, dict):
            return {name: public(item) for name, item in value.items()}
        if isinstance(value, list):
            return [public(item) for item in value]
        if isinstance(value, str):
            return base_url + value if value.startswith(EXPORT) else texts.get(value, value)
        return value

    return {name: public(value) for name, value in run.items()}


def explored(call: Call, found: JsonObject) -> Reply:
    """Return what exploring a connection has found, as the documents of the edition show it."""
    if "objects" in found:
        show = _OBJECTS[call.edition.answer("flow_service.explored_folder")]
        return Reply(200, [show(item) for item in found["objects"]])
    return Reply(200, _FILE[call.edition.answer("flow_service.explored_file")](found["file"]))


def explored_zone(found: JsonObject) -> Reply:
    """Return what exploring the landing zone has found, which one page shows in one form."""
    return Reply(200, found.get("objects", found.get("file")))


def _named(item: JsonObject) -> JsonObject:
    return {"type": item["type"].title(), "name": item["name"], "path": item["path"]}


def _columns(file: JsonObject) -> list[JsonObject]:
    """Return only the columns; of a hierarchical file the outermost fields."""
    schema = file["schema"]
    fields = schema.get("columns") or [
        {"name": name, **field} for name, field in schema.get("properties", {}).items()
    ]
    return [{"name": field["name"], "type": field["type"].title()} for field in fields]


_OBJECTS: dict[str, Callable[[JsonObject], JsonObject]] = {
    "": lambda item: item,
    "capable": lambda item: item,
    "named": _named,
}
_FILE: dict[str, Callable[[JsonObject], Json]] = {
    "": lambda file: file,
    "schema": lambda file: file,
    "columns": _columns,
}
