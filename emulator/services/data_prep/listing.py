"""Lists of mapping sets: filters, order and page. Pure functions.

Source: Data Prep API reference, GET /mappingSets. Whatever cannot be understood here changes
nothing; what refuses a request is the contract's business.
"""

from __future__ import annotations

from typing import NamedTuple

from emulator.filters.flow_service import parse_filter
from emulator.filters.numbers import whole_number
from emulator.json_types import JsonObject

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


def select(sets: list[JsonObject], query: JsonObject) -> Page:
    """Return the page of sets that a query asks for, the newest first unless it orders them."""
    found = [item for item in sets if _matches(item, query)]
    found = ordered(found, query.get("orderBy", ""))
    start = whole_number(query.get("start"), 0)
    limit = whole_number(query.get("limit"), DEFAULT_LIMIT)
    return Page(found[start : start + limit], limit)


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
    field = _FIELDS.get(order.lstrip(" +-"))
    descending = field is None or order.startswith("-")
    # Sets of the same millisecond keep the order of their creation, turned round with the rest.
    oldest_first = sorted(sets, key=lambda item: int(item[field or "modifiedDate"]))
    return oldest_first[::-1] if descending else oldest_first
