"""Checks against the fields of an XDM schema."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.contract.checks.reason import Reason
from emulator.contract.lookup import Lookup
from emulator.json_types import Json, JsonObject, at, short_json
from emulator.xdm.paths import field_at, parse_path
from emulator.xdm.resolution import UNRESOLVED


def path_in_schema(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A destination such as `person.name.firstName` is a field of the schema.

    `schemas` are pointers to the schema's id in the request; the first that is there counts. Of a
    schema with parts that nobody knows, no field is missing.
    """
    steps = parse_path(value) if isinstance(value, str) else None
    if not steps:
        return
    for pointer in arguments["schemas"]:
        schema_id = at(lookup.request, pointer)
        schema = lookup.find("resolved_schema", schema_id) if isinstance(schema_id, str) else None
        if schema:
            known, missing = field_at(schema, steps)
            if not known and UNRESOLVED not in schema:
                yield Reason(
                    f"{value} is not a field of the schema: there is no {missing}",
                    values={"field": value},
                )
            return


def path_form(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    r"""A text is a path such as `address.street\.name`, `emails[0]` or `${First Name}`.

    Arguments: with `field` the text is that member of the judged object; `where` (field -> values)
    names what other members must be, if they are there, for it to be a path at all.
    """
    pointer = ""
    if "field" in arguments:
        members = value if isinstance(value, dict) else {}
        if any(members.get(name, of[0]) not in of for name, of in arguments["where"].items()):
            return
        value, pointer = members.get(arguments["field"]), f"/{arguments['field']}"
    if isinstance(value, str) and value and parse_path(value) is None:
        yield Reason(f"{short_json(value)} is not a path", at=pointer, values={"value": value})
