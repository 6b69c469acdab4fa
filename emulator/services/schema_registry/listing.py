"""Lists of resources: filters, order and pages.

Source: "Schema Registry API guide", list resources. The default order is by the time of the last
change; the guide of 2020 pages by index, later ones by the value of the first order field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from emulator.filters.comparisons import hint_for
from emulator.filters.numbers import whole_number
from emulator.filters.schema_registry import (
    SortKey,
    member,
    parse_xdm_filter,
    place_of,
    sort_key,
)
from emulator.json_types import Json, JsonObject
from emulator.scope import Scope
from emulator.store import Hint

DEFAULT_LIMIT = 300
"""A client that never sends `start` must not get a next page before this."""

MAX_LIMIT = 500

DEFAULT_ORDER = "updated"

_CURSOR = re.compile(r"(\d{1,15})\.(\d{1,9})")


def hint_of(query: JsonObject) -> Hint:
    """Return what the filters and the order of a query need of stored resources."""
    orderby = query.get("orderby") or DEFAULT_ORDER
    fields = [_direction(field)[0] for field in orderby.split(",")]
    equal: list[tuple[str, str]] = []
    for condition in filter(None, map(parse_xdm_filter, query.get("property", []))):
        fields.append(condition.path)
        if condition.operator == "==":
            equal.append((place_of(condition.path), condition.value))
    return hint_for((*map(place_of, fields), "$id", "@id"), equal)


@dataclass(frozen=True, slots=True)
class Page:
    """Resources of one page; `next` is the `start` of the one behind it, or None."""

    items: list[JsonObject]
    orderby: str
    next: Json


def stored_page(scope: Scope, kind: str, query: JsonObject, by_index: bool) -> Page:
    """Return the page of a kind's stored resources that a query asks for.

    Only what filters and order look at, and their ids, are sure to be in its items. A store that
    has the default order is read from the cursor's time on, until the page is full.
    """
    hint, cursor = hint_of(query), _CURSOR.fullmatch(query.get("start", ""))
    if not query.get("orderby"):
        start = int(cursor[1]) if cursor and not by_index else None
        rows = scope.ordered(kind, place_of(DEFAULT_ORDER), start=start, hint=hint)
        if rows is not None:
            return _page(selected((row.body for row in rows), query), query, by_index)
    return page_of((row.body for row in scope.scan(kind, hint=hint)), query, by_index)


def page_of(resources: Iterable[JsonObject], query: JsonObject, by_index: bool) -> Page:
    """Return the page that a query asks for.

    Args:
        by_index: `start` counts items. Else it is the value of the first field of `orderby` that
            the last page has ended with, or the cursor that this page has named.
    """
    found = _ordered(selected(resources, query), query.get("orderby") or DEFAULT_ORDER)
    return _page(found, query, by_index)


def _page(resources: Iterable[JsonObject], query: JsonObject, by_index: bool) -> Page:
    orderby = query.get("orderby", "")
    limit = min(whole_number(query.get("limit"), DEFAULT_LIMIT), MAX_LIMIT)
    if by_index:
        return _page_by_index(resources, whole_number(query.get("start"), 0), limit, orderby)
    if not orderby:
        return _page_by_cursor(resources, query.get("start", ""), limit)
    return _page_by_value(list(resources), query.get("start", ""), limit, orderby)


def selected(resources: Iterable[JsonObject], query: JsonObject) -> Iterator[JsonObject]:
    """Yield the resources that match every filter of a query."""
    parsed = [parse_xdm_filter(text) for text in query.get("property", [])]
    conditions = [condition for condition in parsed if condition]
    return (item for item in resources if all(one.matches(item) for one in conditions))


def _ordered(found: Iterable[JsonObject], orderby: str) -> list[JsonObject]:
    resources = list(found)
    for field in reversed(orderby.split(",")):
        name, descending = _direction(field)
        resources = sorted(resources, key=_sort_key_of(name), reverse=descending)
    return resources


def _sort_key_of(name: str) -> Callable[[JsonObject], SortKey]:
    return lambda item: sort_key(member(item, name))


def _direction(field: str) -> tuple[str, bool]:
    return field.strip().lstrip("+-").strip(), field.strip().startswith("-")


def _page_by_index(resources: Iterable[JsonObject], start: int, limit: int, orderby: str) -> Page:
    end = start + limit
    taken = list(islice(resources, start, end + 1))
    more = limit > 0 and len(taken) > limit
    return Page(taken[:limit], orderby or DEFAULT_ORDER, str(end) if more else None)


def _page_by_cursor(resources: Iterable[JsonObject], start: str, limit: int) -> Page:
    """Return what lies behind a cursor in the default order; what is no cursor finds nothing.

    A cursor is the time of the last change, in milliseconds, and the how manieth resource of this
    time it was, so that none of them is lost between pages.
    """
    cursor = _CURSOR.fullmatch(start)
    if start and not cursor:
        return Page([], DEFAULT_ORDER, None)
    begin = (int(cursor[1]), int(cursor[2])) if cursor else (-1, 0)
    ahead = (pair for pair in _marked(resources) if pair[0] > begin)
    taken = list(islice(ahead, limit + 1))
    last = taken[limit - 1][0] if 0 < limit < len(taken) else None
    items = [item for _, item in taken[:limit]]
    return Page(items, DEFAULT_ORDER, last and f"{last[0]}.{last[1]}")


def _marked(resources: Iterable[JsonObject]) -> Iterator[tuple[tuple[int, int], JsonObject]]:
    """Yield resources with the time of their last change, and their number within it."""
    now, number = -1, 0
    for item in resources:
        moment = member(item, DEFAULT_ORDER)
        time = moment if isinstance(moment, int) else 0
        number = number + 1 if time == now else 1
        now = time
        yield (time, number), item


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
