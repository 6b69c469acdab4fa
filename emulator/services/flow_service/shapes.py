"""Replies of the Flow Service as its documents show them."""

from __future__ import annotations

from collections.abc import Callable

from emulator.fixture_library import Fixtures
from emulator.json_types import JsonObject
from emulator.services.flow_service.kinds import Kind
from emulator.services.flow_service.listing import Query
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
    return Reply(200, {"items": [shown(entity, call.fixtures)]}, {"ETag": entity["etag"]})


def listed(
    call: Call, kind: Kind, entities: list[JsonObject], query: Query, position: int | None
) -> Reply:
    """Return one page of a list with the link to the next."""
    links: JsonObject = {}
    if position is not None:
        links["next"] = {"href": f"/{kind.collection}?continuationToken={query.token(position)}"}
    items = [shown(entity, call.fixtures) for entity in entities]
    return Reply(200, {"items": items, "_links": links})


def shown(entity: JsonObject, fixtures: Fixtures) -> JsonObject:
    """Return an entity as reads show it: secrets of its auth spec are masked."""
    auth = entity.get("auth")
    if not isinstance(auth, dict) or not isinstance(auth.get("params"), dict):
        return entity
    secrets = _secrets(entity, auth, fixtures)
    params = {name: MASK if name in secrets else item for name, item in auth["params"].items()}
    return {**entity, "auth": {**auth, "params": params}}


def _secrets(entity: JsonObject, auth: JsonObject, fixtures: Fixtures) -> set[str]:
    spec_id = (entity.get("connectionSpec") or {}).get("id", "")
    spec = fixtures.get("connection_specs", spec_id) or {}
    spellings = (spec.get("x-emulator") or {}).get("authParamAliases", {})
    properties: JsonObject = {}
    for member in spec.get("authSpec", []):
        if member["name"] == auth.get("specName"):
            properties = member["spec"].get("properties", {})
    secret = {name for name, field in properties.items() if field.get("format") == "password"}
    return secret | {other for other, name in spellings.items() if name in secret}


def spec(resource: JsonObject) -> JsonObject:
    """Return a connection spec or flow spec without what only the emulator knows of it."""
    return {name: value for name, value in resource.items() if name != "x-emulator"}
