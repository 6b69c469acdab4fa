"""A second, independent JSON Schema library looks at every schema and case of the contract.

`jsonschema_rs` judges requests because it is fast; `jsonschema` is written by other people from
the same specification. Where the two disagree about a case, the rule's schema is not what it seems.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from emulator.contract.cases import CaseLookup
from emulator.contract.judge import DIALECT, JudgedRule
from emulator.contract.loader import Contract
from emulator.contract.model import Rule
from emulator.json_types import JsonObject


def disagreements(contract: Contract) -> Iterator[str]:
    """Yield a sentence for each schema or case on which the second library has another opinion.

    With an overlay only its rules are looked at.
    """
    for id in contract.house_rules or contract.rules:
        yield from _rule_disagreements(contract.rules[id])


def _rule_disagreements(rule: Rule) -> Iterator[str]:
    schema = _whole(rule) if "schema" in rule.check else rule.when
    if schema is None:
        return
    if fault := schema_fault(schema):
        yield f"{rule.id}: {fault}"
        return
    first, second = jsonschema_rs.validator_for(schema), Draft202012Validator(schema)
    for number, case in enumerate((*rule.cases.accepts, *rule.cases.refuses)):
        request = CaseLookup(case).request
        if first.is_valid(request) != second.is_valid(request):
            yield f"{rule.id}: case {number}: jsonschema and jsonschema_rs disagree"


def schema_fault(schema: Any) -> str:
    """Return why something is not a JSON Schema of the contract's dialect, or an empty text."""
    return _schema_fault(json.dumps(schema))


@lru_cache(maxsize=1024)
def _schema_fault(schema: str) -> str:
    """Examine a schema, as text; rules share most of theirs, and each takes milliseconds."""
    try:
        Draft202012Validator.check_schema(json.loads(schema))
    except SchemaError as error:
        return f"not a JSON Schema: {error.message}"
    return ""


def _whole(rule: Rule) -> JsonObject:
    return {"$schema": DIALECT, "allOf": [JudgedRule(rule).schema()]}
