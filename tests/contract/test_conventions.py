"""Conventions become rules for the resources that follow their forms, in overlays too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emulator.contract import Contract, ContractError, load_contract
from emulator.contract.cases import failing_cases
from emulator.contract.checkup import check_contract
from emulator.contract.files import check_files
from emulator.contract.resource_checkup import FEWEST_SERVED
from emulator.package_data import data_folder

SHIPPED = data_folder("contracts")
DOCUMENT = {
    "id": "ticket-guide",
    "title": "Tickets",
    "publisher": "The data team",
    "date": "2026-01",
    "kind": "house",
}


def operation(name: str, method: str, path: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"tickets.{name}",
        "method": method,
        "path": path,
        "states": f"{name}.",
        "documents": ["ticket-guide"],
        "response": "catalog.tags",
        **more,
    }


OPERATIONS = [
    operation("list_tickets", "GET", "/tickets"),
    operation("create_ticket", "POST", "/tickets", body="object"),
    operation("get_ticket", "GET", "/tickets/{ticketId}"),
    operation("replace_ticket", "PUT", "/tickets/{ticketId}", body="object"),
    operation("delete_ticket", "DELETE", "/tickets/{ticketId}"),
]
TICKET: dict[str, Any] = {
    "id": "tickets.ticket",
    "noun": "ticket",
    "nouns": "tickets",
    "states": "A wish for access to a data set.",
    "documents": ["ticket-guide"],
    "kind": "ticket",
    "parameter": "ticketId",
    "etag": ["etag"],
    "follows": ["identified", "versioned", "object_body"],
    "operations": [
        {"id": f"tickets.{role}_ticket{'s' * (role == 'list')}", "role": role}
        for role in ("list", "create", "get", "replace", "delete")
    ],
}
PROBLEMS = [
    {
        "id": f"tickets.{name}",
        "status": status,
        "title": "",
        "detail": "{reason}",
        "documents": ["ticket-guide"],
        "evidence": "stated",
        "envelope": "gateway",
    }
    for name, status in (("not_found", 404), ("bad_request", 400), ("precondition_failed", 412))
]


def overlaid(folder: Path, resource: dict[str, Any], **files: Any) -> Contract:
    """Return the contract with an overlay that brings a service of its own."""
    service = folder / "tickets"
    service.mkdir()
    head = {"service": "tickets", "basePath": "/tickets", "operations": OPERATIONS}
    contents = {
        folder / "documents.json": [DOCUMENT],
        service / "operations.json": head,
        service / "resources.json": {"resources": [resource]},
        service / "errors.json": PROBLEMS,
        **{service / f"{name}.json": content for name, content in files.items()},
    }
    for path, content in contents.items():
        path.write_text(json.dumps(content), encoding="utf-8")
    assert list(check_files(folder)) == []
    return load_contract(SHIPPED, folder)


def test_a_resource_of_an_overlay_gets_the_rules_of_its_forms(tmp_path: Path) -> None:
    contract = overlaid(tmp_path, TICKET)
    assert list(check_contract(contract)) == []
    in_force = {
        id: [rule.id.removeprefix(f"{id}.") for rule in contract.edition("latest").rules_of(id)]
        for id in contract.resources.by_operation
        if id.startswith("tickets.")
    }
    always = "parameters_are_documented"
    assert in_force == {
        "tickets.list_tickets": [always],
        "tickets.create_ticket": ["body_is_an_object", always],
        "tickets.get_ticket": ["id_is_known", always],
        "tickets.replace_ticket": [
            *("id_is_known", "if_match_is_current", "body_is_an_object"),
            always,
        ],
        "tickets.delete_ticket": ["id_is_known", always],
    }
    assert contract.house_rules == {f"{id}.{name}" for id in in_force for name in in_force[id]}


def test_its_rules_are_ordinary_ones_with_its_words_and_documents(tmp_path: Path) -> None:
    contract = overlaid(tmp_path, TICKET)
    rule = contract.rules["tickets.get_ticket.id_is_known"]
    assert rule.states == "The ticket exists."
    assert rule.documents == ("ticket-guide",)
    assert (rule.at, rule.check) == ("/path/ticketId", {"refers_to": {"kind": "ticket"}})
    assert rule.problem == "tickets.not_found"
    assert rule.cases.refuses == ({"path": {"ticketId": "a"}},)
    assert list(failing_cases(rule)) == []


def test_what_a_resource_says_otherwise_is_otherwise(tmp_path: Path) -> None:
    replace, delete = TICKET["operations"][3:]
    resource = {
        **TICKET,
        "values": {"not_found": "platform.unknown_path"},
        "differs": {"id_is_known": {"states": "There is such a ticket."}},
        "operations": [
            *TICKET["operations"][:3],
            {**replace, "differs": {"body_is_an_object": {"before": "id_is_known"}}},
            {**delete, "differs": {"id_is_known": None}},
        ],
    }
    contract = overlaid(tmp_path, resource)
    assert list(check_contract(contract)) == []
    known = contract.rules["tickets.get_ticket.id_is_known"]
    assert (known.states, known.problem) == ("There is such a ticket.", "platform.unknown_path")
    first = contract.edition("latest").rules_of("tickets.replace_ticket")[0]
    assert first.id == "tickets.replace_ticket.body_is_an_object"
    assert "tickets.delete_ticket.id_is_known" not in contract.rules


def test_an_overlay_may_bring_a_convention_for_shipped_resources(tmp_path: Path) -> None:
    convention = {
        "name": "name_is_short",
        "form": "entity",
        "roles": ["create"],
        "topic": "house-name",
        "states": "The name of a {noun} is short.",
        "demands": {"ticket-guide": "Names"},
        "severity": "error",
        "at": "/body/name",
        "check": {"schema": {"maxLength": 5}},
        "problem": "tickets.bad_request",
        "cases": {
            "accepts": [{"body": {"name": "a"}}],
            "refuses": [{"body": {"name": "{kind}, {kind}"}}],
        },
    }
    flow_service = tmp_path / "flow_service"
    flow_service.mkdir()
    (flow_service / "conventions.json").write_text(json.dumps([convention]), encoding="utf-8")
    contract = overlaid(tmp_path, TICKET)
    assert list(check_contract(contract)) == []
    rule = contract.rules["flow_service.create_flow.name_is_short"]
    assert rule.states == "The name of a flow is short."
    assert rule.cases.refuses == ({"body": {"name": "flow, flow"}},)
    assert contract.edition("latest").rules_of("flow_service.create_flow")[-1] is rule


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"follows": ["identified", "old"]}, "tickets.ticket: no convention is for the form old"),
        ({"differs": {"none": {}}}, "tickets.ticket: no convention is called none"),
    ],
)
def test_what_names_no_convention_is_told(
    tmp_path: Path, change: dict[str, Any], complaint: str
) -> None:
    contract = overlaid(tmp_path, {**TICKET, **change})
    assert any(complaint in said for said in check_contract(contract))


def test_what_no_rule_has_cannot_differ(tmp_path: Path) -> None:
    contract = overlaid(tmp_path, {**TICKET, "differs": {"id_is_known": {"size": 1}}})
    with pytest.raises(ContractError, match=r"tickets.get_ticket.id_is_known: .*size"):
        list(check_contract(contract))


def test_a_convention_for_few_resources_is_told(tmp_path: Path) -> None:
    convention = {
        "name": "name_is_known",
        "topic": "name",
        "states": "The {noun} has a {colour} name.",
        "demands": "Names",
        "severity": "error",
        "check": {"nothing": {}},
        "problem": "tickets.bad_request",
        "roles": ["create"],
    }
    contract = overlaid(tmp_path, TICKET, conventions=[convention])
    said = list(check_contract(contract))
    assert any("convention name_is_known: it serves 1 resources" in text for text in said)
    assert any("convention name_is_known needs colour in its `values`" in text for text in said)


def test_no_shipped_convention_is_for_less_than_three_resources() -> None:
    contract = load_contract(SHIPPED)
    assert contract.rules
    served = {template.convention.name: len(template.served) for template in contract.templates}
    assert min(served.values()) >= FEWEST_SERVED == 3
