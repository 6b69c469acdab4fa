"""What the platform adds to a connection that takes in data over HTTP: its inlet.

Which specs have one, and what else they default to, says `x-emulator.inlet` of the spec.
"""

from __future__ import annotations

from emulator.ids import Ids
from emulator.json_types import JsonObject
from emulator.sandbox import PLATFORM
from emulator.services.flow_service.inherited import Find


def with_inlet(kind: str, entity: JsonObject, find: Find, ids: Ids) -> JsonObject:
    """Return an entity with the inlet that belongs to it, if its spec has one."""
    spec = find("connection_spec", str(_object(entity, "connectionSpec").get("id")))
    inlet = _object(spec or {}, "x-emulator").get("inlet")
    if not inlet:
        return entity
    return _MADE[kind](entity, inlet, find, ids) if kind in _MADE else entity


def _of_connection(entity: JsonObject, inlet: JsonObject, find: Find, ids: Ids) -> JsonObject:
    """Return a base connection with its inlet's id and URL, and the spec's defaults."""
    auth = entity.get("auth")
    if not isinstance(auth, dict):
        return entity
    # The id is that of the connection, so that no patch can lose or change it.
    inlet_id = ids.hex(PLATFORM, f"inlet\x00{entity['id']}", 0, 64)
    params = {
        **inlet["defaults"],
        **{name: entity[source] for name, source in inlet["copies"].items() if source in entity},
        **_object(auth, "params"),
        "inletId": inlet_id,
        "inletUrl": inlet["url"].format(inletId=inlet_id),
    }
    return {**entity, "auth": {**auth, "params": params}}


def _of_source(entity: JsonObject, inlet: JsonObject, find: Find, ids: Ids) -> JsonObject:
    """Return a source connection with its base connection's URL, where a client looks for it."""
    base = find("connection", str(entity.get("baseConnectionId"))) or {}
    url = _object(_object(base, "auth"), "params").get("inletUrl")
    if url is None:
        return entity
    return {**entity, "params": {**_object(entity, "params"), "inletUrl": url}}


def _object(of: JsonObject, member: str) -> JsonObject:
    found = of.get(member)
    return found if isinstance(found, dict) else {}


_MADE = {"connection": _of_connection, "source_connection": _of_source}
