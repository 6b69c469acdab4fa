"""Checks that look at other resources: what is referred to exists, agrees, and is not in use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from emulator.contract.checks.reason import Reason, memberwise
from emulator.contract.checks.resources import ask, find, is_meant, noun, pointed, resource
from emulator.contract.checks.values import read_text
from emulator.contract.lookup import Lookup
from emulator.json_types import MISSING, Json, JsonObject, dotted, short_json
from emulator.xdm.identity import identity


@memberwise
def refers_to(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """The value is the key of an existing resource of `kind` (or of one of `kinds`).

    With `separator` the value is a list of keys, at least one of which exists. `explained` names a
    fact that says more about why nothing is found.
    """
    if not isinstance(value, str):
        return
    kinds = arguments.get("kinds") or [arguments["kind"]]
    separator = arguments.get("separator")
    keys = [key.strip() for key in value.split(separator)] if separator else [value]
    if all(lookup.find(kind, key) is None for key in keys for kind in kinds):
        nouns = " or ".join(kinds).replace("_", " ")
        more = ask(value, arguments["explained"], lookup) if "explained" in arguments else None
        said = f"there is no {nouns} {short_json(value)}"
        yield Reason(f"{said}{more}" if more else said, values={"id": value})


@memberwise
def agrees(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """The value (or its `./field`) agrees with a field of another resource.

    Arguments: `kind` and `key`, or a fact, name the other resource, and `field` the value in it.
    `mine` is a pointer to the value itself, or `member` {kind, field} a field of the resource that
    the value names. `relation` is `equals` (default), `in`, `at_most` or `ends_with`. `resolve` is
    a fact that returns what an alias stands for, on both sides. All spellings of one XDM resource
    are equal.
    """
    mine, theirs = _mine(value, arguments, lookup), _theirs(value, arguments, lookup)
    if mine is MISSING or mine is None or theirs is MISSING:
        return
    if "resolve" in arguments:
        mine, theirs = (resolved(side, arguments["resolve"], lookup) for side in (mine, theirs))
    holds, words = _RELATIONS[arguments.get("relation", "equals")]
    if not holds(identity(mine), identity(theirs)):
        field = f"{noun(arguments)}'s {arguments['field']}"
        said = f"{short_json(mine)} {words} {field} {short_json(theirs)}"
        yield Reason(said, values={"mine": mine, "theirs": theirs})


def _mine(value: Json, arguments: JsonObject, lookup: Lookup) -> Json:
    if "member" in arguments:
        found = find(arguments["member"]["kind"], value, lookup)
        return dotted(found, arguments["member"]["field"]) if found else MISSING
    return pointed(arguments["mine"], value, lookup) if "mine" in arguments else value


def _theirs(value: Json, arguments: JsonObject, lookup: Lookup) -> Json:
    found = resource(value, arguments, lookup)
    return MISSING if found is None else dotted(found, arguments["field"])


def _at_most(mine: Json, theirs: Json) -> bool:
    number = read_text(mine)
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= theirs


_RELATIONS: dict[str, tuple[Callable[[Json, Json], bool], str]] = {
    "equals": (lambda mine, theirs: mine == theirs, "is not the"),
    "in": (lambda mine, theirs: mine in theirs, "is not among the"),
    "at_most": (_at_most, "is beyond the"),
    "ends_with": (lambda mine, theirs: str(mine).endswith(str(theirs)), "is not the"),
}


def resolved(value: Json, fact: str, lookup: Lookup) -> Json:
    """Return a text, or the texts of a list, with aliases replaced by what a fact says of them."""
    if isinstance(value, list):
        return [resolved(item, fact, lookup) for item in value]
    return (lookup.ask(fact, value) if isinstance(value, str) else None) or value


@memberwise
def field_is_one_of(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A field of the resource that the value names is one of `values`; `kind`, `field`.

    `listed_in_whole` or `listed_in_part` as in `is_meant`, where the list is what the field says.
    """
    yield from _field_reasons(value, arguments["kind"], arguments, lookup)


def leads_to_one_of(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """What the named resource is made of has a field that is one of `values`.

    Arguments: the value names a resource of `kind`; its dotted path `via` holds the id of a
    resource of the kind `to`, or a list of ids; `field` of each of these is judged, as by
    `field_is_one_of`.
    """
    found = find(arguments["kind"], value, lookup)
    ids = dotted(found, arguments["via"]) if found else MISSING
    for id in ids if isinstance(ids, list) else [ids]:
        yield from _field_reasons(id, arguments["to"], arguments, lookup)


def _field_reasons(key: Json, kind: str, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    found = find(kind, key, lookup)
    if found is None or not is_meant(found, arguments["field"], arguments):
        return
    field = dotted(found, arguments["field"])
    if field not in arguments["values"]:
        said = "nothing" if field is MISSING else short_json(field)
        words = f"{kind.replace('_', ' ')} {key} has {arguments['field']} {said}"
        yield Reason(words, values={"id": key})


@memberwise
def state_allows(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """The resource is in a state from which an action can start.

    Arguments: `kind` and `key` find the resource, whose `field` (default `state`) is in `moves`
    {action: [states]}. The value is the action, in any case of letters, or an object that has it
    under the first of `names`.
    """
    found = resource(value, arguments, lookup)
    names = arguments.get("names", ())
    sent = next((value[name] for name in names if name in value), None) if names else value
    state = found.get(arguments.get("field", "state")) if found else None
    for action, states in arguments["moves"].items():
        if found and action.lower() == str(sent).lower() and state not in states:
            key = pointed(arguments["key"], value, lookup)
            yield Reason(f"it is {state}", values={"id": key, "action": action, "state": state})


@memberwise
def unique(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """No other resource has this value: the index `kind`, or a fact, gives a value's owner.

    `except` points to the id of the resource that may keep its own value.
    """
    owner = resource(value, arguments, lookup)
    own = pointed(arguments["except"], value, lookup) if "except" in arguments else MISSING
    if owner and own not in (owner["id"], *owner.get("aliases", ())):
        yield Reason(f"{short_json(value)} is taken by {owner['id']}", values={"id": owner["id"]})


def unused(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """No resource of `kind` refers to this one through one of `fields`.

    `fields` are dotted paths; a list on the way is searched. `where` (field -> value) narrows the
    resources that count. `mine` names the field of this resource that is referred to, in any
    spelling if it is an id of XDM.
    """
    mine = arguments.get("mine")
    own = (lookup.find(mine["kind"], value) if mine else None) or {}
    fields = mine["fields"] if mine else ()
    names = {identity(name) for name in (value, *(own[field] for field in fields if field in own))}
    where = arguments.get("where", {}).items()
    paths = [path.split(".") for path in arguments["fields"]]
    for other in lookup.all(arguments["kind"], _common_end(names)):
        if all(dotted(other, path) == wanted for path, wanted in where) and any(
            not names.isdisjoint(map(identity, _strings(other, path))) for path in paths
        ):
            yield Reason(f"{noun(arguments)} {other.get('id', '')} uses it", values={"id": value})
            return


def _common_end(names: set[Json]) -> tuple[str, ...]:
    """Return what every spelling of some names of one resource has in it, if there is anything.

    All spellings of an id of XDM end alike, but for slashes.
    """
    ends = {re.split(r"[/.]", str(name).rstrip("/"))[-1] for name in names}
    plain = [end for end in ends if re.fullmatch(r"[\w-]{8,}", end)]
    return tuple(plain) if len(ends) == 1 else ()


def _strings(value: Json, steps: list[str]) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _strings(item, steps)
    elif not steps and isinstance(value, str):
        yield value
    elif steps and isinstance(value, dict):
        yield from _strings(value.get(steps[0]), steps[1:])


@memberwise
def version_matches(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """The value is the current `field` of the resource, so nobody has changed it meanwhile.

    `quotes` is `exact`, or `lenient` where documents show the value without its quotes too.
    `fields` may list several fields of which one must match; with `any`, `*` always matches.
    With `differs` the value has to be another one instead.
    """
    found = resource(value, arguments, lookup)
    if found is None:
        return
    current = [str(found.get(field)) for field in arguments["fields"]]
    lenient = arguments.get("quotes") == "lenient"
    sent = value.strip('"') if lenient else value
    known = [item.strip('"') for item in current] if lenient else current
    matches = sent in known or bool(arguments.get("any") and sent == "*")
    if matches == bool(arguments.get("differs")):
        yield Reason(
            f"{value} is {'' if matches else 'not '}the current {current[0]}",
            values={"supplied": value, "current": current[0]},
        )
