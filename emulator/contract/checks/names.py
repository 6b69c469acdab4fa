"""Checks of names: query parameters and body members that no document prints, or without effect.

Each says as a JSON Schema too what it accepts, so that a request without a remark costs nothing:
`emulator.contract.checks.SCHEMAS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from emulator.contract.checks.reason import Reason
from emulator.contract.lookup import Lookup
from emulator.json_types import Json, JsonObject, escape_step, pointer_steps, short_json, walk

NEAR = 0.85
"""How much of two names has to agree for one to count as the other misspelt (assumed)."""

Tree = dict[str, Any]
"""Documented members by name, each with those below it; an empty tree says nothing of what is."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that another one is meant to be, or an empty text.

    Case, underscores and hyphens do not count, nor does the order of letters.
    """
    plain: dict[str, str] = {}
    for other in known:
        plain.setdefault(_plain(other), other)
    wanted = _plain(name)
    for other, spelled in plain.items():
        if other == wanted or (len(other) > 2 and sorted(other) == sorted(wanted)):
            return spelled
    close = get_close_matches(wanted, plain, 1, NEAR)
    return plain[close[0]] if close else ""


def _plain(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")


def not_documented(name: str, known: Iterable[str]) -> str:
    """Return what is to be said of a name that is none of the known ones."""
    near = nearest(name, known)
    hint = f": did you mean {near}?" if near else " is not documented"
    return f"{short_json(name)}{hint}"


def documented_names(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Every name in an object, such as the query, is one of `names`."""
    for name in value if isinstance(value, dict) else ():
        if name not in arguments["names"]:
            text = not_documented(name, arguments["names"])
            yield Reason(text, at=f"/{escape_step(name)}", values={"name": name})


def names_schema(arguments: JsonObject) -> JsonObject:
    """Return a JSON Schema of what `documented_names` accepts."""
    return {"propertyNames": {"enum": arguments["names"]}}


def documented_members(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Every member of a body is one of `members`, which are dotted paths; `[]` is each item.

    A path with no others below it says nothing of what is below; `*` stands for any name. `near`
    says of which names to speak: of those that are near to a documented one, or of the others.
    """
    tree = member_tree(tuple(arguments["members"]))
    yield from _strange(value, tree, "", arguments["near"])


def _strange(value: Json, tree: Tree, place: str, near: bool) -> Iterator[Reason]:
    if isinstance(value, list) and "[]" in tree:
        for index, item in enumerate(value):
            yield from _strange(item, tree["[]"], f"{place}/{index}", near)
    names = [name for name in tree if name != "[]"]
    if not isinstance(value, dict) or not names:
        return
    for name, item in value.items():
        below = f"{place}/{escape_step(name)}"
        if name in tree:
            yield from _strange(item, tree[name], below, near)
        elif "*" not in tree and bool(nearest(name, names)) is near:
            yield Reason(not_documented(name, names), at=below, values={"name": name})


def members_schema(arguments: JsonObject) -> JsonObject:
    """Return a JSON Schema without members that are not documented, near to another or not."""
    return _schema(member_tree(tuple(arguments["members"])))


@lru_cache(maxsize=1024)
def member_tree(paths: tuple[str, ...]) -> Tree:
    """Return the members that dotted paths name. Do not change it."""
    tree: Tree = {}
    for path in paths:
        place = tree
        for step in path.replace("[]", ".[]").lstrip(".").split("."):
            place = place.setdefault(step, {})
    return tree


def _schema(tree: Tree) -> JsonObject:
    schema: JsonObject = {"items": _schema(tree["[]"])} if "[]" in tree else {}
    names = {name: _schema(below) for name, below in tree.items() if name not in ("[]", "*")}
    if names:
        schema["properties"] = names
        if "*" not in tree:
            schema["additionalProperties"] = False
    return schema


_SAYS_NO: list[Json] = [False, None, "false", "False", "", [], {}]


def without_effect(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Nothing is sent that is documented and has no effect here: `places` (pointer -> why).

    What says no, or nothing, would have none anyway.
    """
    for pointer, why in arguments["places"].items():
        for place, sent in walk(value, pointer):
            if sent not in _SAYS_NO:
                yield Reason(f"{pointer_steps(pointer)[-1]} has no effect: {why}", at=place)


def effect_schema(arguments: JsonObject) -> JsonObject:
    """Return a JSON Schema of what `without_effect` accepts."""
    schemas = []
    for pointer in arguments["places"]:
        node: Json = {"enum": _SAYS_NO}
        for step in reversed(pointer_steps(pointer)):
            node = {"items": node} if step == "*" else {"properties": {step: node}}
        schemas.append(node)
    return {"allOf": schemas}
