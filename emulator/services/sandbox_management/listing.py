"""Lists of sandboxes: filter, order and page. Pure functions.

Sources: "Sandbox API guide", appendix, for `limit` and `offset`; Sandbox API reference for
`property` and `orderBy`, which are written as in Catalog. Whatever cannot be understood here
changes nothing; what refuses a request is the contract's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from emulator.filters.catalog import ordered, parse_condition
from emulator.filters.comparisons import certain_texts
from emulator.filters.numbers import whole_number
from emulator.json_types import JsonObject
from emulator.store import ALL, Hint

DEFAULT_LIMIT = 50

_FIELDS = {"created": "createdDate", "updated": "lastModifiedDate"}
"""Names to order by that the reference shows, and the members that they mean."""

_NAME = re.compile(r"\b(created|updated)\b")


class Page(NamedTuple):
    """Some entries of a list, where they begin, and whether others follow."""

    entries: list[JsonObject]
    limit: int
    offset: int
    has_more: bool


def hint_of(query: JsonObject) -> Hint:
    """Return which stored sandboxes the filter of a query needs: those of a name, whole."""
    condition = parse_condition(query.get("property", ""))
    if condition is None or (condition.field, condition.operator) != ("name", "=="):
        return ALL
    return Hint(equal=tuple(("name", text) for text in certain_texts(condition.wanted)))


def select(entries: Iterable[JsonObject], query: JsonObject) -> Page:
    """Return the page of entries, as they are shown, that a query asks for."""
    condition = parse_condition(query.get("property", ""))
    found: Iterator[JsonObject] = (
        item for item in entries if condition is None or condition.holds(item)
    )
    if "orderBy" in query:
        order = _NAME.sub(lambda match: _FIELDS[match[0]], query["orderBy"])
        found = iter(ordered(list(found), order))
    limit = max(whole_number(query.get("limit"), DEFAULT_LIMIT), 1)
    offset = whole_number(query.get("offset"), 0)
    taken = list(islice(found, offset, offset + limit + 1))
    return Page(taken[:limit], limit, offset, len(taken) > limit)
