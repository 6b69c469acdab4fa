"""Checks of what exploring a connection finds: the whole request is the key of the lookup."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator.contract.checks.reason import Reason
from emulator.json_types import Json, JsonObject, dumps


def exploring_key(id: str, query: JsonObject) -> str:
    """Return the key under which lookups find what a request to explore `id` finds."""
    return dumps({"id": id, "query": dict(sorted(query.items()))}).decode()


def explored(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """What the request asks for is there and can be read; the value is its query.

    Arguments: `kind` of the lookup, and the `fault` that is looked for: `missing`, `unreadable`.
    """
    id = lookup.request["path"].get("id")
    found = lookup.find(arguments["kind"], exploring_key(str(id), value))
    if found and found.get("fault") == arguments["fault"]:
        yield Reason(found["reason"])
