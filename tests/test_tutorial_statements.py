"""docs/tutorials.json: every section of both tutorials, and nothing that does not carry."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from emulator.contract import Contract
from emulator.contract.model import BODY, GATE
from tests.emulators import shipped_contract

ROOT = Path(__file__).resolve().parents[1]
STORAGE_TUTORIAL = [
    "Create a target XDM schema",
    "Create a target dataset",
    "Create a target connection",
    "Create a mapping",
    "Retrieve dataflow specifications",
    "Create a dataflow",
    "Next steps",
    "Appendix",
    "Connection specification",
]
BEFORE = ["Getting started", "Reading sample API calls", "Gather values for required headers"]
SECTIONS = {
    "collect-cloud-storage-2020-03": [
        "Collect cloud storage data through source connectors and APIs",
        *BEFORE,
        "Create an ad-hoc XDM class and schema",
        "Create a source connection",
        *STORAGE_TUTORIAL[:2],
        "Create a dataset base connection",
        *STORAGE_TUTORIAL[2:],
    ],
    "collect-cloud-storage-2020-09": [
        "Collect cloud storage data using source connectors and APIs",
        *BEFORE,
        "Create a source connection",
        "Create a source connection using custom delimited files",
        "Create a source connection using compressed files",
        *STORAGE_TUTORIAL[:6],
        "Monitor your dataflow",
        *STORAGE_TUTORIAL[6:],
    ],
}
"""The headings of the tutorials, in their order."""


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tutorials", ROOT / "docs" / "tutorials.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT = load_script()
TUTORIALS: list[dict[str, Any]] = SCRIPT.tutorials()
both = pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda tutorial: tutorial["edition"])


@pytest.fixture(scope="module")
def contract() -> Contract:
    return shipped_contract()


def statements(tutorial: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for section in tutorial["sections"]:
        yield from section["statements"]


def named(tutorial: dict[str, Any], carriers: str) -> set[str]:
    return {name for statement in statements(tutorial) for name in statement.get(carriers, ())}


def test_every_section_of_both_tutorials_is_there_and_has_statements() -> None:
    found = {
        tutorial["document"]: [section["section"] for section in tutorial["sections"]]
        for tutorial in TUTORIALS
    }
    assert found == SECTIONS
    assert all(section["statements"] for tutorial in TUTORIALS for section in tutorial["sections"])


@both
def test_every_statement_is_carried_or_says_why_not(tutorial: dict[str, Any]) -> None:
    carriers = {"rules", "answers", "replies", "operations", "tests", "without"}
    for statement in statements(tutorial):
        assert statement["states"].strip()
        assert any(statement.get(name) for name in carriers), statement
        assert statement.keys() <= {"states", *carriers}


@both
def test_rules_and_answers_are_in_force_in_the_edition(
    contract: Contract, tutorial: dict[str, Any]
) -> None:
    edition = contract.edition(tutorial["edition"])
    assert named(tutorial, "rules") - {rule.id for rule in edition.rules} == set()
    for statement in statements(tutorial):
        for aspect, shape in statement.get("answers", {}).items():
            assert edition.answer(aspect) == shape, aspect


@both
def test_operations_replies_and_tests_are_there(
    contract: Contract, tutorial: dict[str, Any]
) -> None:
    emulated = {id for id, operation in contract.operations.items() if operation.emulated}
    assert named(tutorial, "operations") <= emulated
    replies = contract.reply_cases.in_force(contract.entries[tutorial["edition"]])
    assert named(tutorial, "replies") <= {case.id for case in replies}
    for test in named(tutorial, "tests"):
        file, _, function = test.partition("::")
        text = (ROOT / file).read_text(encoding="utf-8")
        assert re.search(rf"^def {function}\(", text, re.MULTILINE), test


@both
def test_no_rule_that_rests_on_a_tutorial_is_left_out(
    contract: Contract, tutorial: dict[str, Any]
) -> None:
    """The other way round, for the operations that the tutorial calls."""
    rules = contract.edition(tutorial["edition"]).rules
    listed = named(tutorial, "rules")
    called = named(tutorial, "operations") | {GATE, BODY}
    resting = {
        rule.id
        for rule in rules
        if rule.operation in called and tutorial["document"] in (*rule.demands, *rule.shows)
    }
    assert resting - listed == set()


def test_the_page_is_up_to_date() -> None:
    assert SCRIPT.PAGE.read_text(encoding="utf-8") == SCRIPT.page()
