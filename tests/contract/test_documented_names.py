"""Nothing is ignored in silence: names that no document prints, and parts without effect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from emulator.contract.cases import CaseLookup
from emulator.contract.checks import SCHEMAS
from emulator.contract.checks.names import (
    changed_members,
    documented_members,
    members_schema,
    nearest,
)
from emulator.contract.judge import DIALECT, JudgedRule
from emulator.contract.model import Operation, Rule
from emulator.json_types import pointer_steps
from tests.emulators import shipped_contract

CONTRACT = shipped_contract()
LATEST = CONTRACT.edition("latest")


def emulated() -> Iterator[Operation]:
    return (operation for operation in CONTRACT.operations.values() if operation.emulated)


# Near names


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("nmae", "name"),
        ("Name", "name"),
        ("nam", "name"),
        ("flow_spec", "flowSpec"),
        ("sourceConnectionId", "sourceConnectionIds"),
        ("descripton", "description"),
        ("title", ""),
        ("id", ""),
        ("xyz", ""),
    ],
)
def test_the_nearest_name_is_what_was_meant(sent: str, meant: str) -> None:
    known = ["name", "description", "flowSpec", "sourceConnectionIds", "state"]
    assert nearest(sent, known) == meant


TREE = ["name", "data.format", "tags", "items[].id", "items[].of.*", "items[].of.known", "free.*"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"name": 1, "data": {"format": 1}, "tags": {"any": 1}, "free": {"any": 1}}, []),
        ({"nmae": 1}, ['/nmae: "nmae": did you mean name?']),
        ({"data": {"fromat": 1}}, ['/data/fromat: "fromat": did you mean format?']),
        ({"items": [{"id": 1}, {"di": 1}]}, ['/items/1/di: "di" is not documented']),
        ({"items": [{"of": {"any": 1}}]}, []),
        ({"a/b": 1}, ['/a~1b: "a/b" is not documented']),
        ([{"nmae": 1}], []),
        ("text", []),
        ({"data": "text", "items": {"id": 1}}, []),
    ],
)
def test_members_are_looked_at_as_deep_as_documents_print_them(body: Any, found: list[str]) -> None:
    lookup: Any = None
    arguments = [{"members": TREE, "near": near} for near in (True, False)]
    reasons = [one for each in arguments for one in documented_members(body, each, lookup)]
    assert [f"{reason.at}: {reason.text}" for reason in reasons] == found
    validator = jsonschema_rs.validator_for({"$schema": DIALECT, **members_schema(arguments[0])})
    assert validator.is_valid(body) == (not found)


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("/name", 1, []),
        ("/data", {"format": 1}, []),
        ("/tags/any/thing", 1, []),
        ("/items/-", {"id": 1}, []),
        ("/items/0/of/any", 1, []),
        ("/nmae", 1, ['/0/path: "nmae": did you mean name?']),
        ("/data/fromat", 1, ['/0/path: "fromat": did you mean format?']),
        ("/data", {"fromat": 1}, ['/0/value/fromat: "fromat": did you mean format?']),
        ("/items/3/di", 1, ['/0/path: "di" is not documented']),
        ("/items/-", {"di": 1}, ['/0/value/di: "di" is not documented']),
    ],
)
def test_a_json_patch_names_members_too(path: str, value: Any, found: list[str]) -> None:
    lookup: Any = None
    arguments = [{"members": TREE, "near": near} for near in (True, False)]
    patch: Any = [{"op": "add", "path": path, "value": value}, {"op": "remove", "path": "/gone"}]
    reasons = [one for each in arguments for one in changed_members(patch, each, lookup)]
    assert [f"{reason.at}: {reason.text}" for reason in reasons] == found


# What every operation has


def of_checks(*names: str) -> list[Rule]:
    return [rule for rule in LATEST.rules if next(iter(rule.check)) in names]


def test_a_schema_that_accepts_leaves_nothing_to_find() -> None:
    for rule in of_checks(*SCHEMAS):
        judged = JudgedRule(rule)
        schema = {"$schema": DIALECT, "allOf": [judged.schema()]}
        accepts = jsonschema_rs.validator_for(schema).is_valid
        for case in (*rule.cases.accepts, *rule.cases.refuses):
            lookup = CaseLookup(case)
            if accepts(lookup.request):
                assert judged.judge(lookup.request, lookup) == [], rule.id
        refused = (CaseLookup(case).request for case in rule.cases.refuses)
        assert not any(map(accepts, refused)), rule.id


def test_no_such_rule_refuses() -> None:
    rules = of_checks(*SCHEMAS)
    assert len(rules) > 300
    assert {rule.severity for rule in rules} == {"warning", "note"}


def test_every_operation_speaks_of_parameters_that_no_document_prints() -> None:
    checked = {rule.operation for rule in of_checks("documented_names", "known_names")}
    assert {operation.id for operation in emulated()} - checked == set()


def test_every_operation_with_a_body_knows_its_members() -> None:
    """But files, JSON Patches, lists of other requests, and a call that reads no body at all."""
    checked = {rule.operation for rule in of_checks("documented_members")}
    silent = {item.id for item in emulated() if item.body in ("object", "any")} - checked
    assert silent == {"flow_service.run_action"}
    assert "/body" in ignored_by("flow_service.run_action")


def test_every_patch_knows_the_members_that_it_changes() -> None:
    checked = {rule.operation for rule in of_checks("changed_members")}
    resources = CONTRACT.resources.by_operation
    patches = {item.id for item in emulated() if item.body == "array"}
    assert checked - patches == {"catalog.patch_dataset", "catalog.patch_batch"}
    assert {id for id in patches - checked if id in resources} == set()


def ignored_by(operation: str) -> dict[str, str]:
    """Return what has no effect in an operation's requests."""
    resource, item = CONTRACT.resources.by_operation[operation]
    return resource.ignored_by(item)


def test_what_has_no_effect_is_documented() -> None:
    for resource, item in CONTRACT.resources.by_operation.values():
        operation = CONTRACT.operations[item.id]
        members = {member.replace("[]", "/*") for member in resource.members_of(item)}
        for pointer, reason in resource.ignored_by(item).items():
            part, *way = pointer_steps(pointer)
            if not way:  # a body that no document prints
                assert resource.members_of(item) == ()
                continue
            assert not reason.endswith(".")
            if part == "query":
                assert way[0] in operation.query, item.id
            else:
                roots = {member.replace(".", "/").split("/")[0] for member in members}
                assert (part, way[0] in roots or not members) == ("body", True), (item.id, pointer)
