"""Mappings that suggest themselves: the fields of a batch against those of a data set's schema."""

from __future__ import annotations

import json

import pytest

from emulator.services.data_prep.suggestions import Match, field_paths, matched
from emulator.testing.client import AepClient
from tests.bodies import CATALOG, CONVERSION, SCHEMA_REGISTRY, dataset, profile_schema

SUGGEST = f"{CONVERSION}/mappingSets/suggestion"
IMPORT = "/data/foundation/import"
UNKNOWN = "0123456789abcdef01234567"


def schema_of(**fields: str) -> dict[str, object]:
    return {"type": "object", "properties": {name: {"type": kind} for name, kind in fields.items()}}


def test_a_whole_path_comes_before_a_last_step() -> None:
    person = schema_of(firstName="string", lastName="string")
    email = schema_of(address="string")
    fields = {
        "person": {"type": "object", **person},
        "personalEmail": email,
        "_id": {"type": "string"},
    }
    schema = {"type": "object", "properties": fields}
    assert matched(
        ["First Name", "personal_email.address", "ID", "phone", "person.lastName"], schema
    ) == [
        Match("First Name", "person.firstName", 0.8),
        Match("personal_email.address", "personalEmail.address", 1.0),
        Match("ID", "_id", 1.0),
        Match("phone", "", 0.0),
        Match("person.lastName", "person.lastName", 1.0),
    ]


def test_no_destination_is_taken_twice_and_the_nearest_is_taken_first() -> None:
    deep = {"type": "object", "properties": {"name": {"type": "string"}}}
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "pet": deep}}
    assert [match.destination for match in matched(["name", "Name", "NAME"], schema)] == [
        "name",
        "pet.name",
        "",
    ]


def test_lists_are_no_destinations() -> None:
    assert matched(["tags"], schema_of(tags="array")) == [Match("tags", "", 0.0)]


def test_paths_of_a_record_are_those_of_mappings() -> None:
    record = {"a": {"b": 1, "c d": None}, "e": [1], "f": {}}
    assert list(field_paths(record)) == ["a.b", "a.${c d}", "e", "f"]


@pytest.fixture
def target(api: AepClient) -> str:
    schema = api.ok("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", profile_schema())["$id"]
    reference: str = api.ok("POST", f"{CATALOG}/dataSets", dataset(schema))[0]
    return reference.removeprefix("@/dataSets/")


@pytest.fixture
def batch(api: AepClient, target: str) -> str:
    """A batch with one row."""
    body = {"datasetId": target, "inputFormat": {"format": "json"}}
    id: str = api.ok("POST", f"{IMPORT}/batches", body)["id"]
    row = {"_id": "1", "person": {"name": {"firstName": "Bee"}}}
    place = f"{IMPORT}/batches/{id}/datasets/{target}/files/a.json"
    answer = api.call(
        "PUT", place, content=json.dumps(row).encode(), Content_Type="application/octet-stream"
    )
    assert answer.status == 200, answer.content
    api.ok("POST", f"{IMPORT}/batches/{id}?action=COMPLETE")
    return id


def test_a_suggestion_can_be_created_as_it_is(api: AepClient, target: str, batch: str) -> None:
    found = api.ok("GET", f"{SUGGEST}?datasetId={target}&batchId={batch}")
    pairs = {row["source"]: row["destination"] for row in found["mappings"]}
    assert pairs["_id"] == "_id"
    assert pairs["person.name.firstName"] == "person.name.firstName"
    made = api.ok("POST", f"{CONVERSION}/mappingSets", found)
    shown = api.ok("GET", f"{CONVERSION}/mappingSets/{made['id']}")
    assert len(shown["mappings"]) == len(found["mappings"])
    assert len(api.ok("GET", f"{CONVERSION}/mappingSets")["data"]) == 1


def test_what_fits_nowhere_is_shown_if_asked_for(api: AepClient, target: str, batch: str) -> None:
    other = api.ok(
        "POST",
        f"{SCHEMA_REGISTRY}/tenant/schemas",
        profile_schema("Bare", allOf=[{"$ref": "https://ns.adobe.com/xdm/context/profile"}]),
    )["$id"]
    bare = api.ok("POST", f"{CATALOG}/dataSets", dataset(other))[0].removeprefix("@/dataSets/")
    path = f"{SUGGEST}?datasetId={bare}&batchId={batch}"
    assert "person.name.firstName" not in {row["source"] for row in api.ok("GET", path)["mappings"]}
    whole = api.ok("GET", f"{path}&excludeUnmapped=False")["mappings"]
    (unmapped,) = (row for row in whole if row["source"] == "person.name.firstName")
    assert (unmapped["destination"], unmapped["matchScore"]) == (None, 0)


def test_what_is_not_there_is_refused(api: AepClient, target: str, batch: str) -> None:
    for query, status, rule in (
        (f"datasetId={target}", 400, "ids_are_sent"),
        (f"batchId={batch}", 400, "ids_are_sent"),
        (f"datasetId={UNKNOWN}&batchId={batch}", 404, "dataset_has_a_schema"),
        (f"datasetId={target}&batchId={UNKNOWN}", 404, "batch_has_rows"),
    ):
        answer = api.call("GET", f"{SUGGEST}?{query}")
        assert (answer.status, answer.rule) == (status, f"data_prep.suggest_mapping_set.{rule}")
        assert answer.json["type"].startswith("http://ns.adobe.com/aep/errors/MAPPER-")
    answer = api.call("GET", f"{SUGGEST}?datasetId={target}&batchId={batch}&excludeUnmapped=x")
    assert answer.warnings == ["data_prep.suggest_mapping_set.exclude_unmapped_is_a_boolean"]
