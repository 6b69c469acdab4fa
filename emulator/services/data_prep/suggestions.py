"""Mappings that suggest themselves: source fields whose names are those of fields of a schema.

No document says how the service compares them; a client only tells that there is such a call. Here
names are compared by their letters and digits alone, in any case: first the whole path, then its
last step.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from emulator.json_types import Json, JsonObject
from emulator.scope import Scope
from emulator.services.interfaces import DataAccess

_SEPARATORS = re.compile(r"[^a-z0-9]+")
_PLAIN = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_MAX_DEPTH = 12

WHOLE_PATH = 1.0
LAST_STEP = 0.8
UNMAPPED = 0.0


class Match(NamedTuple):
    """A source field, the path of the schema that it suggests (empty for none), and how sure."""

    source: str
    destination: str
    score: float


def matched(sources: Iterable[str], schema: JsonObject) -> list[Match]:
    """Return what each source field suggests, in their order; no destination is taken twice.

    Args:
        sources: Dotted paths of the source fields.
        schema: The resolved output schema.
    """
    paths = sorted(_leaves(schema, "", _MAX_DEPTH), key=lambda path: (path.count("."), path))
    free = dict.fromkeys(paths)
    found: dict[str, Match] = {}
    sources = list(dict.fromkeys(sources))
    for compare, score in ((_whole, WHOLE_PATH), (_last, LAST_STEP)):
        named: dict[str, deque[str]] = {}
        for path in free:
            named.setdefault(compare(path), deque()).append(path)
        for source in sources:
            fitting = named.get(compare(source)) if source not in found else None
            if fitting:
                destination = fitting.popleft()
                del free[destination]
                found[source] = Match(source, destination, score)
    return [found.get(source, Match(source, "", UNMAPPED)) for source in sources]


def _whole(path: str) -> str:
    return _SEPARATORS.sub("", path.lower())


def _last(path: str) -> str:
    return _SEPARATORS.sub("", path.rpartition(".")[2].lower())


def _leaves(node: JsonObject, path: str, depth: int) -> Iterator[str]:
    """Yield the dotted paths of the fields that hold values; arrays and maps are none of them."""
    for name, field in (node.get("properties") or {}).items():
        if not isinstance(field, dict) or not depth:
            continue
        inner = f"{path}{name}"
        if field.get("type") == "object":
            yield from _leaves(field, f"{inner}.", depth - 1)
        elif field.get("type") != "array":
            yield inner


def landed_fields(access: DataAccess, scope: Scope, batch: str) -> list[str] | None:
    """Return the paths in the first row that a batch has landed; None if it has no row."""
    from emulator.data_plane.errors import FileError
    from emulator.data_plane.readers import read_rows

    for file in access.files(scope, batch):
        for part in access.parts(scope, file["id"]):
            content = access.part(scope, file["id"], part.name)
            try:
                row = next(read_rows(content, part.name.rpartition(".")[2]), None)
            except FileError:
                continue
            if row is not None:
                return list(field_paths(row.value))
    return None


def field_paths(record: Json, path: str = "") -> Iterator[str]:
    """Yield the paths of a record's values, as mappings name them."""
    if not isinstance(record, dict):
        return
    for name, value in record.items():
        inner = path + (name if _PLAIN.fullmatch(name) else f"${{{name}}}")
        if isinstance(value, dict) and value:
            yield from field_paths(value, f"{inner}.")
        else:
            yield inner
