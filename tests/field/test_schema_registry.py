"""The registry's field cases: what a document prints or a live client met, and what follows."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

import pytest

from emulator.testing.client import AepClient
from tests.bodies import SCHEMA_REGISTRY
from tests.emulators import aep_for, new_emulator

TENANT = f"{SCHEMA_REGISTRY}/tenant"
SCHEMAS = f"{TENANT}/schemas"
TYPES = f"{TENANT}/datatypes"
XDM = "https://ns.adobe.com/xdm"
PROFILE = f"{XDM}/context/profile"
UNKNOWN_CLASS = f"{XDM}/classes/fsi/not-in-our-library"
RESOLVED = "application/vnd.adobe.xed-full+json; version=1"
RAW = "application/vnd.adobe.xed+json; version=1"
IN_PART = {"acme": {"type": "object", "properties": {"a": {"type": "string"}}}}


@pytest.fixture
def api() -> AepClient:
    return aep_for(new_emulator())


def schema(*references: str, **changes: Any) -> dict[str, Any]:
    parts = [{"$ref": reference} for reference in references or (PROFILE,)]
    return {"type": "object", "title": "A", "allOf": parts, **changes}


def names(rules: list[str]) -> list[str]:
    return [rule.rpartition(".")[2] for rule in rules]


@pytest.mark.parametrize("name", ["schemas", "fieldgroups", "mixins", "classes", "datatypes"])
def test_the_media_type_of_json_patch_is_not_supported(api: AepClient, name: str) -> None:
    """AEP Orchestration Lab, 2026-05-29: 415, in the registry's own envelope."""
    media_type = "application/json-patch+json"
    body = [{"op": "replace", "path": "/title", "value": "B"}]
    answer = api.call("PATCH", f"{TENANT}/{name}/_acme.x", body, Content_Type=media_type)
    assert answer.status == 415
    assert answer.json["detail"] == f"Content-Type '{media_type}' is not supported."
    assert answer.json["report"]["detailed-message"] == answer.json["detail"]
    older = {"x-emulator-edition": "2020-09", "Content-Type": media_type}
    answer = api.call("PATCH", f"{TENANT}/{name}/_acme.x", body, headers=older)
    assert (answer.status, answer.json["title"]) == (400, "BadRequestError")


def test_a_body_that_is_no_json_is_refused_in_the_registrys_envelope(api: AepClient) -> None:
    answer = api.call("POST", SCHEMAS, content=b"{")
    assert (answer.status, "report" in answer.json) == (400, True)


def test_other_services_keep_their_answer_to_a_wrong_media_type(api: AepClient) -> None:
    path = "/data/foundation/catalog/dataSets"
    answer = api.call("POST", path, {"name": "a"}, Content_Type="text/plain")
    assert (answer.status, answer.json["type"]) == (400, "/placeholder/type/uri")


def test_access_control_refuses_when_a_fault_asks_for_it(api: AepClient) -> None:
    """The body that aep-monitor keeps, 2026-08-24."""
    fault = {"kind": "error", "problem": "schema_registry.access_denied"}
    assert api.call("POST", "/_emulator/faults", fault).status < 300
    answer = api.call("GET", SCHEMAS, Accept="application/vnd.adobe.xed-id+json")
    text = "GET access is denied for this resource from access control."
    assert (answer.status, answer.json["detail"]) == (403, text)
    assert answer.json["type"] == "http://ns.adobe.com/aep/errors/XDM-2010-403"
    assert answer.json["title"] == "Permission management access denied"


@pytest.mark.parametrize(
    "fields",
    [
        {"properties": IN_PART},
        {"definitions": {"own": {"properties": IN_PART}}},
    ],
)
def test_own_fields_of_schemas_lie_below_the_tenant_too(
    api: AepClient, fields: dict[str, Any]
) -> None:
    """Troubleshooting guide, XDM-1021: any resource. The sisters had the rule, schemas had not."""
    body = schema(**fields)
    if "definitions" in fields:
        body["allOf"].append({"$ref": "#/definitions/own"})
    answer = api.call("POST", SCHEMAS, body)
    assert (answer.status, names([answer.rule])) == (400, ["fields_are_in_namespace"])
    assert answer.json["type"].endswith("XDM-1021-400")
    id = api.ok("POST", SCHEMAS, schema())["meta:altId"]
    patch = [{"op": "add", "path": "/properties", "value": IN_PART}]
    assert api.call("PATCH", f"{SCHEMAS}/{id}", patch).rule.endswith("fields_stay_in_namespace")
    tenant = "_" + api.ok("GET", f"{SCHEMA_REGISTRY}/stats")["tenantId"]
    inside = {tenant: {"type": "object", "properties": IN_PART}}
    api.ok("PATCH", f"{SCHEMAS}/{id}", [{**patch[0], "value": inside}])


def test_relational_schemas_declare_their_fields_at_the_root(api: AepClient) -> None:
    body = {
        **schema("#/definitions/rows"),
        "definitions": {"rows": {"type": "object", "properties": {"key": {"type": "string"}}}},
        "meta:extends": [f"{XDM}/data/adhoc-v2"],
    }
    assert api.call("POST", SCHEMAS, body).status == 201


def test_a_data_type_may_be_an_array(api: AepClient) -> None:
    """Schema Registry API reference, createDataType: object or array."""
    body = {"title": "Seats", "type": "array", "items": {"type": "string"}}
    made = api.call("POST", TYPES, body)
    assert (made.status, made.json["type"]) == (201, "array")
    assert api.call("POST", TYPES, {"title": "B", "type": "string"}).rule.endswith("type_is_object")
    assert api.call("POST", SCHEMAS, schema(type="array")).rule.endswith("type_is_object")


def test_a_standard_resource_that_our_library_lacks_only_warns(api: AepClient) -> None:
    """It contributes no fields, so no field is taken for missing, and no class for another part."""
    group = f"{XDM}/mixins/not-in-our-library"
    made = api.call("POST", SCHEMAS, schema(PROFILE, group))
    assert (made.status, names(made.warnings)) == (201, ["references_are_known"])
    id = made.json["$id"]
    found = api.ok("GET", f"{SCHEMAS}/{quote_plus(id)}", Accept=RESOLVED)
    assert "x-emulator.unresolved" not in found
    assert found["meta:extends"][0] == group
    descriptor = {
        "@type": "xdm:descriptorIdentity",
        "xdm:sourceSchema": id,
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": "/loyalty/loyaltyID",
        "xdm:namespace": "Email",
        "xdm:property": "xdm:code",
    }
    api.ok("POST", f"{TENANT}/descriptors", descriptor)
    whole = api.ok("POST", SCHEMAS, {**schema(), "title": "Whole"})["$id"]
    answer = api.call("POST", f"{TENANT}/descriptors", {**descriptor, "xdm:sourceSchema": whole})
    assert answer.rule.endswith("property_exists")


def test_a_class_that_our_library_lacks_is_taken_for_one(api: AepClient) -> None:
    made = api.ok("POST", SCHEMAS, schema(UNKNOWN_CLASS, f"{PROFILE}-person-details"))
    assert made["meta:class"] == UNKNOWN_CLASS
    assert made["meta:extends"][-1] == UNKNOWN_CLASS
    group = f"{XDM}/mixins/not-in-our-library"
    body = schema(group, UNKNOWN_CLASS, **{"title": "B", "meta:class": UNKNOWN_CLASS})
    assert api.ok("POST", SCHEMAS, body)["meta:class"] == UNKNOWN_CLASS
    patch = [{"op": "add", "path": "/allOf/-", "value": {"$ref": group}}]
    known = api.ok("POST", SCHEMAS, {**schema(), "title": "C"})["meta:altId"]
    patched = api.call("PATCH", f"{SCHEMAS}/{known}", patch)
    assert (patched.status, names(patched.warnings)) == (200, ["result_raises_no_remark"])


def test_a_reference_to_nothing_of_a_tenants_is_404(api: AepClient) -> None:
    """AEP Orchestration Lab, 2026-05-29: one $ref that leads nowhere, and all of it is 404."""
    id = api.ok("POST", SCHEMAS, schema())["meta:altId"]
    missing = {"$ref": f"https://ns.adobe.com/acme/mixins/{'0' * 32}"}
    patch = [{"op": "add", "path": "/allOf/-", "value": missing}]
    answer = api.call("PATCH", f"{SCHEMAS}/{id}", patch)
    assert (answer.status, answer.json["title"]) == (404, "Resource not found")


def test_names_of_metadata_stand_among_definitions(api: AepClient) -> None:
    """Schema Registry API reference, importExportPayload: meta:xdmType beside customFields."""
    tenant = "<XDM_TENANTID_PLACEHOLDER>"
    fields = {"customerId": {"title": "Customer ID", "type": "string"}}
    own = {f"_{tenant}": {"type": "object", "properties": fields}}
    group = {
        "$id": f"https://ns.adobe.com/{tenant}/mixins/443fe51457047d958f4a97853e64e0ec",
        "meta:resourceType": "mixins",
        "title": "Example field group",
        "type": "object",
        "definitions": {"customFields": {"properties": own}, "meta:xdmType": "object"},
        "allOf": [{"$ref": "#/definitions/customFields"}],
        "meta:intendedToExtend": [],
    }
    (made,) = api.ok("POST", f"{SCHEMA_REGISTRY}/rpc/import", [group])
    found = api.ok("GET", f"{TENANT}/fieldgroups/{made['meta:altId']}", Accept=RESOLVED)
    (name,) = found["properties"]
    assert list(found["properties"][name]["properties"]) == ["customerId"]


@pytest.mark.parametrize("query", ["limit=10", "start=A&limit=2"])
def test_a_limit_without_an_order_is_remarked_on(api: AepClient, query: str) -> None:
    """The API reference forbids it; three clients of 2026 get through."""
    brief = "application/vnd.adobe.xed-id+json"
    answer = api.call("GET", f"{SCHEMAS}?{query}", Accept=brief)
    assert (answer.status, names(answer.warnings)) == (200, ["page_has_an_order"])
    answer = api.call("GET", f"{SCHEMAS}?{query}&orderby=title", Accept=brief)
    assert (answer.status, answer.warnings) == (200, [])
    assert api.call("GET", f"{SCHEMAS}?limit=&start=&orderby=", Accept=brief).warnings == []


def test_to_remove_a_field_that_a_schema_has_is_remarked_on(api: AepClient) -> None:
    """AEP Orchestration Lab, 2026-05-29: XDM-1536; the guides let it until data come."""
    tenant = "_" + api.ok("GET", f"{SCHEMA_REGISTRY}/stats")["tenantId"]
    group = {
        "type": "object",
        "title": "Own",
        "meta:intendedToExtend": [PROFILE],
        "properties": {tenant: {"type": "object", "properties": {"a": {"type": "string"}}}},
    }
    made = api.ok("POST", f"{TENANT}/fieldgroups", group)
    path = f"{TENANT}/fieldgroups/{made['meta:altId']}"
    add = [{"op": "add", "path": f"/properties/{tenant}/properties/b", "value": {"type": "string"}}]
    remove = [{"op": "remove", "path": f"/properties/{tenant}/properties/b"}]
    assert api.call("PATCH", path, add).warnings == []
    assert api.call("PATCH", path, remove).warnings == []
    api.ok("POST", SCHEMAS, schema(PROFILE, made["$id"]))
    assert api.call("PATCH", path, add).warnings == []
    assert names(api.call("PATCH", path, remove).warnings) == ["fields_of_schemas_stay"]


def test_an_update_of_a_data_type_is_not_mixed_either(api: AepClient) -> None:
    """aepp's synchronizer, 2026-08-11: XDM-1406-422 for field groups and data types alike."""
    body = {"type": "object", "title": "T", "properties": IN_PART}
    id = api.ok("POST", TYPES, body)["meta:altId"]
    mixed = {**body, "definitions": {"d": {"properties": {}}}}
    answer = api.call("PUT", f"{TYPES}/{id}", mixed)
    assert names(answer.warnings) == ["update_is_not_mixed"]
    strict = aep_for(new_emulator(enforce="strict"))
    id = strict.ok("POST", TYPES, body)["meta:altId"]
    answer = strict.call("PUT", f"{TYPES}/{id}", mixed)
    assert (answer.status, answer.json["type"][-12:]) == (422, "XDM-1406-422")
