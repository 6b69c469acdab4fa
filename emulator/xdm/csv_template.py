"""The CSV templates of the Schema Registry: a row for each field of a schema to be made.

Source: "Schema Registry API guide", CSV template to schema conversion, which lists the columns.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from emulator.budgets import SCHEMA_FIELDS, SCHEMA_LEVELS
from emulator.json_types import Json, JsonObject, loads

NEEDED = ("isCustom", "fieldPath")
"""Columns that every template has."""

COLUMNS = (
    *("isIgnored", "isCustom", "fieldGroupId", "fieldGroupName", "fieldPath", "displayName"),
    *("fieldDescription", "dataType", "isRequired", "isArray", "isIdentity", "identityNamespace"),
    *("isPrimaryIdentity", "minimum", "maximum", "enum", "stringPattern", "format", "minLength"),
    *("maxLength", "properties", "$ref", "comment"),
)
FLAGS = ("isIgnored", "isCustom", "isRequired", "isArray", "isIdentity", "isPrimaryIdentity")
NUMBERS = ("minimum", "maximum", "minLength", "maxLength")
ALL = "ALL"
"""The path that stands for all fields of a standard field group."""

TYPES: dict[str, JsonObject] = {
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "number": {"type": "number"},
    "double": {"type": "number"},
    "integer": {"type": "integer"},
    "int": {"type": "integer"},
    "long": {"type": "integer", "meta:xdmType": "long"},
    "short": {"type": "integer", "meta:xdmType": "short"},
    "byte": {"type": "integer", "meta:xdmType": "byte"},
    "date": {"type": "string", "format": "date"},
    "date-time": {"type": "string", "format": "date-time"},
    "datetime": {"type": "string", "format": "date-time"},
    "object": {"type": "object"},
}
"""The basic data types by their names in lower case, as JSON Schemas."""

_LIST = re.compile(r"\[(.*)\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Row:
    """One field of a template: its line in the file, and what its columns say."""

    line: int
    values: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")

    def is_true(self, flag: str) -> bool:
        """Tell whether a column is true."""
        return self[flag].lower() == "true"


def unreadable(text: str) -> str:
    """Return why a template cannot be read, or `""`."""
    try:
        rows = sum(1 for _ in csv.reader(_lines(text)))
    except csv.Error as error:
        return f"the table cannot be read: {error}"
    if rows > SCHEMA_FIELDS:
        return f"the table has more than {SCHEMA_FIELDS:,} rows"
    return ""


def header(text: str) -> list[str]:
    """Return the names of a template's columns."""
    return [name.strip() for name in next(csv.reader(_lines(text)), [])]


def read(text: str) -> list[Row]:
    """Return the rows of a template that are not ignored, without empty lines."""
    reader = csv.DictReader(_lines(text), fieldnames=header(text))
    rows = []
    for number, found in enumerate(reader):
        values = {name: (value or "").strip() for name, value in found.items() if name in COLUMNS}
        row = Row(reader.line_num, values)
        if number and any(values.values()) and not row.is_true("isIgnored"):
            rows.append(row)
    return rows


def _lines(text: str) -> io.StringIO:
    return io.StringIO(text.removeprefix("\ufeff"), newline="")


def choices(text: str) -> list[str]:
    """Return the values of a list such as `[one,two]`."""
    match = _LIST.fullmatch(text)
    return [part.strip().strip("\"'") for part in match[1].split(",")] if match else []


def row_errors(row: Row) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong with a row by itself."""
    yield from _value_errors(row)
    steps = row["fieldPath"].split(".")
    if "" in steps:
        yield "fieldPath names no field"
    if len(steps) > SCHEMA_LEVELS:
        yield f"fieldPath has more than {SCHEMA_LEVELS} steps"
    if row.is_true("isCustom"):
        yield from _type_errors(row)
    elif not row["fieldGroupName"]:
        yield "a standard field names its field group in fieldGroupName"
    if row.is_true("isIdentity") and not row["identityNamespace"]:
        yield "an identity has an identityNamespace"
    if row.is_true("isPrimaryIdentity") and not row.is_true("isIdentity"):
        yield "a primary identity is an identity"


def _value_errors(row: Row) -> Iterator[str]:
    for flag in FLAGS:
        if row[flag].lower() not in ("", "true", "false"):
            yield f"{flag} is neither true nor false"
    for column in NUMBERS:
        if row[column] and not isinstance(_json(row[column]), int | float):
            yield f"{column} is not a number"
    if row["enum"] and not choices(row["enum"]):
        yield "enum is not a list such as [one,two]"


def _type_errors(row: Row) -> Iterator[str]:
    kind = row["dataType"].lower()
    if kind not in TYPES:
        yield f"dataType is not one of {', '.join(TYPES)}"
    elif kind == "object" and bool(row["properties"]) == bool(row["$ref"]):
        yield "an object has either properties or $ref"
    if row["properties"] and not isinstance(_json(row["properties"]), dict):
        yield "properties is not a JSON object"


def _json(text: str) -> Json:
    try:
        return loads(text)
    except ValueError:
        return None


def field_of(row: Row) -> JsonObject:
    """Return the schema of a custom field."""
    node = dict(TYPES[row["dataType"].lower()])
    if row["properties"]:
        node["properties"] = _json(row["properties"])
    if row["$ref"]:
        node["$ref"] = row["$ref"]
    node |= {column: _json(row[column]) for column in NUMBERS if row[column]}
    if row["enum"]:
        node["enum"] = choices(row["enum"])
    if row["stringPattern"]:
        node["pattern"] = row["stringPattern"]
    if row["format"]:
        node["format"] = row["format"]
    texts = {"title": row["displayName"], "description": row["fieldDescription"]}
    named = {name: text for name, text in texts.items() if text}
    return (
        {"type": "array", **named, "items": node} if row.is_true("isArray") else {**node, **named}
    )
