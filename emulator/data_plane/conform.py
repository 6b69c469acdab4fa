"""Converts rows to a schema, and says what is wrong with those that do not conform to it.

    conform = conformer(resolved_schema)
    errors: list[RowError] = []
    converted = conform({"age": "7"}, errors)     # {"age": 7}; what is wrong is in errors

A schema is compiled to closures once; then a row costs a dictionary look-up and a call for each
value. Values that are null count as missing, and fields that the schema lacks are left out.

Source: "Batch Ingestion API guide", data type conversions and the troubleshooting page's checks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from emulator.data_plane.scalars import constraints, conversion
from emulator.json_types import Json, JsonObject

CORRUPT_CODE = "INGEST-1401-400"
MISSING_CODE = "INGEST-1555-400"
TYPE_CODE = "TypeCompatibilityException"
CONSTRAINT_CODE = "INGEST-9001-400"

DESCRIPTIONS = {
    CORRUPT_CODE: "The row has corrupted data and cannot be read or parsed."
    " Fix the corrupted data and try again.",
    MISSING_CODE: "A required field is either missing or has a value of null."
    " Add the required field to the input row and try again.",
    TYPE_CODE: "A value is of a type that does not convert to the type of its field.",
    CONSTRAINT_CODE: "A value breaks a constraint of its field.",
}
"""What a batch's errors say of a code; the constraints' is this emulator's own."""


class RowError(NamedTuple):
    """One thing that is wrong with a row.

    Args:
        code: An entry of `DESCRIPTIONS`, or another service's code.
        message: What is wrong, for people.
        column: Dotted path of the field; `[*]` stands for the items of an array.
        keyword: The JSON Schema keyword that was not met, if there is one.
        source: The attribute or expression of a mapping that failed.
    """

    code: str
    message: str
    column: str = ""
    keyword: str = ""
    source: str = ""


RowErrors = list[RowError]
Convert = Callable[[Json, RowErrors], Json]
Conform = Callable[[JsonObject, RowErrors], JsonObject]


def conformer(schema: JsonObject | None, *, requires: bool = True) -> Conform:
    """Return a function (row, errors) that returns the converted row.

    Args:
        schema: A resolved schema (`xed-full`). Without one no row is changed.
        requires: Whether required fields have to be there.
    """
    if not schema or not schema.get("properties"):
        return lambda row, errors: row
    return _object(schema, "", requires)


def _compiled(node: Json, path: str, requires: bool) -> Convert:
    if not isinstance(node, dict):
        return _unchanged
    kind = node.get("type")
    if isinstance(node.get("properties"), dict) and node["properties"]:
        return _object(node, path, requires)
    if kind == "object":
        return _map(node, path, requires)
    if kind == "array":
        return _array(node, path, requires)
    return _scalar(node, path)


def _unchanged(value: Json, errors: RowErrors) -> Json:
    return value


def _object(node: JsonObject, path: str, requires: bool) -> Conform:
    fields = {
        name: _compiled(child, f"{path}.{name}" if path else name, requires)
        for name, child in node["properties"].items()
    }
    required = tuple(node.get("required") or ()) if requires else ()
    prefix = f"{path}." if path else ""

    def convert(value: Json, errors: RowErrors) -> JsonObject:
        if not isinstance(value, dict):
            _mismatch(value, "object", path, errors)
            return {}
        converted = {}
        for name, item in value.items():
            if item is not None and (field := fields.get(name)) is not None:
                converted[name] = field(item, errors)
        for name in required:
            if value.get(name) is None:
                column = prefix + name
                errors.append(RowError(MISSING_CODE, f"{column} is missing", column, "required"))
        return converted

    return convert


def _map(node: JsonObject, path: str, requires: bool) -> Convert:
    item_of = _compiled(node.get("additionalProperties"), f"{path}.*", requires)

    def convert(value: Json, errors: RowErrors) -> Json:
        if not isinstance(value, dict):
            return _mismatch(value, "object", path, errors)
        return {name: item_of(item, errors) for name, item in value.items() if item is not None}

    return convert


def _array(node: JsonObject, path: str, requires: bool) -> Convert:
    item_of = _compiled(node.get("items"), f"{path}[*]", requires)

    def convert(value: Json, errors: RowErrors) -> Json:
        if not isinstance(value, list):
            return _mismatch(value, "array", path, errors)
        return [None if item is None else item_of(item, errors) for item in value]

    return convert


def _mismatch(value: Json, wanted: str, path: str, errors: RowErrors) -> Json:
    """Note that a value does not convert; nothing stands in for it."""
    text = f"Cannot convert {_abbreviated(value)} from {_type_name(value)} to {wanted} ({path})"
    errors.append(RowError(TYPE_CODE, text, path, "type"))
    return None


def _type_name(value: object) -> str:
    return _TYPE_NAMES.get(type(value), "null")


_TYPE_NAMES = {
    bool: "boolean",
    int: "long",
    float: "double",
    str: "string",
    dict: "object",
    list: "array",
}


def _abbreviated(value: object) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


def _scalar(node: JsonObject, path: str) -> Convert:
    """Return the conversion to a scalar type, with the field's constraints."""
    found = conversion(node)
    if found is None:
        return _unchanged
    wanted, read = found
    same, checks = _SAME.get(wanted), constraints(node)

    def convert(value: Json, errors: RowErrors) -> Json:
        converted = value if value.__class__ is same else read(value)
        if converted is None:
            return _mismatch(value, wanted, path, errors)
        for keyword, holds in checks:
            if not holds(converted):
                limit = _abbreviated(node[keyword])
                text = f"{_abbreviated(converted)} does not meet {keyword} {limit} ({path})"
                errors.append(RowError(CONSTRAINT_CODE, text, path, keyword))
        return converted

    return convert


_SAME: dict[str, type] = {"string": str, "boolean": bool, "number": float}
"""The Python types that need no conversion to a type."""
