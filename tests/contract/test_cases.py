"""Every rule's own cases, judged by the rule alone; and the form of the files."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from emulator.contract import Contract
from emulator.contract.cases import CaseLookup, failing_cases
from emulator.contract.checkup import check_contract
from emulator.contract.files import check_files
from emulator.contract.judge import DIALECT, CompiledOperation, JudgedRule
from emulator.contract.model import GATE
from emulator.contract.second_opinion import schema_fault
from emulator.faults.fault import STATUSES
from emulator.package_data import data_folder
from emulator.web.gate import gate_headers
from tests.emulators import shipped_contract

FOLDER: Path = data_folder("contracts")
CONTRACT: Contract = shipped_contract()
OPERATIONS = sorted({rule.operation for rule in CONTRACT.rules.values()})


def test_every_file_is_of_its_form() -> None:
    assert list(check_files(FOLDER)) == []


def test_the_contract_holds_together() -> None:
    assert list(check_contract(CONTRACT)) == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_rule_accepts_and_refuses_its_cases(operation: str) -> None:
    rules = [rule for rule in CONTRACT.rules.values() if rule.operation == operation]
    assert [said for rule in rules for said in failing_cases(rule)] == []


def plain_schema_rules() -> list[JudgedRule]:
    judged = [JudgedRule(rule) for rule in CONTRACT.rules.values()]
    return [rule for rule in judged if rule.is_plain_schema]


def test_a_second_validator_agrees_on_every_case_of_every_schema_rule() -> None:
    """The compiled validator decides at run time; the reference implementation must not differ."""
    for judged in plain_schema_rules():
        schema = {"$schema": DIALECT, **judged.schema()}
        assert not schema_fault(schema), judged.rule.id
        validator = jsonschema.Draft202012Validator(schema)
        for wanted, cases in (
            (True, judged.rule.cases.accepts),
            (False, judged.rule.cases.refuses),
        ):
            for case in cases:
                request = CaseLookup(case).request
                assert validator.is_valid(request) is wanted, (judged.rule.id, case)


def test_the_combined_validator_of_an_operation_accepts_what_its_rules_accept_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each refused case of a plain schema rule is refused by the whole edition's judge too.

    It is taken to be about what its rule is about; `test_evidence.py` is about that.
    """
    for name in CONTRACT.entries:
        edition = CONTRACT.edition(name)
        for rule in edition.rules:
            if not JudgedRule(rule).is_plain_schema:
                continue
            about = (rule.about,) if rule.about else ()
            monkeypatch.setattr(CompiledOperation, "subjects_of", lambda *_, about=about: about)
            for case in rule.cases.refuses:
                world = CaseLookup(case)
                found = [f.rule.id for f in edition.judge(rule.operation, world.request, world)]
                assert rule.id in found, (name, rule.id, case)


def test_every_emulated_operation_has_rules_or_nothing_to_refuse() -> None:
    without = [
        id
        for id, operation in CONTRACT.operations.items()
        if operation.emulated and operation.writes and not CONTRACT.edition("latest").rules_of(id)
    ]
    assert without == []


def test_every_problem_is_used() -> None:
    """An entry that nothing can answer with is a statement nobody keeps."""
    used = {rule.problem for rule in CONTRACT.rules.values()}
    raised = {
        "data_access.unreadable_part",
        "platform.head_too_large",
        "platform.internal_error",
        "platform.interrupted",
        "platform.method_not_allowed",
        "platform.not_emulated",
        "platform.probe",
        "platform.request_timeout",
        "platform.store_full",
        "platform.store_unavailable",
        "platform.target_too_long",
        "platform.too_many_at_once",
        "platform.too_many_worlds",
        "platform.unknown_edition",
        "platform.unknown_path",
        "platform.unmatched",
        "platform.unreadable",
        "platform.unusable_fault",
        "platform.world_name",
        "schema_registry.access_denied",  # by faults that ask for it: permissions are not emulated
        *STATUSES.values(),
    }
    known = {problem.id for problem in CONTRACT.problems}
    own = {id for id in known if f"platform.{id.partition('.')[2]}" in used}
    assert known - used - raised - own == set()


def test_what_refuses_without_a_rule_says_what_is_wanted_and_how_to_mend_it() -> None:
    used = {rule.problem for rule in CONTRACT.rules.values()}
    ours = [one for one in CONTRACT.problems if one.id.startswith("platform.")]
    alone = [one for one in ours if (one.id not in used and one.status < 500) or one.status == 501]
    known = {one.id for one in alone} - set(STATUSES.values())
    assert {"platform.unknown_path", "platform.method_not_allowed"} <= known
    assert [one.id for one in alone if one.id in known and not (one.states and one.fix)] == []


def test_every_rule_is_in_force_somewhere() -> None:
    everywhere = {rule.id for name in CONTRACT.entries for rule in CONTRACT.edition(name).rules}
    assert set(CONTRACT.rules) - everywhere == set()


def test_documents_that_contradict_each_other_share_a_topic() -> None:
    """The tutorial's dated differences are topics, with rules for each document and subject."""
    wanted = {
        ("flow_service.create_source_connection", "format"): 5,
        ("flow_service.create_flow", "interval-minimum"): 3,
        ("flow_service.create_flow", "frequency"): 2,
        ("flow_service.create_target_connection", "target-spec"): 5,
    }
    for (operation, topic), count in wanted.items():
        rules = {
            rule.id
            for name in CONTRACT.entries
            for rule in CONTRACT.edition(name).rules_of(operation)
            if rule.topic == topic
        }
        assert len(rules) == count, (operation, topic, rules)


@pytest.mark.parametrize("edition", CONTRACT.entries)
def test_the_gates_memory_covers_every_header_that_its_rules_look_at(edition: str) -> None:
    """The engine lets known headers pass at once, so none may be missing from its key."""
    names = gate_headers(CONTRACT.edition(edition))
    assert names is not None
    for rule in CONTRACT.edition(edition).rules_of(GATE):
        for case in (*rule.cases.accepts, *rule.cases.refuses):
            assert set(case["headers"]) <= set(names), rule.id
