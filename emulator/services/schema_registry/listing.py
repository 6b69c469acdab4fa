"""Lists of resources: filters, order and pages.

Source: "Schema Registry API guide", list resources. The default order is by the time of the last
change; the guide of 2020 pages by index, later ones by the value of the first order field.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from emulator.filters.numbers import whole_number
from emulator.filters.schema_registry import SortKey, member, parse_xdm_filter, sort_key
from emulator.json_types import Json, JsonObject

DEFAULT_LIMIT = 300
"""A client that never sends `start` must not get a next page before this."""

MAX_LIMIT = 500

DEFAULT_ORDER = "updated"

_CURSOR = re.compile(r"(\d{1,15})\.(\d{1,9})")


@dataclass(frozen=True, slots=True)
class Page:
    """Resources of one page; `next` is the `start` of the one behind it, or None."""

    items: list[JsonObject]
    orderby: str
    next: Json


def page_of(resources: list[JsonObject], query: JsonObject, by_index: bool) -> Page:
    """Return the page that a query asks for.

    Args:
        by_index: `start` counts items. Else it is the value of the first field of `orderby` that
            the last page has ended with, or the cursor that this page has named.
    """
    resources = selected(resources, query)
    orderby = query.get("orderby", "")
    resources = _ordered(resources, orderby or DEFAULT_ORDER)
    limit = min(whole_number(query.get("limit"), DEFAULT_LIMIT), MAX_LIMIT)
    if by_index:
        return _page_by_index(resources, whole_number(query.get("start"), 0), limit, orderby)
    if not orderby:
        return _page_by_cursor(resources, query.get("start", ""), limit)
    return _page_by_value(resources, query.get("start", ""), limit, orderby)


def selected(resources: list[JsonObject], query: JsonObject) -> list[JsonObject]:
    """Return the resources that match every filter of a query."""
    for text in query.get("property", []):
        condition = parse_xdm_filter(text)
        if condition:
            resources = [item for item in resources if condition.matches(item)]
    return resources


def _ordered(resources: list[JsonObject], orderby: str) -> list[JsonObject]:
    for field in reversed(orderby.split(",")):
        name, descending = _direction(field)
        resources = sorted(resources, key=_sort_key_of(name), reverse=descending)
    return resources


def _sort_key_of(name: str) -> Callable[[JsonObject], SortKey]:
    return lambda item: sort_key(member(item, name))


def _direction(field: str) -> tuple[str, bool]:
    return field.strip().lstrip("+-").strip(), field.strip().startswith("-")


def _page_by_index(resources: list[JsonObject], start: int, limit: int, orderby: str) -> Page:
    end = start + limit
    more = limit > 0 and end < len(resources)
    return Page(resources[start:end], orderby or DEFAULT_ORDER, str(end) if more else None)


def _page_by_cursor(resources: list[JsonObject], start: str, limit: int) -> Page:
    """Return what lies behind a cursor in the default order; what is no cursor finds nothing.

    A cursor is the time of the last change, in milliseconds, and the how manieth resource of this
    time it was, so that none of them is lost between pages.
    """
    marked: list[tuple[tuple[int, int], JsonObject]] = []
    for item in resources:
        moment = member(item, DEFAULT_ORDER)
        time = moment if isinstance(moment, int) else 0
        number = marked[-1][0][1] + 1 if marked and marked[-1][0][0] == time else 1
        marked.append(((time, number), item))
    if start:
        cursor = _CURSOR.fullmatch(start)
        mark = (int(cursor[1]), int(cursor[2])) if cursor else None
        marked = [pair for pair in marked if mark and pair[0] > mark]
    shown = marked[:limit]
    last = shown[-1][0] if shown and limit < len(marked) else None
    return Page([item for _, item in shown], DEFAULT_ORDER, last and f"{last[0]}.{last[1]}")


def _page_by_value(resources: list[JsonObject], start: str, limit: int, orderby: str) -> Page:
    """Return what lies strictly beyond `start`; equal values stay together on one page."""
    name, descending = _direction(orderby.partition(",")[0])
    key = _sort_key_of(name)
    if start:
        mark = sort_key(start)
        resources = [
            item for item in resources if (key(item) < mark if descending else key(item) > mark)
        ]
    end = limit
    while 0 < end < len(resources) and key(resources[end]) == key(resources[end - 1]):
        end += 1
    more = 0 < end < len(resources)
    last = member(resources[end - 1], name) if more else None
    return Page(resources[:end], orderby, last)
