"""Checks of JSON Patch bodies (RFC 6902) against the resource that they change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from emulator.contract.checks.reason import Reason
from emulator.contract.checks.resources import ask, resource
from emulator.contract.lookup import Lookup
from emulator.json_patch import PatchError, apply
from emulator.json_types import Json, JsonObject, among, dotted, short_json


def patch_applies(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Every instruction of the patch finds the place that it names."""
    found = resource(value, arguments, lookup)
    if found is None or not isinstance(value, list):
        return
    try:
        apply(found, value)
    except PatchError as error:
        yield Reason(str(error), values={"field": error.field})


def patched(
    value: Json, arguments: JsonObject, lookup: Lookup
) -> Iterator[tuple[JsonObject, JsonObject]]:
    """Yield the resource as it is and as the patch makes it, if the patch can be applied."""
    found = resource(value, arguments, lookup)
    if found is not None and isinstance(value, list):
        with suppress(PatchError):
            yield found, apply(found, value)


def patch_keeps(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """The patch leaves `fields` (dotted paths) as they are, `while` a fact is so."""
    if "while" in arguments and not ask(value, arguments["while"], lookup):
        return
    for before, after in patched(value, arguments, lookup):
        for field in arguments["fields"]:
            if dotted(after, field) != dotted(before, field):
                yield Reason(f"{field} cannot be changed", values={"field": field})


def patch_keeps_items(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """The patch takes nothing from the list `field` (a top-level member)."""
    field = arguments["field"]
    for before, after in patched(value, arguments, lookup):
        had, has = before.get(field), after.get(field)
        stays = among(has if isinstance(has, list) else ())
        for item in had if isinstance(had, list) else ():
            if not stays(item):
                yield Reason(f"{short_json(item)} cannot be taken from {field}")
