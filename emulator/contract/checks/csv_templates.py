"""The check of the Schema Registry's CSV templates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator.contract.checks.reason import Reason, shown
from emulator.json_types import Json, JsonObject
from emulator.xdm.csv_template import NEEDED, Row, faults, header, read


def csv_template(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """The text is a template free of a fault.

    `fault` is `columns`, of the table's head; `rows`, of what the columns of a row say; or
    `references`, of the standard field groups (by title, a `group_kind`) and the resources (of
    `kind`) that rows name.
    """
    if not isinstance(value, str):
        return
    if arguments["fault"] == "columns":
        for name in NEEDED:
            if name not in header(value):
                yield Reason(f"there is no column {name}")
        return
    rows = read(value)
    if arguments["fault"] == "rows":
        if not rows:
            yield Reason("there is no row with a field")
        for row in rows:
            for said in faults(row):
                yield Reason(f"line {row.line}: {said}")
        return
    for row in rows:
        yield from _references(row, arguments, lookup)


def _references(row: Row, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    group = row["fieldGroupName"]
    if not row.says("isCustom") and lookup.find(arguments["group_kind"], group) is None:
        said = f"line {row.line}: there is no standard field group {shown(group)}"
        yield Reason(said, values={"id": group})
    if row["$ref"] and lookup.find(arguments["kind"], row["$ref"]) is None:
        said = f"line {row.line}: there is no resource {shown(row['$ref'])}"
        yield Reason(said, values={"id": row["$ref"]})
