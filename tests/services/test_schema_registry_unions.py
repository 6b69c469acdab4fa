"""Unions, and what they and data sets hold in its form."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

import pytest

from emulator.json_types import JsonObject
from emulator.testing.client import AepClient
from tests.bodies import CATALOG, SCHEMA_REGISTRY, dataset, profile_schema

XDM = "https://ns.adobe.com/xdm"
PROFILE = f"{XDM}/context/profile"
IDENTITY_MAP = f"{XDM}/context/identitymap"
UNION = f"{PROFILE}__union"
TENANT = f"{SCHEMA_REGISTRY}/tenant"
V = "application/vnd.adobe."
FULL = f"{V}xed-full+json; version=1"
RAW = f"{V}xed+json; version=1"
EMAIL = "/personalEmail/address"
TAG = [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}]


def place(id: str, kind: str = "schemas") -> str:
    return f"{TENANT}/{kind}/{quote_plus(id)}"


def identity(schema: str, **more: Any) -> JsonObject:
    return {
        "@type": "xdm:descriptorIdentity",
        "xdm:sourceSchema": schema,
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": EMAIL,
        "xdm:namespace": "Email",
        "xdm:property": "xdm:code",
        "xdm:isPrimary": True,
        **more,
    }


def composed(title: str, *parts: str, **changes: Any) -> JsonObject:
    references = [{"$ref": part} for part in (PROFILE, *parts)]
    return {"type": "object", "title": title, "allOf": references, **changes}


def group(api: AepClient, title: str, **fields: Any) -> JsonObject:
    name = "_" + str(api.ok("GET", f"{SCHEMA_REGISTRY}/stats")["tenantId"])
    return {
        "type": "object",
        "title": title,
        "meta:intendedToExtend": [PROFILE],
        "definitions": {"own": {"properties": {name: {"type": "object", "properties": fields}}}},
        "allOf": [{"$ref": "#/definitions/own"}],
    }


def make_group(api: AepClient, title: str, **fields: Any) -> str:
    return str(api.ok("POST", f"{TENANT}/fieldgroups", group(api, title, **fields))["$id"])


@pytest.fixture
def member(api: AepClient) -> str:
    """Return a schema in a union."""
    id = str(api.ok("POST", f"{TENANT}/schemas", profile_schema())["$id"])
    api.ok("POST", f"{TENANT}/descriptors", identity(id))
    api.ok("PATCH", place(id), TAG)
    return id


def test_a_union_is_there_from_the_first_tag(api: AepClient) -> None:
    unions = f"{TENANT}/unions"
    brief = f"{V}xed-id+json"
    assert api.ok("GET", unions, Accept=brief) == {"results": []}
    assert api.call("GET", place(UNION, "unions"), Accept=RAW).json["type"][-12:] == "XDM-1016-404"
    id = api.ok("POST", f"{TENANT}/schemas", profile_schema())["$id"]
    assert api.ok("GET", unions, Accept=brief) == {"results": []}
    api.ok("POST", f"{TENANT}/descriptors", identity(id))
    api.ok("PATCH", place(id), TAG)
    assert api.ok("GET", unions, Accept=brief)["results"] == [
        {
            "title": "XDM Individual Profile",
            "$id": UNION,
            "meta:altId": "_xdm.context.profile__union",
            "version": "1.0",
        }
    ]
    assert api.ok("GET", f"{SCHEMA_REGISTRY}/stats")["counts"]["unions"] == 1
    wanted = f"{TENANT}/schemas?property=meta:immutableTags==union&property=meta:class=={PROFILE}"
    assert [item["$id"] for item in api.ok("GET", wanted, Accept=brief)["results"]] == [id]
    assert api.call("GET", place(UNION, "unions"), Accept=RAW, x_sandbox_name="dev").status == 404


def test_a_union_has_what_its_members_have(api: AepClient, member: str) -> None:
    tier = make_group(api, "Tier", tier={"type": "string"})
    other = composed("Other", tier, IDENTITY_MAP, **{"meta:immutableTags": ["union"]})
    second = api.ok("POST", f"{TENANT}/schemas", other)["$id"]
    raw = api.ok("GET", place("_xdm.context.profile__union", "unions"), Accept=RAW)
    parts = [part.get("$ref") for part in raw["allOf"]]
    assert parts[0] == PROFILE
    assert {tier, IDENTITY_MAP, f"{PROFILE}-personal-details"} <= set(parts)
    assert {member, second, PROFILE} <= set(raw["meta:extends"])
    assert (raw["title"], raw["meta:registryMetadata"]) == ("XDM Individual Profile", {})
    full = api.ok("GET", place(UNION), Accept=FULL)
    assert full == api.ok("GET", place(UNION, "unions"), Accept=FULL)
    namespace = next(name for name in full["properties"] if name.startswith("_t"))
    assert full["properties"][namespace]["properties"]["tier"]["type"] == "string"
    extra = {"identityMap", "segmentMembership", "timeSeriesEvents", "person", "personalEmail"}
    assert extra <= full["properties"].keys()
    older = api.ok("GET", place(UNION, "unions"), Accept=RAW, x_emulator_edition="2020-03")
    assert older["title"] == "Union object for XDM Individual Profile"


def test_a_union_cannot_be_written(api: AepClient, member: str) -> None:
    for method, body in (("PUT", profile_schema("A")), ("PATCH", TAG), ("DELETE", None)):
        assert api.call(method, place(UNION), body).status == 404


def test_a_tag_needs_an_identity(api: AepClient) -> None:
    id = api.ok("POST", f"{TENANT}/schemas", profile_schema())["$id"]
    for method, body in (
        ("PATCH", TAG),
        ("PATCH", [{"op": "add", "path": "/meta:immutableTags-", "value": "union"}]),
        ("PUT", {**profile_schema(), "meta:immutableTags": ["union"]}),
    ):
        answer = api.call(method, place(id), body)
        assert (answer.status, answer.json["type"][-12:]) == (400, "XDM-1528-400")
        older = api.call(method, place(id), body, x_emulator_edition="2020-09")
        assert older.json["detail"] == "To enable profile datasets the schema should be valid"
    api.ok("POST", f"{TENANT}/descriptors", identity(id, **{"xdm:isPrimary": False}))
    assert api.call("PATCH", place(id), TAG).rule.endswith("union_has_identity")
    with_map = composed("B", IDENTITY_MAP, **{"meta:immutableTags": ["union"]})
    assert api.call("POST", f"{TENANT}/schemas", with_map).status == 201


def test_a_tag_needs_references_of_the_right_namespace(api: AepClient, member: str) -> None:
    id = api.ok("POST", f"{TENANT}/schemas", profile_schema("Owner"))["$id"]
    phone = {"xdm:sourceProperty": "/mobilePhone/number"}
    one = {"@type": "xdm:descriptorOneToOne", "xdm:sourceSchema": id, **phone}
    relation = {**one, "xdm:destinationSchema": member, "xdm:destinationVersion": 1}
    api.ok("POST", f"{TENANT}/descriptors", identity(id))
    api.ok("POST", f"{TENANT}/descriptors", relation)
    answer = api.call("PATCH", place(id), TAG)
    assert (answer.status, answer.json["type"][-12:]) == (400, "XDM-1526-400")
    reference = {
        **one,
        "@type": "xdm:descriptorReferenceIdentity",
        "xdm:identityNamespace": "Phone",
    }
    made = api.ok("POST", f"{TENANT}/descriptors", reference)["@id"]
    answer = api.call("PATCH", place(id), TAG)
    assert (answer.status, answer.json["type"][-12:]) == (400, "XDM-1527-400")
    right = {**reference, "xdm:identityNamespace": "email"}
    api.ok("PUT", f"{TENANT}/descriptors/{made}", right)
    api.ok("PATCH", place(id), TAG)


def test_to_delete_the_identity_of_a_schema_in_a_union_is_remarked_on(
    api: AepClient, member: str
) -> None:
    ids = api.ok("GET", f"{TENANT}/descriptors", Accept=f"{V}xdm-v2-id+json")["results"]
    answer = api.call("DELETE", f"{TENANT}/descriptors/{ids[0]}")
    assert answer.warnings == ["schema_registry.delete_descriptor.identity_is_not_in_use"]


def test_paths_of_a_union_have_one_type(api: AepClient) -> None:
    tag = {"meta:immutableTags": ["union"]}
    text = make_group(api, "Text", seat={"type": "string"})
    number = make_group(api, "Number", seat={"type": "integer"})
    first = composed("A", text, IDENTITY_MAP, **tag)
    id = api.ok("POST", f"{TENANT}/schemas", first)["$id"]
    for edition, ending in (("latest", "XDM-1413-400"), ("2020-03", "uri")):
        clash = composed("B", number, IDENTITY_MAP, **tag)
        answer = api.call("POST", f"{TENANT}/schemas", clash, x_emulator_edition=edition)
        assert (answer.status, answer.rule.rpartition(".")[2]) == (400, "paths_merge")
        assert answer.json["type"].endswith(ending)
        digits = id.rpartition("/")[2]
        assert (
            f"(id={digits}) using a different data type. Types: integer, string"
            in (answer.json["detail"])
        )
    untagged = api.ok("POST", f"{TENANT}/schemas", composed("B", number, IDENTITY_MAP))["$id"]
    assert api.call("PATCH", place(untagged), TAG).rule.endswith("paths_merge")
    api.ok("POST", f"{TENANT}/schemas", composed("C", text, IDENTITY_MAP, **tag))


BREAKING = [
    [{"op": "remove", "path": "/definitions/own/properties/{}/properties/tier"}],
    [
        {
            "op": "replace",
            "path": "/definitions/own/properties/{}/properties/size/type",
            "value": "string",
        }
    ],
    [
        {
            "op": "replace",
            "path": "/definitions/own/properties/{}/properties/tier/enum",
            "value": ["a"],
        }
    ],
    [{"op": "add", "path": "/definitions/own/properties/{}/properties/size/maximum", "value": 9}],
    [
        {
            "op": "move",
            "from": "/definitions/own/properties/{}/properties/tier",
            "path": "/definitions/own/properties/{}/properties/level",
        }
    ],
]
HARMLESS = [
    [
        {
            "op": "add",
            "path": "/definitions/own/properties/{}/properties/new",
            "value": {"type": "string"},
        }
    ],
    [
        {
            "op": "add",
            "path": "/definitions/own/properties/{}/properties/tier/title",
            "value": "T",
        }
    ],
    [{"op": "add", "path": "/definitions/own/properties/{}/properties/tier/enum/-", "value": "c"}],
    [{"op": "replace", "path": "/title", "value": "Renamed"}],
]


def in_namespace(api: AepClient, patch: list[JsonObject]) -> list[JsonObject]:
    name = "_" + str(api.ok("GET", f"{SCHEMA_REGISTRY}/stats")["tenantId"])
    return [
        {
            key: value.format(name) if key in ("path", "from") else value
            for key, value in one.items()
        }
        for one in patch
    ]


@pytest.fixture
def tier(api: AepClient) -> str:
    return make_group(
        api, "Tier", tier={"type": "string", "enum": ["a", "b"]}, size={"type": "integer"}
    )


@pytest.mark.parametrize("patch", BREAKING)
def test_what_a_union_relies_on_cannot_be_broken(
    api: AepClient, tier: str, patch: list[JsonObject]
) -> None:
    patch = in_namespace(api, patch)
    body = composed("A", tier, IDENTITY_MAP, **{"meta:immutableTags": ["union"]})
    id = api.ok("POST", f"{TENANT}/schemas", body)["$id"]
    before = api.ok("GET", place(tier, "fieldgroups"), Accept=RAW)
    answer = api.call("PATCH", place(tier, "fieldgroups"), patch)
    assert (answer.status, answer.json["type"][-12:]) == (400, "XDM-1536-400")
    assert id in answer.json["detail"]
    older = api.call("PATCH", place(tier, "mixins"), patch, x_emulator_edition="2020-03")
    assert (older.status, older.json["title"]) == (400, "BadRequestError")
    replaced = group(api, "Tier", size={"type": "integer"})
    assert api.call("PUT", place(tier, "fieldgroups"), replaced).rule.endswith("used_fields_stay")
    without = composed("A", IDENTITY_MAP)
    assert api.call("PUT", place(id), without).rule.endswith("used_fields_stay")
    removal = [{"op": "remove", "path": "/allOf/1"}]
    assert api.call("PATCH", place(id), removal).rule.endswith("used_fields_stay")
    assert api.ok("GET", place(tier, "fieldgroups"), Accept=RAW) == before


@pytest.mark.parametrize("patch", HARMLESS)
def test_what_a_union_relies_on_can_grow(
    api: AepClient, tier: str, patch: list[JsonObject]
) -> None:
    body = composed("A", tier, IDENTITY_MAP, **{"meta:immutableTags": ["union"]})
    api.ok("POST", f"{TENANT}/schemas", body)
    api.ok("PATCH", place(tier, "fieldgroups"), in_namespace(api, patch))


@pytest.mark.parametrize("patch", BREAKING)
def test_free_change_until_used(api: AepClient, tier: str, patch: list[JsonObject]) -> None:
    """In 2020 a data set without data is use enough."""
    patch = in_namespace(api, patch)
    id = api.ok("POST", f"{TENANT}/schemas", composed("A", tier))["$id"]
    api.ok("POST", f"{CATALOG}/dataSets", dataset(id))
    older = api.call("PATCH", place(tier, "mixins"), patch, x_emulator_edition="2020-09")
    assert older.rule.endswith("used_fields_stay_2020")
    api.ok("PATCH", place(tier, "fieldgroups"), patch)


def test_an_observing_emulator_lets_it_break(make: Any) -> None:
    api = make(enforce="observe")
    body = composed("A", IDENTITY_MAP, **{"meta:immutableTags": ["union"]})
    id = api.ok("POST", f"{TENANT}/schemas", body)["$id"]
    answer = api.call("PUT", place(id), composed("B"))
    assert (answer.status, answer.warnings[0].rpartition(".")[2]) == (200, "used_fields_stay")
    assert api.call("DELETE", place(id)).status == 204
    assert api.ok("GET", f"{TENANT}/unions", Accept=f"{V}xed-id+json") == {"results": []}
    assert api.call("GET", place(UNION), Accept=FULL).status == 404
