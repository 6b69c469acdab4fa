"""Infers columns or a JSON Schema from the rows of a file or table, for exploring connections.

Values of delimited files are text; a column of a table has the type that all its values look like
(assumed: a database would know). In JSON and Parquet the values have types.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from emulator.json_types import Json, JsonObject
from emulator.moments import is_date_time

_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})")
_NUMBER = re.compile(r"-?(0|[1-9]\d*)\.\d+")
_STRING: JsonObject = {"type": "string", "xdm": {"type": "string"}}


def text_columns(names: Iterable[str]) -> list[JsonObject]:
    """Return the columns of a delimited file."""
    return [{"name": name, **_STRING} for name in names]


def typed_columns(names: Iterable[str], rows: list[JsonObject]) -> list[JsonObject]:
    """Return the columns of a table, or of a Parquet file."""
    return [{"name": name, **_type_of([row.get(name) for row in rows])} for name in names]


def _type_of(values: list[Json]) -> JsonObject:
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, str) for value in known):
        for pattern, name in ((_INTEGER, "integer"), (_NUMBER, "number")):
            if all(pattern.fullmatch(value) for value in known):
                return {"type": name, "xdm": {"type": name}}
        if all(is_date_time(value, strict=False) for value in known):
            xdm = {"type": "string", "format": "date-time"}
            return {"type": "string", "meta:xdmType": "date-time", "xdm": xdm}
        return _STRING
    kinds = {schema_of(value)["type"] for value in known}
    name = kinds.pop() if len(kinds) == 1 else "number" if kinds == {"integer", "number"} else ""
    return {"type": name, "xdm": {"type": name}} if name else _STRING


def schema_of(value: Json) -> JsonObject:
    """Return a JSON Schema that a value fits."""
    if isinstance(value, dict):
        properties = {name: schema_of(item) for name, item in value.items()}
        return {"type": "object", "properties": properties}
    if isinstance(value, list):
        items: JsonObject | None = None
        for item in value:
            items = merged(items, schema_of(item))
        return {"type": "array", "items": items or {}}
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int | float):
        return {"type": "integer" if isinstance(value, int) else "number"}
    return {"type": "string"}


def schema_of_all(rows: Iterable[JsonObject]) -> JsonObject:
    """Return a JSON Schema that has the fields of all rows."""
    schema: JsonObject | None = None
    for row in rows:
        schema = merged(schema, schema_of(row))
    return schema or {"type": "object", "properties": {}}


def merged(first: JsonObject | None, second: JsonObject) -> JsonObject:
    """Return the schema of two examples together; where their types differ, the type is string."""
    if not first:
        return second
    kinds = {first.get("type"), second.get("type")}
    if kinds == {"object"}:
        mine, theirs = first["properties"], second["properties"]
        both = {name: merged(mine.get(name), theirs[name]) for name in theirs}
        return {"type": "object", "properties": {**mine, **both}}
    if kinds == {"array"}:
        items = merged(first["items"], second["items"]) if second["items"] else first["items"]
        return {"type": "array", "items": items}
    if kinds == {"integer", "number"}:
        return {"type": "number"}
    return first if len(kinds) == 1 else {"type": "string"}
