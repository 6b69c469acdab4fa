"""What an entity takes over from those it is made of, as reads show it."""

from __future__ import annotations

from collections.abc import Callable

from emulator.json_types import Json, JsonObject

Find = Callable[[str, str], JsonObject | None]
"""Finds a resource by kind and key."""


def of_connection(body: JsonObject, find: Find) -> JsonObject:
    """A base connection inherits nothing."""
    return {}


def of_source_or_target(body: JsonObject, find: Find) -> JsonObject:
    """Return the base connection's id and spec, and the provider of the spec."""
    shown: JsonObject = {}
    if base := _base(body, find):
        shown["inheritedAttributes"] = {"baseConnection": base}
    spec = _found(find, "connection_spec", _spec_id(body, "connectionSpec"))
    if spec and spec.get("providerId"):
        shown["providerRefId"] = spec["providerId"]
    return shown


def of_flow(body: JsonObject, find: Find) -> JsonObject:
    """Return the specs of a flow's source and target connections, and what kind of flow it is."""
    spec = _found(find, "flow_spec", _spec_id(body, "flowSpec")) or {}
    is_source = (spec.get("attributes") or {}).get("isSourceFlow", "scheduleSpec" in spec)
    shown: JsonObject = {
        "inheritedAttributes": {
            "sourceConnections": _ends(body, "sourceConnectionIds", "source_connection", find),
            "targetConnections": _ends(body, "targetConnectionIds", "target_connection", find),
            "properties": {"isSourceFlow": True} if is_source else {"isDestinationFlow": True},
        }
    }
    if spec.get("providerId"):
        shown["providerRefId"] = spec["providerId"]
    return shown


def _ends(body: JsonObject, member: str, kind: str, find: Find) -> list[JsonObject]:
    ends = []
    for id in body.get(member) or []:
        connection = _found(find, kind, id)
        if connection:
            end = {"id": id, "connectionSpec": connection.get("connectionSpec")}
            if base := _base(connection, find):
                end["baseConnection"] = base
            ends.append(end)
    return ends


def _base(body: JsonObject, find: Find) -> JsonObject | None:
    base = _found(find, "connection", body.get("baseConnectionId"))
    return base and {"id": base["id"], "connectionSpec": base.get("connectionSpec")}


def _spec_id(body: JsonObject, member: str) -> Json:
    spec = body.get(member)
    return spec.get("id") if isinstance(spec, dict) else None


def _found(find: Find, kind: str, key: Json) -> JsonObject | None:
    return find(kind, key) if isinstance(key, str) else None


INHERITED: dict[str, Callable[[JsonObject, Find], JsonObject]] = {
    "connection": of_connection,
    "source_connection": of_source_or_target,
    "target_connection": of_source_or_target,
    "flow": of_flow,
}
