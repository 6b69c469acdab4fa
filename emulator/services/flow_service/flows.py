"""Flows: what they inherit, and what they were made of when they came to life.

Later patches of its connections do not reach a flow. Source: "Update dataflows using the Flow
Service API", which advises to make new connections.
"""

from __future__ import annotations

from emulator.json_types import Json, JsonObject, as_object
from emulator.scope import Scope
from emulator.services.flow_service.connections import (
    SOURCE_CONNECTION,
    TARGET_CONNECTION,
    base_connection,
    found,
    spec_id,
)

FLOW = "flow"
PARTS = "flow_parts"
SOURCE_FLOW = "isSourceFlow"
DESTINATION_FLOW = "isDestinationFlow"


def inherited_by_flow(scope: Scope, body: JsonObject) -> JsonObject:
    """Return the specs of a flow's source and target connections, and the flow's direction."""
    spec = found(scope, "flow_spec", spec_id(body, "flowSpec")) or {}
    direction = _direction(scope, spec, body)
    inherited: JsonObject = {
        "inheritedAttributes": {
            "sourceConnections": _ends(scope, SOURCE_CONNECTION, body.get("sourceConnectionIds")),
            "targetConnections": _ends(scope, TARGET_CONNECTION, body.get("targetConnectionIds")),
            "properties": {direction: True} if direction else {},
        }
    }
    if spec.get("providerId"):
        inherited["providerRefId"] = spec["providerId"]
    return inherited


def _direction(scope: Scope, spec: JsonObject, body: JsonObject) -> str:
    """Return `isSourceFlow` or `isDestinationFlow`; empty where nothing says which a flow is.

    The flow spec says so itself, or what the flow reads from does: a flow out of the platform has
    one of the platform's own connection specs for its source.
    """
    attributes = as_object(spec.get("attributes"))
    for name in (SOURCE_FLOW, DESTINATION_FLOW):
        if attributes.get(name) is True:
            return name
    for id in body.get("sourceConnectionIds") or []:
        read = found(scope, SOURCE_CONNECTION, id) or {}
        of = found(scope, "connection_spec", spec_id(read, "connectionSpec"))
        status = as_object((of or {}).get("x-emulator")).get("status", "")
        if of:
            return DESTINATION_FLOW if status.startswith("internal-source") else SOURCE_FLOW
    ingestion = as_object(spec.get("x-emulator")).get("ingestion")
    return {"destination": DESTINATION_FLOW, None: ""}.get(ingestion, SOURCE_FLOW)


def _ends(scope: Scope, kind: str, ids: Json) -> list[JsonObject]:
    ends = []
    for id in ids or []:
        if connection := found(scope, kind, id):
            end = {"id": id, "connectionSpec": connection.get("connectionSpec")}
            if base := base_connection(scope, connection):
                end["baseConnection"] = base
            ends.append(end)
    return ends


def parts_of(scope: Scope, flow_id: str) -> JsonObject:
    """Return a flow's `source` and `target` connection as they were, None for what it lacks."""
    return scope.read(PARTS, flow_id) or {"source": None, "target": None}


def keep_parts(scope: Scope, flow: JsonObject) -> None:
    """Remember what a flow is made of now; it stays so until the flow names others.

    What a draft is made of may still change, so it is looked at again until it is published.
    """
    ids = [flow.get("sourceConnectionIds"), flow.get("targetConnectionIds")]
    known = parts_of(scope, flow["id"])
    if known.get("ids") == ids and not known.get("draft"):
        return
    parts = {
        "ids": ids,
        "draft": flow.get("state") == "draft",
        "source": _first(scope, SOURCE_CONNECTION, ids[0]),
        "target": _first(scope, TARGET_CONNECTION, ids[1]),
    }
    scope.write(scope.change(PARTS, flow["id"], parts))


def _first(scope: Scope, kind: str, ids: Json) -> JsonObject | None:
    return found(scope, kind, ids[0]) if isinstance(ids, list) and ids else None
