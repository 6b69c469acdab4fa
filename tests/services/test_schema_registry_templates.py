"""CSV templates of the Schema Registry: what is proposed of them, and that an import takes it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

import pytest

from emulator.testing.client import AepClient
from tests.bodies import SCHEMA_REGISTRY

PROPOSE = f"{SCHEMA_REGISTRY}/rpc/csv2schema"
IMPORT = f"{SCHEMA_REGISTRY}/rpc/import"
PROFILE = "https://ns.adobe.com/xdm/context/profile"
PERSON = "https://ns.adobe.com/xdm/context/person"
DEMOGRAPHIC = "https://ns.adobe.com/xdm/context/profile-person-details"
BOUNDARY = "----csv"
GOOD = "isCustom,fieldPath,dataType\ntrue,a,string\n"

HEAD = (
    "isIgnored,isCustom,fieldGroupName,fieldPath,displayName,fieldDescription,dataType,isRequired,"
    "isArray,isIdentity,identityNamespace,isPrimaryIdentity,minimum,maximum,enum,format,properties,$ref"
)
ROWS = """
true,,,,,,,,,,,,,,,,,
false,true,,{ns}.customField1,custom field1,Sample custom field1,string,true,,true,Email,true,,,,,,
false,true,,{ns}.customField2.customerField22,,,string,true,,,,,,,,,,
false,true,,{ns}.customField3,,,number,,,,,,0,10,,,,
false,true,,{ns}.customField4,,,string,,,,,,,,"[one,two,three]",,,
false,true,,{ns}.customField5,,,string,,true,,,,,,,,,
false,true,,{ns}.customField6,,,string,,,,,,,,,date,,
false,true,SampleFieldGroup,{ns}.customField7,,,object,,,,,,,,,,"{{""myField"":{{""type"":""string""}}}}",
false,true,SampleFieldGroup,customField8,,,object,,true,,,,,,,,,{person}
false,false,Demographic Details,person.name.firstName,My first name,,,,,,,,,,,,,
false,true,Demographic Details,person.name.{ns}.nickName,,,string,true,,,,,,,,,,
"""


@pytest.fixture
def namespace(api: AepClient) -> str:
    return "_" + str(api.ok("GET", f"{SCHEMA_REGISTRY}/stats")["tenantId"])


@pytest.fixture
def template(namespace: str) -> str:
    return HEAD + ROWS.format(ns=namespace, person=PERSON)


def propose(api: AepClient, csv: str, **changes: str) -> Any:
    parts = {
        "csv-file": csv,
        "schema-class-id": PROFILE,
        "schema-name": "My Sample Schema",
        "schema-description": "Made of a file",
        **changes,
    }
    lines = []
    for name, value in parts.items():
        head = f'Content-Disposition: form-data; name="{name}"'
        lines.append(f"--{BOUNDARY}\r\n{head}\r\n\r\n{value}\r\n")
    raw = "".join([*lines, f"--{BOUNDARY}--\r\n"]).encode()
    content_type = f"multipart/form-data; boundary={BOUNDARY}"
    return api.call("POST", PROPOSE, content=raw, Content_Type=content_type)


def test_a_template_becomes_groups_a_schema_and_descriptors(
    api: AepClient, template: str, namespace: str
) -> None:
    answer = propose(api, template)
    assert answer.status == 200, answer.content
    own, sample, extension, schema, title, identity = answer.json
    fields = own["properties"][namespace]
    assert own["required"] == [namespace]
    assert fields["required"] == ["customField1", "customField2"]
    assert fields["properties"] == {
        "customField1": {
            "type": "string",
            "title": "custom field1",
            "description": "Sample custom field1",
        },
        "customField2": {
            "type": "object",
            "required": ["customerField22"],
            "properties": {"customerField22": {"type": "string"}},
        },
        "customField3": {"type": "number", "minimum": 0, "maximum": 10},
        "customField4": {"type": "string", "enum": ["one", "two", "three"]},
        "customField5": {"type": "array", "items": {"type": "string"}},
        "customField6": {"type": "string", "format": "date"},
    }
    assert own["title"] == f"Generated field group {own['$id'].rpartition('/')[2]}"
    assert sample["title"] == "SampleFieldGroup"
    assert sample["properties"][namespace]["properties"] == {
        "customField7": {"type": "object", "properties": {"myField": {"type": "string"}}},
        "customField8": {"type": "array", "items": {"type": "object", "$ref": PERSON}},
    }
    assert extension["title"].startswith("Demographic Details:Generated field group ")
    assert extension["meta:extends"] == [DEMOGRAPHIC]
    assert extension["allOf"][1] == {"$ref": DEMOGRAPHIC}
    assert extension["allOf"][0]["required"] == ["person"]
    assert [part["$ref"] for part in schema["allOf"]] == [
        PROFILE,
        own["$id"],
        sample["$id"],
        extension["$id"],
    ]
    assert schema["allOf"][3]["meta:refProperty"] == [
        "/person/name/firstName",
        f"/person/name/{namespace}/nickName",
    ]
    assert (schema["title"], schema["description"]) == ("My Sample Schema", "Made of a file")
    assert title["xdm:title"] == {"en_us": "My first name"}
    assert title["xdm:sourceProperty"] == "/person/name/firstName"
    assert identity["@type"] == "xdm:descriptorIdentity"
    assert (identity["xdm:namespace"], identity["xdm:isPrimary"]) == ("Email", True)


def test_nothing_is_stored_and_the_same_file_gives_the_same(api: AepClient, template: str) -> None:
    assert propose(api, template).json == propose(api, template).json
    accept = {"Accept": "application/vnd.adobe.xed-id+json"}
    for kind in ("schemas", "fieldgroups"):
        assert api.ok("GET", f"{SCHEMA_REGISTRY}/tenant/{kind}", headers=accept)["results"] == []


def test_an_import_makes_all_of_it(api: AepClient, template: str, namespace: str) -> None:
    proposal = propose(api, template).json
    added = api.ok("POST", IMPORT, proposal)
    schema = next(item for item in added if item.get("title") == "My Sample Schema")
    path = f"{SCHEMA_REGISTRY}/tenant/schemas/{quote_plus(schema['$id'])}"
    full = api.ok("GET", path, Accept="application/vnd.adobe.xed-full-desc+json; version=1")
    own = full["properties"][namespace]["properties"]
    assert {"customField1", "customField8"} <= set(own)
    name = full["properties"]["person"]["properties"]["name"]["properties"]
    assert "nickName" in name[namespace]["properties"]
    assert "firstName" in name
    assert {item["@type"] for item in full["meta:descriptors"]} == {
        "xdm:alternateDisplayInfo",
        "xdm:descriptorIdentity",
    }


def test_an_import_with_a_wrong_descriptor_adds_nothing(api: AepClient, template: str) -> None:
    proposal = propose(api, template).json
    proposal[-1]["xdm:sourceProperty"] = "/nowhere"
    answer = api.call("POST", IMPORT, proposal)
    assert answer.status == 400
    assert answer.rule == "schema_registry.create_descriptor.property_exists"
    accept = {"Accept": "application/vnd.adobe.xed-id+json"}
    for kind in ("schemas", "fieldgroups"):
        assert api.ok("GET", f"{SCHEMA_REGISTRY}/tenant/{kind}", headers=accept)["results"] == []


def test_all_fields_of_a_standard_group_are_taken_whole(api: AepClient) -> None:
    csv = "isCustom,fieldGroupName,fieldPath\nfalse,Demographic Details,ALL\n"
    (schema,) = propose(api, csv).json
    assert schema["allOf"] == [{"$ref": PROFILE}, {"$ref": DEMOGRAPHIC}]
    assert api.ok("POST", IMPORT, [schema])[0]["title"] == "My Sample Schema"


@pytest.mark.parametrize(
    ("csv", "changes", "rule", "status"),
    [
        ("", {}, "columns_are_there", 400),
        ("isCustom,fieldPath\n", {}, "rows_are_fields", 400),
        ("isCustom,fieldPath,dataType\ntrue,a,text\n", {}, "rows_are_fields", 400),
        ("isCustom,fieldGroupName,fieldPath\nfalse,None,a\n", {}, "references_resolve", 404),
        (
            GOOD,
            {"schema-name": ""},
            "parts_are_sent",
            400,
        ),
        (
            GOOD,
            {"schema-class-id": f"{PROFILE}s"},
            "class_exists",
            404,
        ),
    ],
)
def test_what_is_no_template_is_refused(
    api: AepClient, csv: str, changes: dict[str, str], rule: str, status: int
) -> None:
    answer = propose(api, csv, **changes)
    assert (answer.rule, answer.status) == (f"schema_registry.csv_to_schema.{rule}", status)
    assert answer.json["detail"]
