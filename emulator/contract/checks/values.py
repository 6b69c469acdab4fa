"""Checks of a value by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cached_property
from math import inf
from urllib.parse import unquote

import jsonschema_rs
from jsonschema_rs import Validator

from emulator.budgets import EXPLAINED_BYTES, OWN_SCHEMA_VALUES
from emulator.contract.checks.names import nearest
from emulator.contract.checks.reason import Reason
from emulator.contract.checks.said import said as said_plainly
from emulator.contract.lookup import Lookup
from emulator.json_types import (
    MAX_DEPTH,
    MISSING,
    Json,
    JsonObject,
    at,
    dumps,
    escape_step,
    loads,
    short_json,
    value_at,
)
from emulator.xdm.identity import identity

_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?")
_BOOLEANS = {"true": True, "false": False}
_LONGEST = 300
_LONGEST_WORD = 60
MAX_CHOICES = 16
"""How many values are listed of those that a value may be."""

_NEAR = 0.6
"""How much of two texts has to agree for one to be asked for in place of the other (assumed)."""

_REFERRING = ("$ref", "$dynamicRef", "$recursiveRef")


class LazySchema:
    """A rule's JSON Schema, compiled when it first has to explain itself."""

    def __init__(self, schema: Json, reads_text: bool) -> None:
        self.reads_text = reads_text
        self._schema = schema

    @cached_property
    def validator(self) -> Validator:
        """The compiled schema."""
        return jsonschema_rs.validator_for(self._schema)


def schema(value: Json, compiled: LazySchema, lookup: Lookup) -> Iterable[Reason]:
    """Judge a value by a JSON Schema, which arrives compiled with the rule's `reads_text`."""
    return schema_reasons(compiled.validator, read_text(value) if compiled.reads_text else value)


def schema_reasons(validator: Validator, value: Json) -> Iterable[Reason]:
    """Return a reason for each thing that a compiled JSON Schema finds wrong.

    Of a large value it is the first one: the validator collects all of them before it tells one.
    """
    # Of the rules that a wrong request is tried by, most find nothing wrong.
    return () if validator.is_valid(value) else _reasons(validator, value)


def _reasons(validator: Validator, value: Json) -> Iterator[Reason]:
    for error in _errors(validator, value):
        pointer = "".join(f"/{escape_step(str(step))}" for step in error.instance_path)
        missing = getattr(error.kind, "property", None)
        values = {"missing": missing} if isinstance(missing, str) else {}
        yield Reason(_said(error)[:_LONGEST], at=pointer, values=values)


def _said(error: jsonschema_rs.ValidationError) -> str:
    """Return a validator's message; in place of two values of a choice all, and the nearest."""
    choices = getattr(error.kind, "options", None)
    if choices is None:
        return said_plainly(error)
    said = error.message
    if 1 < len(choices) <= MAX_CHOICES:
        *shown, last = map(short_json, choices)
        listed = f"{dumps(error.instance).decode()} is not one of {', '.join(shown)} or {last}"
        said = listed if len(listed) <= _LONGEST else said
    near = _nearest(error.instance, choices)
    return f"{said}; did you mean {short_json(near)}?" if near else said


def _nearest(value: Json, choices: list[Json]) -> str:
    """Return the text that a value may be short for, or misspells, in any case; or none."""
    if not isinstance(value, str) or len(value) > _LONGEST_WORD:
        return ""
    texts = {text.lower(): text for text in reversed(choices) if isinstance(text, str)}
    word = value.lower()
    begun = [text for text in reversed(texts) if len(word) > 2 and text.startswith(word)]
    near = begun or get_close_matches(word, texts, 1, _NEAR)
    return texts[near[0]] if near else ""


def _errors(validator: Validator, value: Json) -> Iterable[jsonschema_rs.ValidationError]:
    if len(dumps(value)) <= EXPLAINED_BYTES:
        return validator.iter_errors(value)
    try:
        validator.validate(value)
    except jsonschema_rs.ValidationError as error:
        # With its traceback it would hold this frame, and the value until garbage is collected.
        return (error.with_traceback(None),)
    return ()


def read_text(value: Json) -> Json:
    """Return a value with the numbers and booleans that were sent as text read as such.

    Every official sample sends `"interval": "30"` where the flow spec says integer.
    """
    if isinstance(value, str):
        if _NUMBER.fullmatch(value):
            return float(value) if "." in value else int(value)
        return _BOOLEANS.get(value.lower(), value)
    if isinstance(value, dict):
        return {key: read_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [read_text(item) for item in value]
    return value


def json_schema(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """The value is a JSON Schema that refers to nothing outside of itself, and is of a size."""
    for reference in _references(value):
        if not str(reference).startswith("#"):
            yield Reason(f"{short_json(reference)} is not a reference within the schema")
            return
    if written_out(value) > OWN_SCHEMA_VALUES:
        yield Reason(
            f"with its references written out it has more than {OWN_SCHEMA_VALUES:,} values"
        )
        return
    try:
        jsonschema_rs.validator_for(value)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        yield Reason(str(error).partition("\n")[0][:_LONGEST])


def _references(value: Json) -> Iterator[Json]:
    if isinstance(value, dict):
        yield from (value[name] for name in _REFERRING if name in value)
        for child in value.values():
            yield from _references(child)
    elif isinstance(value, list):
        for child in value:
            yield from _references(child)


def written_out(schema: Json) -> float:
    """Return how many values a JSON Schema has with its references written out.

    It is infinite where a reference leads back to a schema that it is in, or leads by a name
    instead of a pointer. A validator takes so many steps for a value, or more.
    """
    return _Expansion(schema).size(schema)


class _Expansion:
    """Counts the values of a schema; what is referred to twice is counted twice, and read once."""

    def __init__(self, schema: Json) -> None:
        self._schema = schema
        self._known: dict[str, float] = {}
        self._level = 0

    def size(self, value: Json) -> float:
        """Return how many values a part of the schema has."""
        if not isinstance(value, dict | list):
            return 1
        if self._level > 2 * MAX_DEPTH:
            return inf
        if isinstance(value, list):
            return 1 + self._sizes(value)
        if isinstance(value.get("$id"), str) and value is not self._schema:
            # Pointers below begin there, and not at the root.
            return inf
        names = [value[name] for name in _REFERRING if name in value]
        return 1 + self._sizes(value.values()) + sum(self._target(str(name)) for name in names)

    def _sizes(self, values: Iterable[Json]) -> float:
        self._level += 1
        found = sum(map(self.size, values))
        self._level -= 1
        return found

    def _target(self, reference: str) -> float:
        if reference not in self._known:
            # Until it is known, whoever asks for it stands within it.
            self._known[reference] = inf
            pointer = unquote(reference[1:])
            found = value_at(self._schema, pointer) if pointer.startswith("/") else MISSING
            self._known[reference] = inf if found is MISSING else self._sizes([found])
        return self._known[reference]


def same_as(value: Json, arguments: str, lookup: Lookup) -> Iterator[Reason]:
    """Two places of the request that mean the same do not differ, save in how they spell an id."""
    for other in (at(lookup.request, arguments),):
        if isinstance(other, type(value)) and identity(other) != identity(value):
            yield Reason(f"{short_json(value)} differs from {short_json(other)} at {arguments[1:]}")


def not_after(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A number is not greater than the one at the pointer `other`; both may be sent as text."""
    mine, theirs = read_text(value), read_text(at(lookup.request, arguments["other"]))
    if isinstance(mine, int | float) and isinstance(theirs, int | float) and mine > theirs:
        name = arguments["other"].rpartition("/")[2]
        yield Reason(f"{mine} is after {name}, which is {theirs}")


def forbidden_with(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Words of a value (a text of words with commas) do not go with the text at `other`.

    Arguments: `pairs` {other text: [words]}, all in lower case; letters count in any case.
    """
    other = at(lookup.request, arguments["other"])
    forbidden = arguments["pairs"].get(str(other).lower(), ())
    for word in value.split(",") if isinstance(value, str) else ():
        if word.strip().lower() in forbidden:
            yield Reason(
                f"{short_json(word)} does not go with {short_json(other)}",
                values={"value": word, "operation": other},
            )


def no_duplicates(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """No two objects of a list have the same text under the first of `fields` that they have."""
    seen: dict[str, int] = {}
    for index, item in enumerate(value if isinstance(value, list) else []):
        members = item if isinstance(item, dict) else {}
        field = next((name for name in arguments["fields"] if name in members), "")
        text = members.get(field)
        if not isinstance(text, str):
            continue
        if text in seen:
            yield Reason(
                f"{short_json(text)} is already item {seen[text]}",
                at=f"/{index}/{field}",
                values={"value": text},
            )
        seen.setdefault(text, index)


def json_text(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A text is JSON, and of one of the kinds `of`: object, array."""
    if not isinstance(value, str):
        return
    try:
        found = loads(value)
    except ValueError as error:
        yield Reason(f"the text is not JSON: {error}"[:_LONGEST])
        return
    kinds = {"object": dict, "array": list}
    if not any(isinstance(found, kinds[name]) for name in arguments["of"]):
        yield Reason(f"the text is no JSON {' or '.join(arguments['of'])}")


def consumes(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """The body's media type is one that the operation takes; `*/*` takes any."""
    media_type = str(value).partition(";")[0].strip().lower()
    accepted = lookup.request["content"].get("accepted", ["application/json"])
    if media_type not in accepted and "*/*" not in accepted:
        yield Reason(f"{short_json(value)} is not {' or '.join(accepted)}")


def known_names(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """Every name in an object is one of the names the operation documents for its query."""
    known = lookup.request.get("known_query", [])
    for name in value:
        if name not in known:
            near = nearest(name, known)
            hint = f": did you mean {near}?" if near else ""
            yield Reason(f"{name} is not a parameter of this call{hint}", values={"name": name})


def nothing(value: Json, arguments: JsonObject, lookup: Lookup) -> Iterator[Reason]:
    """A statement that has been withdrawn: there is nothing to check any more."""
    yield from ()
