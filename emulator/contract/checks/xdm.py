"""Checks against the fields of an XDM schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator.contract.checks.reason import Reason
from emulator.json_types import Json, JsonObject, at
from emulator.xdm_paths import field_at, parse_path


def path_in_schema(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """A destination such as `person.name.firstName` is a field of the schema.

    `schemas` are pointers to the schema's id in the request; the first that is there counts.
    """
    steps = parse_path(value) if isinstance(value, str) else None
    if not steps:
        return
    for pointer in arguments["schemas"]:
        schema_id = at(lookup.request, pointer)
        schema = lookup.find("resolved_schema", schema_id) if isinstance(schema_id, str) else None
        if schema:
            known, missing = field_at(schema, steps)
            if not known:
                yield Reason(
                    f"{value} is not a field of the schema: there is no {missing}",
                    values={"field": value},
                )
            return
