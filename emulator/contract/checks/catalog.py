"""Checks of Catalog's own: filters of its lists, and tags that belong to the platform."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.contract.checks.patches import patched
from emulator.contract.checks.reason import Reason
from emulator.contract.lookup import Lookup
from emulator.filters.catalog import parse_condition, parse_range
from emulator.filters.comparisons import regular_expression
from emulator.filters.templates import names
from emulator.json_patch import PatchError, apply
from emulator.json_types import MISSING, Json, JsonObject, at, escape_step, short_json


def catalog_filter(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A `property` filter is free of a fault: of its `form`, or of its regular `expression`."""
    for text in value if isinstance(value, list) else [value]:
        condition = parse_condition(text)
        if arguments["fault"] == "form":
            if condition is None:
                yield Reason(f"{short_json(text)} is not a filter")
        elif (
            condition and condition.operator == "~" and regular_expression(condition.wanted) is None
        ):
            yield Reason(f"{short_json(condition.wanted)} is not a regular expression")


def range_of_objects(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A header asks for a range of a list's objects: objects=0-19."""
    if parse_range(value) is None:
        yield Reason(f"{short_json(value)} is not a range such as objects=0-19")


def templates_refer_back(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Each item of a list uses, by templates, only answers to items before it."""
    known: set[Json] = set()
    for index, item in enumerate(value if isinstance(value, list) else []):
        for name in dict.fromkeys(names(item)):
            if name not in known:
                yield Reason(
                    f"{short_json(name)} is not the id of an earlier request", at=f"/{index}"
                )
        if isinstance(item, dict) and isinstance(item.get("id"), str):
            known.add(item["id"])


def keeps_members(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Members of an object whose names begin with `prefix` stay as they are.

    The judged value is the new resource, or a JSON Patch of it. Arguments: `field` is the object's
    name in it; `kind` and `key` find the old resource, without which there is nothing to keep and
    every such member is new; `fault` is `changed` for members that differ, `omitted` for those that
    are left out of an object that is sent; `without` names members that do not count.
    """
    key = at(lookup.request, arguments["key"]) if "key" in arguments else MISSING
    old = lookup.find(arguments["kind"], key) if isinstance(key, str) else None
    before = _reserved((old or {}).get(arguments["field"]), arguments["prefix"])
    after = _sent(value, old, arguments["field"])
    if not isinstance(after, dict):
        return
    sent = _reserved(after, arguments["prefix"])
    if arguments["fault"] == "omitted":
        reserved = [name for name in before if name not in sent]
    else:
        reserved = [name for name in sent if sent[name] != before.get(name, MISSING)]
    for name in [name for name in reserved if name not in arguments.get("without", ())]:
        pointer = f"/{arguments['field']}/{escape_step(name)}"
        words = "is left out" if arguments["fault"] == "omitted" else "is the platform's own"
        yield Reason(f"{name} {words}", at=pointer, values={"name": name})


def members_are_filled(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """An object that takes the place of the old one has texts under these names.

    The judged value is the new resource, or a JSON Patch of it. Arguments: `field` is the object's
    name in it, `names` what it needs; `kind` and `key` find the old resource.
    """
    field = arguments["field"]
    made = [after for _, after in patched(value, arguments, lookup)]
    if isinstance(value, dict) and field in value:
        made = [value]
    for after in made:
        members = after.get(field)
        for name in arguments["names"]:
            if not _has_text(members.get(name) if isinstance(members, dict) else None):
                pointer = f"/{field}/{escape_step(name)}"
                yield Reason(f"{name} is empty or left out", at=pointer, values={"name": name})


def _has_text(values: Json) -> bool:
    listed = values if isinstance(values, list) else [values]
    return any(isinstance(value, str) and value.strip() for value in listed)


def _reserved(members: Json, prefix: str) -> JsonObject:
    found = members if isinstance(members, dict) else {}
    return {name: value for name, value in found.items() if name.startswith(prefix)}


def _sent(value: Json, old: JsonObject | None, field: str) -> Json:
    """Return the object as the request would have it, or None if the request is silent on it."""
    if isinstance(value, list) and old is not None:
        try:
            return apply(old, value).get(field)
        except PatchError:
            return None
    return value.get(field) if isinstance(value, dict) else None
