"""What Data Prep tells of its mapping language, and what the language makes of a mapping set.

The language itself is `emulator/mapping`. It is imported when an expression or a preview first
needs it, since a parser library stands behind it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from emulator.clock import Clock
from emulator.json_types import Json, JsonObject, as_object, loads
from emulator.package_data import data_folder
from emulator.services.data_prep import vocabulary

if TYPE_CHECKING:
    from emulator.mapping import Mapped

_CATEGORIES = {"Date and time": "Date / Time"}
"""What the API calls a category, where a record shows it; the others keep the page's name."""

_JAVA = {
    "Array": "java.util.List",
    "BigInteger": "java.math.BigInteger",
    "Boolean": "java.lang.Boolean",
    "Comparable": "java.lang.Comparable",
    "Double": "java.lang.Double",
    "Float": "java.lang.Float",
    "Integer": "java.lang.Integer",
    "Long": "java.lang.Long",
    "Map": "java.util.Map",
    "String": "java.lang.String",
    "ZonedDateTime": "java.time.ZonedDateTime",
}
"""The Java class of a type; of any other it is Object. Two records show theirs (others assumed)."""


def functions() -> list[JsonObject]:
    """Return a record for each call that the documents show, as the API gives them.

    Only the records of `date` and `first` are printed anywhere; what they have besides the page is
    the member `api` of our list. The members of the other records are derived alike (assumed).
    """
    return [_function(row) for row in _listed("functions")]


def operators() -> list[JsonObject]:
    """Return a record for each operator: the documented ones, and JEXL's others (assumed)."""
    rows = _listed("operators")
    return [{name: row[name] for name in row if name != "evidence"} for row in rows]


def _listed(name: str) -> list[JsonObject]:
    path = data_folder("fixtures") / "data_prep" / f"{name}.json"
    rows: list[JsonObject] = loads(path.read_bytes())
    return rows


def _function(row: JsonObject) -> JsonObject:
    types = [_simple(item["type"]) + "..." * bool(item.get("variadic")) for item in row["params"]]
    result = json.dumps(row["result"], ensure_ascii=False) if row["example"] else ""
    record = {
        "category": _CATEGORIES.get(row["category"], row["category"]),
        "function": row["name"],
        "description": row["description"],
        "syntax": f"{_simple(row['returns'])} {row['name']}({', '.join(types)})",
        "returns": row["returns"],
        "returnType": _java(row["returns"]),
        "example": row["example"],
        "result": result,
        "params": [_parameter(item, place) for place, item in enumerate(row["params"], 1)],
        "since": 1,
    }
    record.update(row.get("api", {}))
    for parameter in record["params"]:
        parameter.setdefault("description", "")
    return record


def _parameter(item: JsonObject, position: int) -> JsonObject:
    java = _java(item["type"])
    return {
        "name": item["name"],
        "type": java.rpartition(".")[2].lower(),
        "dataType": f"[L{java};" if item.get("variadic") else java,
        "position": position,
    }


def _simple(type_name: str) -> str:
    return _java(type_name).rpartition(".")[2]


def _java(type_name: str) -> str:
    """Return the class of a type that our list describes in words, such as `Array<String>`."""
    head = type_name.replace("<", " ").partition(" ")[0]
    return _JAVA.get(head, "java.lang.Object")


def fault(expression: str, words: str) -> str:
    """Return what is wrong with an expression, with its position; empty if nothing is.

    Args:
        expression: The text.
        words: Which list of reserved words is in force; empty for the newest one.
    """
    from emulator.mapping import RESERVED_LISTS, validate

    error = validate(expression, RESERVED_LISTS[words or "current"])
    return "" if error is None else str(error)


def attributes(expression: str) -> list[str] | None:
    """Return the paths of the source data that an expression reads; None if it cannot be read."""
    from emulator.mapping import RESERVED_LISTS, MappingError, compile_expression

    try:
        return list(compile_expression(expression, RESERVED_LISTS["none"]).attributes)
    except MappingError:
        return None


def column(mapping: JsonObject) -> Json:
    """Return the path of the source data that a mapping begins from, None if it reads none."""
    source, kind = mapping.get("source"), mapping["sourceType"]
    if kind == vocabulary.ATTRIBUTE:
        return source
    read = attributes(str(source)) if kind == vocabulary.EXPRESSION else None
    return read[0] if read else None


def preview(
    sent: JsonObject, schema: JsonObject | None, words: str, clock: Clock, seed: str
) -> list[Json]:
    """Return what a mapping set makes of rows, with what failed in each.

    Args:
        sent: `data`, a row or an array of them, and `mappingSet`.
        schema: The resolved output schema, whose types the values get.
        words: Which list of reserved words is in force; empty for the newest one.
        clock: Where times come from.
        seed: What invented values follow from.
    """
    from emulator.mapping import RESERVED_LISTS, compile_mapping_set

    mapping_set = as_object(sent.get("mappingSet"))
    compiled = compile_mapping_set(
        vocabulary.mappings(mapping_set),
        clock=clock,
        seed=seed,
        schema=schema,
        nulls=mapping_set.get("allowNullValues") is True,
        reserved=RESERVED_LISTS[words or "current"],
    )
    data = sent["data"]
    rows = data if isinstance(data, list) else [data]
    return [_previewed(mapped) for mapped in compiled.over(rows)]


def _previewed(mapped: Mapped) -> JsonObject:
    """Return a row's result; a failure is the reference's TransformErrorInfo."""
    errors = [
        {
            "destination": failure.destination,
            "exception": failure.reason,
            "source": failure.expression,
            "columnName": failure.column,
            "sourceType": failure.source_type,
        }
        for failure in mapped.errors
    ]
    return {"data": mapped.record, "errors": errors or None}
