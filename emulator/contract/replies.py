"""What the body of a reply says about resources, by where `resources.json` says that they are.

Whoever wants to know what a call has shown or created asks here, so that an operation that joins
the contract is understood everywhere at once: by recorded traffic, by faults, by tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from emulator.contract.resources import Resource, ResourceOperation
from emulator.json_types import Json, JsonObject, at


class Shown(NamedTuple):
    """A resource in a reply: every id by which it can be found, and the members that are there."""

    ids: tuple[str, ...]
    members: JsonObject


def shown_in(resource: Resource, operation: ResourceOperation, body: Json) -> list[Shown]:
    """Return the resources that the body of a successful reply of an operation holds.

    What is not of the documented form holds none.
    """
    if operation.shows == "nothing":
        return []
    place = at(body, operation.at.removesuffix("/*"))
    if not operation.at.endswith("/*"):
        return list(_shown(resource, operation, place))
    if isinstance(place, dict):
        return list(_keyed(resource, place))
    items = place if isinstance(place, list) else ()
    return [shown for item in items for shown in _shown(resource, operation, item)]


def _keyed(resource: Resource, objects: JsonObject) -> Iterator[Shown]:
    """Yield the members of an object from id to resource, whose ids stand nowhere else."""
    for id, members in objects.items():
        if isinstance(members, dict):
            yield Shown((id,), {**members, resource.ids[0]: id})


def _shown(resource: Resource, operation: ResourceOperation, item: Json) -> Iterator[Shown]:
    if operation.shows == "reference" and isinstance(item, str):
        yield Shown((item.rpartition("/")[2],), {})
    elif ids := _ids(resource, item):
        yield Shown(ids, item)


def _ids(resource: Resource, item: Json) -> tuple[str, ...]:
    if not isinstance(item, dict):
        return ()
    return tuple(id for name in resource.ids if isinstance(id := item.get(name), str))


def without(
    resource: Resource, operation: ResourceOperation, body: Json, ids: frozenset[str]
) -> Json:
    """Return the body of a list without the resources that have one of these ids."""
    pointer = operation.at.removesuffix("/*")
    place = at(body, pointer)
    if isinstance(place, dict):
        return _replaced(body, pointer, {id: place[id] for id in place if id not in ids})
    if not isinstance(place, list):
        return body
    rows = [
        item for item in place if not isinstance(item, dict) or ids.isdisjoint(_ids(resource, item))
    ]
    return _replaced(body, pointer, rows)


def _replaced(body: Json, pointer: str, value: Json) -> Json:
    """Return a body with another value at a pointer of at most one step, the body untouched."""
    return {**body, pointer.removeprefix("/"): value} if pointer else value
