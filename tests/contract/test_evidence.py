"""What rules rest on: who demands what, where, and about what; see `contract.evidence_checkup`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from emulator.contract import Contract, Document, Rule, load_contract
from emulator.contract.cases import CaseLookup
from emulator.contract.evidence_checkup import check_evidence, rule_faults
from emulator.contract.force import rules_in_force, severity_in
from emulator.contract.judge import JudgedRule
from emulator.contract.model import Subject
from emulator.package_data import data_folder
from tests.emulators import shipped_contract

RANK = {"new": 0, "live": 1, "old": 2}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return shipped_contract()


def rule(id: str = "s.o.r", **members: Any) -> Rule:
    given = {"topic": "t", "states": "", "severity": "error", "check": {"schema": False}}
    return Rule(id=id, operation="s.o", problem="p", **{**given, **members})


def test_every_rule_may_refuse_what_it_refuses_and_says_where_that_stands(
    contract: Contract,
) -> None:
    assert list(check_evidence(contract)) == []


def test_a_guess_may_not_refuse(contract: Contract) -> None:
    (fault,) = rule_faults(contract, rule(assumed={"aep-emulator": "it is likely"}))
    assert "severity error needs a document that demands it" in fault
    shown = rule(shows={"aepp": "createFlow"}, severity="warning")
    assert list(rule_faults(contract, shown)) == []
    structural = rule(
        assumed={"aep-emulator": "it is likely"}, structural="There is no such thing."
    )
    assert list(rule_faults(contract, structural)) == []


def test_a_source_names_its_passage_and_an_observation_is_a_report(contract: Contract) -> None:
    assert list(rule_faults(contract, rule(demands={"catalog-openapi": " "}))) == [
        "s.o.r: demands catalog-openapi: names no passage"
    ]
    assert list(rule_faults(contract, rule(observed={"catalog-openapi": "somewhere"}))) == [
        "s.o.r: catalog-openapi: an observation is a report with an address"
    ]


def test_a_rule_of_old_documents_says_why_it_holds_today(contract: Contract) -> None:
    aged = load_contract(data_folder("contracts"))
    aged.documents["old"] = Document("old", "Old", "Adobe", "2020", "guide")
    latest = aged.entries["latest"]
    aged.entries["latest"] = replace(latest, documents=(*latest.documents, "old"))
    one = rule("catalog.create_dataset.own", demands={"old": "p"}, topic="own")
    aged.rules[one.id] = replace(one, operation="catalog.create_dataset")
    (fault,) = (fault for fault in check_evidence(aged) if fault.startswith(f"{one.id}: refuses"))
    assert fault.endswith("its documents are older than 2022: say in kept why it holds")


@pytest.mark.parametrize(
    ("sources", "severity"),
    [
        ({"demands": {"new": ""}}, "error"),
        ({"observed": {"live": ""}}, "error"),
        ({"demands": {"old": ""}, "against": {"live": ""}}, "warning"),
        ({"demands": {"new": ""}, "against": {"live": ""}}, "error"),
        ({"demands": {"elsewhere": ""}, "shows": {"new": ""}}, "warning"),
        ({"shows": {"new": ""}, "structural": "There is nothing to act on."}, "error"),
    ],
)
def test_a_rule_refuses_where_what_answers_for_it_comes_before_what_is_against_it(
    sources: dict[str, Any], severity: str
) -> None:
    assert severity_in(rule(**sources), RANK) == severity


FILES = Subject("files", "", "type", ("file",), kind="spec", key="/body/spec")
TABLES = Subject("tables", "", "type", ("table",), kind="spec", key="/body/spec")
SUBJECTS = {"files": FILES, "tables": TABLES}


def in_force(*rules: Rule) -> dict[str, bool]:
    """Return which rules of one topic speak about a request on files."""
    found = rules_in_force({one.id: one for one in rules}, SUBJECTS, RANK)
    lookup = CaseLookup({"body": {"spec": "a"}, "given": {"spec": {"a": {"type": ["file"]}}}})
    return {
        item.rule.id: bool(JudgedRule(item.rule, item).judge(lookup.request, lookup))
        for item in found
    }


def test_of_one_topic_the_rule_of_the_first_document_speaks() -> None:
    new, old = rule("new", demands={"new": ""}), rule("old", demands={"old": ""})
    assert in_force(old, new) == {"new": True}


def test_a_rule_speaks_about_its_subject_and_the_next_one_about_the_rest() -> None:
    tables = rule("tables", demands={"new": ""}, about="tables")
    files = rule("files", demands={"live": ""}, about="files")
    rest = rule("rest", demands={"old": ""})
    assert in_force(tables, rest) == {"tables": False, "rest": True}
    assert in_force(files, rest) == {"files": True, "rest": False}
    assert in_force(tables, files, rest) == {"tables": False, "files": True, "rest": False}


def test_what_an_old_document_says_of_a_part_of_a_subject_is_not_in_force() -> None:
    csv = Subject("csv", "", "type", ("csv",), kind="spec", key="/body/spec", within="files")
    new = rule("new", demands={"new": ""}, about="files")
    old = rule("old", demands={"old": ""}, about="csv")
    both = {one.id: one for one in (old, new)}
    ranks = (RANK, {"old": 0, "new": 1})
    found = [
        [item.rule.id for item in rules_in_force(both, {**SUBJECTS, "csv": csv}, rank)]
        for rank in ranks
    ]
    assert found == [["new"], ["old", "new"]]


def test_what_an_old_document_says_of_the_same_subject_is_not_in_force() -> None:
    new = rule("new", demands={"new": ""}, about="files")
    old = rule("old", demands={"old": ""}, about="files")
    assert in_force(old, new) == {"new": True}


def test_a_request_that_names_no_resource_is_about_no_subject() -> None:
    (one,) = rules_in_force({"a": rule("a", demands={"new": ""}, about="files")}, SUBJECTS, RANK)
    lookup = CaseLookup({"body": {}})
    assert JudgedRule(one.rule, one).judge(lookup.request, lookup) == []
    assert JudgedRule(one.rule).judge(lookup.request, lookup) != []
