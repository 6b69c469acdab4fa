"""The report itself: what counts, what is told of each rule, and what fails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.contract.model import Mute
from emulator.coverage.coverage import Coverage
from emulator.emulator import Emulator
from emulator.json_types import JsonObject
from emulator.reports.report import build, share
from emulator.reports.scope import ReportScope, ReportScopeError
from emulator.reports.thresholds import Thresholds, demands, percent
from emulator.reports.verdict import (
    NOTHING_DEMANDED,
    circumstances,
    demand_lines,
    judged,
    verdict_line,
)
from tests.bodies import FLOW_SERVICE, base_connection
from tests.emulators import aep_for, new_emulator
from tests.reports.conftest import LIMIT, NAME, SPEC, TEST

CREATE = "flow_service.create_connection"


def rules(report: JsonObject, operation: str) -> dict[str, JsonObject]:
    """The rules of an operation in a report, by id."""
    return {
        rule["id"]: rule
        for service in report["services"]
        for row in service["operations"]
        if row["id"] == operation
        for rule in row["rules"]
    }


def made(emulator: Emulator, scope: ReportScope) -> JsonObject:
    assert emulator.coverage is not None
    return build(emulator.contract, emulator.coverage.current(), scope)


def test_rules_are_counted(report: JsonObject) -> None:
    found = rules(report, CREATE)
    name, spec = found[NAME], found[SPEC]
    assert (name["passed"], name["expected"], name["unexpected"]) == (2, 0, 2)
    assert (spec["passed"], spec["expected"], spec["unexpected"]) == (3, 1, 0)
    assert (name["state"], spec["state"]) == ("unexpected", "expected")
    assert found[f"{CREATE}.mode_is_known"]["state"] == "uncovered"
    assert rules(report, "platform.gate")["platform.gate.sandbox_is_sent"]["passed"] == 6


def test_totals_are_those_of_the_rows(report: JsonObject, called: Emulator) -> None:
    totals = report["totals"]
    operations = [row for service in report["services"] for row in service["operations"]]
    own = [row for row in operations if row["path"]]
    assert totals["calls"] == 6, "the path that nobody knows belongs to no operation"
    emulated = sum(item.emulated for item in called.contract.operations.values())
    assert totals["operations"] == {
        "total": emulated,
        "called": 2,
        "coverage": share(2, own),
    }
    states = [rule["state"] for row in operations if row["calls"] for rule in row["rules"]]
    assert totals["rules"]["total"] == len(states)
    assert totals["rules"]["covered"] == len(states) - states.count("uncovered")
    assert totals["rules"]["unexpected"] == states.count("unexpected") == 2
    assert totals["rules"]["expected"] == 1


def test_findings_are_explained(report: JsonObject, called: Emulator) -> None:
    assert len(report["violations"]) == report["totals"]["violations"] == 2
    by_rule = {row["rule"]: row for row in report["violations"]}
    row = by_rule[NAME]
    assert (row["operation"], row["service"], row["severity"]) == (CREATE, "flow_service", "error")
    assert (row["count"], row["tests"]) == (2, [TEST])
    assert row["states"] == called.contract.rules[NAME].states
    assert row["documents"][0].keys() >= {"id", "title", "publisher", "date", "does", "address"}
    example, _ = row["examples"]
    assert (example["status"], example["test"]) == (400, TEST)
    (marked,) = (line["text"] for line in example["annotatedRequest"] if "findings" in line)
    assert marked == '  "name": 3,'
    assert by_rule["platform.unknown_path"]["operation"] == ""
    (warning,) = report["warnings"]
    assert warning["rule"] == LIMIT
    assert [(row["rule"], row["count"]) for row in report["unmetExpectations"]] == [(LIMIT, 1)]
    assert report["notes"] == []


def test_what_refuses_is_a_violation_however_severe() -> None:
    emulator = new_emulator(enforce="strict")
    aep_for(emulator).call("GET", f"{FLOW_SERVICE}/flows?limit=500")
    report = made(emulator, ReportScope())
    assert [row["rule"] for row in report["violations"]] == [LIMIT]
    assert report["warnings"] == []


def test_what_is_only_observed_is_a_violation_too() -> None:
    emulator = new_emulator(enforce="observe")
    api = aep_for(emulator)
    api.call("POST", f"{FLOW_SERVICE}/connections", base_connection(name=3))
    assert [row["rule"] for row in made(emulator, ReportScope())["violations"]] == [NAME]


def test_listed_operations_alone_count(called: Emulator) -> None:
    listed = frozenset({CREATE, "flow_service.get_flow"})
    report = made(called, ReportScope(operations=listed))
    assert report["scope"] == "listed"
    assert report["totals"]["operations"] == {"total": 2, "called": 1, "coverage": 0.5}
    shown = {row["id"] for service in report["services"] for row in service["operations"]}
    assert shown == listed
    edition = called.contract.edition("latest")
    expected = sum(len(edition.rules_of(operation)) for operation in listed)
    assert report["totals"]["rules"]["total"] == expected
    assert {row["operation"] for row in report["violations"]} == {CREATE, ""}
    assert report["warnings"] == report["unmetExpectations"] == []


def test_services_can_be_chosen(called: Emulator) -> None:
    report = made(called, ReportScope(services=frozenset({"catalog"})))
    assert {row["name"] for row in report["services"]} == {"platform", "catalog"}
    assert report["violations"] == report["warnings"] == report["unmetExpectations"] == []


@pytest.mark.parametrize(
    ("operations", "services"), [(["flow_service.fly"], None), (None, ["weather"])]
)
def test_what_there_is_not_cannot_be_chosen(
    called: Emulator, operations: list[str] | None, services: list[str] | None
) -> None:
    with pytest.raises(ReportScopeError, match=r"fly|weather"):
        ReportScope.of(called.contract, operations, services)


def test_no_calls_at_all(called: Emulator) -> None:
    report = build(called.contract, Coverage(called.contract), ReportScope(edition="2020-03"))
    assert report["editions"] == ["2020-03"]
    assert report["totals"]["rules"] == {
        "total": 0,
        "covered": 0,
        "coverage": 1.0,
        "passed": 0,
        "expected": 0,
        "unexpected": 0,
        "uncovered": 0,
    }
    assert report["totals"]["operations"]["coverage"] == 0


def test_editions_add_up() -> None:
    emulator = new_emulator()
    api = aep_for(emulator)
    for edition in ("2020-03", "latest"):
        api.ok("GET", f"{FLOW_SERVICE}/flows", x_emulator_edition=edition)
    report = made(emulator, ReportScope())
    assert report["editions"] == ["2020-03", "latest"]
    row = next(
        row
        for service in report["services"]
        for row in service["operations"]
        if row["id"] == "flow_service.list_flows"
    )
    assert (row["calls"], row["statuses"]) == (2, {"200": 2})
    both = {
        rule.id
        for edition in report["editions"]
        for rule in emulator.contract.edition(edition).rules_of(row["id"])
    }
    assert {rule["id"] for rule in row["rules"]} == both


def test_what_is_muted_is_listed(called: Emulator) -> None:
    contract = new_emulator().contract
    before = contract.mutes
    contract.mutes = (Mute(NAME, "on its way out", "", "2030-01-01"),)
    try:
        assert called.coverage is not None
        report = build(contract, called.coverage.current())
    finally:
        contract.mutes = before
    assert report["muted"] == [
        {
            "rule": NAME,
            "reason": "on its way out",
            "operation": "",
            "until": "2030-01-01",
            "count": 0,
        }
    ]


@pytest.mark.parametrize(
    ("demanded", "said"),
    [
        (Thresholds(), []),
        (Thresholds("violations"), ["2 rules violated"]),
        (
            Thresholds("warnings"),
            [
                "2 rules violated",
                "1 warning",
                "1 expectation not met",
            ],
        ),
        (Thresholds(rules=0.01, operations=0.001), []),
        (Thresholds(operations=0.5), ["of the operations called, at least 50 % required"]),
        (Thresholds(rules=0.999), ["of the rules covered, at least 99.9 % required"]),
    ],
)
def test_thresholds(report: JsonObject, demanded: Thresholds, said: list[str]) -> None:
    found = judged(report, demands(report, demanded))["failures"]
    assert len(found) == len(said)
    assert all(text in failure for text, failure in zip(said, found, strict=True))


def test_nothing_fails_that_is_well() -> None:
    emulator = new_emulator()
    aep_for(emulator).ok("GET", f"{FLOW_SERVICE}/flows")
    report = made(emulator, ReportScope())
    report = judged(report, demands(report, Thresholds("warnings")))
    assert (report["failures"], report["verdict"]["state"]) == ([], "passed")
    assert verdict_line(report) == "Passed: no rule violated"


def test_the_verdict_says_what_was_found_and_demanded(report: JsonObject) -> None:
    found = (
        "2 rules violated (3 times), 1 warning, 1 rule broken as expected, 1 expectation not met"
    )
    assert (report["verdict"]["state"], verdict_line(report)) == ("open", found)
    assert list(demand_lines(report)) == [NOTHING_DEMANDED]
    failed = judged(report, demands(report, Thresholds("violations", rules=0.01)))
    assert verdict_line(failed) == f"Failed: {found}"
    assert list(demand_lines(failed)) == [
        "--fail-on violations demands that no rule is violated: not fulfilled: 2 rules violated",
        "--min-rule-coverage 0.01 demands that at least 1 % of the rules are covered: fulfilled",
    ]


def test_it_says_when_and_how_the_calls_were_judged(called: Emulator, report: JsonObject) -> None:
    assert (report["editions"], report["enforcement"]) == (["latest"], ["documented"])
    assert circumstances(report).startswith("2020-09-13T12:26:40Z, edition latest, enforcement doc")
    strict = new_emulator(enforce="strict")
    api = aep_for(strict)
    api.ok("GET", f"{FLOW_SERVICE}/flows")
    assert strict.coverage is not None
    both = Coverage(strict.contract)
    assert called.coverage is not None
    for coverage in (strict.coverage, called.coverage):
        both.merge(json.loads(json.dumps(coverage.current().to_json())))
    assert build(strict.contract, both)["enforcement"] == ["documented", "strict"]
    assert build(strict.contract, both)["date"] == ""


def test_the_tests_are_listed_with_what_they_did(report: JsonObject) -> None:
    (row,) = report["tests"]
    assert row == {
        "id": TEST,
        "calls": 1,
        "editions": ["latest"],
        "violations": 1,
        "warnings": 0,
    }


def places(report: JsonObject, rule: str) -> list[JsonObject]:
    found: list[JsonObject] = next(
        row["places"] for row in report["violations"] if row["rule"] == rule
    )
    return found


def test_each_unknown_path_is_listed_with_what_is_near() -> None:
    emulator = new_emulator()
    api = aep_for(emulator)
    sent = [
        ("GET", f"{FLOW_SERVICE}/flow"),
        ("GET", f"{FLOW_SERVICE}/flow"),
        ("POST", "/data/foundation/access-control/policies"),
        ("GET", "/_emulatr/journal"),
        ("GET", "/qqq?access_token=abcdef"),
    ]
    for number, (method, path) in enumerate(sent):
        api.call(method, path, x_emulator_test=f"test {number % 2}")
    api.call("DELETE", f"{FLOW_SERVICE}/flows")
    report = made(emulator, ReportScope())
    found = places(report, "platform.unknown_path")
    assert [(row["method"], row["path"], row["count"]) for row in found] == [
        ("GET", f"{FLOW_SERVICE}/flow", 2),
        ("GET", "/_emulatr/journal", 1),
        ("GET", "/qqq", 1),
        ("POST", "/data/foundation/access-control/policies", 1),
    ]
    assert [row["nearest"] for row in found] == [f"GET {FLOW_SERVICE}/flows", "", "", ""]
    assert found[3]["hint"] == "that is the Access Control API, which is not emulated"
    assert "/_emulator/" in found[1]["hint"]
    (wrong,) = places(report, "platform.method_not_allowed")
    assert wrong["nearest"] == f"DELETE {FLOW_SERVICE}/flows/{{id}}"
    assert wrong["hint"].startswith("known with GET, HEAD, POST; nearest known: DELETE")
    again = Coverage(emulator.contract)
    assert emulator.coverage is not None
    again.merge(json.loads(json.dumps(emulator.coverage.current().to_json())))
    assert places(build(emulator.contract, again), "platform.unknown_path") == found


def test_many_unknown_paths_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.coverage.names.MAX_PLACES", 4)
    monkeypatch.setattr("emulator.reports.places.MAX_PLACES", 2)
    emulator = new_emulator()
    api = aep_for(emulator)
    for number in range(6):
        api.call("GET", f"/unknown/{number}")
    found = places(made(emulator, ReportScope()), "platform.unknown_path")
    assert [(row["path"], row["count"]) for row in found] == [
        ("/unknown/0", 1),
        ("/unknown/1", 1),
        ("(others)", 4),
    ]


def test_what_an_unknown_path_repeats_of_a_token_is_masked() -> None:
    emulator = new_emulator()
    secret = "s3cr3t-t0ken-value-of-somebody"
    aep_for(emulator).call("GET", f"/unknown/{secret}", authorization=f"Bearer {secret}")
    assert emulator.coverage is not None
    assert secret not in json.dumps(emulator.coverage.current().to_json())


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 %"), (1, "100 %"), (0.9999, "99.9 %"), (0.333, "33.3 %"), (0.07, "7 %")],
)
def test_shares_are_never_rounded_up(value: float, text: str) -> None:
    assert percent(value) == text


def test_statuses_of_all_tests_add_up(report: JsonObject) -> None:
    row: dict[str, Any] = next(
        row
        for service in report["services"]
        for row in service["operations"]
        if row["id"] == CREATE
    )
    assert (row["calls"], row["statuses"]) == (4, {"201": 1, "400": 3})
