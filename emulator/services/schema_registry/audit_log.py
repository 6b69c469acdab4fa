"""The audit log: what each write changed in a resource, member by member.

Source: "Schema Registry API guide", audit log. The documents show single instructions with a JSON
pointer; ours name the top-level member that changed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from operator import itemgetter

from emulator.json_types import JsonObject
from emulator.scope import Scope
from emulator.services.schema_registry.composition import ASSIGNED
from emulator.store import Change

LOG = "xdm_audit "
"""How the kinds begin under which logs are kept, one for each resource."""

_FORM = "%m-%d-%Y %H:%M:%S"


def entry_of(scope: Scope, before: JsonObject, after: JsonObject) -> Change:
    """Return the change that adds a write to the log of a resource."""
    id = scope.new_uuid("xdm_audit")
    entry: JsonObject = {
        "id": id,
        "updatedUser": scope.user_id,
        "imsOrg": scope.organization,
        "updatedTime": scope.now(),
        "requestId": scope.new_uuid("xdm_audit_request"),
        "clientId": scope.client,
        "sandBoxId": scope.sandbox_id,
        "updates": list(_updates(before, after)),
    }
    return scope.change(_kind(after["$id"]), id, entry)


def removal(scope: Scope, id: str) -> list[Change]:
    """Return the changes that forget the log of a resource."""
    kind = _kind(id)
    return [scope.change(kind, row.key, None) for row in scope.scan(kind)]


def log_of(scope: Scope, ids: Iterable[str]) -> list[JsonObject]:
    """Return the log of some resources, newest first."""
    entries = [entry for id in ids for entry in scope.bodies(_kind(id))]
    oldest_first = sorted(entries, key=itemgetter("updatedTime"))
    return [{**entry, "updatedTime": _moment(entry["updatedTime"])} for entry in oldest_first[::-1]]


def _kind(id: str) -> str:
    """Return the kind under which the store keeps the log of one resource."""
    return f"{LOG}{id}"


def _updates(before: JsonObject, after: JsonObject) -> Iterable[JsonObject]:
    for name in dict.fromkeys((*before, *after)):
        if name in ASSIGNED or before.get(name) == after.get(name):
            continue
        action = "replace" if name in before else "add"
        update = {
            "id": after["$id"],
            "xdmType": after["meta:resourceType"],
            "action": action if name in after else "remove",
            "path": f"/{name}",
        }
        yield {**update, "value": after[name]} if name in after else update


def _moment(milliseconds: int) -> str:
    return time.strftime(_FORM, time.gmtime(milliseconds / 1000))
