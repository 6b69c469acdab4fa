"""Checks of how XDM resources change, and of resources that come from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.contract.checks.composition import body_of, is_excepted, tags_of
from emulator.contract.checks.reason import Reason
from emulator.contract.checks.resources import ask
from emulator.contract.lookup import Lookup
from emulator.json_types import Json, JsonObject, at
from emulator.xdm.compatibility import breaking_changes, conflicting_types, names_differing_in_case
from emulator.xdm.fields import composed, references
from emulator.xdm.identity import identity
from emulator.xdm.resolution import EXCESS

_FORMING = ("allOf", "definitions", "properties", "items", "type")


def keeps_fields(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A resource that is in use loses no field, and no field of it changes type or gets narrower.

    Arguments: `kind` and `key` find the resource as it is; the value is its new body, or a patch of
    it. The fact `usage` lists who uses it, and `because` what counts as use: `unions`, `datasets`,
    `filled` (data sets with data).
    """
    before, after = _changed(value, arguments["kind"], arguments, lookup)
    if before is None or after is None or _is_same(before, after):
        return
    old, new = lookup.resolved(before), lookup.resolved(after)
    if EXCESS in new:
        return
    changes = list(breaking_changes(old, new))
    usage = (ask(value, arguments["usage"], lookup) or {}) if changes else {}
    users = ", ".join(id for reason in arguments["because"] for id in usage.get(reason, []))
    for change in changes if users else ():
        yield Reason(f"{change}, and {users} uses it", values={"users": users})


def not_in_use(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Nobody uses the resource in a way that `because` lists, as the fact `usage` tells."""
    usage = ask(value, arguments["usage"], lookup) or {}
    users = ", ".join(id for reason in arguments["because"] for id in usage.get(reason, []))
    if users:
        yield Reason(f"{users} uses it", values={"users": users})


def _changed(
    value: Json, kind: str, arguments: JsonObject, lookup: Lookup
) -> tuple[JsonObject | None, JsonObject | None]:
    """Return the resource that `key` points to, if it is there, and as the request makes it."""
    key = at(lookup.request, arguments["key"])
    before = lookup.find(kind, key) if isinstance(key, str) else None
    return before, body_of(before, value)


def _is_same(before: JsonObject, after: JsonObject) -> bool:
    return all(before.get(name) == after.get(name) for name in _FORMING)


def merges_in_union(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """No path of a schema with the tag `union` has another type in a schema of the same union.

    Arguments: `key` points to the schema's id; the value is its body, or a patch of it. The fact
    `members` lists the schemas in the union of a class.
    """
    before, after = _changed(value, "tenant_schema", arguments, lookup)
    if after is None or "union" not in tags_of(after) | tags_of(before or {}):
        return
    mine, own = lookup.resolved(after), (before or {}).get("$id")
    classes = [found["$id"] for id in composed(after) if (found := lookup.find("class", id))]
    fact = arguments["members"]["fact"]
    members = [id for owner in classes for id in lookup.ask(fact, owner) or ()]
    for id in members:
        other = lookup.find("resolved_schema", id) if id != own else None
        for path, here, there in conflicting_types(mine, other or {}):
            values = {"path": path, "hex": id.rpartition("/")[2], "types": f"{here}, {there}"}
            yield Reason(f"{path} is {there} in {id}", values=values)


def names_differ(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """No two fields side by side in a schema have names that differ only in the case of letters.

    Arguments: `key` points to the schema's id; the value is its body, or a patch of it.
    """
    _, after = _changed(value, "tenant_schema", arguments, lookup)
    for path, other in names_differing_in_case(lookup.resolved(after)) if after else ():
        text = f"the field {path} has already been defined as {other}"
        yield Reason(text, values={"path": path, "name": other})


def refers_in_list(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Every `$ref` in a list of resources names one of them, or one that is there.

    Such a one is of `kind`, or has come by an import, as the fact `imported` tells of its old id.
    With `unless` those `of_platform`, or those `of_tenant`, are not looked at.
    """
    items = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    listed = {identity(str(item.get("$id"))) for item in items}
    for index, item in enumerate(items):
        for id in dict.fromkeys(references(item)):
            is_there = id in listed or lookup.find(arguments["kind"], id) is not None
            if is_there or is_excepted(id, arguments):
                continue
            if lookup.ask(arguments["imported"]["fact"], id) is None:
                yield Reason(f"there is no resource {id}", at=f"/{index}", values={"id": id})
