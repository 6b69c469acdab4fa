"""Samples of what pages only name: files, rows, values and fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

FILES = {
    "template.csv": b"isCustom,fieldPath,dataType\ntrue,customField1,string\n",
    ".csv": b"_id,firstName,city\n1,Ada,MUM\n2,Alan,DDN\n",
    ".parquet": b"PAR1",
}
"""What is in the files of pages, by the end of their names."""

ROWS = b'{"_id": "1", "person": {"name": {"firstName": "Ada"}}}\n{"_id": "2", "person": "Ada"}\n'
"""JSON rows for a batch: one that fits a schema of profiles, and one that does not."""


def file_named(name: str) -> bytes | None:
    """Return what is in a file of that name; None for JSON, of which there are `ROWS`."""
    return next((content for end, content in FILES.items() if name.endswith(end)), None)


def sample(shape: dict[str, Any]) -> Any:
    """Return a value of a JSON Schema's shape."""
    if "enum" in shape:
        return shape["enum"][0]
    kinds = {"integer": 1, "number": 1, "boolean": True}
    return kinds.get(str(shape.get("type")), "x" * max(1, int(shape.get("minLength", 1))))


def nested(paths: Iterable[str]) -> dict[str, Any]:
    """Return the JSON Schema properties in which all dotted paths are text fields, or lists."""
    properties: dict[str, Any] = {}
    for path in paths:
        *parents, leaf = path.split(".")
        level = properties
        for name in parents:
            held = _items(level, name)
            held["type"] = "object"
            level = held.setdefault("properties", {})
        _items(level, leaf).setdefault("type", "string")
    return properties


def _items(level: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the field of a name among properties, of a list (`name[]`) its items."""
    held: dict[str, Any] = level.setdefault(name.removesuffix("[]"), {})
    if name.endswith("[]"):
        held["type"] = "array"
        held = held.setdefault("items", {})
    return held
