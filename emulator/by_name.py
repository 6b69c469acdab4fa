"""Resources as people name them: by their ids, or by their names."""

from __future__ import annotations

from collections.abc import Iterable

from emulator.json_types import JsonObject
from emulator.near_names import unknown_name
from emulator.scope import Scope


def named(scope: Scope, kind: str, name: str) -> list[JsonObject]:
    """Return the resource of a sandbox that has an id, or else those that have a name."""
    found = scope.find(kind, name)
    if found is not None:
        return [{**found, "id": name}]
    return [item for item in every(scope, kind) if item.get("name") == name]


def every(scope: Scope, kind: str) -> list[JsonObject]:
    """Return all resources of a kind in a sandbox, each with its id."""
    return [{**stored.body, "id": stored.key} for stored in scope.scan(kind)]


def one_named(
    scope: Scope, kind: str, name: str, what: str = "", also: Iterable[str] = ()
) -> JsonObject:
    """Return the one resource of an id or a name, of a kind or of others `also`.

    Those that are made on one base connection are one.

    Raises:
        ValueError: There is none, or more than one.
    """
    what = what or kind
    kinds = (kind, *also)
    found = next((hit for each in kinds if (hit := scope.find(each, name)) is not None), None)
    if found is not None:
        return {**found, "id": name}
    items = [item for each in kinds for item in every(scope, each)]
    hits = [item for item in items if item.get("name") == name]
    if len({item.get("baseConnectionId") or item["id"] for item in hits}) == 1:
        return hits[0]
    if hits:
        ids = ", ".join(item["id"] for item in hits)
        raise ValueError(f"{len(hits)} are named {name!r}; give the {what}'s id: {ids}")
    known = dict.fromkeys(str(item["name"]) for item in items if item.get("name"))
    if not known:
        raise ValueError(f"unknown {what} {name!r}; the sandbox {scope.sandbox.name} has none")
    raise ValueError(unknown_name(what, name, known))
