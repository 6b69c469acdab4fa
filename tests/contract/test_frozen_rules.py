"""The rules as they were published first: ids, problems, order of refusal, and every case.

`frozen_rules.jsonl` has a line for each row of the rule files of that day, with the operations for
which it made a rule, and with its statement where refusals quote it; `frozen_order.json` has the
order in which an operation's rules were asked.
Rule ids are public: tests of clients name them. A rule that is renamed or taken back is listed
here and in the changelog; the frozen files stay, but for the words of the `given` worlds.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emulator.contract import Contract
from emulator.contract.cases import failing_cases
from emulator.contract.model import Cases
from emulator.contract.order import name_of
from tests.emulators import shipped_contract

HERE = Path(__file__).parent
ROWS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (HERE / "frozen_rules.jsonl").read_text(encoding="utf-8").splitlines()
]
ORDER: dict[str, list[str]] = json.loads((HERE / "frozen_order.json").read_text(encoding="utf-8"))

RENAMED: dict[str, str] = {}
"""Ids of rules that have another id now."""

GONE: frozenset[str] = frozenset(
    {
        # previews are filtered now: what is left is source_params_are_not_emulated
        "flow_service.explore_connection.filters_are_not_emulated",
        "flow_service.explore_connection_spec.filters_are_not_emulated",
        # took every source: spec_is_a_cloud_storage_2020_03 takes what the tutorial names
        "flow_service.create_target_connection.spec_is_of_the_cloud_storage_2020_03",
        # the appendix of the tutorial decides now: source_is_a_cloud_storage_2020_09
        "flow_service.create_flow.source_spec_is_listed_2020_09",
        # a schema that is created has no descriptors yet, so these could never refuse
        "schema_registry.create_schema.union_has_references",
        "schema_registry.create_schema.union_namespaces_match",
    }
)
"""Ids of rules that no document states any more."""

SCHEMA_VERSIONS = "pages of partners name the version of the schema itself, which another warns of"

RESTATED: dict[str, str] = {
    **{
        f"data_prep.{operation}_mapping_set.{name}": reason
        for operation in ("create", "replace")
        for name, reason in {
            "mapping_has_a_source": "a page of a partner prints sourceExpression",
            "expression_names_are_not_reserved": "the names of functions are another rule's",
        }.items()
    },
    "data_prep.validate_expression.expression_names_are_not_reserved": "likewise",
    "platform.gate.sandbox_is_sent": "the default production sandbox takes its place today",
    "flow_service.create_target_connection.format_is_known": (
        "it named one format, where its check takes those of all pages"
    ),
    "flow_service.create_source_connection.format_is_known": (
        "how one page spells JSON is of no use to a client; the fix says what counts"
    ),
    "flow_service.create_target_connection.schema_version_is_a_media_type": SCHEMA_VERSIONS,
    **{
        f"schema_registry.{act}_datatype.type_is_object": "the reference lets them be arrays"
        for act in ("create", "replace")
    },
}
"""Rules whose statement was wrong, or said too much, and why."""

IN_PART = "refuses where the list is known in whole; where it is known in part, another rule warns"

WRITTEN = [
    f"schema_registry.{act}_{noun}"
    for act in ("create", "replace")
    for noun in ("schema", "class", "fieldgroup", "mixin", "datatype")
]
UNKNOWN = "a resource of the platform's own that our library lacks is not known to be missing"

NARROWED: dict[str, str] = {
    **{
        f"data_prep.{operation}.expression_names_are_not_reserved": (
            "a field may have a function's name: expression_names_are_not_functions warns"
        )
        for operation in ("create_mapping_set", "replace_mapping_set", "validate_expression")
    },
    **dict.fromkeys((f"{operation}.references_resolve" for operation in WRITTEN), UNKNOWN),
    **{
        f"schema_registry.{act}_schema.{rule}": UNKNOWN
        for act in ("create", "replace")
        for rule in ("class_is_named", "parts_are_class_and_groups")
    },
    "flow_service.create_connection.auth_spec_is_known": IN_PART,
    "flow_service.create_connection.auth_params_fit_spec": IN_PART,
    "flow_service.create_source_connection.params_fit_spec": IN_PART,
    "flow_service.create_target_connection.params_fit_spec": IN_PART,
    "flow_service.create_target_connection.schema_version_is_a_media_type": SCHEMA_VERSIONS,
    "flow_service.create_flow.source_spec_is_listed": IN_PART,
    "flow_service.create_flow.target_spec_is_listed": IN_PART,
    "flow_service.create_connection.spec_supports_drafts": IN_PART,
    "flow_service.create_source_connection.spec_supports_drafts": IN_PART,
    "flow_service.create_target_connection.spec_supports_drafts": IN_PART,
    "flow_service.create_flow.flow_spec_supports_drafts": IN_PART,
    "flow_service.create_flow.source_spec_supports_drafts": IN_PART,
    **{
        f"dataset_service.{operation}_labels.labels_are_texts": "the reference's example is empty"
        for operation in ("create", "replace")
    },
    **{
        f"catalog.{operation}_dataset.{name}": reason
        for operation in ("create", "replace", "patch", "merge")
        for name, reason in {
            "name_is_text": "an empty text is a text; name_is_not_blank warns of it",
            "schema_ref_is_an_object": "no document requires members; schema_ref_is_whole warns",
            "file_description_is_an_object": "persisted is in no reference",
        }.items()
    },
}
"""Ids of rules that accept, on purpose, what they refused then, each with the reason."""

ANSWERED_OTHERWISE: dict[str, str] = {
    f"batch_ingestion.{operation}.content_is_no_form": "the reference lists 415 for it"
    for operation in ("upload_file", "upload_file_part")
}
"""Ids of rules that refuse with another problem than then, each with the reason."""


@pytest.fixture(scope="module")
def contract() -> Contract:
    return shipped_contract()


def frozen() -> dict[str, dict[str, Any]]:
    """Return the row of every frozen id."""
    return {
        row["id"].replace("*", operation, 1): {**row, "operation": operation}
        for row in ROWS
        for operation in row["operations"]
    }


def test_every_id_is_still_a_rule_of_its_operation_and_problem(contract: Contract) -> None:
    assert len(frozen()) == 1618
    for id, row in frozen().items():
        if id not in GONE:
            rule = contract.rules[RENAMED.get(id, id)]
            assert rule.operation == row["operation"], id
            assert (rule.problem == row["problem"]) == (id not in ANSWERED_OTHERWISE), id


def test_what_a_refusal_quotes_of_a_rule_is_as_it_was(contract: Contract) -> None:
    """Some problems put the rule's statement into their text, so it is a part of the answer."""
    quoted = {id: row["states"] for id, row in frozen().items() if "states" in row}
    assert quoted
    for id, states in quoted.items():
        if id not in GONE and id not in RESTATED:
            assert contract.rules[RENAMED.get(id, id)].states == states, id


def test_what_is_gone_or_renamed_is_no_rule_any_more(contract: Contract) -> None:
    assert not (GONE | RENAMED.keys()) & contract.rules.keys()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['id']}-{row['operations'][0]}")
def test_frozen_cases_get_the_same_verdict(contract: Contract, row: dict[str, Any]) -> None:
    for operation in row["operations"]:
        id = row["id"].replace("*", operation, 1)
        refused = () if id in NARROWED else tuple(row.get("refuses", ()))
        cases = Cases(tuple(row.get("accepts", ())), refused)
        if id not in GONE:
            rule = contract.rules[RENAMED.get(id, id)]
            assert list(failing_cases(replace(rule, cases=cases))) == []


@pytest.mark.parametrize("operation", ORDER)
def test_rules_refuse_in_their_frozen_order(contract: Contract, operation: str) -> None:
    ids = [f"{operation}.{name}" for name in ORDER[operation]]
    wanted = [RENAMED.get(id, id) for id in ids if id not in GONE]
    now = [rule.id for rule in contract.rules.values() if rule.operation == operation]
    assert [id for id in now if id in set(wanted)] == wanted


def test_the_frozen_order_names_every_frozen_rule() -> None:
    assert {f"{op}.{name}" for op, names in ORDER.items() for name in names} == set(frozen())


def test_a_rule_is_called_by_the_last_part_of_its_id(contract: Contract) -> None:
    assert all("." not in name_of(rule) for rule in contract.rules.values())
