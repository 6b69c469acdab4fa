"""One XDM resource is one resource, however its id is spelled: wherever schemas meet."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from emulator.testing.client import AepClient
from emulator.xdm.identity import alt_id, canonical, identity
from tests.bodies import (
    CATALOG,
    CONVERSION,
    FLOW_SERVICE,
    SCHEMA_REGISTRY,
    base_connection,
    dataset,
    flow,
    make_world,
    mapping_set,
    profile_schema,
    source_connection,
    target_connection,
)

PROFILE = "https://ns.adobe.com/xdm/context/profile"
TENANT = f"{SCHEMA_REGISTRY}/tenant"
V = "application/vnd.adobe."
EMAIL = "/personalEmail/address"
TAG = [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}]
SPELLINGS = {
    "$id": lambda id: id,
    "meta:altId": alt_id,
    "altId without its underscore": lambda id: alt_id(id)[1:],
    "URL-encoded": lambda id: quote(id, safe=""),
    "with a slash at its end": lambda id: f"{id}/",
}


@pytest.fixture(params=list(SPELLINGS.values()), ids=list(SPELLINGS))
def spelled(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def schema(api: AepClient) -> str:
    return str(api.ok("POST", f"{TENANT}/schemas", profile_schema())["$id"])


def field_group(api: AepClient, spelled: Any, **changes: Any) -> dict[str, Any]:
    name = "_" + str(api.ok("GET", f"{SCHEMA_REGISTRY}/stats")["tenantId"])
    fields = {"tier": {"type": "string"}}
    return {
        "type": "object",
        "title": "Loyalty",
        "meta:intendedToExtend": [spelled(PROFILE)],
        "definitions": {"own": {"properties": {name: {"type": "object", "properties": fields}}}},
        "allOf": [{"$ref": "#/definitions/own"}],
        **changes,
    }


def descriptor(schema: str, **changes: Any) -> dict[str, Any]:
    return {
        "@type": "xdm:descriptorIdentity",
        "xdm:sourceSchema": schema,
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": EMAIL,
        "xdm:namespace": "Email",
        "xdm:property": "xdm:code",
        "xdm:isPrimary": True,
        **changes,
    }


def test_identities(spelled: Any) -> None:
    own = "https://ns.adobe.com/acme/schemas/0123456789abcdef0123456789abcdef"
    assert identity(spelled(own)) == canonical(spelled(own)) == own
    assert identity([spelled(own), 1, None]) == [own, 1, None]
    for standard in (PROFILE, f"{PROFILE}__union", "http://schema.org/GeoShape"):
        assert canonical(spelled(standard)) == standard


@pytest.mark.parametrize(
    "text", ["", "name", "person.name", "_id", "https://example.com/a.b", "1.0"]
)
def test_other_texts_are_what_they_are(text: str) -> None:
    assert identity(text) == text


def test_a_mapping_set_and_a_target_connection_agree(api: AepClient, spelled: Any) -> None:
    world = make_world(api)
    sets = f"{CONVERSION}/mappingSets"
    world.mapping = api.ok("POST", sets, mapping_set(spelled(world.schema)))["id"]
    api.ok("POST", f"{FLOW_SERVICE}/flows", flow(world))
    other = api.ok("POST", f"{TENANT}/schemas", profile_schema("Others"))["$id"]
    world.mapping = api.ok("POST", sets, mapping_set(spelled(other)))["id"]
    refused = api.call("POST", f"{FLOW_SERVICE}/flows", flow(world))
    assert refused.json["type"].endswith("FLOW-1425-400")


def test_the_two_vocabularies_of_a_mapping_set_agree(
    api: AepClient, schema: str, spelled: Any
) -> None:
    output = {"schemaRef": {"id": schema, "contentType": f"{V}xed-full+json;version=1"}}
    body = {**mapping_set(spelled(schema)), "outputSchema": output}
    answer = api.call("POST", f"{CONVERSION}/mappingSets", body)
    assert (answer.status, answer.warnings) == (200, [])
    body["xdmSchema"] = spelled(PROFILE)
    answer = api.call("POST", f"{CONVERSION}/mappingSets", body)
    assert "data_prep.create_mapping_set.schemas_agree" in answer.warnings


def test_a_data_set_and_a_target_connection_agree(
    api: AepClient, schema: str, spelled: Any
) -> None:
    (made,) = api.ok("POST", f"{CATALOG}/dataSets", dataset(spelled(schema)))
    id = made.removeprefix("@/dataSets/")
    api.ok("POST", f"{FLOW_SERVICE}/targetConnections", target_connection(schema, id))
    body = target_connection(spelled(schema), id)
    target = api.ok("POST", f"{FLOW_SERVICE}/targetConnections", body)["id"]
    query = f"?property=data.schema.id=={schema}&property=id=={target}"
    (found,) = api.ok("GET", f"{FLOW_SERVICE}/targetConnections{query}")["items"]
    assert found["data"]["schema"]["id"] == spelled(schema)
    assert list(api.ok("GET", f"{CATALOG}/dataSets?schemaRef.id={schema}")) == [id]


def test_source_connections_find_their_schema(api: AepClient, schema: str, spelled: Any) -> None:
    base = api.ok("POST", f"{FLOW_SERVICE}/connections", base_connection())["id"]
    version = f"{V}xed-full+json;version=1"
    data = {"format": "parquet_xdm", "schema": {"id": spelled(schema), "version": version}}
    path = f"{FLOW_SERVICE}/sourceConnections"
    assert api.call("POST", path, source_connection(base, data=data)).status == 201


def test_rows_land_by_the_schema(api: AepClient, schema: str, spelled: Any) -> None:
    (made,) = api.ok("POST", f"{CATALOG}/dataSets", dataset(spelled(schema)))
    id = made.removeprefix("@/dataSets/")
    assert api.ok("GET", f"{CATALOG}/dataSets/{id}")[id]["classification"]["dataBehavior"] == (
        "record"
    )
    body = {"schemaRef": {"id": spelled(schema), "contentType": "1.0"}}
    made = api.ok("POST", f"{CONVERSION}/schemas", body)
    assert "personalEmail" in str(made["jsonSchema"])


def test_a_schema_is_made_of_parts(api: AepClient, spelled: Any) -> None:
    group = api.ok("POST", f"{TENANT}/fieldgroups", field_group(api, spelled))["$id"]
    parts = [{"$ref": spelled(PROFILE)}, {"$ref": spelled(group)}]
    body = {"type": "object", "title": "A", "allOf": parts, "meta:class": spelled(PROFILE)}
    made = api.ok("POST", f"{TENANT}/schemas", body)
    assert made["meta:class"] == PROFILE
    assert {PROFILE, group} <= set(made["meta:extends"])
    for query in (f"meta:class=={spelled(PROFILE)}", f"meta:extends=={spelled(group)}"):
        path = f"{TENANT}/schemas?property={quote(query)}"
        listed = api.ok("GET", path, Accept=f"{V}xed-id+json")["results"]
        assert [item["$id"] for item in listed] == [made["$id"]], query
    exported = api.ok("GET", f"{SCHEMA_REGISTRY}/rpc/export/{quote_plus(made['$id'])}")
    ids = [item["$id"].rpartition("/")[2] for item in exported]
    assert ids == [group.rpartition("/")[2], made["$id"].rpartition("/")[2]]
    assert "t_" not in str(exported[1]["allOf"])
    deleted = api.call("DELETE", f"{TENANT}/fieldgroups/{quote_plus(group)}")
    assert deleted.warnings == ["schema_registry.delete_fieldgroup.resource_is_unreferenced"]


def test_a_type_is_part_of_a_group(api: AepClient, spelled: Any) -> None:
    fields = {"code": {"type": "string"}}
    body = {"type": "object", "title": "Code", "properties": fields}
    type = api.ok("POST", f"{TENANT}/datatypes", body)["$id"]
    name = "_" + str(api.ok("GET", f"{SCHEMA_REGISTRY}/stats")["tenantId"])
    own = {name: {"type": "object", "properties": {"code": {"$ref": spelled(type)}}}}
    group = field_group(api, spelled, definitions={"own": {"properties": own}})
    made = api.ok("POST", f"{TENANT}/fieldgroups", group)
    assert made["refs"] == [type]
    deleted = api.call("DELETE", f"{TENANT}/datatypes/{quote_plus(type)}")
    assert deleted.warnings == ["schema_registry.delete_datatype.resource_is_unreferenced"]


def test_unions_gather_their_schemas(api: AepClient, spelled: Any) -> None:
    parts = [{"$ref": spelled(f"{PROFILE}{part}")} for part in ("", "-personal-details")]
    body = {"type": "object", "title": "A", "allOf": parts}
    schema = api.ok("POST", f"{TENANT}/schemas", body)["$id"]
    api.ok("POST", f"{TENANT}/descriptors", descriptor(spelled(schema)))
    again = api.call("POST", f"{TENANT}/descriptors", descriptor(schema))
    assert again.status == 400, "a schema has one primary identity"
    api.ok("PATCH", f"{TENANT}/schemas/{quote_plus(schema)}", TAG)
    path = f"{TENANT}/unions/{quote_plus(f'{PROFILE}__union')}"
    union = api.ok("GET", path, Accept=f"{V}xed+json; version=1")
    assert schema in union["meta:extends"]
    tags = {"unifiedProfile": ["enabled:true"]}
    answer = api.call("POST", f"{CATALOG}/dataSets", dataset(spelled(schema), tags=tags))
    assert "profile_has_its_schema" not in str(answer.headers)


def test_what_a_schema_holds(api: AepClient, schema: str, spelled: Any) -> None:
    api.ok("POST", f"{CATALOG}/dataSets", dataset(spelled(schema)))
    path = f"{TENANT}/schemas/{quote_plus(schema)}"
    other = api.ok("POST", f"{TENANT}/schemas", profile_schema("Others"))["$id"]
    api.ok("POST", f"{TENANT}/descriptors", descriptor(schema))
    relation = {
        "@type": "xdm:descriptorOneToOne",
        "xdm:sourceSchema": other,
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": EMAIL,
        "xdm:destinationSchema": spelled(schema),
        "xdm:destinationVersion": 1,
        "xdm:destinationProperty": EMAIL,
    }
    api.ok("POST", f"{TENANT}/descriptors", relation)
    query = quote(f"xdm:destinationSchema=={schema}")
    listed = api.ok("GET", f"{TENANT}/descriptors?property={query}", Accept=f"{V}xdm-v2+json")[
        "results"
    ]
    assert [item["xdm:sourceSchema"] for item in listed] == [other]
    rules = ("schema_has_no_dataset", "schema_is_no_destination")
    warnings = [f"schema_registry.delete_schema.{rule}" for rule in rules]
    assert api.call("DELETE", path).warnings == warnings


def test_paths_name_a_resource(api: AepClient, schema: str, spelled: Any) -> None:
    path = f"{TENANT}/schemas/{quote(spelled(schema), safe='')}"
    found = api.ok("GET", path, Accept=f"{V}xed+json; version=1")
    assert found["$id"] == schema
    assert api.ok("GET", f"{SCHEMA_REGISTRY}/rpc/sampledata/{quote_plus(spelled(schema))}")
