"""Lists of mapping sets, schemas and samples: filters, order and page.

Source: Data Prep API reference, GET /mappingSets. Whatever cannot be understood here changes
nothing; what refuses a request is the contract's business.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from emulator.filters.comparisons import hint_for
from emulator.filters.flow_service import parse_filter
from emulator.filters.numbers import whole_number
from emulator.json_types import JsonObject
from emulator.scope import Scope
from emulator.store import Hint

DEFAULT_LIMIT = 10

_FIELDS = {
    "createdDate": "createdDate",
    "updatedDate": "modifiedDate",
    "modifiedDate": "modifiedDate",
    "lastUpdateDate": "modifiedDate",
}


class Page(NamedTuple):
    """The sets of one page, and the limit that was asked for."""

    sets: list[JsonObject]
    limit: int


def select(scope: Scope, kind: str, query: JsonObject) -> Page:
    """Return the page of sets that a query asks for, the newest first unless it orders them."""
    found = (item for item in _in_order(scope, kind, query) if _matches(item, query))
    start = whole_number(query.get("start"), 0)
    limit = whole_number(query.get("limit"), DEFAULT_LIMIT)
    keys = (item["id"] for item in islice(found, start, start + limit))
    return Page(scope.read_many(kind, keys), limit)


def _in_order(scope: Scope, kind: str, query: JsonObject) -> Iterable[JsonObject]:
    """Return what filters need of the stored sets, in the order that a query wants."""
    hint, (field, descends) = _hint_of(query), _order_of(query.get("orderBy", ""))
    rows = scope.ordered(kind, field, descending=descends, ties=descends, hint=hint)
    if rows is not None:
        return (row.body for row in rows)
    parts = [row.body for row in scope.scan(kind, hint=hint)]
    return ordered(parts, query.get("orderBy", ""))


def _order_of(order: str) -> tuple[str, bool]:
    """Return the member that sets are ordered by, and whether the newest come first."""
    field = _FIELDS.get(order.lstrip(" +-"))
    return field or "modifiedDate", field is None or order.startswith("-")


def _hint_of(query: JsonObject) -> Hint:
    filters = [parsed for text in query.get("property", ()) if (parsed := parse_filter(text))]
    fields = ("id", "name", *_FIELDS.values(), *(item.path for item in filters))
    equal = [(item.path, item.values[0]) for item in filters if item.is_exact]
    return hint_for(fields, [*equal, *([("name", query["name"])] if query.get("name") else [])])


def _matches(item: JsonObject, query: JsonObject) -> bool:
    name = query.get("name")
    if name is not None and item.get("name") != name:
        return False
    parsed = [parse_filter(text) for text in query.get("property", ())]
    return all(condition.matches(item) for condition in parsed if condition)


def ordered(sets: list[JsonObject], order: str) -> list[JsonObject]:
    """Return sets by `createdDate` or `updatedDate`, with `-` in front for the newest first.

    An unencoded `+` arrives as a blank, which means the same.
    """
    field, descends = _order_of(order)
    # Sets of the same millisecond keep the order of their creation, turned round with the rest.
    oldest_first = sorted(sets, key=lambda item: int(item[field]))
    return oldest_first[::-1] if descends else oldest_first
