"""What an entity takes over from those it is made of, as reads show it."""

from __future__ import annotations

from collections.abc import Callable

from emulator.fixture_library import Fixtures
from emulator.json_types import Json, JsonObject

Read = Callable[[str, Json], JsonObject | None]


def of_connection(body: JsonObject, read: Read, fixtures: Fixtures) -> JsonObject:
    """A base connection inherits nothing."""
    return {}


def of_source_or_target(body: JsonObject, read: Read, fixtures: Fixtures) -> JsonObject:
    """Return the base connection's id and spec, and the provider of the spec."""
    shown: JsonObject = {}
    if base := _base(body, read):
        shown["inheritedAttributes"] = {"baseConnection": base}
    spec = fixtures.get("connection_specs", _spec_id(body, "connectionSpec"))
    if spec and spec.get("providerId"):
        shown["providerRefId"] = spec["providerId"]
    return shown


def of_flow(body: JsonObject, read: Read, fixtures: Fixtures) -> JsonObject:
    """Return the specs of a flow's source and target connections, and what kind of flow it is."""
    spec = fixtures.get("flow_specs", _spec_id(body, "flowSpec")) or {}
    is_source = (spec.get("attributes") or {}).get("isSourceFlow", "scheduleSpec" in spec)
    shown: JsonObject = {
        "inheritedAttributes": {
            "sourceConnections": _ends(body, "sourceConnectionIds", "source_connection", read),
            "targetConnections": _ends(body, "targetConnectionIds", "target_connection", read),
            "properties": {"isSourceFlow": True} if is_source else {"isDestinationFlow": True},
        }
    }
    if spec.get("providerId"):
        shown["providerRefId"] = spec["providerId"]
    return shown


def _ends(body: JsonObject, member: str, kind: str, read: Read) -> list[JsonObject]:
    ends = []
    for id in body.get(member) or []:
        connection = read(kind, id)
        if connection:
            end = {"id": id, "connectionSpec": connection.get("connectionSpec")}
            if base := _base(connection, read):
                end["baseConnection"] = base
            ends.append(end)
    return ends


def _base(body: JsonObject, read: Read) -> JsonObject | None:
    base = read("connection", body.get("baseConnectionId"))
    return base and {"id": base["id"], "connectionSpec": base.get("connectionSpec")}


def _spec_id(body: JsonObject, member: str) -> str:
    spec = body.get(member)
    id = spec.get("id") if isinstance(spec, dict) else None
    return id if isinstance(id, str) else ""


INHERITED: dict[str, Callable[[JsonObject, Read, Fixtures], JsonObject]] = {
    "connection": of_connection,
    "source_connection": of_source_or_target,
    "target_connection": of_source_or_target,
    "flow": of_flow,
}
