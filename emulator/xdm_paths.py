r"""Paths into XDM data, such as `piList[0]` or `address.street\.name`, and the fields they name."""

from __future__ import annotations

import re

from emulator.json_types import JsonObject

# A name in `${…}`, or letters with escaped dots; behind it any number of [0] or [*].
_STEP = re.compile(
    r"(?:\$\{(?P<wrapped>(?:[^}\\]|\\.)+)\}|(?P<plain>(?:[^.\[\]{}\\\s]|\\.)+))"
    r"(?P<items>(?:\[(?:\d+|\*)\])*)"
)


def parse_path(path: str) -> list[str] | None:
    """Return the steps of a path, `[]` standing for an array item; None if it is malformed."""
    steps: list[str] = []
    position = 0
    while True:
        match = _STEP.match(path, position)
        if match is None:
            return None
        name = match["wrapped"] or match["plain"]
        steps.append(re.sub(r"\\(.)", r"\1", name))
        steps.extend("[]" for _ in range(match["items"].count("[")))
        position = match.end()
        if position == len(path):
            return steps
        if path[position] != ".":
            return None
        position += 1


def field_at(schema: JsonObject, steps: list[str]) -> tuple[JsonObject | None, str]:
    """Return the field that a path names in a resolved schema, or None and the step that failed."""
    field: JsonObject = schema
    for step in steps:
        while step != "[]" and field.get("type") == "array":
            field = field.get("items") or {}
        if step == "[]":
            found = field.get("items")
        else:
            found = (field.get("properties") or {}).get(step)
            if found is None and field.get("meta:xdmType") == "map":
                found = field.get("additionalProperties")
        if not isinstance(found, dict):
            return None, step
        field = found
    return field, ""
