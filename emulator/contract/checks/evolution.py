"""Checks of how XDM resources change, and of resources that come from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator.contract.checks.descriptors import body_of, composed, tags_of
from emulator.contract.checks.reason import Reason, shown
from emulator.json_types import Json, JsonObject, at
from emulator.xdm.resolution import resolve

_FORMING = ("allOf", "definitions", "properties", "items", "type")
_DEEPEST = 30
_NARROWING = ("format", "pattern")
_LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")


def keeps_fields(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """A resource that is in use loses no field, and no field of it changes type or gets narrower.

    Arguments: `kind` and `key` find the resource as it is; the value is its new body, or a patch of
    it. `because` lists what counts as use: `unions`, `datasets`, `filled` (data sets with data).
    """
    key = at(lookup.request, arguments["key"])
    before = lookup.find(arguments["kind"], key) if isinstance(key, str) else None
    after = body_of(before, value)
    if before is None or after is None or _is_same(before, after):
        return
    old = lookup.find("resolved_xdm", key) or {}
    faults = list(_faults(old, _resolved(after, lookup), "", 0))
    usage = (lookup.find("xdm_usage", key) or {}) if faults else {}
    users = ", ".join(id for reason in arguments["because"] for id in usage.get(reason, []))
    for fault in faults if users else ():
        yield Reason(f"{fault}, and {users} uses it", values={"users": users})


def _is_same(before: JsonObject, after: JsonObject) -> bool:
    return all(before.get(name) == after.get(name) for name in _FORMING)


def _resolved(body: JsonObject, lookup: Any) -> JsonObject:
    return resolve(body, lambda id: lookup.find("xdm_resource", id))


def _faults(old: JsonObject, new: JsonObject, path: str, depth: int) -> Iterator[str]:
    """Yield what breaks those who rely on the old form of a node."""
    if depth > _DEEPEST:
        return
    mine, theirs = (_fields(side) for side in (old, new))
    for name, field in mine.items():
        here = f"{path}/{name}"
        if name not in theirs:
            yield f"{here} is removed"
            continue
        other = theirs[name]
        if _type(field) != _type(other):
            yield f"{here} changes from {_type(field)} to {_type(other)}"
            continue
        yield from (f"{here} {said}" for said in _narrowed(field, other))
        yield from _faults(field, other, here, depth + 1)
    for part in ("items", "additionalProperties"):
        if isinstance(old.get(part), dict) and isinstance(new.get(part), dict):
            inner = {"properties": {"*": old[part]}}, {"properties": {"*": new[part]}}
            yield from _faults(*inner, path, depth + 1)


def _fields(node: JsonObject) -> dict[str, JsonObject]:
    fields = node.get("properties")
    known = fields.items() if isinstance(fields, dict) else ()
    return {name: field for name, field in known if isinstance(field, dict)}


def _type(field: JsonObject) -> str:
    """Return a field's type; one that only says what it contains is an object."""
    return str(field.get("type", "object"))


def _narrowed(old: JsonObject, new: JsonObject) -> Iterator[str]:
    """Yield how a field allows less than before."""
    had, has = old.get("enum"), new.get("enum")
    if isinstance(has, list):
        gone = [item for item in had if item not in has] if isinstance(had, list) else []
        if gone or had is None:
            yield f"allows only {shown(has)}"
    for name in _NARROWING:
        if name in new and new[name] != old.get(name):
            yield f"gets the {name} {shown(new[name])}"
    for names, narrower in ((_LEAST, 1), (_MOST, -1)):
        for name in names:
            if _is_beyond(new.get(name), old.get(name), narrower):
                yield f"gets the {name} {new[name]}"


def _is_beyond(new: Json, old: Json, direction: int) -> bool:
    if not isinstance(new, int | float):
        return False
    return not isinstance(old, int | float) or (new - old) * direction > 0


def merges_in_union(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """No path of a schema with the tag `union` has another type in a schema of the same union.

    Arguments: `key` points to the schema's id; the value is its body, or a patch of it.
    """
    key = at(lookup.request, arguments["key"])
    before = lookup.find("tenant_schema", key) if isinstance(key, str) else None
    body = body_of(before, value)
    if body is None or "union" not in tags_of(body) | tags_of(before or {}):
        return
    mine = _resolved(body, lookup)
    own = before.get("$id") if before else None
    for owner in _classes(body, lookup):
        found = lookup.find("union_members", owner) or {}
        for id in found.get("members", []):
            other = lookup.find("resolved_schema", id) if id != own else None
            for path, types in _conflicts(mine, other or {}, "", 0):
                digits = id.rpartition("/")[2]
                values = {"path": path, "hex": digits, "types": ", ".join(types)}
                yield Reason(f"{path} is {types[1]} in {id}", values=values)


def names_differ(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """No two fields side by side in a schema have names that differ only in the case of letters.

    Arguments: `key` points to the schema's id; the value is its body, or a patch of it.
    """
    key = at(lookup.request, arguments["key"])
    body = body_of(lookup.find("tenant_schema", key) if isinstance(key, str) else None, value)
    for path, name, other in _twins(_resolved(body, lookup), "", 0) if body else ():
        said = f"the field {path}/{name} has already been defined as {other}"
        yield Reason(said, values={"path": f"{path}/{name}", "name": other})


def _twins(node: JsonObject, path: str, depth: int) -> Iterator[tuple[str, str, str]]:
    seen: dict[str, str] = {}
    for name, field in _fields(node).items():
        other = seen.setdefault(name.lower(), name)
        if other != name:
            yield path, name, other
        if depth < _DEEPEST:
            yield from _twins(field, f"{path}/{name}", depth + 1)


def _classes(schema: JsonObject, lookup: Any) -> list[str]:
    found = [lookup.find("class", name) for name in composed(schema)]
    return [item["$id"] for item in found if item is not None]


def _conflicts(
    mine: JsonObject, other: JsonObject, path: str, depth: int
) -> Iterator[tuple[str, tuple[str, str]]]:
    theirs = _fields(other)
    for name, field in _fields(mine).items():
        if name in theirs and depth < _DEEPEST:
            here, types = f"{path}/{name}", (_type(field), _type(theirs[name]))
            if types[0] != types[1]:
                yield here, types
            else:
                yield from _conflicts(field, theirs[name], here, depth + 1)


def refers_to_nothing(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """The value is not yet the key of a resource of `kind`."""
    found = lookup.find(arguments["kind"], value) if isinstance(value, str) else None
    if found is not None:
        named = found.get("$id", value)
        yield Reason(f"there is {named} already", values={"id": named})


def refers_in_list(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """Every `$ref` in a list of resources names one of them, or one of `kinds` that is there."""
    items = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    listed = {str(item.get("$id")) for item in items}
    for index, item in enumerate(items):
        for reference in dict.fromkeys(_references(item)):
            if reference in listed or reference.startswith("#"):
                continue
            if all(lookup.find(kind, reference) is None for kind in arguments["kinds"]):
                values = {"id": reference}
                yield Reason(f"there is no resource {reference}", at=f"/{index}", values=values)


def _references(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    for child in value if isinstance(value, list) else ():
        yield from _references(child)


def items_fit(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """Each resource of a list keeps those rules of its type's own operation that `only` names.

    `operations` maps what the member `by` says to an operation; `only` has last steps of rule ids.
    """
    for index, item in enumerate(value if isinstance(value, list) else ()):
        said = item.get(arguments["by"]) if isinstance(item, dict) else None
        operation = arguments["operations"].get(said) if isinstance(said, str) else None
        if operation is None:
            continue
        request = {"headers": {}, "query": {}, "path": {}, "content": {}, "body": item}
        for finding in lookup.judge(operation, request):
            if finding.rule.id.rpartition(".")[2] in arguments["only"]:
                place = f"/{index}{finding.at.removeprefix('/body')}"
                yield Reason(f"{finding.reason} ({finding.rule.id})", at=place)
