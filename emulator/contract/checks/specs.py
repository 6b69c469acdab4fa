"""Checks against what a connection spec or flow spec asks for."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache

import jsonschema_rs
from jsonschema_rs import Validator

from emulator import budgets
from emulator.contract.checks.reason import Reason, memberwise
from emulator.contract.checks.references import resolved
from emulator.contract.checks.resources import find, is_meant, noun, pointed, resource
from emulator.contract.checks.values import read_text, schema_reasons, written_out
from emulator.contract.lookup import Lookup
from emulator.json_types import MISSING, Json, JsonObject, at, dotted, dumps, loads, short_json


def _as_of(found: JsonObject | None, arguments: JsonObject) -> str:
    """Return since when a list is known, whose date stands at the dotted path `as_of`."""
    date = dotted(found, arguments["as_of"]) if found and "as_of" in arguments else MISSING
    if date is MISSING:
        return ""
    return f" (known as of {date}{'' if 'listed_in_whole' in arguments else ', in part'})"


@memberwise
def every_listed(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A field of the resource that the value names is in a list of another resource.

    Arguments: `member` {kind, field} finds the member by the judged value; `kind`, `key` and
    `field` find the list; `resolve` as in `agrees`. Without the list nothing is limited, and a
    member whose own `unless` {kind, field} lists the key is let through. `listed_in_whole` or
    `listed_in_part` as in `is_meant`, `as_of` as in `_as_of`.
    """
    kind, field = arguments["member"]["kind"], arguments["member"]["field"]
    mine, found = find(kind, value, lookup), resource(value, arguments, lookup)
    if mine is None or found is None or not is_meant(found, arguments["field"], arguments):
        return
    listed, member = dotted(found, arguments["field"]), dotted(mine, field)
    if not isinstance(listed, list) or member is MISSING:
        return
    if "resolve" in arguments:
        member, listed = (resolved(x, arguments["resolve"], lookup) for x in (member, listed))
    if member not in listed and not _is_excepted(member, value, arguments, lookup):
        yield Reason(
            f"{kind.replace('_', ' ')} {value} is of {field} {short_json(member)},"
            f" which is not in {arguments['field']} of the {noun(arguments)}"
            + _as_of(found, arguments),
            values={"id": value, "member": member},
        )


def _is_excepted(member: Json, value: Json, arguments: JsonObject, lookup: Lookup) -> bool:
    if "unless" not in arguments:
        return False
    exception = lookup.find(arguments["unless"]["kind"], member)
    listed = dotted(exception, arguments["unless"]["field"])
    return isinstance(listed, list) and pointed(arguments["key"], value, lookup) in listed


@memberwise
def spec_requires(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Members that only some specs ask for are there.

    Arguments: `kind` and `key`, or a fact, find the spec; it asks for `needs` if its `field` is one
    of `values` (or, without `values`, is there and not empty).
    """
    spec = resource(value, arguments, lookup)
    if spec is None or not isinstance(value, dict):
        return
    found, wanted = dotted(spec, arguments["field"]), arguments.get("values")
    if found in wanted if wanted else (found is not MISSING and found):
        for name in arguments["needs"]:
            if value.get(name) is None:
                yield Reason(f"{name} is missing", values={"field": name})


@memberwise
def named_in(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """The value is the `name` of a member of the list `field` of another resource.

    `listed_in_whole` or `listed_in_part` as in `is_meant`, `as_of` as in `_as_of`.
    """
    found = resource(value, arguments, lookup)
    if found and not is_meant(found, arguments["field"], arguments):
        return
    members = dotted(found, arguments["field"]) if found else MISSING
    names = [member.get("name") for member in members] if isinstance(members, list) else [value]
    if value not in names:
        key = pointed(arguments["key"], value, lookup)
        said = f"{short_json(value)} is not one of {short_json(names)}{_as_of(found, arguments)}"
        yield Reason(said, values={"id": key})


@memberwise
def fits_spec(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """The value fits a JSON Schema that a spec carries.

    Arguments: `kind` and `key`, or a fact, find the spec; `part` is the dotted path of the schema;
    with `named` (a pointer to a name) `part` is a list, and the schema is `spec` of its member of
    that name; what `mine` does not find there counts as an empty object.
    Numbers and booleans sent as text count as what they say, and so do numbers for the texts that
    `numbers_for_text` lists. `spellings` is the dotted path of an object from other spellings of a
    member's name to the one of the schema. `listed_in_whole` or `listed_in_part` as in `is_meant`.
    """
    spec = resource(value, arguments, lookup) or {}
    if is_meant(spec, _schema_name(arguments), arguments):
        schema, params = _schema_and_params(spec, value, arguments, lookup)
        if schema is not None:
            yield from _fit_reasons(dumps(schema), params)


@memberwise
def names_are_in_spec(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """The members have names that the JSON Schema of a spec has; arguments as for `fits_spec`.

    A schema without properties says nothing of names.
    """
    spec = resource(value, arguments, lookup) or {}
    schema, params = _schema_and_params(spec, value, arguments, lookup)
    names = list((schema or {}).get("properties", {}))
    place = arguments["mine"][1:] if "mine" in arguments else ""
    for name in params if names and isinstance(params, dict) else ():
        if name not in names:
            close = get_close_matches(name, names, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            said = f"{short_json(name)} is not one of {short_json(names)}{hint}"
            yield Reason(said, at=place, values={"field": name})


def _schema_name(arguments: JsonObject) -> str:
    return str(arguments["part"]) + (".spec" if "named" in arguments else "")


def _schema_and_params(
    spec: JsonObject, value: Json, arguments: JsonObject, lookup: Lookup
) -> tuple[JsonObject | None, Json]:
    """Return the schema that the arguments name, None without one, and what has to fit it."""
    part = dotted(spec, arguments["part"])
    if "named" in arguments and isinstance(part, list):
        name = pointed(arguments["named"], value, lookup)
        members = [member for member in part if member.get("name") == name]
        part = members[0].get("spec", MISSING) if members else MISSING
        value = at(value, arguments["mine"][1:]) if "mine" in arguments else value
        value = {} if value is MISSING else value
    if not isinstance(part, dict) or value is MISSING:
        return None, value
    return part, _as_typed(value, part, arguments, spec)


def _fit_reasons(schema: bytes, params: Json) -> Iterator[Reason]:
    """Yield what is wrong with parameters; a schema of somebody's own may be without measure."""
    known = len(schema) <= budgets.KEPT_SCHEMA_BYTES
    validator, values = _compiled(schema) if known else _compile(schema)
    if values * len(dumps(params)) > budgets.FIT_STEPS:
        yield Reason("it is too large to be held against the schema of the spec")
    else:
        yield from schema_reasons(validator, params)


def _compile(schema: bytes) -> tuple[Validator, float]:
    """Return a compiled schema, and its size: those that are written out may be infinite."""
    plain = loads(schema)
    options = jsonschema_rs.FancyRegexOptions(backtrack_limit=budgets.BACKTRACK_STEPS)
    validator = jsonschema_rs.validator_for(plain, pattern_options=options)
    return validator, written_out(plain)


_compiled = lru_cache(maxsize=256)(_compile)


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
