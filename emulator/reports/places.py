"""Requests that belong to no operation, in a report: method and path of each, and what is near."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from emulator.contract import Contract
from emulator.coverage.names import OTHERS
from emulator.json_types import JsonObject
from emulator.plurals import counted
from emulator.web.neighbours import Neighbours
from emulator.web.routing import Router

MAX_PLACES = 50
"""How many methods and paths are listed with a rule, those of most calls first."""


def place_rows(contract: Contract, counts: Counter[str]) -> list[JsonObject]:
    """Return method, path and count of the requests of a rule, and what is near each.

    `nearest` is the operation that the client may have meant, or empty; `hint` says that and what
    else is known as text. What is not listed is one row without a method, the last.
    """
    places = sorted(counts.keys() - {OTHERS}, key=lambda place: (-counts[place], place))
    rows = [_row(contract, place, counts[place]) for place in places[:MAX_PLACES]]
    if left := counts.total() - sum(row["count"] for row in rows):
        rows.append({"method": "", "path": OTHERS, "count": left, "nearest": "", "hint": ""})
    return rows


def _row(contract: Contract, place: str, count: int) -> JsonObject:
    method, _, path = place.partition(" ")
    neighbours = Neighbours.of(contract)
    allowed = ", ".join(Router.of(contract).find(method, path).allowed)
    hint, nearest = neighbours.elsewhere(path), ""
    if allowed or not hint:
        near = neighbours.near(method, path)
        nearest = f"{near[0].method} {near[0].base_path}{near[0].path}" if near else ""
        parts = (("known with", allowed), ("nearest known:", nearest))
        hint = "; ".join(f"{said} {what}" for said, what in parts if what)
    return {"method": method, "path": path, "count": count, "nearest": nearest, "hint": hint}


def place_name(place: JsonObject) -> str:
    """Return method and path, or what stands for those that are not listed."""
    return f"{place['method']} {place['path']}".strip()


def place_lines(row: JsonObject) -> Iterator[str]:
    """Yield the places of a row of a report as text."""
    for place in row.get("places", ()):
        hint = f"; {place['hint']}" if place["hint"] else ""
        yield f"{place_name(place)}  {counted(place['count'], 'call')}{hint}"
