"""The list language of Catalog: filters, order, page and projection. Pure functions.

Source: "Catalog Service API guide", filter data by query parameters. What a list must not be asked
is the contract's business: whatever cannot be understood here selects nothing or changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TypeVar

from emulator.filters.catalog import MAX_LIMIT, ordered, parse_condition, same_text
from emulator.filters.numbers import whole_number
from emulator.json_types import MISSING, Json, JsonObject, dotted

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

_T = TypeVar("_T")
Condition = Callable[[JsonObject], bool]


def matching(objects: Iterable[JsonObject], query: Mapping[str, Json]) -> list[JsonObject]:
    """Return all objects that a query's filters let through, oldest first unless it orders them."""
    conditions = list(_conditions(query))
    found = [item for item in objects if all(holds(item) for holds in conditions)]
    order = query.get("orderBy") or query.get("sort")
    return ordered(found, order) if order else found


def select(objects: Iterable[JsonObject], query: Mapping[str, Json]) -> list[JsonObject]:
    """Return the page of objects that a query asks for, oldest first unless it orders them."""
    return page(matching(objects, query), query)


def page(found: list[_T], query: Mapping[str, Json]) -> list[_T]:
    """Return the page of what was found that a query asks for."""
    start = whole_number(query.get("start", query.get("offset")), 0)
    limit = whole_number(query.get("limit"), DEFAULT_LIMIT)
    return found[start : start + min(max(limit, 1), MAX_LIMIT)]


def project(item: JsonObject, query: Mapping[str, Json]) -> JsonObject:
    """Return the members that `properties` lists, or all; those that are missing are left out."""
    wanted = query.get("properties")
    if wanted is None:
        return item
    names = [name.strip() for name in wanted.split(",")]
    return {name: item[name] for name in names if name in item}


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
