"""Connections, and the source and target connections made on them.

What reads show of one beside what was sent: what it inherits, and the inlet of a connection that
takes in data over HTTP. Which specs have an inlet, and what else they default to, says
`x-emulator.inlet` of the spec. An inlet's URL is kept as a path: shapes put the host in front, so
that a client that follows it stays with this emulator.
"""

from __future__ import annotations

from emulator.json_types import MISSING, Json, JsonObject, as_object, dotted
from emulator.sandbox import PLATFORM
from emulator.scope import Scope

CONNECTION = "connection"
SOURCE_CONNECTION = "source_connection"
TARGET_CONNECTION = "target_connection"


def inherited_by_connection(scope: Scope, body: JsonObject) -> JsonObject:
    """Return what a source or target connection inherits: base connection and provider."""
    inherited: JsonObject = {}
    if base := base_connection(scope, body):
        inherited["inheritedAttributes"] = {"baseConnection": base}
    spec = found(scope, "connection_spec", spec_id(body, "connectionSpec"))
    if spec and spec.get("providerId"):
        inherited["providerRefId"] = spec["providerId"]
    return inherited


def base_connection(scope: Scope, body: JsonObject) -> JsonObject | None:
    """Return id and spec of the base connection of a source or target connection."""
    base = found(scope, CONNECTION, body.get("baseConnectionId"))
    return base and {"id": base["id"], "connectionSpec": base.get("connectionSpec")}


def spec_id(body: JsonObject, member: str) -> Json:
    """Return the id in a reference to a spec, such as `connectionSpec`; None without one."""
    return as_object(body.get(member)).get("id")


def found(scope: Scope, kind: str, key: Json) -> JsonObject | None:
    """Return the resource that a request's value names, or None."""
    return scope.find(kind, key) if isinstance(key, str) else None


def with_inlet(scope: Scope, kind: str, entity: JsonObject) -> JsonObject:
    """Return a connection or source connection with its inlet, if its spec has one."""
    spec = found(scope, "connection_spec", spec_id(entity, "connectionSpec"))
    inlet = as_object((spec or {}).get("x-emulator")).get("inlet")
    if not inlet:
        return entity
    if kind == CONNECTION:
        return _with_own_inlet(scope, entity, inlet)
    return _with_base_inlet(scope, entity) if kind == SOURCE_CONNECTION else entity


def _with_own_inlet(scope: Scope, entity: JsonObject, inlet: JsonObject) -> JsonObject:
    """Return a base connection with its inlet's id and URL, and the spec's defaults."""
    auth = entity.get("auth")
    if not isinstance(auth, dict):
        return entity
    # The id is that of the connection, so that no patch can lose or change it.
    inlet_id = scope.platform.ids.hex(PLATFORM, f"inlet\x00{entity['id']}", 0, 64)
    params = {
        **inlet["defaults"],
        **{name: entity[source] for name, source in inlet["copies"].items() if source in entity},
        **as_object(auth.get("params")),
        "inletId": inlet_id,
        "inletUrl": inlet["url"].format(inletId=inlet_id),
    }
    return {**entity, "auth": {**auth, "params": params}}


def _with_base_inlet(scope: Scope, entity: JsonObject) -> JsonObject:
    """Return a source connection with its base connection's URL, where a client looks for it."""
    base = found(scope, CONNECTION, entity.get("baseConnectionId")) or {}
    url = dotted(base, "auth.params.inletUrl")
    if url in (None, MISSING):
        return entity
    return {**entity, "params": {**as_object(entity.get("params")), "inletUrl": url}}
