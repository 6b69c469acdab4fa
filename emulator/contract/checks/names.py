"""Checks of names: query parameters and body members that no document prints, or without effect.

Each says as a JSON Schema too what it accepts, so that a request without a remark costs nothing:
`emulator.contract.checks.SCHEMAS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import lru_cache
from itertools import islice
from typing import Any

from emulator.budgets import COMPARED_NAMES
from emulator.contract.checks.reason import Reason
from emulator.contract.checks.resources import resource
from emulator.contract.lookup import Lookup
from emulator.contract.resources import SET_BY_THE_PLATFORM
from emulator.json_types import (
    MISSING,
    Json,
    JsonObject,
    at,
    escape_step,
    nested,
    pointer_steps,
    short_json,
    walk,
)

NEAR = 0.85
"""How much of two names has to agree for one to count as the other misspelt (assumed)."""

FIRST_IN_MILLISECONDS = 10**12
"""Numbers from here on are taken for times in milliseconds."""

_LONGEST = 100
"""Characters of a name that may be another one misspelt."""

Tree = dict[str, Any]
"""Documented members by name, each with those below it; an empty tree says nothing of what is."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that another one is meant to be, or an empty text.

    Case, underscores and hyphens do not count, nor does the order of letters.
    """
    plain: dict[str, str] = {}
    for other in known:
        plain.setdefault(_plain(other), other)
    if len(name) > _LONGEST:
        return ""
    wanted = _plain(name)
    if len(wanted) > 2 * max(map(len, plain), default=0):
        return ""  # No name is near to one that long, and looking for it takes long.
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
    yield from _compared(_strange(value, tree, ""), arguments["near"])


def _compared(strange: Iterable[tuple[str, str, list[str]]], near: bool) -> Iterator[Reason]:
    """Yield a reason for those of the first strange names that are near to another, or for others.

    To compare one costs a thousand times what it costs to see that it is strange.
    """
    for place, name, names in islice(strange, COMPARED_NAMES):
        if bool(nearest(name, names)) is near:
            yield Reason(not_documented(name, names), at=place, values={"name": name})


def _strange(value: Json, tree: Tree, place: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield the place of each member that is not documented, its name, and the documented ones."""
    if isinstance(value, list) and "[]" in tree:
        for index, item in enumerate(value):
            yield from _strange(item, tree["[]"], f"{place}/{index}")
    names = [name for name in tree if name != "[]"]
    if not isinstance(value, dict) or not names:
        return
    for name, item in value.items():
        below = f"{place}/{escape_step(name)}"
        if name in tree:
            yield from _strange(item, tree[name], below)
        elif "*" not in tree:
            yield below, name, names


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


_SAYS_NO: list[Json] = [False, None, 0, "false", "False", "", [], {}]


def without_effect(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Nothing is sent that is documented and has no effect here: `places` (pointer -> why).

    What says no, or nothing, would have none anyway. Nor would what the resource says already that
    `of` finds, by its `kind` and the pointer `key`: whoever replaces one sends what a read has
    shown. Reads show objects and references in several forms, so these are not compared.
    """
    of = arguments.get("of")
    found: JsonObject | None = None
    for pointer, why in arguments["places"].items():
        for place, sent in walk(value, pointer):
            if sent in _SAYS_NO:
                continue
            found = found or (resource(value, of, lookup) if of else None)
            known = at(found, place.removeprefix("/body")) if found else MISSING
            if sent == known:
                continue
            if found and why == SET_BY_THE_PLATFORM and _may_be_shown(sent, known):
                continue
            yield Reason(f"{pointer_steps(pointer)[-1]} has no effect: {why}", at=place)


def _may_be_shown(sent: Json, known: Json) -> bool:
    """Tell whether a read may have shown a member as it was sent; times are rounded to seconds."""
    if isinstance(sent, int) and isinstance(known, int):
        return known > FIRST_IN_MILLISECONDS and sent // 1000 == known // 1000
    return not (_is_plain(sent) and _is_plain(known))


def _is_plain(value: Json) -> bool:
    return isinstance(value, str | int | float) and not str(value).startswith("@/")


def changed_members(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Every member that a JSON Patch names is one of `members`; see `documented_members`."""
    tree = member_tree(tuple(arguments["members"]))
    for place, steps, sent in _changes(value):
        below = tree
        for step in steps:
            names = [name for name in below if name != "[]"]
            if step in below or "*" in below:
                below = below[step if step in below else "*"]
            elif "[]" in below and (step.isdecimal() or step == "-"):
                below = below["[]"]
            elif names and bool(nearest(step, names)) is arguments["near"]:
                yield Reason(not_documented(step, names), at=f"{place}/path", values={"name": step})
                break
            else:
                break
        else:
            yield from _compared(_strange(sent, below, f"{place}/value"), arguments["near"])


def changed_without_effect(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A JSON Patch sets nothing that has no effect here: `places` as for `without_effect`."""
    for place, steps, sent in _changes(value):
        made = {"body": nested(steps, sent)}
        for pointer, why in arguments["places"].items():
            for _, item in walk(made, pointer):
                if item not in _SAYS_NO:
                    said = f"{pointer_steps(pointer)[-1]} has no effect: {why}"
                    yield Reason(said, at=f"{place}/path")


def _changes(patch: Json) -> Iterator[tuple[str, tuple[str, ...], Json]]:
    """Yield what a JSON Patch adds and replaces: the instruction's place, its path and value."""
    for index, item in enumerate(patch if isinstance(patch, list) else ()):
        if not isinstance(item, dict) or item.get("op") not in ("add", "replace"):
            continue
        path = item.get("path")
        if isinstance(path, str) and path.startswith("/"):
            yield f"/{index}", pointer_steps(path), item.get("value")


def effect_schema(arguments: JsonObject) -> JsonObject:
    """Return a JSON Schema of what `without_effect` accepts."""
    schemas = []
    for pointer in arguments["places"]:
        node: Json = {"enum": _SAYS_NO}
        for step in reversed(pointer_steps(pointer)):
            node = {"items": node} if step == "*" else {"properties": {step: node}}
        schemas.append(node)
    return {"allOf": schemas}
