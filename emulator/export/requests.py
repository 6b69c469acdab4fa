"""What an operation accepts, as one JSON Schema of the request document."""

from __future__ import annotations

from collections.abc import Iterator

import jsonschema_rs

from emulator.contract.judge import DIALECT, Edition, JudgedRule, schema_of_request
from emulator.contract.model import GATE, Operation, Rule
from emulator.export.combining import combined, members
from emulator.json_types import Json, JsonObject

_TEXTS = ("/query/", "/headers/", "/path/")
_SUBSCHEMAS = ("properties", "items", "allOf", "anyOf", "oneOf", "not", "if")


def request_schema(edition: Edition, operation: Operation) -> JsonObject:
    """Return the JSON Schema of the requests that an operation accepts in an edition.

    It describes the request document: `headers` (names in lower case), `path`, `query` and `body`.
    It combines the rules that refuse requests and that JSON Schema can express. Rules that depend
    on other resources or speak about a part of the requests, warnings and muted rules are left
    out.
    """
    rules = [
        rule
        for rule in rules_of(edition, operation)
        if not is_muted(edition, rule, operation) and not edition.limits_of(rule).limited
    ]
    schemas = [schema for rule in rules for schema in _schemas(rule)]
    return {
        "$schema": DIALECT,
        "title": operation.id,
        "description": operation.states,
        "type": "object",
        **combined(schemas),
    }


def rules_of(edition: Edition, operation: Operation) -> list[Rule]:
    """Return the rules that judge requests of an operation, those of the gate included."""
    own = edition.rules_of(operation.id)
    if not operation.gated:
        return own
    gate = [rule for rule in edition.rules_of(GATE) if _concerns(rule, operation)]
    return [*gate, *own]


def _concerns(rule: Rule, operation: Operation) -> bool:
    """Tell whether a rule of the gate is about operations of this kind."""
    if not _asks_for_kind(rule):
        return True
    document = {"sandboxless": True} if operation.sandboxless else {}
    return bool(jsonschema_rs.validator_for(rule.when).is_valid(document))


def _asks_for_kind(rule: Rule) -> bool:
    return bool(rule.when) and members(rule.when) == {"sandboxless"}


def is_muted(edition: Edition, rule: Rule, operation: Operation) -> bool:
    """Tell whether a rule is muted without an end date."""
    return any(
        mute.rule == rule.id and mute.operation in ("", operation.id) and not mute.until
        for mute in edition.mutes
    )


def _schemas(rule: Rule) -> Iterator[Json]:
    if "schema" not in rule.check or not refuses(rule):
        return
    judged = JudgedRule(rule)
    if judged.is_plain_schema:
        whole = judged.schema()
        yield whole["then"] if _asks_for_kind(rule) else whole
    elif read := _as_text(rule):
        yield schema_of_request(rule, read)


def refuses(rule: Rule) -> bool:
    """Tell whether a rule refuses requests with the default enforcement."""
    return bool(rule.structural) or rule.severity == "error"


def _as_text(rule: Rule) -> JsonObject | None:
    """Return a rule that reads numbers sent as text as a schema of what is sent.

    JSON Schema has words for a text that holds JSON; for texts deep within a value it has none.
    """
    schema = rule.check["schema"]
    if not isinstance(schema, dict) or any(keyword in schema for keyword in _SUBSCHEMAS):
        return None
    text: JsonObject = {"contentMediaType": "application/json", "contentSchema": schema}
    if rule.at.startswith(_TEXTS):
        return text
    return {"if": {"type": "string"}, "then": text, "else": schema}
