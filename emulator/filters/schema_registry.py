"""The `property` query language of the Schema Registry: `name`, or `name op value`; all must hold.

Source: "Schema Registry API guide", list resources. It differs from the Flow Service's language: a
bare name asks whether the member is there, `~` is a regular expression, and `==` on a list means
that the list contains the value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from emulator.filters.comparisons import regular_expression
from emulator.json_types import MISSING, Json, JsonObject, dotted
from emulator.xdm.identity import identity

_FORM = re.compile(r"(?P<path>[^=<>!~]+)(?:(?P<operator>==|!=|<=|>=|<|>|~)(?P<value>.*))?", re.S)
_NUMBERS = re.compile(r"\d{1,15}(\.\d{1,15})*")

_PLACES = {
    "created": ("meta:registryMetadata", "repo:createdDate"),
    "updated": ("meta:registryMetadata", "repo:lastModifiedDate"),
}
"""Names to order by that are not members of the resources, with their places."""


@dataclass(frozen=True, slots=True)
class XdmFilter:
    """One `property` parameter; `operator` is empty if it has only a name."""

    path: str
    operator: str
    value: str

    def matches(self, resource: JsonObject) -> bool:
        """Tell whether a resource matches."""
        found = member(resource, self.path)
        if self.operator == "":
            return found is not MISSING
        if self.operator == "!=":
            return not _equals(found, self.value)
        if self.operator == "==":
            return _equals(found, self.value)
        values = found if isinstance(found, list) else [found]
        return any(self._compares(value) for value in values if value is not MISSING)

    def _compares(self, found: Json) -> bool:
        if self.operator == "~":
            search = regular_expression(self.value)
            return search is not None and search(_text(found))
        mine, theirs = sort_key(found), sort_key(self.value)
        if self.operator[0] == "<":
            return mine < theirs or (self.operator == "<=" and mine == theirs)
        return mine > theirs or (self.operator == ">=" and mine == theirs)


def parse_xdm_filter(text: str) -> XdmFilter | None:
    """Return the filter of a `property` parameter, or None if it is malformed."""
    match = _FORM.fullmatch(text)
    if match is None or not match["path"].strip():
        return None
    operator, value = match["operator"] or "", (match["value"] or "").strip()
    if operator != "~" and value.startswith("="):
        return None
    if operator == "~" and regular_expression(value) is None:
        return None
    return XdmFilter(match["path"].strip(), operator, value)


def place_of(path: str) -> str:
    """Return where a resource has what a filter or an order names, as a dotted path."""
    return ".".join(_PLACES.get(path, (path,)))


def member(resource: JsonObject, path: str) -> Json:
    """Return what a filter or an order names: a member, a dotted path, or `created`, `updated`."""
    if path in resource:
        return resource[path]
    if path in _PLACES:
        group, name = _PLACES[path]
        return (resource.get(group) or {}).get(name, MISSING)
    return dotted(resource, path)


SortKey: TypeAlias = tuple[int, tuple[int, ...], str]
"""Which kind of value it is, its numbers, its text."""


def sort_key(value: Json) -> SortKey:
    """Return a key by which values of any type have an order: nothing, numbers, texts."""
    if value is MISSING or value is None:
        return (0, (), "")
    text = _text(value)
    if _NUMBERS.fullmatch(text):
        return (1, tuple(int(part) for part in text.split(".")), "")
    return (2, (), text)


def _equals(found: Json, wanted: str) -> bool:
    if isinstance(found, list):
        return any(_equals(item, wanted) for item in found)
    return found is not MISSING and identity(_text(found)) == identity(wanted)


def _text(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
