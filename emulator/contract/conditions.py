"""The conditions under which rules speak about a request, each compiled once."""

from __future__ import annotations

from functools import lru_cache

import jsonschema_rs

from emulator.json_types import Json, JsonObject, dumps, loads

_WITHIN = ("allOf", "anyOf", "oneOf")
_ABOUT = ("not", "if", "then", "else")


class Condition:
    """A rule's condition, validated against only those members of a request that it looks at.

    The validator first copies what it is given, a long body too.
    """

    __slots__ = ("_is_valid", "_members", "_of_nothing")

    def __init__(self, schema: Json) -> None:
        self._is_valid = jsonschema_rs.validator_for(schema).is_valid
        self._members = _members(schema)
        self._of_nothing: dict[tuple[str, ...], bool] = {}

    def holds(self, request: JsonObject) -> bool:
        """Tell whether it holds for a request document."""
        if self._members is None:
            return self._is_valid(request)
        seen: JsonObject = {}
        is_empty = True
        for name in self._members:
            if name in request:
                seen[name] = value = request[name]
                is_empty = is_empty and value == {}
        if not is_empty:
            return self._is_valid(seen)
        # Mostly these members are empty; then the answer depends on their names alone.
        names = tuple(seen)
        known = self._of_nothing.get(names)
        if known is None:
            known = self._of_nothing[names] = self._is_valid(seen)
        return known


def condition_of(schema: JsonObject) -> Condition:
    """Return a condition, the same one for all rules that have it."""
    return _compiled(dumps(schema))


@lru_cache(maxsize=4096)
def _compiled(schema: bytes) -> Condition:
    return Condition(loads(schema))


def _members(schema: Json) -> frozenset[str] | None:
    """Return the members of an object that a schema looks at; None if that is unknown."""
    if not isinstance(schema, dict):
        return frozenset()
    found: set[str] = set()
    for keyword, value in schema.items():
        if keyword in ("properties", "required"):
            found.update(value)
        elif keyword in _WITHIN or keyword in _ABOUT:
            for part in value if keyword in _WITHIN else (value,):
                below = _members(part)
                if below is None:
                    return None
                found |= below
        elif keyword != "type":
            return None
    return frozenset(found)
