"""Checks of one item that is put into a list of a stored resource."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.contract.checks.patches import judged_as
from emulator.contract.checks.reason import Reason
from emulator.json_types import Json, JsonObject, at

if TYPE_CHECKING:
    from emulator.contract.lookup import Lookup


def item_fits(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """With the judged object in its list, a resource breaks no further rule of `operation`.

    `kind` and `key` find the resource, `list` is its member. The object takes the place of the item
    whose id is at the pointer `item`, or comes last. `fields` are the members that the other
    operation's body has.
    """
    key = at(lookup.request, arguments["key"])
    resource = lookup.find(arguments["kind"], key) if isinstance(key, str) else None
    if resource is None or not isinstance(value, dict):
        return
    name: str = arguments["list"]
    items = list(resource.get(name, []))
    replaced = at(lookup.request, arguments["item"]) if "item" in arguments else None
    ids = [item.get("id") for item in items]
    index = ids.index(replaced) if replaced in ids else len(items)
    items[index : index + 1] = [value]
    before = {(each.rule.id, each.at) for each in judged_as(resource, arguments, lookup)}
    place = f"/body/{name}/{index}"
    for finding in judged_as({**resource, name: items}, arguments, lookup):
        if finding.rule.severity == "error" and (finding.rule.id, finding.at) not in before:
            inside = finding.at.startswith(f"{place}/")
            yield Reason(
                f"{finding.reason} ({finding.rule.id})",
                at=finding.at[len(place) :] if inside else "",
                values=finding.values,
            )
