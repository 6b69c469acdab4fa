"""The OpenAPI documents are valid, whole and those of their edition."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from emulator.contract import Contract
from emulator.export.openapi import openapi

SERVICES = (
    "batch_ingestion catalog connectors data_access data_prep dataset_service flow_service ims "
    "sandbox_management schema_registry"
).split()


@cache
def document(contract: Contract, service: str, edition: str = "latest") -> Any:
    return json.loads(json.dumps(openapi(contract, contract.edition(edition), service)))


def operations(made: Any) -> dict[str, Any]:
    found = [item for path in made["paths"].values() for item in path.values()]
    return {item["operationId"]: item for item in found}


def test_every_service_is_here(contract: Contract) -> None:
    assert set(SERVICES) <= set(contract.services)


@pytest.mark.parametrize("service", SERVICES)
def test_it_is_valid(contract: Contract, service: str) -> None:
    made = document(contract, service)
    assert list(OpenAPIV31SpecValidator(made).iter_errors()) == []


def test_it_has_every_operation_under_every_path(contract: Contract) -> None:
    for service in contract.services:
        made = document(contract, service)
        own = [item for item in contract.operations.values() if item.service == service]
        for operation in own:
            for path in (operation.path, *filter(None, operation.aliases)):
                item = made["paths"][re.sub(r"\*\}", "}", path)]
                assert item[operation.method.lower()]["summary"] == operation.states
        listed = [item for item in operations(made).values() if "x-alias" not in item]
        assert {item["operationId"] for item in listed} == {item.id for item in own}


def test_every_rule_is_named(contract: Contract) -> None:
    edition = contract.edition("2020-09")
    for service in contract.services:
        for id, item in operations(document(contract, service, "2020-09")).items():
            if "x-alias" not in item:
                named = [rule["id"] for rule in item["x-rules"]]
                assert named == [rule.id for rule in edition.rules_of(id)]
                assert all(str(rule["status"]) in item["responses"] for rule in item["x-rules"])


def test_editions_differ_in_envelopes_and_rules(contract: Contract) -> None:
    now, then = (
        operations(document(contract, "flow_service", name))["flow_service.create_flow"]
        for name in ("latest", "2020-09")
    )
    assert "error.coded" in json.dumps(now["responses"]["404"])
    assert "error.coded" not in json.dumps(then["responses"])
    assert "error.classic" in json.dumps(then["responses"])
    assert now["x-rules"] != then["x-rules"]


def parameter(item: Any, name: str) -> Any:
    (found,) = (each for each in item["parameters"] if each["name"] == name)
    return found


def test_headers_of_the_gate_are_asked_for(contract: Contract) -> None:
    flows = operations(document(contract, "flow_service"))
    create = flows["flow_service.create_flow"]
    assert "required" not in parameter(create, "x-sandbox-name")  # a warning does not require it
    assert parameter(create, "x-gw-ims-org-id")["required"] is True
    assert parameter(create, "x-gw-ims-org-id")["in"] == "header"
    assert create["security"] == [{"accessToken": [], "apiKey": []}]
    sandboxes = operations(document(contract, "sandbox_management"))
    names = [each["name"] for each in sandboxes["sandbox_management.list_sandboxes"]["parameters"]]
    assert "x-gw-ims-org-id" in names
    assert "x-sandbox-name" not in names
    for item in operations(document(contract, "ims")).values():
        assert item["security"] == []
        assert all(each["in"] != "header" for each in item["parameters"])


def test_parameters_are_typed(contract: Contract) -> None:
    schemas = operations(document(contract, "schema_registry"))
    listing = schemas["schema_registry.list_tenant_schemas"]
    assert parameter(listing, "limit")["schema"] == {
        "type": "integer",
        "minimum": 0,
        "maximum": 500,
    }
    assert parameter(listing, "property")["schema"]["type"] == "array"
    assert parameter(listing, "accept")["required"] is True
    zones = operations(document(contract, "connectors"))
    assert parameter(zones["connectors.get_landing_zone"], "type")["required"] is True
    assert "required" not in parameter(listing, "limit")


def test_bodies_have_schemas(contract: Contract) -> None:
    made = operations(document(contract, "schema_registry"))["schema_registry.create_schema"]
    assert made["requestBody"]["required"] is True
    schema = made["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["title", "allOf"]
    assert schema["properties"]["title"] == {"type": "string", "minLength": 1}
    patch = operations(document(contract, "flow_service"))["flow_service.update_flow"]
    assert set(patch["requestBody"]["content"]) == {
        "application/json",
        "application/json-patch+json",
    }


def test_what_is_not_emulated_answers_501_alone(contract: Contract) -> None:
    not_emulated = [item for item in contract.operations.values() if not item.emulated]
    assert not_emulated
    for operation in not_emulated:
        made = operations(document(contract, operation.service))[operation.id]
        assert set(made["responses"]) == {"400", "501"}
        assert operation.reason in made["description"]


def test_references_lead_somewhere(contract: Contract) -> None:
    for service in contract.services:
        made = document(contract, service)
        text = json.dumps(made["paths"]) + json.dumps(made["components"]["schemas"])
        named = set(re.findall(r'"\$ref": "(#[^"]*)"', text))
        known = {f"#/components/schemas/{name}" for name in made["components"]["schemas"]}
        assert named <= known
