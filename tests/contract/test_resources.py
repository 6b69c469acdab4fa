"""What `resources.json` says of the operations, and what is wrong with one that says otherwise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emulator.contract import load_contract
from emulator.contract.checkup import check_contract
from emulator.contract.files import check_files
from emulator.contract.model import Rule
from emulator.package_data import data_folder

SHIPPED = data_folder("contracts")


def test_an_operation_leads_to_its_resource() -> None:
    resources = load_contract(SHIPPED).resources
    resource, item = resources.by_operation["catalog.get_dataset"]
    assert resource is resources.by_id["catalog.dataset"]
    assert (item.role, item.at, item.shows) == ("get", "/*", "whole")
    assert resource.found_among(item) == ("dataset",)
    assert resource.parameter_of(item) == "id"
    resource, item = resources.by_operation["schema_registry.get_tenant_schema"]
    assert resource.found_among(item) == ("schema", "union")


def test_a_reply_may_speak_of_fewer_kinds_than_the_resource_is_known_by() -> None:
    resource = load_contract(SHIPPED).resources.by_id["sandbox_management.sandbox"]
    kinds = {item.role: resource.kinds_of(item) for item in resource.operations}
    assert kinds["get"] == ("sandbox_entry",)
    assert kinds["delete"] == ("sandbox",)


def test_rule_files_are_called_by_resources_or_by_operations_without_one() -> None:
    contract = load_contract(SHIPPED)
    names = {id.partition(".")[2] for id in contract.resources.by_id}
    without = {"body", "gate", "csv_template", "exchange", "expression", "request", "tag", "token"}
    parts = {"row_expiration", "sample_data"}
    files = {path.stem for path in SHIPPED.glob("*/rules/*.json")}
    assert files <= names | without | parts


RESOURCE = {
    "id": "catalog.thing",
    "noun": "thing",
    "nouns": "things",
    "states": "A thing.",
    "documents": ["catalog-guide"],
    "kind": "thing",
    "operations": [],
}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"documents": ["none"]}, "catalog.thing: unknown document none"),
        ({"part_of": "catalog.none"}, "catalog.thing: it is part of catalog.none"),
        ({"operations": [{"id": "catalog.none", "role": "get"}]}, "unknown operation catalog.none"),
        (
            {"operations": [{"id": "catalog.get_dataset", "role": "get"}]},
            "catalog.get_dataset: it belongs to 2 resources",
        ),
        (
            {"operations": [{"id": "catalog.get_tags", "role": "get"}]},
            "catalog.get_tags: role get: its path has ['tagNamespace'], not id",
        ),
        (
            {"operations": [{"id": "catalog.perform_requests", "role": "list"}]},
            "catalog.perform_requests: role list is not that of a POST",
        ),
        (
            {"operations": [{"id": "catalog.get_tags", "role": "act", "at": "*", "shows": "part"}]},
            "catalog.get_tags: '*' is not a JSON pointer",
        ),
        (
            {"operations": [{"id": "catalog.get_tags", "role": "act", "at": "/a"}]},
            "catalog.get_tags: its reply shows nothing",
        ),
        (
            {"operations": [{"id": "catalog.get_tags", "role": "act", "partial_with": ["a"]}]},
            "catalog.get_tags: a is not a query parameter",
        ),
        (
            {"kind": "", "operations": [{"id": "catalog.get_tags", "role": "act", "shows": "id"}]},
            "catalog.get_tags: its reply shows a resource that has no schema, kind or id member",
        ),
    ],
)
def test_what_does_not_hold_together_is_named(
    tmp_path: Path, change: dict[str, Any], complaint: str
) -> None:
    write(tmp_path, {"resources": [{**RESOURCE, **change}]})
    assert list(check_files(tmp_path)) == []
    assert any(complaint in said for said in check_contract(load_contract(SHIPPED, tmp_path)))


def test_an_emulated_operation_without_a_resource_is_named(tmp_path: Path) -> None:
    operation = {
        "id": "house.look",
        "method": "GET",
        "path": "/look",
        "states": "Look.",
        "documents": ["aep-emulator"],
        "response": "catalog.tags",
    }
    head = {"service": "house", "basePath": "/house", "operations": [operation]}
    write(tmp_path, head, "operations.json")
    (said,) = check_contract(load_contract(SHIPPED, tmp_path))
    assert said.startswith("house.look: it belongs to no resource")
    write(tmp_path, {"resources": [], "without": {"house.look": "A look at everything."}})
    assert list(check_contract(load_contract(SHIPPED, tmp_path))) == []
    write(tmp_path, {"resources": [], "without": {"house.look": "", "house.none": "Gone."}})
    (said,) = check_contract(load_contract(SHIPPED, tmp_path))
    assert said.startswith("house.none: unknown operation")


def test_with_an_overlay_no_shipped_rule_is_examined_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    examined = []

    def examine(rule: Rule) -> list[str]:
        examined.append(rule.id)
        return []

    monkeypatch.setattr("emulator.contract.checkup.failing_cases", examine)
    write(tmp_path, {"resources": []})
    assert list(check_contract(load_contract(SHIPPED, tmp_path))) == []
    assert examined == []
    shipped = load_contract(SHIPPED)
    assert list(check_contract(shipped)) == []
    assert examined == list(shipped.rules)


def test_a_file_of_another_form_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"resources": [{**RESOURCE, "size": 1}]})
    (said,) = check_files(tmp_path)
    assert "catalog.thing" in said
    assert "size" in said
    write(tmp_path, {"without": {}})
    (said,) = check_files(tmp_path)
    assert "resources" in said


def write(folder: Path, content: Any, name: str = "resources.json") -> None:
    path = folder / "house" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
