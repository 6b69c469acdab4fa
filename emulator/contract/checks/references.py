"""Checks that look at other resources: what is referred to exists, agrees, and is not in use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import jsonschema_rs

from emulator.contract.checks.facts import ask, pointed
from emulator.contract.checks.reason import Reason, memberwise, shown
from emulator.contract.checks.values import read_text, schema_reasons
from emulator.json_types import MISSING, Json, JsonObject, at, dotted, dumps, loads


def _other(value: Json, arguments: JsonObject, lookup: Any) -> JsonObject | None:
    """Return the resource that `kind` and `key` name, or a fact, if it is there."""
    if "fact" in arguments:
        return ask(value, arguments, lookup)  # type: ignore[no-any-return]
    key = pointed(arguments["key"], value, lookup)
    return lookup.find(arguments["kind"], key) if isinstance(key, str) else None


@memberwise
def refers_to(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """The value is the key of an existing resource of `kind` (or of one of `kinds`).

    With `separator` the value is a list of keys, at least one of which exists.
    """
    kinds = arguments.get("kinds") or [arguments["kind"]]
    if not isinstance(value, str):
        return
    separator = arguments.get("separator")
    keys = [key.strip() for key in value.split(separator)] if separator else [value]
    if all(lookup.find(kind, key) is None for key in keys for kind in kinds):
        noun = " or ".join(kinds).replace("_", " ")
        yield Reason(f"there is no {noun} {shown(value)}", values={"id": value})


@memberwise
def agrees(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """The value (or its `./field`) agrees with a field of another resource.

    Arguments: `kind` and `key`, or a fact, name the other resource, and `field` the value in it.
    `mine` is a pointer to the value itself, or `member` {kind, field} a field of the resource that
    the value names. `relation` is `equals` (default), `in`, `at_most` or `ends_with`. `resolve` is
    a fact that returns what an alias stands for, on both sides.
    """
    mine = _mine(value, arguments, lookup)
    resource = _other(value, arguments, lookup)
    if resource is None or mine is MISSING or mine is None:
        return
    theirs = dotted(resource, arguments["field"])
    if theirs is MISSING:
        return
    if "resolve" in arguments:
        mine, theirs = (_resolved(side, arguments["resolve"], lookup) for side in (mine, theirs))
    relation = arguments.get("relation", "equals")
    if not _RELATIONS[relation](mine, theirs):
        noun = f"{_noun(arguments)}'s {arguments['field']}"
        words = {"in": "is not among the", "at_most": "is beyond the"}.get(relation, "is not the")
        yield Reason(
            f"{shown(mine)} {words} {noun} {shown(theirs)}",
            values={"mine": mine, "theirs": theirs},
        )


def _noun(arguments: JsonObject) -> str:
    """Return the word for the resource that `_other` finds."""
    name: str = arguments["kind"] if "kind" in arguments else arguments["fact"].partition(".")[2]
    return name.replace("_", " ")


def _mine(value: Json, arguments: JsonObject, lookup: Any) -> Json:
    if "member" in arguments:
        resource = (
            lookup.find(arguments["member"]["kind"], value) if isinstance(value, str) else None
        )
        return dotted(resource, arguments["member"]["field"]) if resource else MISSING
    return pointed(arguments["mine"], value, lookup) if "mine" in arguments else value


def _at_most(mine: Json, theirs: Json) -> bool:
    number = read_text(mine)
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= theirs


_RELATIONS: dict[str, Callable[[Json, Json], bool]] = {
    "equals": lambda mine, theirs: mine == theirs,
    "in": lambda mine, theirs: mine in theirs,
    "at_most": _at_most,
    "ends_with": lambda mine, theirs: str(mine).endswith(str(theirs)),
}


def _resolved(value: Json, fact: str, lookup: Any) -> Json:
    if isinstance(value, list):
        return [_resolved(item, fact, lookup) for item in value]
    return (lookup.ask(fact, value) if isinstance(value, str) else None) or value


@memberwise
def every_listed(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """A field of the resource that the value names is in a list of another resource.

    Arguments: `member` {kind, field} finds the member by the judged value; `kind`, `key` and
    `field` find the list; `resolve` as in `agrees`. Without the list nothing is limited, and a
    member whose own `unless` {kind, field} lists the key is let through.
    """
    mine = lookup.find(arguments["member"]["kind"], value) if isinstance(value, str) else None
    resource = _other(value, arguments, lookup)
    if mine is None or resource is None:
        return
    listed = dotted(resource, arguments["field"])
    member = dotted(mine, arguments["member"]["field"])
    if not isinstance(listed, list) or member is MISSING:
        return
    if "resolve" in arguments:
        member = _resolved(member, arguments["resolve"], lookup)
        listed = _resolved(listed, arguments["resolve"], lookup)
    if member not in listed and not _excepted(member, value, arguments, lookup):
        noun = arguments["member"]["kind"].replace("_", " ")
        yield Reason(
            f"{noun} {value} is of {arguments['member']['field']} {shown(member)},"
            f" which is not in {arguments['field']} of the {arguments['kind'].replace('_', ' ')}",
            values={"id": value, "member": member},
        )


def _excepted(member: Json, value: Json, arguments: JsonObject, lookup: Any) -> bool:
    if "unless" not in arguments:
        return False
    exception = lookup.find(arguments["unless"]["kind"], member)
    listed = dotted(exception, arguments["unless"]["field"])
    return isinstance(listed, list) and pointed(arguments["key"], value, lookup) in listed


@memberwise
def field_is_one_of(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """A field of the resource that the value names is one of `values`; `kind`, `field`."""
    resource = lookup.find(arguments["kind"], value) if isinstance(value, str) else None
    if resource is None:
        return
    found = dotted(resource, arguments["field"])
    if found not in arguments["values"]:
        noun = arguments["kind"].replace("_", " ")
        said = "nothing" if found is MISSING else shown(found)
        yield Reason(f"{noun} {value} has {arguments['field']} {said}", values={"id": value})


@memberwise
def spec_requires(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """Members that only some specs ask for are there.

    Arguments: `kind` and `key` find the spec; it asks for `needs` if its `field` is one of `values`
    (or, without `values`, is there and not empty).
    """
    spec = _other(value, arguments, lookup)
    if spec is None or not isinstance(value, dict):
        return
    found = dotted(spec, arguments["field"])
    wanted = arguments.get("values")
    if found in wanted if wanted else (found is not MISSING and found):
        for name in arguments["needs"]:
            if value.get(name) is None:
                yield Reason(f"{name} is missing", values={"field": name})


@memberwise
def named_in(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """The value is the `name` of a member of the list `field` of another resource."""
    resource = _other(value, arguments, lookup)
    members = dotted(resource, arguments["field"]) if resource else MISSING
    if not isinstance(members, list):
        return
    names = [member.get("name") for member in members]
    if value not in names:
        key = pointed(arguments["key"], value, lookup)
        yield Reason(f"{shown(value)} is not one of {shown(names)}", values={"id": key})


@memberwise
def state_allows(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """The resource is in a state from which an action can start.

    Arguments: `kind` and `key` find the resource, whose `field` (default `state`) is in `moves`
    {action: [states]}. The value is the action, in any case of letters, or an object that has it
    under the first of `names`.
    """
    resource = _other(value, arguments, lookup)
    names = arguments.get("names", ())
    sent = next((value[name] for name in names if name in value), None) if names else value
    state = resource.get(arguments.get("field", "state")) if resource else None
    for action, states in arguments["moves"].items():
        if resource and action.lower() == str(sent).lower() and state not in states:
            key = pointed(arguments["key"], value, lookup)
            yield Reason(f"it is {state}", values={"id": key, "action": action, "state": state})


@memberwise
def fits_spec(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """The value fits a JSON Schema that a spec carries.

    Arguments: `kind` and `key` find the spec; `part` is the dotted path of the schema; with `named`
    (a pointer to a name) `part` is a list, and the schema is `spec` of its member of that name;
    what `mine` does not find there counts as an empty object.
    Numbers and booleans sent as text count as what they say, and so do numbers for the texts that
    `numbers_for_text` lists. `spellings` is the dotted path of an object from other spellings of a
    member's name to the one of the schema.
    """
    resource = _other(value, arguments, lookup)
    part = dotted(resource or {}, arguments["part"])
    if "named" in arguments and isinstance(part, list):
        name = pointed(arguments["named"], value, lookup)
        members = [member for member in part if member.get("name") == name]
        part = members[0].get("spec", MISSING) if members else MISSING
        value = at(value, arguments["mine"][1:]) if "mine" in arguments else value
        value = {} if value is MISSING else value
    if isinstance(part, dict) and value is not MISSING:
        typed = _as_typed(value, part, arguments, resource or {})
        yield from schema_reasons(_validator(dumps(part)), typed)


@lru_cache(maxsize=256)
def _validator(schema: bytes) -> Any:
    return jsonschema_rs.validator_for(loads(schema))


def _as_typed(value: Json, schema: JsonObject, arguments: JsonObject, spec: JsonObject) -> Json:
    """Return members under the schema's names, read as the numbers or texts it asks for."""
    if not isinstance(value, dict):
        return value
    spellings = dotted(spec, arguments["spellings"]) if "spellings" in arguments else {}
    spellings = {} if spellings is MISSING else spellings
    named = {spellings.get(name, name): item for name, item in value.items()}
    texts = arguments.get("numbers_for_text", ())
    properties = schema.get("properties", {})
    return {
        name: str(item)
        if name in texts and isinstance(item, int)
        else _read_unless_text(item, properties.get(name))
        for name, item in named.items()
    }


def _read_unless_text(item: Json, schema: Json) -> Json:
    is_text = isinstance(schema, dict) and schema.get("type") == "string"
    return item if is_text else read_text(item)


@memberwise
def unique(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """No other resource has this value: the index `kind`, or a fact, gives a value's owner.

    `except` points to the id of the resource that may keep its own value.
    """
    owner = _other(value, {"key": ".", **arguments}, lookup)
    own = pointed(arguments["except"], value, lookup) if "except" in arguments else MISSING
    if owner and own not in (owner["id"], *owner.get("aliases", ())):
        yield Reason(f"{shown(value)} is taken by {owner['id']}", values={"id": owner["id"]})


def unused(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """No resource of `kind` refers to this one through one of `fields`.

    `fields` are dotted paths; a list on the way is searched. `where` (field -> value) narrows the
    resources that count. `mine` names the field of this resource that is referred to.
    """
    mine = arguments.get("mine")
    own = (lookup.find(mine["kind"], value) if mine else None) or {}
    names = {value} | {own[field] for field in (mine["fields"] if mine else ()) if field in own}
    for other in lookup.all(arguments["kind"]):
        if any(
            dotted(other, path) != wanted for path, wanted in arguments.get("where", {}).items()
        ):
            continue
        if any(
            name in _strings(other, path.split("."))
            for path in arguments["fields"]
            for name in names
        ):
            noun = arguments["kind"].replace("_", " ")
            yield Reason(f"{noun} {other.get('id', '')} uses it", values={"id": value})
            return


def _strings(value: Json, steps: list[str]) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _strings(item, steps)
    elif not steps and isinstance(value, str):
        yield value
    elif steps and isinstance(value, dict):
        yield from _strings(value.get(steps[0]), steps[1:])


@memberwise
def version_matches(value: Json, arguments: JsonObject, lookup: Any) -> Iterator[Reason]:
    """The value is the current `field` of the resource, so nobody has changed it meanwhile.

    `quotes` is `exact`, or `lenient` where documents show the value without its quotes too.
    `fields` may list several fields of which one must match; with `any`, `*` always matches.
    With `differs` the value has to be another one instead.
    """
    resource = _other(value, arguments, lookup)
    if resource is None:
        return
    current = [str(resource.get(field)) for field in arguments["fields"]]
    lenient = arguments.get("quotes") == "lenient"
    sent = value.strip('"') if lenient else value
    known = [item.strip('"') for item in current] if lenient else current
    matches = sent in known or bool(arguments.get("any") and sent == "*")
    if matches == bool(arguments.get("differs")):
        yield Reason(
            f"{value} is {'' if matches else 'not '}the current {current[0]}",
            values={"supplied": value, "current": current[0]},
        )
