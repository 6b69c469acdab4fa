"""Lists of sandboxes: filter, order and page. Pure functions.

Sources: "Sandbox API guide", appendix, for `limit` and `offset`; Sandbox API reference for
`property` and `orderBy`, which are written as in Catalog. Whatever cannot be understood here
changes nothing; what refuses a request is the contract's business.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from emulator.filters.catalog import ordered, parse_condition
from emulator.filters.numbers import whole_number
from emulator.json_types import JsonObject

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


def select(entries: list[JsonObject], query: JsonObject) -> Page:
    """Return the page of entries, as they are shown, that a query asks for."""
    condition = parse_condition(query.get("property", ""))
    found = [item for item in entries if condition is None or condition.holds(item)]
    if "orderBy" in query:
        found = ordered(found, _NAME.sub(lambda match: _FIELDS[match[0]], query["orderBy"]))
    limit = max(whole_number(query.get("limit"), DEFAULT_LIMIT), 1)
    offset = whole_number(query.get("offset"), 0)
    end = offset + limit
    return Page(found[offset:end], limit, offset, end < len(found))
