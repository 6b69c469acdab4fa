"""JSON Schemas of specs that take for ever, and values with more faults than anybody reads."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

import jsonschema_rs
import pytest

from emulator.budgets import OWN_SCHEMA_VALUES
from emulator.clock import ManualClock
from emulator.contract.checks.values import schema_reasons, written_out
from emulator.json_types import JsonObject
from emulator.testing.client import AepClient
from tests.attacks.effort import size
from tests.bodies import FLOW_SERVICE
from tests.emulators import aep_for, new_emulator


def chained(count: int, kind: str, times: int = 2) -> JsonObject:
    """A schema whose each definition has the one before several times."""
    definitions: JsonObject = {"d0": {"type": "string"}}
    for number in range(1, count):
        ref = {"$ref": f"#/definitions/d{number - 1}"}
        definitions[f"d{number}"] = {kind: [ref] * times}
    return {"definitions": definitions, "$ref": f"#/definitions/d{count - 1}"}


BOMBS: dict[str, Callable[[], JsonObject]] = {
    "all of two": lambda: chained(40, "allOf"),
    "any of two": lambda: chained(40, "anyOf"),
    "a long chain": lambda: chained(50_000, "allOf", 1),
    "itself": lambda: {"anyOf": [{"properties": {"a": {"$ref": "#"}}}] * 2},
    "by way of another": lambda: {
        "definitions": {"a": {"$ref": "#/definitions/b"}, "b": {"$ref": "#/definitions/a"}},
        "$ref": "#/definitions/a",
    },
    "a name": lambda: {"$anchor": "a", "properties": {"a": {"$ref": "#a"}}},
    "an id below": lambda: {"allOf": [{"$id": "x:y", "allOf": [{"$ref": "#/allOf/0"}]}]},
    "wide": lambda: {"enum": ["x"] * (OWN_SCHEMA_VALUES + 1)},
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_schema_without_measure_is_refused(bomb: str) -> None:
    assert written_out(BOMBS[bomb]()) > OWN_SCHEMA_VALUES


def test_references_are_written_out_once_for_each() -> None:
    schema = {"definitions": {"a": {"type": "string"}}, "allOf": [{"$ref": "#/definitions/a"}] * 2}
    assert written_out(schema) == 1 + (1 + 2) + (1 + 2 * (2 + 2))
    assert written_out({"$ref": "#/nowhere"}) == inf


@pytest.fixture
def api() -> AepClient:
    return aep_for(new_emulator(ManualClock(1_600_000_000_000)))


def spec_with(api: AepClient, schema: JsonObject) -> dict[str, Any]:
    shipped = api.ok("GET", f"{FLOW_SERVICE}/connectionSpecs?limit=1")["items"][0]
    named = {name: shipped[name] for name in ("providerId", "type") if name in shipped}
    auth = [{"name": "Own", "type": "KeyBased", "spec": schema}]
    return {"name": "own", "version": "1.0", **named, "authSpec": auth}


@pytest.mark.parametrize("bomb", [bomb for bomb in BOMBS if bomb != "a long chain"])
def test_a_spec_with_such_a_schema_is_refused(api: AepClient, bomb: str) -> None:
    answer = api.call("POST", f"{FLOW_SERVICE}/connectionSpecs", spec_with(api, BOMBS[bomb]()))
    assert answer.status == 400, answer
    assert "json_schema" in answer.rule or "schema" in answer.rule, answer.rule


def test_large_parameters_are_not_held_against_a_large_schema(api: AepClient) -> None:
    names = {f"p{n}": {"type": "string", "pattern": "^(?=(a|aa)+$)b"} for n in range(2_000)}
    made = api.ok("POST", f"{FLOW_SERVICE}/connectionSpecs", spec_with(api, {"properties": names}))
    base = {
        "name": "b",
        "connectionSpec": {"id": made["id"], "version": "1.0"},
        "auth": {"specName": "Own", "params": {"p1": "x" * size(100_000, 10_000_000)}},
    }
    answer = api.call("POST", f"{FLOW_SERVICE}/connections", base)
    assert (answer.status, "too large" in answer.content.decode()) == (400, True), answer


@pytest.mark.parametrize("count", [1_000, size(100_000, 240_000)])
def test_of_a_large_value_the_first_fault_is_told(count: int) -> None:
    validator = jsonschema_rs.validator_for({"items": {"type": "string"}})
    reasons = list(schema_reasons(validator, ["a", *range(count)]))
    assert reasons[0].at == "/1"
    assert len(reasons) == (count if count == 1_000 else 1)
