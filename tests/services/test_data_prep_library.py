"""Data Prep over HTTP: Mapper's own schemas, and sample data."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from emulator.clock import ManualClock
from emulator.testing.client import AepClient
from tests.bodies import CONVERSION, SCHEMA_REGISTRY, profile_schema

SCHEMAS = f"{CONVERSION}/schemas"
SAMPLES = f"{CONVERSION}/samples"
JSON_SCHEMA = {"type": "object", "properties": {"id": {"type": "string"}}}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_615_335_404_492)


def uploaded(api: AepClient, path: str, content: str) -> Any:
    head = '--edge\r\nContent-Disposition: form-data; name="file"; filename="a.json"\r\n'
    text = f"{head}Content-Type: application/json\r\n\r\n{content}\r\n--edge--\r\n"
    form = "multipart/form-data; boundary=edge"
    answer = api.call("POST", f"{path}/upload", content=text.encode(), Content_Type=form)
    assert answer.status == 200, answer.content
    return answer.json


def test_a_schema_is_made_of_a_json_schema(api: AepClient) -> None:
    made = api.ok("POST", SCHEMAS, {"jsonSchema": JSON_SCHEMA})
    assert made == {"id": made["id"], "version": 0, "jsonSchema": JSON_SCHEMA}
    assert api.ok("GET", f"{SCHEMAS}/{made['id']}") == made


def test_a_schema_is_made_of_a_sample(api: AepClient) -> None:
    rows = [{"id": 1, "name": "a"}, {"id": 2, "born": None}]
    sample = api.ok("POST", SAMPLES, {"sampleData": json.dumps(rows), "sampleType": "JSON"})["id"]
    made = api.ok("POST", SCHEMAS, {"sampleId": sample})
    assert made["sampleId"] == sample
    assert made["jsonSchema"] == {
        "title": f"SampleSchema:{sample}",
        "type": "object",
        "properties": {name: {"title": name, "type": "string"} for name in ("id", "name", "born")},
    }


def test_a_schema_is_made_of_one_of_the_registry(api: AepClient) -> None:
    id = api.ok("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", profile_schema())["$id"]
    reference = {"id": id, "contentType": "application/vnd.adobe.xed-full+json;version=1"}
    made = api.ok("POST", SCHEMAS, {"name": "outputSchema1", "schemaRef": reference})
    assert (made["name"], made["schemaRef"]) == ("outputSchema1", reference)
    read = api.ok("GET", f"{SCHEMAS}/{made['id']}")
    assert json.loads(made["jsonSchema"]) == read["jsonSchema"]
    assert read["jsonSchema"]["$id"] == id


def test_a_schema_is_uploaded(api: AepClient) -> None:
    made = uploaded(api, SCHEMAS, json.dumps(JSON_SCHEMA))
    assert api.ok("GET", f"{SCHEMAS}/{made['id']}")["jsonSchema"] == JSON_SCHEMA


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("limit=2&start=0", "cb"),
        ("limit=2&start=2", "a"),
        ("limit=9&start=0&orderBy=createdDate", "abc"),
        ("limit=9&start=0&orderBy=-modifiedDate", "cba"),
        ("limit=9&start=0&name=b", "b"),
    ],
)
def test_schemas_are_listed(api: AepClient, clock: ManualClock, query: str, names: str) -> None:
    for name in "abc":
        api.ok("POST", SCHEMAS, {"name": name, "jsonSchema": JSON_SCHEMA})
        clock.advance(1)
    page = api.ok("GET", f"{SCHEMAS}?{query}")
    assert "".join(row["name"] for row in page["data"]) == names
    assert page["_page"] == {"count": len(names), "limit": 2 if "limit=2" in query else 9}


def test_a_sample_lives_with_its_times(api: AepClient, clock: ManualClock) -> None:
    sent = {"sampleData": '{"id": 1}', "sampleType": "JSON"}
    made = api.ok("POST", SAMPLES, sent)
    assert made["createdDate"] == made["modifiedDate"] == 1_615_335_404_492
    assert {name: made[name] for name in (*sent, "version")} == {**sent, "version": 0}
    read = api.ok("GET", f"{SAMPLES}/{made['id']}")
    assert read == {**made, "createdDate": 1_615_335_404_000, "modifiedDate": 1_615_335_404_000}
    clock.advance(10.001)
    other = {**sent, "sampleData": "[]"}
    replaced = api.ok("PUT", f"{SAMPLES}/{made['id']}", other)
    assert (replaced["version"], replaced["sampleData"]) == (1, "[]")
    assert replaced["createdDate"] == 1_615_335_404_000
    assert replaced["modifiedDate"] == 1_615_335_414_493
    page = api.ok("GET", f"{SAMPLES}?limit=5&start=0")
    assert page["_page"] == {"count": 1, "limit": 5}
    assert page["data"] == [{**replaced, "modifiedDate": 1_615_335_414_000}]


def test_a_sample_is_uploaded(api: AepClient) -> None:
    made = uploaded(api, SAMPLES, '[{"id": 1}]')
    assert (made["sampleData"], made["sampleType"]) == ('[{"id": 1}]', "JSON")
    made_of_it = api.ok("POST", SCHEMAS, {"sampleId": made["id"]})
    assert list(made_of_it["jsonSchema"]["properties"]) == ["id"]


def test_other_sandboxes_see_none_of_it(api: AepClient) -> None:
    schema = api.ok("POST", SCHEMAS, {"jsonSchema": JSON_SCHEMA})["id"]
    sample = api.ok("POST", SAMPLES, {"sampleData": "{}", "sampleType": "JSON"})["id"]
    other = replace(api, headers={**api.headers, "x-sandbox-name": "dev"})
    assert other.call("GET", f"{SCHEMAS}/{schema}").status == 404
    assert other.call("GET", f"{SAMPLES}/{sample}").status == 404
    assert other.call("POST", SCHEMAS, {"sampleId": sample}).status == 400
    assert other.ok("GET", f"{SAMPLES}?limit=5&start=0")["data"] == []


def test_a_schema_keeps_no_name_that_is_not_a_text(api: AepClient) -> None:
    """Only samples show what a schema is made of, so another type warns and is dropped."""
    answer = api.call("POST", SCHEMAS, {"jsonSchema": {"type": "object"}, "name": -1})
    assert answer.warnings == ["data_prep.create_schema.members_have_their_types"]
    assert "name" not in answer.json
