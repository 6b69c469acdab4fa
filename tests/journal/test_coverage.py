"""Coverage: which rules apply to a request is found as the judge finds it, and counts add up."""

from __future__ import annotations

import json

import pytest

from emulator.budgets import MAX_DRIFT, MAX_EXAMPLE_BYTES, MAX_TEST_NAME
from emulator.contract import Contract
from emulator.contract.cases import CaseLookup
from emulator.contract.judge import JudgedRule
from emulator.coverage.applicable_rules import ApplicableRules
from emulator.coverage.coverage import Coverage, CoverageError
from emulator.coverage.live import LiveCoverage
from emulator.coverage.records import TallyKey
from emulator.journal.entry import CallKind, Entry, EntryFinding
from emulator.json_types import MISSING, JsonObject, at
from emulator.testing.client import AepClient
from tests.bodies import FLOW_SERVICE, base_connection, make_world
from tests.emulators import aep_for, new_emulator

CONNECTIONS = f"{FLOW_SERVICE}/connections"
NAME = "flow_service.create_connection.name_is_text"
SPEC = "flow_service.create_connection.connection_spec_is_sent"


def counts(coverage: LiveCoverage, rule: str, test: str = "") -> tuple[int, int, int]:
    operation = rule.rpartition(".")[0]
    found = coverage.current().rules(TallyKey(test, "latest", operation))[rule]
    return found.passed, found.expected, found.unexpected


@pytest.fixture(scope="module")
def contract() -> Contract:
    return new_emulator().contract


def test_a_rule_that_fires_applies(contract: Contract) -> None:
    """For every rule and each of its cases, in the world of the case."""
    fired = 0
    for rule in contract.rules.values():
        if "nothing" in rule.check:
            continue
        applicable, judged = ApplicableRules([rule]), JudgedRule(rule)
        for case in (*rule.cases.accepts, *rule.cases.refuses):
            world = CaseLookup(case)
            applies = rule.id in applicable.rules(applicable.key(world.request))
            if judged.judge(world.request, world):
                fired += 1
                assert applies, (rule.id, case)
            elif rule.check != {"schema": False}:
                assert applies == _applies(rule.at, rule.when, world.request), (rule.id, case)
    assert fired > 1000


def _applies(pointer: str, when: object, request: JsonObject) -> bool:
    """The plain way to tell it, with the other JSON Schema library."""
    from jsonschema import Draft202012Validator

    return at(request, pointer) is not MISSING and (
        not when or Draft202012Validator(when).is_valid(request)  # type: ignore[arg-type]
    )


def test_groups_find_what_their_rules_find_alone(contract: Contract) -> None:
    edition = contract.edition("latest")
    for operation in contract.operations:
        rules = edition.rules_of(operation)
        together = ApplicableRules(rules)
        cases = [case for rule in rules for case in rule.cases.refuses][:10]
        for case in cases:
            request = CaseLookup(case).request
            singly = [ApplicableRules([rule]) for rule in rules]
            alone = [id for one in singly for id in one.rules(one.key(request))]
            assert list(together.rules(together.key(request))) == alone


def test_what_must_not_be_there_is_kept_by_leaving_it_out(contract: Contract) -> None:
    rule = contract.rules["platform.body.is_json"]
    applicable = ApplicableRules([rule])
    document = {"content": {"length": 2}, "body": {}}
    assert applicable.rules(applicable.key(document)) == (rule.id,)


def test_passed_and_broken_unexpectedly(api: AepClient, coverage: LiveCoverage) -> None:
    api.ok("POST", CONNECTIONS, base_connection())
    api.call("POST", CONNECTIONS, base_connection(name=3))
    assert counts(coverage, NAME) == (1, 0, 1)
    assert counts(coverage, SPEC) == (2, 0, 0)
    assert counts(coverage, "platform.gate.organization_is_sent") == (2, 0, 0)
    ((key, found),) = coverage.current().unexpected.items()
    assert (key.operation, key.rule) == ("flow_service.create_connection", NAME)
    assert (found.severity, found.count, len(found.examples)) == ("error", 1, 1)
    assert found.examples[0]["request"]["body"]["name"] == 3


@pytest.mark.parametrize("header", [NAME, f"other.rule, {NAME}", "*"])
def test_broken_as_expected(api: AepClient, coverage: LiveCoverage, header: str) -> None:
    api.call("POST", CONNECTIONS, base_connection(name=3), x_emulator_expects=header)
    assert counts(coverage, NAME) == (0, 1, 0)
    assert not coverage.current().unexpected


def test_incidental_findings_are_neither_covered_nor_unexpected(
    api: AepClient, coverage: LiveCoverage
) -> None:
    api.call("POST", CONNECTIONS, {"name": 3}, x_emulator_expects=NAME)
    assert counts(coverage, NAME) == (0, 1, 0)
    assert counts(coverage, SPEC) == (0, 0, 0)
    assert not coverage.current().unexpected


def test_an_expectation_that_is_not_met(api: AepClient, coverage: LiveCoverage) -> None:
    api.ok("POST", CONNECTIONS, base_connection(), x_emulator_expects=NAME)
    api.call("POST", CONNECTIONS, {"name": "x"}, x_emulator_expects=NAME)
    assert sum(coverage.current().unmet_expectations.values()) == 2
    assert SPEC in {key.rule for key in coverage.current().unexpected}
    assert counts(coverage, NAME) == (2, 0, 0)


def test_rules_behind_a_refusal_are_not_covered(api: AepClient, coverage: LiveCoverage) -> None:
    api.call("POST", CONNECTIONS, base_connection(), without=("x-gw-ims-org-id",))
    counted = coverage.current()
    assert counted.rules(TallyKey("", "latest", "flow_service.create_connection")) == {}
    assert counts(coverage, "platform.gate.organization_is_sent") == (0, 0, 1)


def test_unknown_paths_are_unexpected_unless_expected(
    api: AepClient, coverage: LiveCoverage
) -> None:
    path = f"{FLOW_SERVICE}/nowhere"
    api.call("GET", path)
    api.call("GET", path, x_emulator_expects="platform.unknown_path")
    ((key, found),) = coverage.current().unexpected.items()
    assert (key.operation, key.rule) == ("", "platform.unknown_path")
    assert (found.count, found.is_rule) == (1, False)


def test_coverage_survives_the_ring() -> None:
    small, large = new_emulator(journal=1), new_emulator()
    for emulator in (small, large):
        api = aep_for(emulator)
        make_world(api)
        api.call("POST", CONNECTIONS, base_connection(name=3), x_emulator_test="one")
        api.call("GET", CONNECTIONS)
    assert small.journal is not None
    assert small.coverage is not None
    assert large.coverage is not None
    assert len(list(small.journal.entries())) == 1
    assert small.coverage.current().to_json() == large.coverage.current().to_json()


def test_coverages_merge(api: AepClient, coverage: LiveCoverage) -> None:
    api.ok("POST", CONNECTIONS, base_connection())
    api.call("POST", CONNECTIONS, base_connection(name=3), x_emulator_test="t")
    api.call("POST", CONNECTIONS, base_connection(), x_emulator_expects=NAME)
    once = json.loads(json.dumps(coverage.current().to_json()))
    both = Coverage(api.contract)
    both.merge(once)
    assert both.to_json() == once
    coverage.current().merge(once)
    both.merge(once)
    assert both.calls == coverage.current().calls == 6
    assert both.to_json() == coverage.current().to_json()
    api.ok("POST", CONNECTIONS, base_connection())
    assert counts(coverage, NAME) == (5, 0, 0)
    assert counts(coverage, NAME, "t") == (0, 0, 2)


def test_tests_are_told_apart(api: AepClient, coverage: LiveCoverage) -> None:
    api.call("POST", CONNECTIONS, base_connection(name=3), x_emulator_test="one")
    api.ok("POST", CONNECTIONS, base_connection(), x_emulator_test="two")
    part = coverage.current().only(["two"])
    assert part.calls == 1
    assert not part.unexpected
    assert counts(coverage, NAME, "one") == (0, 0, 1)


@pytest.mark.parametrize(
    "content",
    [
        [],
        {},
        {"format": "something else"},
        {"format": "aep-emulator coverage 2"},
        {
            "format": "aep-emulator coverage 2",
            "rows": [{}],
            "unexpected": [],
            "unmetExpectations": [],
        },
        {"format": "aep-emulator coverage 2", "rows": 3, "unexpected": [], "unmetExpectations": []},
    ],
)
def test_what_is_no_coverage_is_not_merged(contract: Contract, content: object) -> None:
    with pytest.raises(CoverageError):
        Coverage(contract).merge(content)


def test_editions_are_told_apart(api: AepClient, coverage: LiveCoverage) -> None:
    api.ok("POST", CONNECTIONS, base_connection(), x_emulator_edition="2020-03")
    editions = {place.edition for place in coverage.current().tallies}
    assert editions == {"2020-03"}


def test_examples_are_few(api: AepClient, coverage: LiveCoverage) -> None:
    for number in range(5):
        api.call("POST", CONNECTIONS, base_connection(name=number))
    ((_, found),) = coverage.current().unexpected.items()
    assert (found.count, len(found.examples)) == (5, 3)


def entry(**changes: object) -> Entry:
    """A connection without a name, as a recording may show it."""
    body: JsonObject = {"connectionSpec": {"id": "x"}}
    return Entry(
        number=1,
        time=0,
        operation="flow_service.create_connection",
        service="flow_service",
        method="POST",
        path=CONNECTIONS,
        query_string="",
        headers={},
        body=b"",
        status=201,
        response_headers={},
        response_body=b"",
        edition="latest",
        judged=("flow_service.create_connection",),
        described={"headers": {}, "path": {}, "query": {}, "content": {}, "body": body},
        **changes,  # type: ignore[arg-type]
    )


def test_what_is_muted_or_undecided_is_neither_kept_nor_violated(contract: Contract) -> None:
    coverage = Coverage(contract)
    finding = EntryFinding(SPEC, "error", mute_reason="Not our fault.")
    coverage.add(entry(findings=(finding,)))
    coverage.add(entry(undecided=(SPEC,)))
    coverage.add(entry())
    place = TallyKey("", "latest", "flow_service.create_connection")
    found = coverage.rules(place)[SPEC]
    assert (found.passed, found.muted, found.undecided, found.unexpected) == (1, 1, 1, 0)
    assert coverage.unexpected == {}
    merged = Coverage(contract)
    merged.merge(json.loads(json.dumps(coverage.to_json())))
    merged.merge(coverage.to_json())
    twice = merged.rules(place)[SPEC]
    assert (twice.passed, twice.muted, twice.undecided) == (2, 2, 2)


def test_replies_that_no_document_shows_are_counted_by_what_is_odd(contract: Contract) -> None:
    coverage = Coverage(contract)
    for number in range(3):
        coverage.add(entry(deviations=("id: no text",), source=f"a.har: entry {number}"))
    ((drift, found),) = coverage.drift.items()
    assert (drift.operation, drift.status) == ("flow_service.create_connection", 201)
    assert (drift.deviation, found.count) == ("id: no text", 3)
    assert [call["source"] for call in found.examples] == ["a.har: entry 0"]
    merged = Coverage(contract)
    for _ in range(2):
        merged.merge(json.loads(json.dumps(coverage.to_json())))
    assert merged.drift[drift].count == 6
    assert len(merged.drift[drift].examples) == 1


def test_ways_to_differ_are_bounded(contract: Contract) -> None:
    coverage = Coverage(contract)
    for number in range(MAX_DRIFT + 5):
        coverage.add(entry(deviations=(f"{number}: odd",)))
    others = next(found for at, found in coverage.drift.items() if at.deviation == "(others)")
    assert (len(coverage.drift), others.count) == (MAX_DRIFT + 1, 5)


def test_a_call_on_the_way_need_not_break_a_rule_of_another_operation(
    api: AepClient, coverage: LiveCoverage
) -> None:
    api.ok("GET", f"{FLOW_SERVICE}/flows", x_emulator_expects=NAME)
    api.exchange("GET", f"{CONNECTIONS}?limit=1", {"x-emulator-expects": "ims.token_v3.x"})
    assert not coverage.current().unmet_expectations


def test_what_is_told_apart_is_bounded_and_totals_stay_right(
    api: AepClient, coverage: LiveCoverage, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "emulator.coverage.coverage"
    for name in ("MAX_TESTS", "MAX_TALLIES", "MAX_BROKEN_RULES"):
        monkeypatch.setattr(f"{module}.{name}", 4)
    for number in range(9):
        test, rule = f"test {number}", f"flow_service.create_connection.{number}"
        broken = base_connection(name=3)
        api.call("POST", CONNECTIONS, broken, x_emulator_test=test)
        api.call("POST", CONNECTIONS, broken, x_emulator_test=test, x_emulator_expects=rule)
    counted = coverage.current()
    assert counted.calls == 18
    assert sum(counted.unmet_expectations.values()) == 9
    assert len(counted.unmet_expectations) == 5
    found = [found.count for key, found in counted.unexpected.items() if key.rule == NAME]
    assert sum(found) == 18
    tests = {key.test for key in counted.tallies}
    assert "(others)" in tests
    assert len(tests) < 9
    again = Coverage(api.contract)
    again.merge(json.loads(json.dumps(counted.to_json())))
    assert (again.calls, sum(again.unmet_expectations.values())) == (18, 9)


def test_names_are_cut(contract: Contract) -> None:
    coverage = Coverage(contract)
    coverage.count(CallKind("n" * 1000, "latest", "", ()), 200, None)
    ((key, _),) = coverage.tallies.items()
    assert key.test == "n" * MAX_TEST_NAME
    assert coverage.only(["n" * 1000]).calls == 1


def test_it_is_written_row_by_row(api: AepClient, coverage: LiveCoverage) -> None:
    api.call("POST", CONNECTIONS, base_connection(name=3), x_emulator_test="a")
    api.call("GET", CONNECTIONS, x_emulator_expects=NAME)
    counted = coverage.current()
    assert json.loads(b"".join(counted.written())) == json.loads(json.dumps(counted.to_json()))


def test_large_examples_are_cut(api: AepClient, coverage: LiveCoverage) -> None:
    api.call("POST", CONNECTIONS, base_connection(name=3, description="x" * 500_000))
    ((_, found),) = coverage.current().unexpected.items()
    assert sum(map(len, found.kept)) <= MAX_EXAMPLE_BYTES
    assert found.examples[0]["request"]["truncated"] is True
