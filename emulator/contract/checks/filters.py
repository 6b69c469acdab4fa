"""Checks of the query parameters `property` and `orderby`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from emulator.contract.checks.reason import Reason
from emulator.contract.lookup import Lookup
from emulator.filters.flow_service import Filter, parse_filter, parse_order, split_filters
from emulator.filters.schema_registry import parse_xdm_filter
from emulator.json_types import Json, JsonObject, short_json

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


def _unknown_operator(filter: Filter, arguments: JsonObject) -> bool:
    return filter.operator not in arguments["operators"]


def _unimplemented_operator(filter: Filter, arguments: JsonObject) -> bool:
    return filter.operator in arguments["operators"]


def _single_equals(filter: Filter, arguments: JsonObject) -> bool:
    return filter.operator == "=" and filter.field not in arguments.get("fields", [])


def _unknown_field(filter: Filter, arguments: JsonObject) -> bool:
    return filter.field not in arguments["fields"]


def _empty_value(filter: Filter, arguments: JsonObject) -> bool:
    return "" in filter.values


def _operator_not_for_field(filter: Filter, arguments: JsonObject) -> bool:
    by_size = filter.operator in (">", "<", ">=", "<=")
    return by_size and "." not in filter.path and filter.field not in arguments["ordered"]


def _operator_not_for_list(filter: Filter, arguments: JsonObject) -> bool:
    return len(filter.values) > 1 and filter.operator != "=="


def _list_for_date(filter: Filter, arguments: JsonObject) -> bool:
    return len(filter.values) > 1 and filter.path in arguments["dates"]


def _unhandled_member(filter: Filter, arguments: JsonObject) -> bool:
    """Tell whether a filter asks for a part of `member` that is none of `fields`."""
    object, _, rest = filter.path.partition(".")
    return object == arguments["member"] and rest not in arguments["fields"]


def _value_not_listed(filter: Filter, arguments: JsonObject) -> bool:
    """Tell whether a filter compares `member` with something else than one of `values`."""
    return filter.path == arguments["member"] and not set(filter.values) <= set(arguments["values"])


_FAULTS = {
    "empty_value": _empty_value,
    "list_for_date": _list_for_date,
    "no_operator": lambda filter, arguments: False,
    "operator_not_for_field": _operator_not_for_field,
    "operator_not_for_list": _operator_not_for_list,
    "single_equals": _single_equals,
    "unhandled_member": _unhandled_member,
    "unimplemented_operator": _unimplemented_operator,
    "unknown_field": _unknown_field,
    "unknown_operator": _unknown_operator,
    "value_not_listed": _value_not_listed,
}


def check_order(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """An `orderby` names fields, each with at most one sign. `fault`: `direction` or `field`."""
    for item in str(value).split(","):
        signs = len(item) - len(item.lstrip(" +-"))
        if arguments["fault"] == "direction":
            if signs > 1:
                yield Reason(f"{short_json(item)} has more than one sign", values={"field": item})
        elif not all(_FIELD.fullmatch(order.field) for order in parse_order(item)):
            yield Reason(f"{short_json(item)} is not a field", values={"field": item})


def xdm_filter(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Every `property` filter has the form that the Schema Registry documents."""
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str) and parse_xdm_filter(text) is None:
            yield Reason(f"{short_json(text)} is neither a name nor a comparison")
