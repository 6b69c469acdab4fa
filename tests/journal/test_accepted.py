"""Accepted values are examples that nothing else in force objects to."""

from __future__ import annotations

import pytest

from emulator.contract import Contract
from emulator.coverage.coverage import Coverage
from emulator.emulator import Emulator
from emulator.journal.accepted import accepted_values
from emulator.json_types import Json, JsonObject, copy, pointer_steps
from emulator.reports.report import build
from tests.bodies import FLOW_SERVICE, base_connection
from tests.emulators import aep_for, new_emulator

CREATE = "flow_service.create_connection"
ABOUT_THE_CALL = {f"{CREATE}.auth_spec_is_documented", f"{CREATE}.auth_is_sent"}
"""Rules that depend on the connection spec of the call, which a value by itself cannot know."""


@pytest.fixture(scope="module")
def contract() -> Contract:
    return new_emulator().contract


def coverage_of(emulator: Emulator) -> Coverage:
    assert emulator.coverage is not None
    return emulator.coverage.current()


def accepts(emulator: Emulator, rule: str) -> list[Json]:
    report = build(emulator.contract, coverage_of(emulator))
    found: list[Json] = next(row for row in report["violations"] if row["rule"] == rule)["accepts"]
    return found


def put(body: JsonObject, steps: tuple[str, ...], value: Json) -> None:
    """Put a value at a place of a body, with the objects around it."""
    for step in steps[:-1]:
        body = body.setdefault(step, {})
    body[steps[-1]] = value


def values(contract: Contract, rule: str, edition: str = "latest") -> list[Json]:
    return accepted_values(contract, contract.rules[rule], edition)


def test_values_of_the_cases_are_shown(contract: Contract) -> None:
    assert values(contract, "flow_service.create_flow.frequency_is_known") == [
        *("once", "minute", "hour", "day", "week")
    ]


def test_of_a_choice_all_values_are_shown(contract: Contract) -> None:
    assert values(contract, "flow_service.create_source_connection.format_is_known") == [
        *("delimited", "json", "parquet", "tabular", "parquet_xdm", "JSON")
    ]
    compressions = "flow_service.create_source_connection.compression_type_is_known"
    assert len(values(contract, compressions)) == 6


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        # What one convention accepts the other remarks on.
        (f"{CREATE}.members_are_spelt_as_documented", {"x-nothing": 1}),
        ("catalog.patch_dataset.members_are_documented", {"streamingIngestionEnabledx": 1}),
        # Refused for what it lacks, and an example of nothing.
        (f"{CREATE}.body_is_an_object", {"body": {}}),
        # A field that no entity has.
        ("flow_service.list_runs.filter_has_an_operator", ["name==a"]),
        # An id that means nothing.
        (f"{CREATE}.connection_spec_is_an_object", {"id": "x", "version": "1.0"}),
        # The rule does not speak of it, or refuses it in another request.
        ("catalog.merge_dataset.schema_exists", "_xdm.context.profile__union"),
        ("flow_service.connection_action.sub_operation_fits_action", "PROGRESS"),
    ],
)
def test_what_a_rule_accepts_and_another_objects_to_is_not(
    contract: Contract, rule: str, value: Json
) -> None:
    found = contract.rules[rule]
    assert value not in values(contract, rule)
    assert found.cases.accepts, "it has cases all the same"


def test_what_is_shown_is_accepted_in_a_whole_request() -> None:
    """Each value of each rule about the body, sent at its place in a request that is right."""
    emulator = new_emulator()
    api = aep_for(emulator)
    sent = 0
    for rule in emulator.contract.edition("latest").rules_of(CREATE):
        steps = pointer_steps(rule.at)
        for value in accepted_values(emulator.contract, rule, "latest"):
            if steps[:1] != ("body",) or len(steps) < 2 or "*" in steps:
                continue
            body = copy(base_connection())
            put(body, steps[1:], value)
            api.call("POST", f"{FLOW_SERVICE}/connections", body)
            sent += 1
    assert sent >= 3
    assert {key.rule for key in coverage_of(emulator).unexpected} <= ABOUT_THE_CALL


def test_a_report_shows_no_value_that_its_calls_broke_rules_with() -> None:
    emulator = new_emulator()
    api = aep_for(emulator)
    rule = f"{CREATE}.auth_spec_name_is_sent"
    shown = values(emulator.contract, rule)
    assert shown == [{"specName": "a"}]
    api.call("POST", f"{FLOW_SERVICE}/connections", base_connection(auth={"params": {}}))
    assert accepts(emulator, rule) == shown
    api.call("POST", f"{FLOW_SERVICE}/connections", base_connection(auth={"specName": "a"}))
    assert accepts(emulator, rule) == []
