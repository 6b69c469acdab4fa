"""Checks of the query parameters `property` and `orderby`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches

from emulator.contract.checks.reason import Reason
from emulator.contract.lookup import Lookup
from emulator.filters.flow_service import Filter, parse_filter, parse_order, split_filters
from emulator.filters.pql import RowFilterError, decode_row_filter, parse_row_filter
from emulator.filters.schema_registry import parse_xdm_filter
from emulator.json_types import Json, JsonObject, short_json

_DIRECTION = re.compile(r"^ *[+-]? *(asc:|desc:)?", re.IGNORECASE)
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_.:\-\[\]]*")


def check_filter(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A `property` filter is free of one kind of fault.

    Arguments: `fault` is one of the names in `_FAULTS`; `operators`, `fields`, `ordered` (fields
    that can be compared by size), `dates`, and a `member` with its `values` say what is known. A
    text is one filter; with `joined` it is several, as in the body of a search.
    """
    for text in _texts(value, arguments):
        parsed = parse_filter(text)
        if parsed is None:
            if arguments["fault"] == "no_operator":
                yield Reason(f"{short_json(text)} has no operator", values={"filter": text})
        elif _FAULTS[arguments["fault"]](parsed, arguments):
            yield Reason(
                f"{short_json(text)}: {arguments['fault'].replace('_', ' ')}",
                values={
                    "filter": text,
                    "operator": parsed.operator,
                    "field": parsed.field,
                    "list": ",".join(parsed.values),
                    "member": parsed.path.partition(".")[2],
                },
            )


def _texts(value: Json, arguments: JsonObject) -> list[str]:
    if arguments.get("joined"):
        return split_filters(value) if isinstance(value, str) else []
    return value if isinstance(value, list) else [value]


_BY_SIZE = (">", "<", ">=", "<=")

_FAULTS: dict[str, Callable[[Filter, JsonObject], bool]] = {
    "empty_value": lambda filter, _: "" in filter.values,
    "list_for_date": lambda filter, known: len(filter.values) > 1 and filter.path in known["dates"],
    "no_operator": lambda filter, _: False,
    "operator_not_for_field": lambda filter, known: (
        filter.operator in _BY_SIZE
        and "." not in filter.path
        and filter.field not in known["ordered"]
    ),
    "operator_not_for_list": lambda filter, _: len(filter.values) > 1 and filter.operator != "==",
    "single_equals": lambda filter, known: (
        filter.operator == "=" and filter.field not in known.get("fields", [])
    ),
    "unhandled_member": lambda filter, known: (
        filter.path.partition(".")[0] == known["member"]
        and filter.path.partition(".")[2] not in known["fields"]
    ),
    "unimplemented_operator": lambda filter, known: filter.operator in known["operators"],
    "unknown_field": lambda filter, known: filter.field not in known["fields"],
    "unknown_operator": lambda filter, known: filter.operator not in known["operators"],
    "value_not_listed": lambda filter, known: (
        filter.path == known["member"] and not set(filter.values) <= set(known["values"])
    ),
}
"""Whether a filter has a fault, by what the arguments of the check say is known."""


def check_order(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """An `orderby` names fields, each with at most one sign, or with `asc:` or `desc:` before it.

    `fault` is `direction`, `field`, or `unknown` for one that does not begin with one of `fields`.
    """
    for item in str(value).split(","):
        if arguments["fault"] == "unknown":
            yield from _unknown_field(item, arguments["fields"])
            continue
        signs = len(item) - len(item.lstrip(" +-"))
        if arguments["fault"] == "direction":
            if signs > 1:
                yield Reason(f"{short_json(item)} has more than one sign", values={"field": item})
        elif not all(_FIELD.fullmatch(order.field) for order in parse_order(item)):
            yield Reason(f"{short_json(item)} is not a field", values={"field": item})


def _unknown_field(item: str, known: list[str]) -> Iterator[Reason]:
    name = _DIRECTION.sub("", item).strip()
    if name and name not in known and name.partition(".")[0].removesuffix("[]") not in known:
        close = get_close_matches(name, known, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        yield Reason(f"{short_json(name)} is not a member{hint}", values={"field": name})


def xdm_filter(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Every `property` filter has the form that the Schema Registry documents."""
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str) and parse_xdm_filter(text) is None:
            yield Reason(f"{short_json(text)} is neither a name nor a comparison")


def row_filter(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A row filter of a source can be carried out; `encoded` says that it is JSON in Base64."""
    try:
        if not arguments.get("encoded"):
            parse_row_filter(value)
        elif isinstance(value, str):
            decode_row_filter(value)
    except RowFilterError as error:
        yield Reason(str(error))
