"""The check of the Schema Registry's CSV templates."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.contract.checks.reason import Reason
from emulator.contract.lookup import Lookup
from emulator.json_types import Json, JsonObject, short_json
from emulator.xdm.csv_template import NEEDED, Row, header, read, row_errors, unreadable


def csv_template(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """The text is a template free of a fault.

    `fault` is `columns`, of the table's head; `rows`, of the values in a row; or
    `references`, of the standard field groups (by title, the fact `group`) and the resources (of
    `kind`) that rows name.
    """
    if not isinstance(value, str):
        return
    broken = unreadable(value)
    if broken and arguments["fault"] == "columns":
        yield Reason(broken)
    elif not broken:
        yield from _FAULTS[arguments["fault"]](value, arguments, lookup)


def _column_faults(text: str, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    for name in NEEDED:
        if name not in header(text):
            yield Reason(f"there is no column {name}")


def _row_faults(text: str, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    rows = read(text)
    if not rows:
        yield Reason("there is no row with a field")
    for row in rows:
        for fault in row_errors(row):
            yield Reason(f"line {row.line}: {fault}")


def _reference_faults(text: str, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    for row in read(text):
        yield from _references(row, arguments, lookup)


_FAULTS = {"columns": _column_faults, "rows": _row_faults, "references": _reference_faults}


def _references(row: Row, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    group, resource = row["fieldGroupName"], row["$ref"]
    if not row.is_true("isCustom") and not lookup.ask(arguments["group"]["fact"], group):
        text = f"line {row.line}: there is no standard field group {short_json(group)}"
        yield Reason(text, values={"id": group})
    if resource and lookup.find(arguments["kind"], resource) is None:
        text = f"line {row.line}: there is no resource {short_json(resource)}"
        yield Reason(text, values={"id": resource})
