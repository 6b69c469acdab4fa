"""Lists of the Flow Service: filters, order, pages and their continuation tokens.

A token carries everything the next page needs, and neither `=` nor `&`: clients cut it out of
`_links.next.href` at the first equals sign.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from itertools import islice

from emulator.filters.comparisons import hint_for
from emulator.filters.flow_service import parse_filter, parse_order, reach, split_filters
from emulator.filters.numbers import whole_number
from emulator.json_types import MISSING, JsonObject, dotted, dumps, loads
from emulator.scope import Scope
from emulator.store import ALL, Hint, Stored

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_SEARCH = 1000


@dataclass(frozen=True, slots=True)
class Query:
    """What a list request asks for. `position` is an ordinal, or an offset when ordered.

    Without an order, what was created or changed last comes first.
    """

    filters: tuple[str, ...]
    order: str
    limit: int
    position: int = 0

    def token(self, position: int) -> str:
        """Return the token of the page that starts behind `position`."""
        text = dumps([self.filters, self.order, self.limit, position])
        return base64.urlsafe_b64encode(text).decode().rstrip("=")


def read_token(token: str) -> JsonObject | None:
    """Return what a continuation token says, or None if it is not one."""
    try:
        content = loads(base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True))
        filters, order, limit, position = content
    except (ValueError, TypeError):
        return None
    is_one = isinstance(filters, list) and isinstance(limit, int) and isinstance(position, int)
    if not (is_one and isinstance(order, str) and all(isinstance(f, str) for f in filters)):
        return None
    return {"filters": filters, "order": order, "limit": limit, "position": position}


def read_query(query: JsonObject) -> Query:
    """Return the list request that a call's query parameters make."""
    return _query(query, query.get("property"), query.get("continuationToken", ""), MAX_LIMIT)


def read_search(body: JsonObject, token: str) -> Query:
    """Return the list request that a search's body makes, on the page of a token."""
    return _query(body, split_filters(body.get("queryString", "")), token, MAX_SEARCH)


def _query(sent: JsonObject, filters: list[str] | None, token: str, largest: int) -> Query:
    """Return what was sent, and what the token of a page says where nothing was sent."""
    known = read_token(token) or {}
    limit = whole_number(sent.get("limit"), known.get("limit", DEFAULT_LIMIT))
    return Query(
        filters=tuple(filters or known.get("filters") or ()),
        order=sent.get("orderby") or known.get("order") or "",
        limit=max(1, min(limit, largest)),
        position=known.get("position", 0),
    )


def projected(body: JsonObject, fields: list[str]) -> JsonObject:
    """Return what `fields` (dotted paths) name of a body, or all of it without any."""
    projection: JsonObject = {}
    for field in fields:
        found = dotted(body, field)
        if found is not MISSING:
            *way, last = field.split(".")
            place = projection
            for step in way:
                place = place.setdefault(step, {})
            place[last] = found
    return projection if fields else body


def matching(rows: Iterable[Stored], query: Query) -> Iterable[Stored]:
    """Yield the rows for which every filter holds."""
    filters = [parsed for text in query.filters if (parsed := parse_filter(text))]
    return (row for row in rows if all(item.matches(row.body) for item in filters))


def hint_of(query: Query) -> Hint:
    """Return what the filters and the order of a list request need of stored entities."""
    filters = [parsed for text in query.filters if (parsed := parse_filter(text))]
    fields = [item.path for item in filters]
    fields += [key.field for key in parse_order(query.order)] if query.order else []
    equal = ((item.path, item.values[0]) for item in filters if item.is_exact)
    return hint_for(fields, equal) if fields else ALL


def ordered_rows(scope: Scope, kind: str, query: Query) -> Iterable[Stored]:
    """Return the stored rows of a kind in the order that a request wants, unless it filters more.

    Of a request without an order these are the last changed first, from its position on.
    """
    hint = hint_of(query)
    if not query.order:
        return scope.recent(kind, query.position, hint)
    first, *others = parse_order(query.order)
    if not others and first.field in ("createdAt", "updatedAt"):
        rows = scope.ordered(kind, first.field, descending=first.descending, hint=hint)
        if rows is not None:
            return rows
    return sorted_rows(scope.scan(kind, hint=hint), query)


def count(scope: Scope, kind: str, query: Query) -> int:
    """Return how many stored rows of a kind a request finds from its position on."""
    before = 0 if query.order else query.position
    if not query.filters and not before:
        return scope.count(kind)
    hint = hint_of(query) if query.filters else Hint(frozenset())
    return sum(1 for _ in matching(scope.recent(kind, before, hint), query))


def page(rows: Iterable[Stored], query: Query) -> tuple[list[Stored], int | None]:
    """Return those of the rows in order that make a page, and the position of the next one."""
    found = matching(rows, query)
    if query.order:
        end = query.position + query.limit
        taken = list(islice(found, query.position, end + 1))
        return taken[: query.limit], end if len(taken) > query.limit else None
    taken = list(islice(found, query.limit + 1))
    more = len(taken) > query.limit
    return taken[: query.limit], taken[query.limit - 1].ordinal if more else None


def sorted_rows(rows: Iterable[Stored], query: Query) -> list[Stored]:
    """Return rows in the order that a request wants."""
    ordered = list(rows)
    for key in reversed(parse_order(query.order) if query.order else []):
        ordered.sort(key=partial(_sortable, field=key.field), reverse=key.descending)
    return ordered


def _sortable(row: Stored, field: str) -> tuple[int, float, str]:
    """Return a key that orders numbers before text, and both before what is not there."""
    found = next(reach(row.body, field.split(".")), None)
    if isinstance(found, bool | int | float):
        return (0, float(found), "")
    return (2, 0.0, "") if found is None else (1, 0.0, str(found))
