"""Replies of the Flow Service as its documents show them."""

from __future__ import annotations

from collections.abc import Callable

from emulator.json_types import JsonObject
from emulator.services.flow_service.inherited import Find
from emulator.services.flow_service.kinds import Kind
from emulator.services.flow_service.listing import Query, projected
from emulator.services.flow_service.specs import SpecKind
from emulator.web import Call, Reply

MASK = "******"
"""What reads show instead of a secret; which form the platform uses is not documented."""


def _id_and_etag(entity: JsonObject) -> JsonObject:
    return {"id": entity["id"], "etag": entity["etag"]}


def _id_only(entity: JsonObject) -> JsonObject:
    return {"id": entity["id"]}


WRITTEN: dict[str, Callable[[JsonObject], JsonObject]] = {
    "": _id_and_etag,
    "id_and_etag": _id_and_etag,
    "id_only": _id_only,
}
"""What creating an entity answers, by the shape that an edition's documents show."""


def created(call: Call, kind: Kind, entity: JsonObject) -> Reply:
    """Return the 201 of a new entity, with its place."""
    shape = call.edition.answer(f"flow_service.created_{kind.name}")
    location = f"{call.operation.base_path}/{kind.collection}/{entity['id']}"
    return Reply(201, WRITTEN[shape](entity), {"Location": location})


def written(entity: JsonObject) -> Reply:
    """Return the 200 of a change."""
    return Reply(200, _id_and_etag(entity))


def one(call: Call, entity: JsonObject) -> Reply:
    """Return a read of one entity: a list of one."""
    return Reply(200, {"items": [shown(entity, call.lookup.find)]}, {"ETag": entity["etag"]})


def listed(items: list[JsonObject], path: str, query: Query, position: int | None) -> Reply:
    """Return one page of a list with the link to the next, which `path` leads to."""
    links: JsonObject = {}
    if position is not None:
        links["next"] = {"href": f"/{path}?continuationToken={query.token(position)}"}
    return Reply(200, {"items": items, "_links": links})


def found(call: Call, items: list[JsonObject]) -> list[JsonObject]:
    """Return what a search's body wants to see of the items that it found."""
    fields = (call.body or {}).get("projectionFields") or []
    return [projected(item, fields) for item in items]


def shown(entity: JsonObject, find: Find) -> JsonObject:
    """Return an entity as reads show it: secrets of its auth spec are masked."""
    auth = entity.get("auth")
    if not isinstance(auth, dict) or not isinstance(auth.get("params"), dict):
        return entity
    secrets = _secrets(entity, auth, find)
    params = {name: MASK if name in secrets else item for name, item in auth["params"].items()}
    return {**entity, "auth": {**auth, "params": params}}


def _secrets(entity: JsonObject, auth: JsonObject, find: Find) -> set[str]:
    named = entity.get("connectionSpec")
    spec_id = named.get("id") if isinstance(named, dict) else None
    spec = (find("connection_spec", spec_id) if isinstance(spec_id, str) else None) or {}
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


def spec(resource: JsonObject) -> JsonObject:
    """Return a connection spec or flow spec without what only the emulator knows of it."""
    return {name: value for name, value in resource.items() if name != "x-emulator"}


def created_spec(call: Call, kind: SpecKind, resource: JsonObject) -> Reply:
    """Return the 201 of a new spec, which shows it bare, with its place."""
    location = f"{call.operation.base_path}/{kind.collection}/{resource['id']}"
    return Reply(201, spec(resource), {"Location": location})
