"""The Schema Registry over HTTP: what it answers, what it refuses, and what stays as it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from emulator.clock import ManualClock
from emulator.emulator import Emulator
from emulator.json_types import JsonObject
from emulator.sandbox import Sandbox
from emulator.scope import Scope
from emulator.services.schema_registry.listing import page_of
from emulator.services.schema_registry.service import SchemaRegistry
from emulator.testing.client import AepClient, Response
from emulator.xdm.paths import field_at, parse_path
from emulator.xdm.resolution import Resolver
from tests.bodies import CATALOG, ORGANIZATION, SCHEMA_REGISTRY, dataset
from tests.emulators import aep_for, new_emulator

XDM = "https://ns.adobe.com/xdm"
PROFILE = f"{XDM}/context/profile"
EVENT = f"{XDM}/context/experienceevent"
DETAILS = f"{PROFILE}-person-details"
CONTACT = f"{PROFILE}-personal-details"
IDENTITY_MAP = f"{XDM}/context/identitymap"
PERSON = f"{XDM}/context/person"
RECORD = f"{XDM}/data/record"
ADHOC = f"{XDM}/data/adhoc"
RELATIONAL = f"{XDM}/data/adhoc-v2"
NOBODYS = "https://ns.adobe.com/acme/mixins/0123456789abcdef0123456789abcdef"
"""An id of a tenant's that names nothing."""
SCHEMAS = f"{SCHEMA_REGISTRY}/tenant/schemas"
CLASSES = f"{SCHEMA_REGISTRY}/tenant/classes"
GROUPS = f"{SCHEMA_REGISTRY}/tenant/fieldgroups"
TYPES = f"{SCHEMA_REGISTRY}/tenant/datatypes"

VENDOR = "application/vnd.adobe."
BRIEF = f"{VENDOR}xed-id+json"
BODIES = f"{VENDOR}xed+json"
RAW = f"{VENDOR}xed+json; version=1"
FULL = f"{VENDOR}xed-full+json; version=1"
PLAIN = f"{VENDOR}xed-full-notext+json; version=1"

TUTORIALS = {
    "2020-03": {
        "type": "object",
        "title": "Target schema for cloud storage source connector",
        "description": "",
        "allOf": [{"$ref": PROFILE}, {"$ref": DETAILS}, {"$ref": CONTACT}],
        "meta:containerId": "tenant",
        "meta:resourceType": "schemas",
        "meta:xdmType": "object",
        "meta:class": PROFILE,
    },
    "2020-09": {
        "type": "object",
        "title": "Target schema for a Cloud Storage connector",
        "description": "Target schema for a Cloud Storage connector",
        "allOf": [{"$ref": PROFILE}, {"$ref": DETAILS}, {"$ref": CONTACT}, {"$ref": CONTACT}],
        "meta:containerId": "tenant",
        "meta:resourceType": "schemas",
        "meta:xdmType": "object",
        "meta:class": PROFILE,
    },
}
"""The requests of both versions of the tutorial, as they are printed."""

ADHOC_CLASS = {
    "title": "Ad-hoc class",
    "description": "Columns of data.csv",
    "type": "object",
    "allOf": [
        {"$ref": ADHOC},
        {
            "properties": {
                "_adhoc": {
                    "type": "object",
                    "properties": {"field1": {"type": "string"}, "field2": {"type": "string"}},
                }
            }
        },
    ],
}


@pytest.fixture(scope="module")
def shared() -> Iterator[Emulator]:
    emulator = new_emulator()
    yield emulator
    emulator.close()


@pytest.fixture
def emulator(shared: Emulator) -> Emulator:
    """Return an emulator without state: building one takes longer than most tests."""
    shared.platform.store.erase()
    return shared


@pytest.fixture
def aep(emulator: Emulator) -> AepClient:
    return aep_for(emulator)


def schema(title: str = "Leads", *parts: str, **changes: Any) -> dict[str, Any]:
    references = parts or (PROFILE, DETAILS, CONTACT)
    composed = [{"$ref": reference} for reference in references]
    return {"type": "object", "title": title, "allOf": composed, **changes}


def namespace(aep: AepClient) -> str:
    return "_" + str(aep.ok("GET", f"{SCHEMA_REGISTRY}/stats")["tenantId"])


def own(aep: AepClient, **fields: Any) -> dict[str, Any]:
    """Return root properties in the tenant's object."""
    return {namespace(aep): {"type": "object", "properties": fields}}


def field_group(aep: AepClient, title: str = "Tier", **changes: Any) -> dict[str, Any]:
    tier = {"title": "Tier", "type": "string", "enum": ["gold", "silver"]}
    return {
        "type": "object",
        "title": title,
        "meta:intendedToExtend": [PROFILE],
        "definitions": {"tier": {"properties": own(aep, tier=tier)}},
        "allOf": [{"$ref": "#/definitions/tier"}],
        **changes,
    }


def data_type(title: str = "A", **fields: Any) -> dict[str, Any]:
    return {"type": "object", "title": title, "properties": fields}


def everything(aep: AepClient) -> list[Any]:
    """Return all that the tenant has, for comparing before and after."""
    return [
        aep.ok("GET", f"{SCHEMA_REGISTRY}/tenant/{name}", Accept=BODIES)["results"]
        for name in ("schemas", "classes", "fieldgroups", "datatypes")
    ]


def get(aep: AepClient, id: str, accept: str = RAW, kind: str = "schemas", **headers: str) -> Any:
    path = f"{SCHEMA_REGISTRY}/tenant/{kind}/{quote_plus(id)}"
    return aep.ok("GET", path, Accept=accept, headers=headers)


def refused(answer: Response, status: int, code: str, rule: str) -> Any:
    """Assert today's refusal and return its body."""
    body = answer.json
    assert (answer.status, answer.rule.rpartition(".")[2]) == (status, rule), answer.content
    assert body["type"] == f"http://ns.adobe.com/aep/errors/{code}-{status}"
    assert body["status"] == status
    assert body["detail"] == body["report"]["detailed-message"]
    return body


def refused_in_2020(answer: Response, status: int, title: str, rule: str) -> Any:
    """Assert a refusal of 2020 and return its body."""
    body = answer.json
    assert (answer.status, answer.rule.rpartition(".")[2]) == (status, rule), answer.content
    assert list(body) == ["type", "status", "title", "detail"]
    assert (body["type"], body["title"]) == ("/placeholder/type/uri", title)
    return body


# The tutorials


@pytest.mark.parametrize("tutorial", list(TUTORIALS))
@pytest.mark.parametrize("edition", ["2020-03", "2020-09", "latest"])
def test_both_tutorials_are_accepted_in_every_edition(
    aep: AepClient, tutorial: str, edition: str
) -> None:
    answer = aep.call("POST", SCHEMAS, TUTORIALS[tutorial], x_emulator_edition=edition)
    assert (answer.status, answer.warnings) == (201, [])


def test_the_older_tutorials_response(aep: AepClient) -> None:
    made = aep.ok("POST", SCHEMAS, TUTORIALS["2020-03"], x_emulator_edition="2020-03")
    tenant = namespace(aep)[1:]
    digits = made["$id"].rpartition("/")[2]
    assert len(digits) == 32
    assert len(made["meta:registryMetadata"].pop("eTag")) == 28
    assert made == {
        "$id": f"https://ns.adobe.com/{tenant}/schemas/{digits}",
        "meta:altId": f"{tenant}.schemas.{digits}",
        "meta:resourceType": "schemas",
        "version": "1.0",
        "title": "Target schema for cloud storage source connector",
        "description": "",
        "type": "object",
        "allOf": [{"$ref": PROFILE}, {"$ref": DETAILS}, {"$ref": CONTACT}],
        "meta:xdmType": "object",
        "meta:class": PROFILE,
        "meta:abstract": False,
        "meta:extensible": False,
        "meta:extends": [PROFILE, DETAILS, CONTACT],
        "meta:containerId": "tenant",
        "meta:registryMetadata": {},
    }
    assert list(made)[:7] == [
        "$id",
        "meta:altId",
        "meta:resourceType",
        "version",
        "title",
        "description",
        "type",
    ]


def test_the_newer_tutorials_response(aep: AepClient) -> None:
    made = aep.ok("POST", SCHEMAS, TUTORIALS["2020-09"], x_emulator_edition="2020-09")
    tenant = namespace(aep)[1:]
    digits = made["$id"].rpartition("/")[2]
    metadata = made.pop("meta:registryMetadata")
    assert len(digits) == 48
    assert len(metadata["eTag"]) == 64
    assert metadata["repo:createdDate"] == metadata["repo:lastModifiedDate"] == 1_600_000_000_000
    assert metadata["xdm:createdClientId"] == "test-client"
    member = {"type": "object", "meta:xdmType": "object"}
    assert made == {
        "$id": f"https://ns.adobe.com/{tenant}/schemas/{digits}",
        "meta:altId": f"_{tenant}.schemas.{digits}",
        "meta:resourceType": "schemas",
        "version": "1.0",
        "title": "Target schema for a Cloud Storage connector",
        "type": "object",
        "description": "Target schema for a Cloud Storage connector",
        "allOf": [{"$ref": id, **member} for id in (PROFILE, DETAILS, CONTACT)],
        "refs": [DETAILS, CONTACT, PROFILE],
        "imsOrg": ORGANIZATION,
        "meta:extensible": False,
        "meta:abstract": False,
        "meta:extends": [DETAILS, CONTACT, f"{XDM}/common/auditable", RECORD, PROFILE],
        "meta:xdmType": "object",
        "meta:class": PROFILE,
        "meta:containerId": "tenant",
        "meta:tenantNamespace": tenant,
    }


def test_todays_response_adds_the_sandbox(aep: AepClient) -> None:
    made = aep.ok("POST", SCHEMAS, TUTORIALS["2020-09"])
    assert made["meta:sandboxType"] == "production"
    assert made["meta:tenantNamespace"] == namespace(aep)
    assert "status" not in made


# Ids


def test_every_spelling_of_an_id_finds_the_resource(aep: AepClient) -> None:
    made = aep.ok("POST", SCHEMAS, schema())
    id, alternative = made["$id"], made["meta:altId"]
    spellings = [id, quote_plus(id), quote(id, safe=""), id.replace("://", ":/")]
    spellings += [alternative, alternative[1:], alternative + "/", quote_plus(id) + "/"]
    for spelling in spellings:
        found = aep.ok("GET", f"{SCHEMAS}/{spelling}", Accept=RAW)
        assert found["$id"] == id, spelling


def test_a_tenant_lookup_falls_back_to_the_platforms_resources(aep: AepClient) -> None:
    assert get(aep, DETAILS, kind="fieldgroups")["meta:resourceType"] == "mixins"
    assert get(aep, DETAILS, kind="mixins")["$id"] == DETAILS
    assert get(aep, PERSON, kind="datatypes")["$id"] == PERSON
    assert get(aep, "_xdm.context.profile", kind="classes")["$id"] == PROFILE
    assert get(aep, "xdm.context.profile", kind="classes")["$id"] == PROFILE


def test_what_a_client_sends_for_assigned_members_is_passed_over(aep: AepClient) -> None:
    sent = schema(
        "Leads",
        **{
            "$id": f"https://ns.adobe.com/elsewhere/schemas/{'0' * 48}",
            "meta:altId": "_elsewhere.schemas.0",
            "version": "7.0",
            "imsOrg": "B@AdobeOrg",
            "meta:registryMetadata": {"eTag": "x"},
        },
    )
    made = aep.ok("POST", SCHEMAS, sent)
    assert namespace(aep)[1:] in made["$id"]
    assert (made["version"], made["imsOrg"]) == ("1.0", ORGANIZATION)


def test_meta_class_is_computed(aep: AepClient) -> None:
    assert aep.ok("POST", SCHEMAS, schema())["meta:class"] == PROFILE


# Accept

ACCEPT_OF_LISTS = [
    ({}, "accept_is_sent", 406, "NotAcceptableError"),
    ({"Accept": "*/*"}, "accept_is_sent", 406, "NotAcceptableError"),
    ({"Accept": "application/json"}, "accept_is_known", 406, "NotAcceptableError"),
    ({"Accept": "xed+json"}, "accept_is_known", 406, "NotAcceptableError"),
]
ACCEPT_OF_LOOKUPS = [
    ({}, "accept_is_sent", 406, "NotAcceptableError"),
    ({"Accept": "*/*"}, "accept_is_sent", 406, "NotAcceptableError"),
    ({"Accept": "text/html"}, "accept_is_known", 406, "NotAcceptableError"),
]
CONTAINERS = [
    f"{container}/{name}"
    for container in ("global", "tenant")
    for name in ("schemas", "classes", "fieldgroups", "mixins", "datatypes")
]


@pytest.mark.parametrize("place", [*CONTAINERS, "global/behaviors"])
@pytest.mark.parametrize(("headers", "rule", "status", "title"), ACCEPT_OF_LISTS)
def test_lists_refuse_a_wrong_accept(
    aep: AepClient, place: str, headers: dict[str, Any], rule: str, status: int, title: str
) -> None:
    path = f"{SCHEMA_REGISTRY}/{place}"
    body = refused(aep.call("GET", path, headers=headers), 400, "XDM-1006", rule)
    assert body["title"] == "Accept header invalid"
    assert body["detail"].endswith("should look like application/vnd.adobe.{xed|xdm}+json")
    assert headers.get("Accept", "*/*") in body["detail"]
    older = aep.call("GET", path, x_emulator_edition="2020-03", headers=headers)
    refused_in_2020(older, status, title, rule)


@pytest.mark.parametrize("place", [*CONTAINERS, "global/behaviors"])
@pytest.mark.parametrize(("headers", "rule", "status", "title"), ACCEPT_OF_LOOKUPS)
def test_lookups_refuse_a_wrong_accept(
    aep: AepClient, place: str, headers: dict[str, Any], rule: str, status: int, title: str
) -> None:
    path = f"{SCHEMA_REGISTRY}/{place}/_xdm.context.profile"
    body = refused(aep.call("GET", path, headers=headers), 400, "XDM-1007", rule)
    assert body["detail"].endswith("+json; version=1 (Version should be specified)")
    older = aep.call("GET", path, x_emulator_edition="2020-09", headers=headers)
    refused_in_2020(older, status, title, rule)


@pytest.mark.parametrize(
    ("path", "accept", "rule"),
    [
        ("tenant/schemas?limit=10", f"{VENDOR}xed+json;version=1", "accept_has_no_version"),
        ("global/behaviors", RAW, "accept_has_no_version"),
        ("global/classes/_xdm.context.profile", BODIES, "accept_has_a_version"),
        ("tenant/fieldgroups/_xdm.context.profile-person-details", BRIEF, "accept_has_a_version"),
    ],
)
def test_a_version_in_accept_is_remarked_on_where_documents_and_clients_disagree(
    aep: AepClient, path: str, accept: str, rule: str
) -> None:
    """Every error page refuses these; guides print them, and clients of 2026 get through."""
    path = f"{SCHEMA_REGISTRY}/{path}"
    answer = aep.call("GET", path, Accept=accept)
    assert (answer.status, answer.warnings[-1].rpartition(".")[2]) in [
        (200, rule),
        (200, "page_has_an_order"),
    ]
    assert rule in " ".join(answer.warnings)
    older = aep.call("GET", path, Accept=accept, x_emulator_edition="2020-09")
    refused_in_2020(older, 400, "BadRequestError", rule)
    strict = aep_for(new_emulator(enforce="strict"))
    code = "XDM-1006" if rule == "accept_has_no_version" else "XDM-1007"
    refused(strict.call("GET", path, Accept=accept), 400, code, rule)


def test_there_is_one_major_version(aep: AepClient) -> None:
    path = f"{SCHEMA_REGISTRY}/global/classes/_xdm.context.profile"
    for version in ("1", "1.0", "1.3"):
        for space in ("", " "):
            aep.ok("GET", path, Accept=f"{VENDOR}xed+json;{space}version={version}")
    answer = aep.call("GET", path, Accept=f"{VENDOR}xed+json; version=2")
    refused(answer, 406, "XDM-1901", "version_is_available")


@pytest.mark.parametrize("name", ["xed", "xdm", "xed-notext", "xed-full", "xdm-full", "xed-id"])
def test_every_form_of_a_lookup_and_of_a_list(aep: AepClient, name: str) -> None:
    id = aep.ok("POST", SCHEMAS, schema())["$id"]
    found = get(aep, id, f"{VENDOR}{name}+json; version=1")
    listed = aep.ok("GET", SCHEMAS, Accept=f"{VENDOR}{name}+json")["results"]
    assert listed == [found]


def test_a_deprecatefield_lookup_is_resolved(aep: AepClient) -> None:
    id = aep.ok("POST", SCHEMAS, schema())["$id"]
    found = get(aep, id, f"{VENDOR}xed-deprecatefield+json; version=1")
    assert found == get(aep, id, FULL)
    assert get(aep, id, f"{VENDOR}xed-full-desc+json; version=1")["meta:descriptors"] == []


# Resolution


def test_the_tutorials_schema_resolves_to_its_fields(aep: AepClient) -> None:
    id = aep.ok("POST", SCHEMAS, TUTORIALS["2020-09"])["$id"]
    found = get(aep, id, FULL)
    assert not {"allOf", "definitions", "refs"} & set(found)
    for path in (
        "_id",
        "person.name.firstName",
        "person.name.lastName",
        "mobilePhone.number",
        "personalEmail.address",
        "_repo.createDate",
        "repositoryCreatedBy",
    ):
        field, missing = field_at(found, parse_path(path) or [])
        assert field is not None, missing
        assert field["type"] == "string"
    phone = found["properties"]["mobilePhone"]
    assert phone["meta:referencedFrom"] == f"{XDM}/context/phonenumber"
    assert (phone["type"], phone["meta:xdmType"]) == ("object", "object")
    assert (phone["title"], phone["meta:xdmField"]) == ("Mobile phone", "xdm:mobilePhone")
    assert "$ref" not in json.dumps(found["properties"])
    assert found["meta:class"] == PROFILE


def test_no_text_remains_without_texts_but_fields_named_title_do(aep: AepClient) -> None:
    fields = {"title": {"title": "Title", "description": "Of a book", "type": "string"}}
    body = {"type": "object", "title": "Book", "description": "B", "properties": fields}
    made = aep.ok("POST", TYPES, body)
    for accept in (PLAIN, f"{VENDOR}xed-notext+json; version=1"):
        found = get(aep, made["$id"], accept, "datatypes")
        assert "title" not in found
        assert "description" not in found
        assert found["properties"]["title"] == {"type": "string", "meta:xdmType": "string"}


def test_standard_names(aep: AepClient) -> None:
    id = aep.ok("POST", SCHEMAS, schema())["$id"]
    fields = get(aep, id, f"{VENDOR}xdm-full+json; version=1")["properties"]
    assert {"@id", "repo:createDate", "xdm:person", "xdm:mobilePhone"} <= set(fields)
    name = fields["xdm:person"]["properties"]["xdm:name"]["properties"]
    assert "xdm:firstName" in name


def test_maps_lists_and_groups_of_one_object_resolve(aep: AepClient) -> None:
    seat = aep.ok(
        "POST",
        TYPES,
        {"type": "object", "title": "Seat", "properties": {"row": {"type": "integer"}}},
    )["$id"]
    seats = {"type": "array", "items": {"$ref": seat}}
    one = aep.ok("POST", GROUPS, field_group(aep))["$id"]
    two = aep.ok(
        "POST",
        GROUPS,
        {
            "title": "Seats",
            "meta:intendedToExtend": [PROFILE],
            "properties": own(aep, seats=seats, seat={"$ref": seat}),
        },
    )["$id"]
    id = aep.ok("POST", SCHEMAS, schema("Flyers", PROFILE, one, two, IDENTITY_MAP))["$id"]
    fields = get(aep, id, FULL)["properties"]
    mine = fields[namespace(aep)]["properties"]
    assert list(mine) == ["tier", "seats", "seat"]
    assert mine["seats"]["items"]["meta:referencedFrom"] == seat
    assert mine["seats"]["items"]["properties"]["row"]["meta:xdmType"] == "int"
    assert mine["seat"]["meta:referencedFrom"] == seat
    assert mine["tier"]["enum"] == ["gold", "silver"]
    identities = fields["identityMap"]
    assert identities["meta:xdmType"] == "map"
    assert "id" in identities["additionalProperties"]["items"]["properties"]


def test_a_change_of_a_data_type_shows_in_the_schema(aep: AepClient) -> None:
    body = {"type": "object", "title": "Seat", "properties": {"row": {"type": "integer"}}}
    seat = aep.ok("POST", TYPES, body)
    group = aep.ok(
        "POST",
        GROUPS,
        {
            "title": "Seats",
            "meta:intendedToExtend": [PROFILE],
            "properties": own(aep, seat={"$ref": seat["$id"]}),
        },
    )
    id = aep.ok("POST", SCHEMAS, schema("Flyers", PROFILE, group["$id"]))["$id"]
    before = get(aep, id, FULL)
    patch = [{"op": "add", "path": "/properties/letter", "value": {"type": "string"}}]
    aep.ok("PATCH", f"{TYPES}/{seat['meta:altId']}", patch)
    after = get(aep, id, FULL)
    assert before != after
    assert "letter" in after["properties"][namespace(aep)]["properties"]["seat"]["properties"]


def test_a_reset_forgets_resolved_forms(emulator: Emulator, aep: AepClient) -> None:
    first = aep.ok("POST", SCHEMAS, schema("Leads", PROFILE, DETAILS))["$id"]
    assert "person" in get(aep, first, FULL)["properties"]
    assert aep.call("POST", "/_emulator/reset", {}).status == 204
    second = aep.ok("POST", SCHEMAS, schema("Leads", PROFILE, CONTACT))["$id"]
    assert first == second
    assert "person" not in get(aep, second, FULL)["properties"]


# Ad-hoc classes and schemas


def test_an_ad_hoc_class_and_schema(aep: AepClient) -> None:
    made = aep.ok("POST", CLASSES, ADHOC_CLASS, x_emulator_edition="2020-03")
    name = "_" + made["$id"].rpartition("/")[2]
    assert made["meta:datasetNamespace"] == name
    assert made["meta:extends"] == [ADHOC]
    assert (made["meta:abstract"], made["meta:extensible"]) == (True, True)
    assert not {"refs", "meta:tenantNamespace", "meta:sandboxId"} & set(made)
    reference, inline = made["allOf"]
    assert reference == {"$ref": ADHOC}
    assert inline == {
        "type": "object",
        "meta:xdmType": "object",
        "properties": {
            name: {
                "type": "object",
                "meta:xdmType": "object",
                "properties": {
                    "field1": {"type": "string", "meta:xdmType": "string"},
                    "field2": {"type": "string", "meta:xdmType": "string"},
                },
            }
        },
    }
    for edition in ("2020-03", "2020-09", "latest"):
        body = schema(f"Ad hoc {edition}", made["$id"], description="")
        child = aep.ok("POST", SCHEMAS, body, x_emulator_edition=edition)
        assert child["meta:datasetNamespace"] == name
        assert child["meta:extends"] == [made["$id"], ADHOC]
        assert child["meta:class"] == made["$id"]
        full = get(aep, child["$id"], FULL)
        assert list(full["properties"]) == [name]
        assert list(full["properties"][name]["properties"]) == ["field1", "field2"]
    listed = aep.ok("GET", f"{SCHEMAS}?property=meta:extends!={ADHOC}", Accept=BRIEF)
    assert listed["results"] == []
    kept = aep.ok("PUT", f"{CLASSES}/{made['meta:altId']}", made)
    assert name in kept["allOf"][1]["properties"]


def test_a_relational_schema_needs_no_class(aep: AepClient) -> None:
    body = {
        "title": "Orders",
        "type": "object",
        "definitions": {"o": {"properties": {"id": {"type": "string"}}, "required": ["id"]}},
        "allOf": [{"$ref": "#/definitions/o", "meta:xdmType": "object"}],
        "meta:extends": [RELATIONAL],
        "meta:behaviorType": "record",
    }
    made = aep.ok("POST", SCHEMAS, body)
    assert (made["meta:extends"], "meta:class" in made) == ([RELATIONAL], False)
    full = get(aep, made["$id"], FULL)
    assert (list(full["properties"]), full["required"]) == (["id"], ["id"])


# Classes, field groups, data types


def test_a_class_of_ones_own(aep: AepClient) -> None:
    owner = {"title": "Owner", "type": "string"}
    body = {
        "title": "Property",
        "type": "object",
        "allOf": [{"$ref": RECORD}, {"$ref": "#/definitions/p"}],
        "definitions": {"p": {"properties": own(aep, owner=owner, built={"type": "integer"})}},
    }
    made = aep.ok("POST", CLASSES, body)
    assert made["meta:extends"] == [RECORD]
    fields = made["definitions"]["p"]["properties"][namespace(aep)]["properties"]
    assert fields["built"]["meta:xdmType"] == "int"
    child = aep.ok("POST", SCHEMAS, schema("Properties", made["$id"]))
    assert child["meta:extends"] == [RECORD, made["$id"]]
    assert set(get(aep, child["$id"], FULL)["properties"]) == {"_id", namespace(aep)}


def test_field_groups_are_mixins(aep: AepClient) -> None:
    made = aep.ok("POST", GROUPS, field_group(aep))
    assert "/mixins/" in made["$id"]
    assert made["meta:resourceType"] == "mixins"
    assert made["allOf"][0]["meta:xdmType"] == "object"
    older = f"{SCHEMA_REGISTRY}/tenant/mixins"
    assert aep.ok("GET", f"{older}/{made['meta:altId']}", Accept=RAW) == made
    second = aep.ok("POST", older, field_group(aep, "Second"))
    titles = {item["title"] for item in aep.ok("GET", GROUPS, Accept=BRIEF)["results"]}
    assert titles == {"Tier", "Second"}
    aep.ok("DELETE", f"{older}/{second['meta:altId']}")


@pytest.mark.parametrize(
    ("field", "xdm_type"),
    [
        ({"type": "string"}, "string"),
        ({"type": "string", "format": "date"}, "date"),
        ({"type": "string", "format": "date-time"}, "date-time"),
        ({"type": "string", "format": "email"}, "string"),
        ({"type": "number"}, "number"),
        ({"type": "boolean"}, "boolean"),
        ({"type": "integer"}, "int"),
        ({"type": "integer", "minimum": -128, "maximum": 128}, "byte"),
        ({"type": "integer", "minimum": 1, "maximum": 32767}, "short"),
        ({"type": "integer", "minimum": -2147483648, "maximum": 2147483647}, "int"),
        ({"type": "integer", "minimum": -(2**53), "maximum": 2**53}, "long"),
        ({"type": "array", "items": {"type": "string"}}, "array"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "map"),
        ({"$ref": PERSON}, "object"),
        ({"type": "string", "meta:xdmType": "date"}, "date"),
    ],
)
def test_every_field_says_its_xdm_type(
    aep: AepClient, field: dict[str, Any], xdm_type: str
) -> None:
    body = {"type": "object", "title": "T", "properties": {"field": field}}
    made = aep.ok("POST", TYPES, body)
    assert made["properties"]["field"]["meta:xdmType"] == xdm_type
    assert made["refs"] == ([PERSON] if "$ref" in field else [])


# Changes


def test_put_accepts_what_get_returned(aep: AepClient) -> None:
    made = aep.ok("POST", SCHEMAS, schema())
    raw = get(aep, made["$id"])
    raw["allOf"].append({"$ref": IDENTITY_MAP})
    put = aep.ok("PUT", f"{SCHEMAS}/{quote_plus(made['$id'])}", raw)
    assert (put["$id"], put["version"]) == (made["$id"], "1.1")
    assert IDENTITY_MAP in put["meta:extends"]
    assert get(aep, made["$id"]) == put


def test_put_renames_and_frees_the_title(aep: AepClient) -> None:
    path = f"{SCHEMAS}/{aep.ok('POST', SCHEMAS, schema('Old'))['meta:altId']}"
    aep.ok("PUT", path, schema("New"))
    aep.ok("POST", SCHEMAS, schema("Old"))
    answer = aep.call("POST", SCHEMAS, schema("New"))
    refused(answer, 400, "XDM-1521", "title_is_unique")


def test_patches_count_versions_and_keep_the_date_of_creation() -> None:
    clock = ManualClock(1_600_000_000_000)
    aep = aep_for(new_emulator(clock))
    made = aep.ok("POST", SCHEMAS, schema())
    path = f"{SCHEMAS}/{made['meta:altId']}"
    clock.advance(60)
    patches: list[Any] = [
        [{"op": "add", "path": "/allOf/-", "value": {"$ref": IDENTITY_MAP}}],
        [
            {"op": "add", "path": "/allOf/-", "value": {"$ref": IDENTITY_MAP}},
            {"op": "add", "path": "/meta:extends/-", "value": IDENTITY_MAP},
        ],
        [{"op": "add", "path": "/description", "value": "New"}],
        [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}],
    ]
    versions = [aep.ok("PATCH", path, patch)["version"] for patch in patches]
    assert versions == ["1.1", "1.2", "1.3", "1.4"]
    found = get(aep, made["$id"])
    assert found["meta:extends"].count(IDENTITY_MAP) == 1
    assert [part["$ref"] for part in found["allOf"]].count(IDENTITY_MAP) == 1
    assert found["meta:immutableTags"] == ["union"]
    metadata = found["meta:registryMetadata"]
    assert metadata["repo:createdDate"] == 1_600_000_000_000
    assert metadata["repo:lastModifiedDate"] == 1_600_000_060_000
    assert metadata["eTag"] != made["meta:registryMetadata"]["eTag"]


def test_a_tag_can_be_appended_the_way_the_reference_prints_it(aep: AepClient) -> None:
    parts = (PROFILE, IDENTITY_MAP)
    path = f"{SCHEMAS}/{aep.ok('POST', SCHEMAS, schema('A', *parts))['meta:altId']}/"
    patch = [{"op": "add", "path": "/meta:immutableTags-", "value": "union"}]
    assert aep.ok("PATCH", path, patch)["meta:immutableTags"] == ["union"]
    put = aep.ok("PUT", path, schema("Untagged", *parts))
    assert put["meta:immutableTags"] == ["union"]


def test_a_deleted_schema_is_gone_and_its_title_free(aep: AepClient) -> None:
    id = aep.ok("POST", SCHEMAS, schema())["meta:altId"]
    answer = aep.call("DELETE", f"{SCHEMAS}/{id}")
    assert (answer.status, answer.content) == (204, b"")
    gone = aep.call("GET", f"{SCHEMAS}/{id}", Accept=RAW)
    refused(gone, 404, "XDM-1012", "resource_exists")
    aep.ok("POST", SCHEMAS, schema())


# Refusals

UNKNOWN = {
    "schemas": ("XDM-1012", "Resource Not Found"),
    "classes": ("XDM-1010", "Resource not found"),
    "fieldgroups": ("XDM-1011", "Resource not found"),
    "mixins": ("XDM-1011", "Resource not found"),
    "datatypes": ("XDM-1013", "Resource not found"),
}


@pytest.mark.parametrize("kind", list(UNKNOWN))
def test_an_unknown_id_is_not_found(aep: AepClient, kind: str) -> None:
    code, title = UNKNOWN[kind]
    patch = [{"op": "add", "path": "/description", "value": ""}]
    bodies: dict[str, Any] = {"PUT": schema(), "PATCH": patch}
    for container, method in [
        ("global", "GET"),
        *(("tenant", method) for method in ("GET", "PUT", "PATCH", "DELETE")),
    ]:
        path = f"{SCHEMA_REGISTRY}/{container}/{kind}/_nobody"
        answer = aep.call(method, path, bodies.get(method), Accept=RAW)
        body = refused(answer, 404, code, "resource_exists")
        assert body["title"] == title
        assert "_nobody" in body["detail"]
        older = aep.call(method, path, bodies.get(method), Accept=RAW, x_emulator_edition="2020-03")
        body = refused_in_2020(older, 404, "NotFoundError", "resource_exists")
        assert body["detail"] == "Object _nobody with version 1 not found"


def test_an_unknown_behavior_is_not_found(aep: AepClient) -> None:
    path = f"{SCHEMA_REGISTRY}/global/behaviors"
    found = aep.ok("GET", f"{path}/{quote_plus(RECORD)}", Accept=RAW)
    assert found["meta:resourceType"] == "behaviors"
    refused(aep.call("GET", f"{path}/x", Accept=RAW), 404, "XDM-1015", "resource_exists")


def test_ids_of_another_type_are_not_found(aep: AepClient) -> None:
    id = aep.ok("POST", SCHEMAS, schema())["meta:altId"]
    answer = aep.call("GET", f"{CLASSES}/{id}", Accept=RAW)
    refused(answer, 404, "XDM-1010", "resource_exists")


def test_the_platforms_resources_cannot_be_changed(aep: AepClient) -> None:
    for method in ("PUT", "PATCH", "DELETE"):
        path = f"{SCHEMA_REGISTRY}/global/classes/_xdm.context.profile"
        assert aep.call(method, path).status == 405
        answer = aep.call(method, f"{CLASSES}/_xdm.context.profile")
        refused(answer, 404, "XDM-1010", "resource_exists")
    answer = aep.call("POST", f"{SCHEMA_REGISTRY}/global/classes", ADHOC_CLASS)
    assert answer.status == 405


def with_group(aep: AepClient) -> dict[str, Any]:
    return {"type": "object", "title": "G", "meta:intendedToExtend": [PROFILE]}


Make = Callable[[AepClient], Any]
REFUSED_CREATIONS: list[tuple[str, Make, int, str, str]] = [
    (SCHEMAS, lambda aep: schema("Taken"), 400, "XDM-1521", "title_is_unique"),
    (CLASSES, lambda aep: {**ADHOC_CLASS, "title": "Taken"}, 400, "XDM-1521", "title_is_unique"),
    (GROUPS, lambda aep: field_group(aep, "Taken"), 400, "XDM-1521", "title_is_unique"),
    (TYPES, lambda aep: {"title": "Taken"}, 400, "XDM-1521", "title_is_unique"),
    (
        SCHEMAS,
        lambda aep: schema("A", PROFILE, NOBODYS),
        404,
        "XDM-1017",
        "references_resolve",
    ),
    (SCHEMAS, lambda aep: schema("A", "#/definitions/d"), 404, "XDM-1017", "references_resolve"),
    (
        TYPES,
        lambda aep: {"title": "A", "properties": {"a": {"$ref": NOBODYS}}},
        404,
        "XDM-1017",
        "references_resolve",
    ),
    (SCHEMAS, lambda aep: schema("A", DETAILS), 400, "XDM-1903", "class_is_named"),
    (SCHEMAS, lambda aep: schema("A", PROFILE, EVENT), 400, "XDM-1903", "class_is_one"),
    (
        SCHEMAS,
        lambda aep: schema("A", PROFILE, PERSON),
        400,
        "XDM-1904",
        "parts_are_class_and_groups",
    ),
    (CLASSES, lambda aep: schema("A", DETAILS), 400, "XDM-1902", "behavior_is_named"),
    (
        GROUPS,
        lambda aep: {**with_group(aep), "properties": {"a": "string"}},
        400,
        "XDM-1907",
        "fields_are_objects",
    ),
    (
        GROUPS,
        lambda aep: {**with_group(aep), "properties": {"a": {"type": "string"}}},
        400,
        "XDM-1021",
        "fields_are_in_namespace",
    ),
    (
        CLASSES,
        lambda aep: schema("A", RECORD, properties={"a": {"type": "string"}}),
        400,
        "XDM-1021",
        "fields_are_in_namespace",
    ),
    (
        TYPES,
        lambda aep: {"title": "A", "properties": {"a b": {"type": "string"}}},
        400,
        "XDM-1907",
        "field_names_are_plain",
    ),
    (
        GROUPS,
        lambda aep: {**with_group(aep), "properties": own(aep, _a={"type": "string"})},
        400,
        "XDM-1907",
        "field_names_start_plain",
    ),
]


@pytest.mark.parametrize(("path", "make", "status", "code", "rule"), REFUSED_CREATIONS)
def test_creations_that_are_refused_change_nothing(
    aep: AepClient, path: str, make: Make, status: int, code: str, rule: str
) -> None:
    aep.ok("POST", SCHEMAS, schema("Taken"))
    before = everything(aep)
    refused(aep.call("POST", path, make(aep)), status, code, rule)
    title = "NotFoundError" if status == 404 else "BadRequestError"
    older = aep.call("POST", path, make(aep), x_emulator_edition="2020-09")
    refused_in_2020(older, status, title, rule)
    assert everything(aep) == before


@pytest.mark.parametrize(("path", "make", "status", "code", "rule"), REFUSED_CREATIONS)
def test_replacements_follow_the_rules_of_creations(
    aep: AepClient, path: str, make: Make, status: int, code: str, rule: str
) -> None:
    aep.ok("POST", SCHEMAS, schema("Taken"))
    first: dict[str, Any] = {
        SCHEMAS: schema("Mine"),
        CLASSES: {**ADHOC_CLASS, "title": "Mine"},
        GROUPS: field_group(aep, "Mine"),
        TYPES: {"title": "Mine"},
    }[path]
    id = aep.ok("POST", path, first)["meta:altId"]
    before = everything(aep)
    refused(aep.call("PUT", f"{path}/{id}", make(aep)), status, code, rule)
    assert everything(aep) == before


def test_texts_of_documented_errors(aep: AepClient) -> None:
    id = aep.ok("POST", SCHEMAS, schema())["$id"]
    body = refused(aep.call("POST", SCHEMAS, schema()), 400, "XDM-1521", "title_is_unique")
    assert body["title"] == "Title not unique"
    assert f"An object {id} already exists with the same title" in body["detail"]
    older = aep.call("POST", SCHEMAS, schema(), x_emulator_edition="2020-03").json
    assert older["detail"] == (
        f"Title must be unique. An object {id} already exists with the same title."
    )
    group = {**with_group(aep), "properties": {"a": {"type": "string"}}}
    body = aep.call("POST", GROUPS, group).json
    assert body["title"] == "Namespace validation error"
    assert body["detail"].endswith(f"top-level field named {namespace(aep)}.")


WARNED: list[tuple[str, Make, str]] = [
    (SCHEMAS, lambda aep: schema("A", PROFILE, f"{EVENT}-web"), "groups_fit_class"),
    (SCHEMAS, lambda aep: schema(**{"meta:class": EVENT}), "class_agrees"),
    (GROUPS, lambda aep: {"title": "A", "type": "object"}, "intended_to_extend_is_sent"),
    (TYPES, lambda aep: {"title": "A"}, "type_is_sent"),
    (TYPES, lambda aep: data_type(a={"type": "integer", "enum": [1]}), "enums_are_strings"),
    (TYPES, lambda aep: data_type(a={"title": "A"}), "fields_have_types"),
    (TYPES, lambda aep: data_type(a={"$ref": f"{XDM}/common/measure"}), "references_are_known"),
    (SCHEMAS, lambda aep: schema("A", PROFILE, f"{XDM}/mixins/no"), "references_are_known"),
]


@pytest.mark.parametrize(("path", "make", "rule"), WARNED)
def test_warnings_refuse_only_strictly(path: str, make: Make, rule: str) -> None:
    aep = aep_for(new_emulator())
    answer = aep.call("POST", path, make(aep))
    assert (answer.status, answer.warnings[0].rpartition(".")[2]) == (201, rule)
    strict = aep_for(new_emulator(enforce="strict"))
    answer = strict.call("POST", path, make(strict))
    assert (answer.status // 100, answer.rule.rpartition(".")[2]) == (4, rule)
    assert everything(strict) == [[], [], [], []]


def test_field_groups_that_fit(aep: AepClient) -> None:
    own_class = aep.ok("POST", CLASSES, schema("Own", RECORD))["$id"]
    group = {**field_group(aep), "meta:intendedToExtend": [RECORD]}
    for_records = aep.ok("POST", GROUPS, group)
    for number, parts in enumerate(
        [(own_class, for_records["$id"]), (PROFILE, for_records["$id"]), (PROFILE, IDENTITY_MAP)]
    ):
        assert aep.call("POST", SCHEMAS, schema(f"S{number}", *parts)).warnings == []


REFUSED_PATCHES: list[tuple[Any, int, str, str]] = [
    ([{"op": "remove", "path": "/nowhere"}], 400, "XDM-1908", "patch_applies"),
    ([{"op": "test", "path": "/title", "value": "B"}], 400, "XDM-1908", "patch_applies"),
    (
        [
            {"op": "replace", "path": "/description", "value": "B"},
            {"op": "remove", "path": "/nowhere"},
        ],
        400,
        "XDM-1908",
        "patch_applies",
    ),
    ([{"op": "replace", "path": "/title", "value": 1}], 400, "XDM-1908", "result_has_its_form"),
    ([{"op": "replace", "path": "/allOf", "value": {}}], 400, "XDM-1908", "result_has_its_form"),
    (
        [{"op": "replace", "path": "/title", "value": "Taken"}],
        400,
        "XDM-1521",
        "title_stays_unique",
    ),
    (
        [{"op": "add", "path": "/allOf/-", "value": {"$ref": NOBODYS}}],
        404,
        "XDM-1017",
        "references_still_resolve",
    ),
    ([{"op": "remove", "path": "/allOf/0"}], 400, "XDM-1908", "result_fits"),
    ([{"op": "remove", "path": "/title"}], 400, "XDM-1908", "result_fits"),
    ([{"op": "remove", "path": "/meta:immutableTags"}], 400, "XDM-1547", "tags_stay"),
    (
        [{"op": "replace", "path": "/meta:immutableTags", "value": []}],
        400,
        "XDM-1547",
        "tags_stay",
    ),
]


@pytest.mark.parametrize(("patch", "status", "code", "rule"), REFUSED_PATCHES)
def test_patches_that_are_refused_change_nothing(
    aep: AepClient, patch: Any, status: int, code: str, rule: str
) -> None:
    aep.ok("POST", SCHEMAS, schema("Taken"))
    parts = (PROFILE, DETAILS, IDENTITY_MAP)
    body = schema("Mine", *parts, description="A", **{"meta:immutableTags": ["union"]})
    id = aep.ok("POST", SCHEMAS, body)["meta:altId"]
    before = everything(aep)
    refused(aep.call("PATCH", f"{SCHEMAS}/{id}", patch), status, code, rule)
    title = "NotFoundError" if status == 404 else "BadRequestError"
    older = aep.call("PATCH", f"{SCHEMAS}/{id}", patch, x_emulator_edition="2020-03")
    refused_in_2020(older, status, title, rule)
    assert everything(aep) == before


def test_patched_fields_stay_in_the_namespace(aep: AepClient) -> None:
    id = aep.ok("POST", GROUPS, field_group(aep))["meta:altId"]
    patch = [{"op": "add", "path": "/definitions/tier/properties/x", "value": {"type": "string"}}]
    answer = aep.call("PATCH", f"{GROUPS}/{id}", patch)
    refused(answer, 400, "XDM-1021", "fields_stay_in_namespace")
    path = f"/definitions/tier/properties/{namespace(aep)}/properties/x"
    added = aep.ok("PATCH", f"{GROUPS}/{id}", [{**patch[0], "path": path}])
    fields = added["definitions"]["tier"]["properties"][namespace(aep)]["properties"]
    assert fields["x"] == {"type": "string", "meta:xdmType": "string"}


def test_an_update_has_properties_or_definitions(aep: AepClient) -> None:
    id = aep.ok("POST", GROUPS, field_group(aep))["meta:altId"]
    mixed = field_group(aep, properties=own(aep, x={"type": "string"}))
    answer = aep.call("PUT", f"{GROUPS}/{id}", mixed)
    assert answer.warnings == ["schema_registry.replace_fieldgroup.update_is_not_mixed"]
    strict = aep_for(new_emulator(enforce="strict"))
    id = strict.ok("POST", GROUPS, field_group(strict))["meta:altId"]
    mixed = field_group(strict, properties=own(strict, x={"type": "string"}))
    answer = strict.call("PUT", f"{GROUPS}/{id}", mixed)
    refused(answer, 422, "XDM-1406", "update_is_not_mixed")
    del mixed["definitions"], mixed["allOf"]
    strict.ok("PUT", f"{GROUPS}/{id}", mixed)


def test_a_schema_in_a_union_cannot_be_deleted(aep: AepClient) -> None:
    body = schema("Mine", PROFILE, IDENTITY_MAP, **{"meta:immutableTags": ["union"]})
    id = aep.ok("POST", SCHEMAS, body)["meta:altId"]
    answer = aep.call("DELETE", f"{SCHEMAS}/{id}")
    body = refused(answer, 400, "XDM-1547", "schema_is_not_in_union")
    assert body["title"] == "Breaking Change Violation"
    older = aep.call("DELETE", f"{SCHEMAS}/{id}", x_emulator_edition="2020-03")
    refused_in_2020(older, 400, "BadRequestError", "schema_is_not_in_union")
    aep.ok("GET", f"{SCHEMAS}/{id}", Accept=RAW)


def test_a_schema_with_a_dataset_cannot_be_deleted_strictly() -> None:
    """The guides speak of data sets with data; see `test_what_data_rely_on_stays`."""
    strict = aep_for(new_emulator(enforce="strict"))
    made = strict.ok("POST", SCHEMAS, schema())
    body = dataset(made["$id"])
    data = strict.ok("POST", f"{CATALOG}/dataSets", body)[0].rpartition("/")[2]
    for spelling in (made["meta:altId"], quote_plus(made["$id"])):
        answer = strict.call("DELETE", f"{SCHEMAS}/{spelling}")
        body = refused(answer, 400, "XDM-1547", "schema_has_no_dataset")
        assert data in body["detail"]
    strict.ok("DELETE", f"{CATALOG}/dataSets/{data}")
    strict.ok("DELETE", f"{SCHEMAS}/{made['meta:altId']}")


def test_what_others_refer_to_cannot_be_deleted_strictly() -> None:
    aep = aep_for(new_emulator(enforce="strict"))
    seat = aep.ok("POST", TYPES, data_type("Seat", row={"type": "integer"}))
    fields = own(aep, seats={"type": "array", "items": {"$ref": seat["$id"]}})
    free = {**with_group(aep), "meta:intendedToExtend": []}
    group = aep.ok("POST", GROUPS, {**free, "properties": fields})
    parent = aep.ok("POST", CLASSES, schema("Class", RECORD))
    child = aep.ok("POST", SCHEMAS, schema("Child", parent["$id"], group["$id"]))
    for path, used, user in (
        (TYPES, seat, group),
        (GROUPS, group, child),
        (CLASSES, parent, child),
    ):
        answer = aep.call("DELETE", f"{path}/{used['meta:altId']}")
        body = refused(answer, 400, "XDM-1910", "resource_is_unreferenced")
        assert user["$id"] in body["detail"]
    for path, item in ((SCHEMAS, child), (GROUPS, group), (TYPES, seat), (CLASSES, parent)):
        assert aep.call("DELETE", f"{path}/{item['meta:altId']}").status == 204


# Lists


@pytest.fixture
def listed(aep: AepClient) -> dict[str, str]:
    """Three schemas and an ad-hoc one: title -> id."""
    adhoc = aep.ok("POST", CLASSES, ADHOC_CLASS)["$id"]
    bodies = [
        schema("Cats", description="mew"),
        schema("Ants", PROFILE, DETAILS),
        schema("Bees test", EVENT, **{"meta:immutableTags": ["union"]}),
        schema("Data", adhoc),
    ]
    return {body["title"]: aep.ok("POST", SCHEMAS, body)["$id"] for body in bodies}


def titles(aep: AepClient, query: str, **headers: str) -> list[str]:
    found = aep.ok("GET", f"{SCHEMAS}?{query}", Accept=BRIEF, headers=headers)
    return [item["title"] for item in found["results"]]


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        (["title==Ants"], ["Ants"]),
        (["title!=Ants"], ["Cats", "Bees test", "Data"]),
        (["title~test$"], ["Bees test"]),
        (["description"], ["Cats"]),
        (["description==mew"], ["Cats"]),
        (["version>0"], ["Cats", "Ants", "Bees test", "Data"]),
        (["version>5"], []),
        (["title<=Bees test"], ["Ants", "Bees test"]),
        (["title>=Cats"], ["Cats", "Data"]),
        ([f"meta:class=={EVENT}"], ["Bees test"]),
        (["meta:immutableTags==union"], ["Bees test"]),
        (["meta:immutableTags==union", f"meta:class=={PROFILE}"], []),
        ([f"meta:extends=={ADHOC}"], ["Data"]),
        ([f"meta:extends!={ADHOC}"], ["Cats", "Ants", "Bees test"]),
        (["meta:abstract==false", "title~^[AC]"], ["Cats", "Ants"]),
        ([""], ["Cats", "Ants", "Bees test", "Data"]),
    ],
)
def test_filters(
    aep: AepClient, listed: dict[str, str], filters: list[str], wanted: list[str]
) -> None:
    query = "&".join(f"property={quote(text, safe='')}" for text in filters)
    assert titles(aep, query) == wanted


def test_order_and_pages_by_value(aep: AepClient, listed: dict[str, str]) -> None:
    assert titles(aep, "orderby=title") == ["Ants", "Bees test", "Cats", "Data"]
    assert titles(aep, "orderby=-title") == ["Data", "Cats", "Bees test", "Ants"]
    assert titles(aep, "orderby=version,-title")[0] == "Data"
    first = aep.ok("GET", f"{SCHEMAS}?orderby=title&limit=3", Accept=BRIEF)
    assert first["_page"] == {"orderby": "title", "next": "Cats", "count": 3}
    assert first["_links"]["next"]["href"].endswith("?orderby=title&limit=3&start=Cats")
    assert titles(aep, "orderby=title&limit=3&start=Cats") == ["Data"]
    assert titles(aep, "orderby=-title&limit=3&start=Bees test") == ["Ants"]


def test_pages_without_an_order_lose_nothing(aep: AepClient, listed: dict[str, str]) -> None:
    query, seen = "limit=3", []
    while query:
        page = aep.ok("GET", f"{SCHEMAS}?{query}", Accept=BRIEF)
        seen += [item["title"] for item in page["results"]]
        following = page["_page"]["next"]
        query = f"limit=3&start={following}" if following else ""
    assert seen == list(listed)


def test_a_list_of_2020_has_links_only(aep: AepClient, listed: dict[str, str]) -> None:
    found = aep.ok("GET", SCHEMAS, Accept=BRIEF, x_emulator_edition="2020-03")
    assert list(found) == ["results", "_links"]
    assert list(found["_links"]) == ["global_schemas"]
    assert titles(aep, "start=2", x_emulator_edition="2020-03") == ["Bees test", "Data"]


def test_links_of_a_list(aep: AepClient) -> None:
    for kind in ("schemas", "classes", "fieldgroups", "mixins", "datatypes"):
        path = f"{SCHEMA_REGISTRY}/tenant/{kind}"
        found = aep.ok("GET", f"{path}?orderby=title", Accept=BRIEF)
        assert found["results"] == []
        assert found["_page"] == {"orderby": "title", "next": None, "count": 0}
        href = found["_links"]["global_schemas"]["href"]
        assert href == f"http://localhost{SCHEMA_REGISTRY}/global/{kind}?orderby=title"


def test_global_lists(aep: AepClient) -> None:
    counts = {}
    for kind in ("behaviors", "classes", "fieldgroups", "mixins", "datatypes", "schemas"):
        path = f"{SCHEMA_REGISTRY}/global/{kind}/"
        found = aep.ok("GET", f"{path}?property=&orderby=&start=&limit=", Accept=BODIES)
        assert found["_links"] == {"next": None}
        counts[kind] = found["_page"]["count"]
    assert counts["behaviors"] == 3
    assert counts["fieldgroups"] == counts["mixins"] > 30
    query = quote(f"meta:intendedToExtend=={EVENT}", safe="")
    path = f"{SCHEMA_REGISTRY}/global/fieldgroups?property={query}&limit=5"
    found = aep.ok("GET", path, Accept=BODIES)["results"]
    assert len(found) == 5
    assert all(EVENT in item["meta:intendedToExtend"] for item in found)


@pytest.mark.parametrize(
    ("query", "rule"),
    [
        ("limit=501", "limit_is_in_range"),
        ("limit=-1", "limit_is_in_range"),
        ("limit=many", "limit_is_in_range"),
        ("property=title=x", "filters_are_readable"),
        ("property===x", "filters_are_readable"),
        ("property=title~(", "filters_are_readable"),
    ],
)
def test_queries_that_are_refused(aep: AepClient, query: str, rule: str) -> None:
    refused(aep.call("GET", f"{SCHEMAS}?{query}", Accept=BRIEF), 400, "XDM-1909", rule)
    older = aep.call("GET", f"{SCHEMAS}?{query}", Accept=BRIEF, x_emulator_edition="2020-03")
    refused_in_2020(older, 400, "BadRequestError", rule)
    observing = aep_for(new_emulator(enforce="observe"))
    answer = observing.call("GET", f"{SCHEMAS}?{query}", Accept=BRIEF)
    assert (answer.status, answer.warnings[0].rpartition(".")[2]) == (200, rule)


def test_unknown_query_parameters_are_tolerated(aep: AepClient) -> None:
    aep.ok("GET", f"{TYPES}?properties=title,$id&else=1", Accept=BODIES)


# Figures


def test_stats(aep: AepClient, listed: dict[str, str]) -> None:
    found = aep.ok("GET", f"{SCHEMA_REGISTRY}/stats/", Accept="application/json")
    assert found["imsOrg"] == ORGANIZATION
    assert found["counts"] == {
        "schemas": 4,
        "classes": 1,
        "mixins": 0,
        "datatypes": 0,
        "unions": 1,
    }
    recent = {item["title"] for item in found["recentlyCreatedResources"]}
    assert recent == {*listed, "Ad-hoc class"}
    usage = {item["$id"]: item["numberOfSchemas"] for item in found["classUsage"]}
    assert usage[PROFILE] == 2
    older = aep.ok("GET", f"{SCHEMA_REGISTRY}/stats", x_emulator_edition="2020-03")
    assert [item["title"] for item in older["classUsage"][PROFILE]] == ["Cats", "Ants"]


def test_stats_uses_the_setting_of_the_tenant() -> None:
    aep = aep_for(new_emulator(tenant="_acme"))
    assert aep.ok("GET", f"{SCHEMA_REGISTRY}/stats")["tenantId"] == "acme"
    made = aep.ok("POST", SCHEMAS, schema())
    assert made["$id"].startswith("https://ns.adobe.com/acme/schemas/")
    assert made["meta:altId"].startswith("_acme.schemas.")


# What is not emulated


# The emulator's own promises


def test_same_seed_same_ids() -> None:
    made = [aep_for(new_emulator(seed=seed)) for seed in ("a", "a", "b")]
    ids = [[aep.ok("POST", SCHEMAS, schema(t))["$id"] for t in "XY"] for aep in made]
    assert ids[0] == ids[1]
    assert ids[0] != ids[2]
    assert len({*ids[0], *ids[2]}) == 4


def test_sandboxes_and_organizations_do_not_see_each_other(aep: AepClient) -> None:
    id = aep.ok("POST", SCHEMAS, schema())["$id"]
    others: list[dict[str, Any]] = [{"x_sandbox_name": "dev"}, {"x_gw_ims_org_id": "B@AdobeOrg"}]
    for headers in others:
        path = f"{SCHEMAS}/{quote_plus(id)}"
        answer = aep.call("GET", path, Accept=RAW, headers=headers)
        refused(answer, 404, "XDM-1012", "resource_exists")
        assert aep.ok("GET", SCHEMAS, Accept=BRIEF, headers=headers)["results"] == []
        other = aep.ok("POST", SCHEMAS, schema(), headers=headers)
        assert other["$id"] != id
    development = aep.ok("GET", SCHEMAS, Accept=BODIES, x_sandbox_name="dev")["results"][0]
    assert development["meta:sandboxType"] == "development"


def test_observing_accepts_what_rules_refuse() -> None:
    aep = aep_for(new_emulator(enforce="observe"))
    bodies: list[Any] = [
        {"title": "A"},
        {"title": "A"},
        schema("B", PROFILE, EVENT, PERSON, f"{XDM}/no"),
        schema("C", "#/definitions/none", properties=5, definitions=[], type=7),
        schema("D", properties={"a": 1, "b": {"properties": [], "items": 3, "type": ["x"]}}),
    ]
    for body in bodies:
        for path in (SCHEMAS, CLASSES, GROUPS, TYPES):
            client = aep.send
            reply = client(
                "POST",
                path,
                {**aep.headers, "Content-Type": "application/json"},
                json.dumps(body).encode(),
            )
            assert reply[0] == 201, reply
            id = json.loads(reply[2])["meta:altId"]
            for accept in (RAW, FULL, PLAIN, f"{VENDOR}xdm-full+json; version=1"):
                found = client("GET", f"{path}/{id}", {**aep.headers, "Accept": accept}, None)
                assert found[0] == 200
    assert aep.send("GET", f"{SCHEMA_REGISTRY}/stats", aep.headers, None)[0] == 200


def test_other_services_find_resources(emulator: Emulator, aep: AepClient) -> None:
    made = aep.ok("POST", SCHEMAS, schema())
    edition = emulator.contract.edition("latest")
    scope = Scope(emulator.platform, edition, Sandbox(ORGANIZATION, "prod"))
    find: Callable[[str, str], Any] = scope.find
    assert find("schema", made["$id"])["title"] == "Leads"
    assert find("schema", made["meta:altId"])["$id"] == made["$id"]
    assert find("schema", PROFILE) is None
    assert find("class", PROFILE)["$id"] == PROFILE
    assert find("field_group", DETAILS)["$id"] == DETAILS
    assert find("data_type", PERSON)["$id"] == PERSON
    assert find("behavior", RECORD)["$id"] == RECORD
    assert find("xdm_resource", made["$id"])["$id"] == made["$id"]
    assert find("xdm_resource", "_xdm.context.profile")["$id"] == PROFILE
    assert scope.ask("schema_registry.holder_of_title", "Leads")["id"] == made["$id"]
    assert find("tenant_schema", DETAILS) is None
    resolved = find("resolved_schema", made["$id"])
    assert field_at(resolved, ["person", "name", "firstName"])[0] is not None
    assert find("resolved_schema", made["$id"]) is resolved
    assert len(scope.all("schema")) == 1


def test_rules_share_the_resolved_form_of_what_a_request_makes(
    aep: AepClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms = []

    def counted(resolver: Resolver, resource: JsonObject, real: Any = Resolver.resolve) -> Any:
        forms.append(resource["title"])
        return real(resolver, resource)

    id = aep.ok("POST", SCHEMAS, schema())["$id"]
    monkeypatch.setattr(Resolver, "resolve", counted)
    assert aep.call("POST", SCHEMAS, schema("Others")).status == 201
    assert forms == ["Others"]
    for title in ("Second", "Third"):
        patch = [{"op": "replace", "path": "/title", "value": title}]
        aep.ok("PATCH", f"{SCHEMAS}/{quote_plus(id)}", patch)
    # A patch is judged by what is refused now and was not before.
    assert forms == ["Others", "Leads", "Second", "Second", "Third"]


def test_the_cache_of_resolved_forms_is_bounded(emulator: Emulator, aep: AepClient) -> None:
    registry = SchemaRegistry()
    edition = emulator.contract.edition("latest")
    for number in range(300):
        scope = Scope(emulator.platform, edition, Sandbox(ORGANIZATION, f"s{number}"))
        assert registry.resolved(scope, PROFILE) is not None
    assert len(registry._resolved) <= 256


def test_the_flat_form_has_fields_by_their_whole_path(aep: AepClient) -> None:
    id = aep.ok("POST", SCHEMAS, schema())["$id"]
    form = "application/vnd.adobe.{}-full-flat+json; version=1"
    compatible = get(aep, id, accept=form.format("xed"))["properties"]
    assert compatible["person/name/firstName"]["type"] == "string"
    assert "person" not in compatible
    standard = get(aep, id, accept=form.format("xdm"))["properties"]
    assert "xdm:person/xdm:name/xdm:firstName" in standard


def test_names_that_differ_only_in_case_are_remarked_on(aep: AepClient) -> None:
    own = namespace(aep)

    def group(title: str, field: str) -> str:
        fields = {own: {"type": "object", "properties": {field: {"type": "integer"}}}}
        body = {
            "type": "object",
            "title": title,
            "definitions": {"d": {"type": "object", "properties": fields}},
            "allOf": [{"$ref": "#/definitions/d"}],
        }
        id: str = aep.ok("POST", f"{SCHEMA_REGISTRY}/tenant/fieldgroups", body)["$id"]
        return id

    first, second = group("First", "points"), group("Second", "Points")
    rule = "names_differ_in_more_than_case"
    assert aep.call("POST", SCHEMAS, schema("One", PROFILE, first)).warnings == []
    both = aep.call("POST", SCHEMAS, schema("Both", PROFILE, first, second))
    assert both.warnings == [f"schema_registry.create_schema.{rule}"]
    id = aep.ok("POST", SCHEMAS, schema("Grown", PROFILE, first))["meta:altId"]
    patch = [{"op": "add", "path": "/allOf/-", "value": {"$ref": second}}]
    grown = aep.call("PATCH", f"{SCHEMAS}/{id}", patch)
    assert grown.warnings == [f"schema_registry.patch_schema.{rule}"]


def test_pages_by_index_go_on_behind_the_three_hundredth_resource() -> None:
    resources = [{"title": str(number)} for number in range(700)]
    page = page_of(resources, {"start": "400", "limit": "200"}, by_index=True)
    assert [item["title"] for item in page.items] == [str(number) for number in range(400, 600)]
    assert page.next == "600"


def test_a_standard_resource_that_we_lack_is_said_to_be_one(api: AepClient) -> None:
    """The platform has more of them than we, so it is a remark, which says what it rests on."""
    for id, nearest in (
        ("https://ns.adobe.com/xdm/context/profile-person-detail", "profile-person-details."),
        ("_xdm.mixins.something-else-altogether", "none of them is near."),
    ):
        parts = [{"$ref": "https://ns.adobe.com/xdm/context/profile"}, {"$ref": id}]
        answer = api.call("POST", SCHEMAS, {"title": id, "type": "object", "allOf": parts})
        assert answer.warnings == ["schema_registry.create_schema.references_are_known"]
        entry = api.call("GET", "/_emulator/journal/last").json
        said = next(item["reason"] for item in entry["findings"])
        assert said.startswith(f"there is no resource {id} among the 100 of the platform's own")
        assert nearest in said
        assert "--fixtures" in said


@pytest.mark.parametrize(
    ("query", "shown"), [({}, 300), ({"limit": "400"}, 400), ({"limit": "2"}, 2)]
)
def test_a_page_has_up_to_five_hundred_resources(query: dict[str, str], shown: int) -> None:
    resources = [{"title": f"{number:03}"} for number in range(600)]
    page = page_of(resources, {**query, "orderby": "title"}, by_index=False)
    assert len(page.items) == shown
    assert page.next == f"{shown - 1:03}"
