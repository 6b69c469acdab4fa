"""JSON Schemas put together, and taken apart by the members of what they describe."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from emulator.json_types import Json, JsonObject

_KEYWORDS_WITH_NEIGHBOURS = frozenset(
    (
        "$defs",
        "$ref",
        "additionalProperties",
        "contains",
        "else",
        "if",
        "maxContains",
        "minContains",
        "patternProperties",
        "prefixItems",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    )
)
"""Keywords whose meaning depends on their neighbours; a schema with one of them is not merged."""

_BRANCHES = ("allOf", "anyOf", "oneOf")
_OF_MEMBERS = frozenset((*_BRANCHES, "not", "properties", "required", "type"))


def combined(schemas: Iterable[Json]) -> JsonObject:
    """Return one schema that holds where all of the given ones hold.

    Their keywords are merged where that is equivalent and easier to read; schemas that cannot be
    merged are listed in `allOf`.
    """
    made: JsonObject = {}
    for schema in schemas:
        _merge(made, schema)
    (alone,) = made["allOf"] if made.keys() == {"allOf"} and len(made["allOf"]) == 1 else (None,)
    return alone if isinstance(alone, dict) else made


def _merge(made: JsonObject, schema: Json) -> None:
    if schema is True or schema == {} or schema == made:
        return
    if not isinstance(schema, dict) or not _KEYWORDS_WITH_NEIGHBOURS.isdisjoint(schema):
        _append(made, schema)
        return
    left_over: JsonObject = {}
    for keyword, value in schema.items():
        if keyword in _MERGED:
            made[keyword] = _MERGED[keyword](made.get(keyword), value)
        elif keyword == "allOf":
            for item in value:
                _merge(made, item)
        elif keyword == "type" and (common := _common_types(made.get("type", value), value)):
            made["type"] = common
        elif made.setdefault(keyword, value) != value:
            left_over[keyword] = value
    if left_over:
        _append(made, left_over)


def _members_of_both(known: Json, added: JsonObject) -> Json:
    members = dict(known or {})
    for name, schema in added.items():
        members[name] = combined((members.get(name, {}), schema))
    return members


_MERGED: dict[str, Callable[[Json, Json], Json]] = {
    "items": lambda known, added: combined(({} if known is None else known, added)),
    "properties": _members_of_both,
    "required": lambda known, added: list(dict.fromkeys((*(known or ()), *added))),
}
"""How two values of a keyword are merged."""


def _common_types(one: Json, other: Json) -> Json:
    """Return the types that two values of `type` have in common; None if that is not simple."""
    if one == other:
        return one
    first, second = ([types] if isinstance(types, str) else types for types in (one, other))
    if "number" in (*first, *second):
        return None
    both = [name for name in first if name in second]
    return both[0] if len(both) == 1 else both or None


def _append(made: JsonObject, schema: Json) -> None:
    """Append a schema to `allOf`; schemas with the same condition are merged under it."""
    whole = made.setdefault("allOf", [])
    for number, other in enumerate(whole):
        if _is_conditional(schema) and _is_conditional(other) and other["if"] == schema["if"]:
            then = combined((other["then"], schema["then"]))
            whole[number] = {"if": schema["if"], "then": then}
            return
    if schema not in whole:
        whole.append(schema)


def _is_conditional(schema: Json) -> bool:
    return isinstance(schema, dict) and schema.keys() == {"if", "then"}


def member_of(schema: Json, name: str) -> JsonObject:
    """Return the schema of one member of an object, by the schema of the object.

    Conditions on other members are left out, so the result may accept values that the whole schema
    does not accept, never the other way round.
    """
    if not isinstance(schema, dict):
        return {}
    parts: list[Json] = [schema.get("properties", {}).get(name, {})]
    parts += [member_of(item, name) for item in schema.get("allOf", ())]
    if "if" in schema and _asks_only_of(schema["if"], name):
        then = member_of(schema.get("then", {}), name)
        if then:
            parts.append({"if": _read_within(schema["if"], name), "then": then})
    return combined(parts)


def members(schema: Json) -> set[str]:
    """Return the members of an object that a condition asks about."""
    if not isinstance(schema, dict):
        return set()
    found = {*schema.get("required", ()), *schema.get("properties", ())}
    for keyword in _BRANCHES:
        for branch in schema.get(keyword, ()):
            found |= members(branch)
    return found | members(schema.get("not"))


def _asks_only_of(condition: Json, name: str) -> bool:
    """Tell whether a condition on an object depends on one of its members alone."""
    if not isinstance(condition, dict):
        return True
    inner = [item for keyword in _BRANCHES for item in condition.get(keyword, ())]
    return (
        members(condition) <= {name}
        and condition.keys() <= _OF_MEMBERS
        and all(_asks_only_of(item, name) for item in (*inner, condition.get("not", True)))
    )


def _read_within(condition: Json, name: str) -> Json:
    """Return a condition on one member of an object as a condition on that member's value."""
    if not isinstance(condition, dict):
        return condition
    parts: list[Json] = [condition.get("properties", {}).get(name, {})]
    for keyword in _BRANCHES:
        if keyword in condition:
            parts += [{keyword: [_read_within(item, name) for item in condition[keyword]]}]
    if "not" in condition:
        parts.append({"not": _read_within(condition["not"], name)})
    return combined(parts)


def as_sent_in_text(schema: JsonObject) -> JsonObject:
    """Return the schema of a parameter that is sent as text, for its parsed value."""
    content: Json = schema.get("contentSchema")
    if not isinstance(content, dict):
        return {"type": "string", **schema} if "type" not in schema else schema
    rest = {
        name: value
        for name, value in schema.items()
        if name not in ("contentSchema", "contentMediaType")
    }
    return combined((content, rest))
