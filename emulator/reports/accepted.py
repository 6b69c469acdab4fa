"""Accepted values in a report: none that one of its own calls shows to be refused or remarked on.

What a rule says of a value may depend on the rest of a request, or on what is there, so that the
same value is accepted in a case and refused in a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from emulator.json_types import MISSING, Json, JsonObject, at


class BrokenValue(NamedTuple):
    """What a call broke a rule with: the place in its request, and the value there."""

    at: str
    value: Json


def broken_by(calls: Iterable[JsonObject]) -> Iterator[BrokenValue]:
    """Yield what calls broke rules with, in headers and bodies."""
    for entry in calls:
        request = entry["request"]
        sent = {name: request[name] for name in ("headers", "body") if name in request}
        for item in entry["findings"]:
            value = at(sent, item["at"]) if item["at"] else MISSING
            if value is not MISSING and value not in ({}, []):
                yield BrokenValue(item["at"], value)


def unbroken(accepts: JsonObject, broken: Iterable[BrokenValue]) -> list[Json]:
    """Return the accepted values of a rule, without those that calls broke rules with.

    Args:
        accepts: Place and values, as a rule is described with them.
        broken: What the calls of the same operation broke rules with.
    """
    place = accepts["at"]
    within = [
        (one.at.removeprefix(place), one.value)
        for one in broken
        if f"{one.at}/".startswith(f"{place}/")
    ]
    return [
        shown
        for shown in accepts["values"]
        if not any(at(shown, pointer) == value for pointer, value in within)
    ]
