"""What schemas may not do to one another: break what an older form promised, or contradict it."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.json_types import Json, JsonObject, among, short_json

_MAX_DEPTH = 30
_NARROWING = ("format", "pattern")
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")


def breaking_changes(
    old: JsonObject, new: JsonObject, path: str = "", depth: int = 0
) -> Iterator[str]:
    """Yield a sentence for each change of a resolved schema that breaks those who rely on it.

    A field is removed, changes its type, or allows less than before.
    """
    if depth > _MAX_DEPTH:
        return
    after = _fields(new)
    for name, field in _fields(old).items():
        here = f"{path}/{name}"
        if name not in after:
            yield f"{here} is removed"
            continue
        other = after[name]
        if _type(field) != _type(other):
            yield f"{here} changes from {_type(field)} to {_type(other)}"
            continue
        yield from (f"{here} {change}" for change in _narrowed(field, other))
        yield from breaking_changes(field, other, here, depth + 1)
    for part in ("items", "additionalProperties"):
        if isinstance(old.get(part), dict) and isinstance(new.get(part), dict):
            inner = {"properties": {"*": old[part]}}, {"properties": {"*": new[part]}}
            yield from breaking_changes(*inner, path, depth + 1)


def _narrowed(old: JsonObject, new: JsonObject) -> Iterator[str]:
    """Yield how a field allows less than before."""
    had, has = old.get("enum"), new.get("enum")
    if isinstance(has, list):
        stays = among(has)
        gone = isinstance(had, list) and not all(map(stays, had))
        if gone or had is None:
            yield f"allows only {short_json(has)}"
    for name in _NARROWING:
        if name in new and new[name] != old.get(name):
            yield f"gets the {name} {short_json(new[name])}"
    for names, narrower in ((_LOWER, 1), (_UPPER, -1)):
        for name in names:
            if _is_beyond(new.get(name), old.get(name), narrower):
                yield f"gets the {name} {new[name]}"


def _is_beyond(new: Json, old: Json, direction: int) -> bool:
    if not isinstance(new, int | float):
        return False
    return not isinstance(old, int | float) or (new - old) * direction > 0


def conflicting_types(
    mine: JsonObject, other: JsonObject, path: str = "", depth: int = 0
) -> Iterator[tuple[str, str, str]]:
    """Yield the paths of fields that have different types in two schemas, with both types."""
    theirs = _fields(other)
    for name, field in _fields(mine).items():
        if name in theirs and depth < _MAX_DEPTH:
            here, types = f"{path}/{name}", (_type(field), _type(theirs[name]))
            if types[0] != types[1]:
                yield here, *types
            else:
                yield from conflicting_types(field, theirs[name], here, depth + 1)


def names_differing_in_case(
    node: JsonObject, path: str = "", depth: int = 0
) -> Iterator[tuple[str, str]]:
    """Yield the path of each field whose name is another's beside it in other case, and that."""
    seen: dict[str, str] = {}
    for name, field in _fields(node).items():
        other = seen.setdefault(name.lower(), name)
        if other != name:
            yield f"{path}/{name}", other
        if depth < _MAX_DEPTH:
            yield from names_differing_in_case(field, f"{path}/{name}", depth + 1)


def _fields(node: JsonObject) -> dict[str, JsonObject]:
    fields = node.get("properties")
    known = fields.items() if isinstance(fields, dict) else ()
    return {name: field for name, field in known if isinstance(field, dict)}


def _type(field: JsonObject) -> str:
    """Return a field's type; one that only says what it contains is an object."""
    return str(field.get("type", "object"))
