"""Descriptors over HTTP: every type, every list, and what is refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

import pytest

from emulator.json_types import JsonObject
from emulator.testing.client import AepClient
from tests.bodies import SCHEMA_REGISTRY, profile_schema

TENANT = f"{SCHEMA_REGISTRY}/tenant"
DESCRIPTORS = f"{TENANT}/descriptors"
V = "application/vnd.adobe."
EMAIL = "/personalEmail/address"
PHONE = "/mobilePhone/number"
CREATED = 201


@pytest.fixture
def schema(api: AepClient) -> str:
    return str(api.ok("POST", f"{TENANT}/schemas", profile_schema())["$id"])


@pytest.fixture
def other(api: AepClient) -> str:
    return str(api.ok("POST", f"{TENANT}/schemas", profile_schema("Other"))["$id"])


@pytest.fixture
def relational(api: AepClient) -> str:
    return relational_schema(api)


def relational_schema(api: AepClient) -> str:
    """Return a relational schema with a required key, version and time."""
    field = {"type": "string"}
    time = {"type": "string", "format": "date-time"}
    record = {
        "type": "object",
        "properties": {"key": field, "part": field, "row": field, "at": time, "free": time},
        "required": ["key", "part", "row", "at"],
    }
    body = {
        "type": "object",
        "title": "Rows",
        "definitions": {"record": record},
        "allOf": [{"$ref": "#/definitions/record"}],
        "meta:extends": ["https://ns.adobe.com/xdm/data/adhoc-v2"],
        "meta:behaviorType": "record",
    }
    return str(api.ok("POST", f"{TENANT}/schemas", body)["$id"])


def descriptor(schema: str, type: str, path: Any = EMAIL, **more: Any) -> JsonObject:
    """Return a descriptor; underscores in names of members stand for colons."""
    body = {"@type": f"xdm:{type}", "xdm:sourceSchema": schema, "xdm:sourceVersion": 1}
    named = {name.replace("_", ":", 1): value for name, value in more.items()}
    return {**body, **({"xdm:sourceProperty": path} if path else {}), **named}


def identity(schema: str, path: str = EMAIL, **more: Any) -> JsonObject:
    known = {"xdm_namespace": "Email", "xdm_property": "xdm:code", **more}
    return descriptor(schema, "descriptorIdentity", path, **known)


def every_type(schema: str, other: str, relational: str) -> list[JsonObject]:
    return [
        identity(schema, xdm_isPrimary=True),
        identity(schema, PHONE, xdm_namespace=6, xdm_property="xdm:id"),
        descriptor(schema, "alternateDisplayInfo", "/person", xdm_title={"en_us": "Somebody"}),
        descriptor(
            schema,
            "descriptorOneToOne",
            PHONE,
            xdm_destinationSchema=other,
            xdm_destinationVersion=1,
            xdm_destinationProperty=EMAIL,
        ),
        descriptor(schema, "descriptorReferenceIdentity", PHONE, xdm_identityNamespace="Email"),
        descriptor(
            schema,
            "descriptorRelationship",
            xdm_destinationSchema=other,
            xdm_cardinality="M:1",
            xdm_sourceToDestinationTitle="Owner",
        ),
        descriptor(schema, "descriptorDeprecated", ["/faxPhone", "/xdm:homePhone"]),
        descriptor(schema, "descriptorLabel", xdm_labels=["core/C1"]),
        descriptor(schema, "descriptorLabel", xdm_labels=["core/C2"]),
        descriptor(schema, "descriptorTimeSeriesGranularity", None, xdm_granularity="day"),
        descriptor(relational, "descriptorPrimaryKey", ["/key", "/part"]),
        descriptor(relational, "descriptorVersion", "/row"),
        descriptor(relational, "descriptorTimestamp", "/at"),
        descriptor(schema, "descriptorOneToMany", "/person"),
        descriptor(schema, "descriptorManyToMany", "/person"),
    ]


@pytest.mark.parametrize("edition", ["2020-03", "2020-09", "latest"])
def test_a_descriptor_of_every_type_lives(
    api: AepClient, schema: str, other: str, relational: str, edition: str
) -> None:
    dated = {"x_emulator_edition": edition}
    made = []
    for body in every_type(schema, other, relational):
        answer = api.call("POST", DESCRIPTORS, body, headers=dated)
        assert (answer.status, answer.warnings) == (CREATED, []), answer.content
        assert answer.json.items() >= body.items()
        made.append(answer.json["@id"])
        found = api.ok("GET", f"{DESCRIPTORS}/{made[-1]}", headers=dated)
        assert found.items() >= body.items()
    assert len(made) == len(set(made))
    ids = api.ok("GET", DESCRIPTORS, Accept=f"{V}xdm-v2-id+json", headers=dated)["results"]
    assert ids == made
    for id in made:
        assert api.call("DELETE", f"{DESCRIPTORS}/{id}", headers=dated).status == 204
        assert api.call("GET", f"{DESCRIPTORS}/{id}", headers=dated).status == 404
    assert api.ok("GET", DESCRIPTORS, Accept=f"{V}xdm+json", headers=dated) == {}


def test_answers_of_the_reference_and_of_the_guide(api: AepClient, schema: str) -> None:
    made = api.ok("POST", DESCRIPTORS, identity(schema))
    assert (len(made["@id"]), made["version"], made["meta:sandboxType"]) == (48, "1", "production")
    found = api.ok("GET", f"{DESCRIPTORS}/{made['@id']}")
    one = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    assert found["meta:registryMetadata"]["eTag"] == one
    put = api.call("PUT", f"{DESCRIPTORS}/{made['@id']}", identity(schema, PHONE))
    assert (put.status, put.json) == (201, {"@id": made["@id"]})
    found = api.ok("GET", f"{DESCRIPTORS}/{made['@id']}")
    assert (found["xdm:sourceProperty"], found["version"]) == (PHONE, "2")
    older = {"x_emulator_edition": "2020-09"}
    made = api.ok("POST", DESCRIPTORS, identity(schema), headers=older)
    assert list(made)[:1] == ["@id"]
    assert len(made["@id"]) == 40
    assert made.keys() - identity(schema).keys() == {"@id", "meta:containerId"}
    found = api.ok("GET", f"{DESCRIPTORS}/{made['@id']}", headers=older)
    assert found["created"] == found["updated"] == 1_600_000_000_000
    put = api.call(
        "PUT", f"{DESCRIPTORS}/{made['@id']}", identity(schema, xdm_namespace=7), headers=older
    )
    assert (put.status, put.json) == (201, {"@id": made["@id"]})


def test_lists_in_every_form(api: AepClient, schema: str, other: str) -> None:
    ids = [api.ok("POST", DESCRIPTORS, identity(of))["@id"] for of in (schema, other)]
    label = descriptor(schema, "descriptorLabel", xdm_label="C1")
    ids.append(api.ok("POST", DESCRIPTORS, label)["@id"])
    links = [f"/tenant/descriptors/{id}" for id in ids]

    def found(form: str, query: str = "") -> Any:
        return api.ok("GET", DESCRIPTORS + query, Accept=f"{V}{form}+json")

    types = ["xdm:descriptorIdentity", "xdm:descriptorLabel"]
    assert found("xdm-id") == dict(zip(types, [ids[:2], ids[2:]], strict=True))
    assert found("xdm-link") == dict(zip(types, [links[:2], links[2:]], strict=True))
    assert [item["@id"] for item in found("xdm")[types[0]]] == ids[:2]
    assert found("xdm-v2-link")["results"] == links
    assert found("xdm-v2")["_page"] == {"orderby": "updated", "next": None, "count": 3}
    assert found("xdm-v2-id", f"?property=@type=={types[0]}")["results"] == ids[:2]
    joined = quote_plus(f"@type=={types[0]},xdm:sourceSchema=={other}")
    assert found("xdm-v2-id", f"?property={joined}")["results"] == [ids[1]]
    apart = f"?property=@type=={types[0]}&property=xdm:sourceSchema=={quote_plus(schema)}"
    assert found("xdm-id", apart) == {types[0]: [ids[0]]}
    page = found("xdm-v2-id", "?limit=2")
    assert page["results"] == ids[:2]
    following = page["_page"]["next"]
    assert found("xdm-v2-id", f"?limit=2&start={following}")["results"] == ids[2:]
    assert found("xdm-v2-id", "?limit=2&start=2")["results"] == []
    place = f"{SCHEMA_REGISTRY}/global/descriptors"
    assert api.ok("GET", place, Accept=f"{V}xdm+json") == {}
    assert api.call("GET", f"{place}/{ids[0]}").status == 404


@pytest.mark.parametrize(
    ("accept", "rule", "status"),
    [
        (None, "accept_is_sent", 406),
        ("*/*", "accept_is_sent", 406),
        (f"{V}xed-id+json", "accept_is_known", 406),
        (f"{V}xdm+json; version=1", "accept_has_no_version", 406),
    ],
)
def test_lists_refuse_a_wrong_accept(
    api: AepClient, accept: str | None, rule: str, status: int
) -> None:
    headers = {"Accept": accept} if accept else {}
    answer = api.call("GET", DESCRIPTORS, headers=headers)
    assert (answer.status, answer.rule.rpartition(".")[2]) == (400, rule)
    assert answer.json["type"].endswith("XDM-1008-400")
    answer = api.call("GET", DESCRIPTORS, x_emulator_edition="2020-03", headers=headers)
    assert (answer.status, answer.rule.rpartition(".")[2]) == (status, rule)


def wrong(schema: str) -> dict[str, tuple[Any, str]]:
    relation = {"xdm_destinationSchema": schema, "xdm_cardinality": "1:1"}
    return {
        "list": ([], "body_is_object"),
        "no type": ({"xdm:sourceSchema": schema}, "type_is_sent"),
        "type": (descriptor(schema, "other"), "type_is_known"),
        "no schema": ({"@type": "xdm:descriptorIdentity"}, "source_schema_is_sent"),
        "schema": (identity(schema + "0"), "source_schema_exists"),
        "version": ({**identity(schema), "xdm:sourceVersion": 2}, "source_version_is_one"),
        "no path": (descriptor(schema, "alternateDisplayInfo", None), "property_is_sent"),
        "path is list": ({**identity(schema), "xdm:sourceProperty": [EMAIL]}, "property_is_sent"),
        "no paths": (descriptor(schema, "descriptorDeprecated", []), "properties_are_sent"),
        "no slash": (identity(schema, "person"), "property_has_its_form"),
        "slash at end": (identity(schema, "/person/"), "property_has_its_form"),
        "properties": (identity(schema, "/person/properties/name"), "property_has_its_form"),
        "field": (identity(schema, "/person/shoes"), "property_exists"),
        "namespace": (descriptor(schema, "descriptorIdentity"), "identity_has_namespace"),
        "no property": (
            descriptor(schema, "descriptorIdentity", xdm_namespace="Email"),
            "identity_property_is_sent",
        ),
        "property": (identity(schema, xdm_property="code"), "identity_property_is_known"),
        "primary": (identity(schema, xdm_isPrimary="yes"), "primary_is_boolean"),
        "no destination": (descriptor(schema, "descriptorOneToOne"), "destination_is_sent"),
        "destination": (
            descriptor(
                schema, "descriptorRelationship", **{**relation, "xdm_destinationSchema": "x"}
            ),
            "destination_exists",
        ),
        "destination version": (
            descriptor(schema, "descriptorOneToOne", xdm_destinationSchema=schema),
            "destination_version_is_sent",
        ),
        "destination form": (
            descriptor(
                schema, "descriptorRelationship", xdm_destinationProperty="person", **relation
            ),
            "destination_property_has_its_form",
        ),
        "destination property": (
            descriptor(
                schema, "descriptorRelationship", xdm_destinationProperty="/shoes", **relation
            ),
            "destination_property_exists",
        ),
        "cardinality": (
            descriptor(schema, "descriptorRelationship", **{**relation, "xdm_cardinality": "2:1"}),
            "cardinality_is_sent",
        ),
        "reference": (
            descriptor(schema, "descriptorReferenceIdentity"),
            "reference_has_namespace",
        ),
        "display": (
            descriptor(schema, "alternateDisplayInfo", xdm_title={"en": "A"}, meta_enum=[]),
            "texts_have_their_form",
        ),
        "key": (descriptor(schema, "descriptorPrimaryKey", EMAIL), "key_is_at_root"),
        "required": (descriptor(schema, "descriptorVersion", "/person"), "property_is_required"),
        "second": (identity(schema, PHONE, xdm_isPrimary=True), "primary_is_one"),
        "again": (identity(schema), "descriptor_is_new"),
    }


def remarkable(schema: str) -> dict[str, tuple[Any, str]]:
    """What no document demands, or one shows otherwise: it is remarked on."""
    return {
        "title": (descriptor(schema, "alternateDisplayInfo", xdm_title="A"), "title_is_sent"),
        "label": (descriptor(schema, "descriptorLabel"), "label_is_sent"),
        "granularity": (
            descriptor(schema, "descriptorTimeSeriesGranularity", None, xdm_granularity="week"),
            "granularity_is_known",
        ),
        "prefix": (
            {
                "@type": "xdm:alternateDisplayInfo",
                "sourceSchema": schema,
                "sourceProperty": EMAIL,
                "title": {"en_us": "Mail"},
            },
            "members_have_their_prefix",
        ),
    }


@pytest.mark.parametrize("name", remarkable(""))
def test_what_is_unusual_is_remarked_on_and_refused_strictly(make: Any, name: str) -> None:
    for enforce in ("documented", "strict"):
        api = make(enforce=enforce)
        schema = api.ok("POST", f"{TENANT}/schemas", profile_schema())["$id"]
        body, rule = remarkable(schema)[name]
        answer = api.call("POST", DESCRIPTORS, body)
        if enforce == "strict":
            assert (answer.status, answer.rule.rpartition(".")[2]) == (400, rule)
        else:
            assert answer.status == CREATED, answer.content
            assert rule in {id.rpartition(".")[2] for id in answer.warnings}


def test_a_display_without_prefixes_is_the_one_with_them(api: AepClient, schema: str) -> None:
    body, _ = remarkable(schema)["prefix"]
    made = api.ok("POST", DESCRIPTORS, body)
    assert (made["xdm:sourceSchema"], made["xdm:title"]) == (schema, {"en_us": "Mail"})
    query = quote_plus(f"xdm:sourceSchema=={schema}")
    path = f"{DESCRIPTORS}?property={query}"
    assert api.ok("GET", path, Accept=f"{V}xdm-v2-id+json")["results"] == [made["@id"]]
    elsewhere = {**body, "sourceSchema": f"{schema}0"}
    assert api.call("POST", DESCRIPTORS, elsewhere).status == 404


def test_missing_members_are_listed_as_sub_errors(api: AepClient, schema: str) -> None:
    """The body is the one of pitchmuc/aepp, issue 18; every type of descriptor answers so."""
    missing = descriptor(schema, "descriptorIdentity", xdm_namespace="Email")
    body = api.call("POST", DESCRIPTORS, missing).json
    text = "An error occurred validating the schema."
    assert (body["type"][-12:], body["title"]) == ("XDM-4000-400", "Validation error")
    assert body["detail"] == body["report"]["detailed-message"] == text
    assert body["report"]["sub-errors"] == [
        {
            "path": "$",
            "type": "required",
            "arguments": ["xdm:property"],
            "message": "$.xdm:property: is missing but it is required",
        }
    ]
    for type, member in (
        ("descriptorIdentity", "xdm:namespace"),
        ("descriptorOneToOne", "xdm:destinationSchema"),
        ("descriptorReferenceIdentity", "xdm:identityNamespace"),
        ("descriptorRelationship", "xdm:destinationSchema"),
    ):
        report = api.call("POST", DESCRIPTORS, descriptor(schema, type)).json["report"]
        assert [item["arguments"] for item in report["sub-errors"]] == [[member]]
    wrong_type = api.call("POST", DESCRIPTORS, identity(schema, xdm_isPrimary="yes")).json
    (sub_error,) = wrong_type["report"]["sub-errors"]
    assert sub_error["path"] == "$.xdm:isPrimary"


def test_a_repeated_descriptor_is_named(api: AepClient, schema: str) -> None:
    id = api.ok("POST", DESCRIPTORS, identity(schema))["@id"]
    body = api.call("POST", DESCRIPTORS, identity(schema)).json
    assert (body["title"], body["type"][-12:]) == ("Descriptor validation error", "XDM-1811-400")
    reason = {"errorReason": f"Descriptor with id {id} already exists"}
    assert body["report"]["additionalDetails"] == [reason]


def test_a_namespace_that_is_no_standard_one_is_noted(make: Any) -> None:
    """It may be one of the organization's own, which nobody can tell here."""
    api = make(enforce="strict")
    schema = api.ok("POST", f"{TENANT}/schemas", profile_schema())["$id"]
    known = api.call("POST", DESCRIPTORS, identity(schema, xdm_namespace="ECID"))
    assert (known.status, known.warnings) == (CREATED, [])
    other = api.call("POST", DESCRIPTORS, identity(schema, PHONE, xdm_namespace="NoSuchNs"))
    assert other.status == CREATED
    assert other.warnings == ["schema_registry.create_descriptor.namespace_is_known"]


@pytest.mark.parametrize("name", wrong(""))
@pytest.mark.parametrize("edition", ["2020-03", "latest"])
def test_what_is_wrong_is_refused_and_changes_nothing(
    api: AepClient, schema: str, name: str, edition: str
) -> None:
    kept = api.ok("POST", DESCRIPTORS, identity(schema, xdm_isPrimary=True))["@id"]
    body, rule = wrong(schema)[name]
    answer = api.call("POST", DESCRIPTORS, body, x_emulator_edition=edition)
    assert answer.rule.rpartition(".")[2] == rule, answer.content
    assert answer.status == (404 if rule.endswith("_exists") and "property" not in rule else 400)
    ids = api.ok("GET", DESCRIPTORS, Accept=f"{V}xdm-v2-id+json")["results"]
    assert ids == [kept]


@pytest.mark.parametrize("name", [*wrong(""), *remarkable("")])
def test_an_emulator_that_only_observes_survives_it(make: Any, name: str) -> None:
    api = make(enforce="observe")
    schema = api.ok("POST", f"{TENANT}/schemas", profile_schema())["$id"]
    api.ok("POST", DESCRIPTORS, identity(schema, xdm_isPrimary=True))
    body, rule = {**wrong(schema), **remarkable(schema)}[name]
    answer = api.call("POST", DESCRIPTORS, body)
    if rule == "body_is_object":
        assert answer.status == 400
        return
    assert answer.status == CREATED
    for accept in ("xdm", "xdm-v2", "xdm-id"):
        api.ok("GET", DESCRIPTORS, Accept=f"{V}{accept}+json")
    place = f"{TENANT}/schemas/{quote_plus(schema)}"
    for form in ("full-desc", "deprecatefield", "full"):
        api.ok("GET", place, Accept=f"{V}xed-{form}+json; version=1")
    api.ok("PUT", f"{DESCRIPTORS}/{answer.json['@id']}", body)
    api.ok("PATCH", place, [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}])
    assert api.call("DELETE", place).status == 204


def test_keys_versions_and_timestamps(api: AepClient, relational: str) -> None:
    for body, rule in (
        (descriptor(relational, "descriptorTimestamp", "/row"), "timestamp_is_date_time"),
        (descriptor(relational, "descriptorTimestamp", "/free"), "property_is_required"),
    ):
        answer = api.call("POST", DESCRIPTORS, body)
        assert (answer.status, answer.rule.rpartition(".")[2]) == (400, rule)


def test_keys_are_single_and_apart_strictly(make: Any) -> None:
    """Public clients tell of these refusals, without a date."""
    api = make(enforce="strict")
    relational = relational_schema(api)
    key = descriptor(relational, "descriptorPrimaryKey", ["/key", "/part"])
    api.ok("POST", DESCRIPTORS, key)
    for body, rule in (
        (descriptor(relational, "descriptorPrimaryKey", "/row"), "type_is_single"),
        (descriptor(relational, "descriptorVersion", "/part"), "property_is_no_key"),
    ):
        answer = api.call("POST", DESCRIPTORS, body)
        assert (answer.status, answer.rule.rpartition(".")[2]) == (400, rule)
    on_key = api.call("POST", DESCRIPTORS, descriptor(relational, "descriptorVersion", "/key"))
    assert on_key.json["type"].endswith("XDM-1855-400")
    assert "cannot be defined on xdm:descriptorPrimaryKey" in on_key.json["detail"]


def test_a_replacement_may_stay_what_it_is(api: AepClient, schema: str) -> None:
    body = identity(schema, xdm_isPrimary=True)
    id = api.ok("POST", DESCRIPTORS, body)["@id"]
    api.ok("PUT", f"{DESCRIPTORS}/{id}", body)
    missing = api.call("PUT", f"{DESCRIPTORS}/{'0' * 48}", body)
    assert (missing.status, missing.json["type"][-12:]) == (404, "XDM-1014-404")


def test_schemas_show_their_descriptors(api: AepClient, schema: str) -> None:
    made = api.ok("POST", DESCRIPTORS, identity(schema))
    gone = descriptor(schema, "descriptorDeprecated", ["/person/name/firstName", "/faxPhone"])
    api.ok("POST", DESCRIPTORS, gone)
    place = f"{TENANT}/schemas/{quote_plus(schema)}"
    found = api.ok("GET", place, Accept=f"{V}xed-full-desc+json; version=1")
    assert [item["@type"][4:] for item in found["meta:descriptors"]] == [
        "descriptorIdentity",
        "descriptorDeprecated",
    ]
    assert found["meta:descriptors"][0]["@id"] == made["@id"]
    plain = api.ok("GET", place, Accept=f"{V}xed-full+json; version=1")
    marked = api.ok("GET", place, Accept=f"{V}xed-deprecatefield+json; version=1")
    first = "person", "name", "firstName"
    for body, status in ((plain, None), (marked, "deprecated")):
        field = body
        for name in first:
            field = field["properties"][name]
        assert field.get("meta:status") == status
        assert body["properties"]["faxPhone"].get("meta:status") == status


def test_descriptors_go_with_their_schema_and_hold_the_one_they_lead_to(
    api: AepClient, schema: str, other: str
) -> None:
    relation = {"xdm_destinationSchema": other, "xdm_cardinality": "M:1"}
    id = api.ok("POST", DESCRIPTORS, descriptor(schema, "descriptorRelationship", **relation))[
        "@id"
    ]
    answer = api.call("DELETE", f"{TENANT}/schemas/{quote_plus(other)}")
    assert answer.warnings == ["schema_registry.delete_schema.schema_is_no_destination"]
    assert api.call("DELETE", f"{TENANT}/schemas/{quote_plus(schema)}").status == 204
    assert api.call("GET", f"{DESCRIPTORS}/{id}").status == 404


def test_sandboxes_do_not_share_descriptors(api: AepClient, schema: str) -> None:
    id = api.ok("POST", DESCRIPTORS, identity(schema))["@id"]
    assert api.call("GET", f"{DESCRIPTORS}/{id}", x_sandbox_name="dev").status == 404
    answer = api.call("POST", DESCRIPTORS, identity(schema), x_sandbox_name="dev")
    assert answer.rule.endswith("source_schema_exists")
