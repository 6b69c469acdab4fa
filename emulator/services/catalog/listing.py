"""The list language of Catalog: filters, order, page and projection. Pure functions.

Source: "Catalog Service API guide", filter data by query parameters. What a list must not be asked
is the contract's business: whatever cannot be understood here selects nothing or changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import TypeVar

from emulator.filters.catalog import MAX_LIMIT, ordered, parse_condition, same_text
from emulator.filters.comparisons import certain_texts, hint_for
from emulator.filters.numbers import whole_number
from emulator.json_types import MISSING, Json, JsonObject, dotted
from emulator.scope import Scope
from emulator.store import Hint

DEFAULT_LIMIT = 20

CONTROLS = frozenset(
    "limit start offset properties property tags orderBy sort expansion requestDataSource"
    " aggregate".split()
)
"""Parameters that are not the name of a field."""

_MOMENTS = {
    f"{name}{side}": (field, side)
    for name, field in {
        "created": "created",
        "updated": "updated",
        "start": "availableDates.startDate",
        "end": "availableDates.endDate",
    }.items()
    for side in ("After", "Before")
}
"""Parameters that compare moments; a batch's dates are those of its data, in seconds."""

NOTHING = Hint(frozenset())
"""What a list needs that neither filters nor orders."""

_DERIVED = ("id", "viewId")
"""Members of which others are made before filters see an object."""

_NOT_STORED = ("batch", "dataSet")
"""Members that only filters see; their texts are elsewhere in the stored object."""

_SHOWN_OTHERWISE = ("state", "files", "fileDescription")
"""Members that some edition does not show as they are stored."""

_T = TypeVar("_T")
Condition = Callable[[JsonObject], bool]


def found_in(
    scope: Scope,
    kind: str,
    query: Mapping[str, Json],
    shown: Callable[[JsonObject], JsonObject],
    *members: str,
) -> Iterator[JsonObject]:
    """Yield of the stored objects of a kind those that a query lets through, in its order.

    Only some `members`, and what filters and order look at, are sure to be in them; `whole` returns
    the rest. `shown` makes of a stored object what filters look at.
    """
    hint = hint_of(query, *members)
    if hint == NOTHING:
        return ({"id": stored.key} for stored in scope.scan(kind, hint=hint))
    field, descends = _moment_order(query)
    rows = scope.ordered(kind, field, descending=descends, hint=hint) if field else None
    if rows is not None:
        query = {name: value for name, value in query.items() if name not in ("orderBy", "sort")}
    parts = (shown(stored.body) for stored in rows or scope.scan(kind, hint=hint))
    return matching(parts, query)


def _moment_order(query: Mapping[str, Json]) -> tuple[str, bool]:
    """Return the moment that a query orders by alone, and whether the latest comes first."""
    direction, colon, field = _order_of(query).strip().partition(":")
    name = field if colon else direction
    return name if name in (
        "created",
        "updated",
    ) else "", colon != "" and direction.lower() == "desc"


def whole(scope: Scope, kind: str, found: Iterable[JsonObject]) -> list[JsonObject]:
    """Return what was found as it is stored."""
    return scope.read_many(kind, (item["id"] for item in found))


def matching(objects: Iterable[JsonObject], query: Mapping[str, Json]) -> Iterator[JsonObject]:
    """Yield all objects that a query's filters let through, oldest first unless it orders them."""
    conditions = list(_conditions(query))
    found = (item for item in objects if all(holds(item) for holds in conditions))
    order = _order_of(query)
    return iter(ordered(list(found), order)) if order else found


def _order_of(query: Mapping[str, Json]) -> str:
    return query.get("orderBy") or query.get("sort") or ""


def select(objects: Iterable[JsonObject], query: Mapping[str, Json]) -> list[JsonObject]:
    """Return the page of objects that a query asks for, oldest first unless it orders them."""
    return page(matching(objects, query), query)


def page(found: Iterable[_T], query: Mapping[str, Json]) -> list[_T]:
    """Return the page of what was found that a query asks for."""
    start = whole_number(query.get("start", query.get("offset")), 0)
    limit = whole_number(query.get("limit"), DEFAULT_LIMIT)
    return list(islice(found, start, start + min(max(limit, 1), MAX_LIMIT)))


def project(item: JsonObject, query: Mapping[str, Json]) -> JsonObject:
    """Return the members that `properties` lists, or all; those that are missing are left out."""
    wanted = query.get("properties")
    if wanted is None:
        return item
    names = [name.strip() for name in wanted.split(",")]
    return {name: item[name] for name in names if name in item}


def hint_of(query: Mapping[str, Json], *members: str) -> Hint:
    """Return what the filters and the order of a query need of stored objects, and some members."""
    order = [key.strip().rpartition(":")[2] for key in _order_of(query).split(",")]
    fields = [*members, *order, *_filtered_fields(query)]
    if not any(fields):
        return NOTHING
    if not set(fields).isdisjoint(_NOT_STORED):
        fields.append("relatedObjects")
    equal = list(_equalities(query))
    stored = [pair for pair in equal if pair[0] not in (*_NOT_STORED, *_SHOWN_OTHERWISE)]
    derived = [text for name, text in equal if name in _NOT_STORED for text in certain_texts(text)]
    tags = [key for key, _ in map(_split_tag, query.get("tags", "").split(",")) if key]
    return hint_for((*fields, *_DERIVED), stored, (*derived, *tags))


def _filtered_fields(query: Mapping[str, Json]) -> Iterator[str]:
    """Yield what the filters of a query look at."""
    for name, value in query.items():
        if name == "property":
            yield from (one.field for one in filter(None, map(parse_condition, _listed(value))))
        elif name in _MOMENTS:
            yield _MOMENTS[name][0]
        elif name == "tags" or name not in CONTROLS:
            yield name


def _equalities(query: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Yield the fields that a query wants to be a single value, and that as text."""
    for name, value in query.items():
        if name == "property":
            for condition in filter(None, map(parse_condition, _listed(value))):
                if condition.operator == "==":
                    yield condition.field, condition.wanted
        elif name in CONTROLS or name in _MOMENTS or value.startswith("!"):
            continue
        elif "," not in value and value != "*":
            yield name, value.replace("**", "*")


def _conditions(query: Mapping[str, Json]) -> Iterable[Condition]:
    for name, value in query.items():
        if name == "property":
            for text in value if isinstance(value, list) else [value]:
                condition = parse_condition(text)
                if condition:
                    yield condition.holds
        elif name == "tags":
            for pair in value.split(","):
                yield partial(_has_tag, *_split_tag(pair))
        elif name in _MOMENTS:
            yield partial(_is_beyond, *_MOMENTS[name], value)
        elif name not in CONTROLS:
            yield partial(_field_is, name, value)


def _split_tag(pair: str) -> tuple[str, str]:
    """Split `key:value` at the first colon: `unifiedProfile:enabled:true` has two parts."""
    key, _, value = pair.partition(":")
    return key.strip(), value.replace(" ", "") or "*"


def _has_tag(key: str, wanted: str, item: JsonObject) -> bool:
    tags = item.get("tags")
    values = tags.get(key) if isinstance(tags, dict) else None
    if values is None:
        return False
    # Guides write `enabled: true` too, so blanks do not count.
    texts = [str(value).replace(" ", "") for value in _listed(values)]
    if wanted.endswith("*"):
        return wanted == "*" or any(text.startswith(wanted[:-1]) for text in texts)
    return wanted in texts


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _is_beyond(field: str, side: str, moment: str, item: JsonObject) -> bool:
    """Tell whether a time lies strictly after or before a moment in the same unit."""
    time = dotted(item, field)
    if not isinstance(time, int) or not moment.isdecimal() or len(moment) > 18:
        return False
    return time > int(moment) if side == "After" else time < int(moment)


def _field_is(name: str, wanted: str, item: JsonObject) -> bool:
    """Judge `field=a,b` (one of), `field=!a,b` (none of), `field=*` (there), `**` for a star."""
    negated = wanted.startswith("!")
    texts = wanted[1:].split(",") if negated else wanted.split(",")
    found = dotted(item, name)
    return any(_is_text(found, text) for text in texts) != negated


def _is_text(found: Json, text: str) -> bool:
    if text == "*":
        return found is not MISSING
    return found is not MISSING and same_text(found, text.replace("**", "*"))
