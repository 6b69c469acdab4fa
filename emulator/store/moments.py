"""When documents were created and last changed, by which databases keep them in order.

Each kind of document has both as whole numbers, under names of its own: those of its service.
"""

from __future__ import annotations

from typing import NamedTuple

from emulator.json_types import Json, dotted

REGISTRY = "meta:registryMetadata"

PATHS = (
    ("created", "updated"),
    ("createdAt", "updatedAt"),
    ("createdDate", "modifiedDate"),
    (f"{REGISTRY}.repo:createdDate", f"{REGISTRY}.repo:lastModifiedDate"),
)
"""The dotted paths of both. Databases have the places of pairs in this list: more come at its end.
"""

NONE = -1
_MOST = 2**63


class Moments(NamedTuple):
    """What a row of a document has of its body.

    Args:
        paths: The place in `PATHS` of the pair that it has; `NONE` if it has none.
        created: The first number of the pair.
        updated: The second.
    """

    paths: int
    created: int | None
    updated: int | None


_WITHOUT = Moments(NONE, None, None)


def moments_of(body: Json) -> Moments:
    """Return the first pair of which a body has both, as whole numbers that a database can keep."""
    for place, (one, other) in enumerate(PATHS):
        created, updated = dotted(body, one), dotted(body, other)
        if _is_kept(created) and _is_kept(updated):
            return Moments(place, created, updated)
    return _WITHOUT


def _is_kept(number: Json) -> bool:
    return type(number) is int and -_MOST <= number < _MOST


def place_of(path: str) -> tuple[int, str] | None:
    """Return the place in `PATHS` of the pair with a path, and the column that has its number."""
    for place, pair in enumerate(PATHS):
        if path in pair:
            return place, Moments._fields[1 + pair.index(path)]
    return None
