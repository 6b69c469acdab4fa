"""The check that an XDM resource can be resolved within the budgets for that."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.contract.checks.reason import Reason
from emulator.contract.lookup import Lookup
from emulator.json_types import Json, JsonObject
from emulator.xdm.identity import identity
from emulator.xdm.resolution import EXCESS, Resolver


def resolves_within_budgets(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A resource, or each one of a list, is not too large with all that it refers to.

    Those of a list may refer to one another.
    """
    if isinstance(value, dict):
        if excess := lookup.resolved(value).get(EXCESS):
            yield Reason(f"resolved, {excess}")
        return
    listed = value if isinstance(value, list) else []
    items = {index: item for index, item in enumerate(listed) if isinstance(item, dict)}
    named = {identity(item["$id"]): item for item in items.values() if _has_id(item)}

    def find(id: str) -> JsonObject | None:
        return named.get(identity(id)) or lookup.find("xdm_resource", id)

    resolver = Resolver(find)
    for index, item in items.items():
        excess = resolver.resolve(item).get(EXCESS)
        if excess:
            yield Reason(f"resolved, {excess}", at=f"/{index}")
            return


def _has_id(item: JsonObject) -> bool:
    return isinstance(item.get("$id"), str)
