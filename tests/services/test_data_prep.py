"""Data Prep: mapping sets over HTTP, in every edition."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from emulator.clock import ManualClock
from emulator.services.data_prep.listing import ordered
from emulator.services.data_prep.shapes import seconds
from emulator.testing.client import AepClient
from tests.bodies import (
    CONVERSION,
    FLOW_SERVICE,
    SCHEMA_REGISTRY,
    flow,
    make_world,
    mapping_set,
    profile_schema,
)
from tests.emulators import aep_for, new_emulator

SETS = f"{CONVERSION}/mappingSets"
EDITIONS = ("2020-03", "2020-09", "latest")
FULL = "application/vnd.adobe.xed-full+json;version=1"
UNKNOWN = "0123456789abcdef0123456789abcdef"
OLDER_PAIRS = {
    "FirstName": "person.name.firstName",
    "LastName": "person.name.lastName",
    "Phone": "mobilePhone.number",
    "Email": "personalEmail.address",
    "Id": "_id",
}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_597_784_069_368)


def make_schema(api: AepClient, title: str = "Leads") -> str:
    id: str = api.ok("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", profile_schema(title))["$id"]
    return id


@pytest.fixture
def schema(api: AepClient) -> str:
    return make_schema(api)


def new_style(schema: str, *mappings: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a mapping set in the newer vocabulary."""
    rows = mappings or ({"sourceType": "ATTRIBUTE", "source": "id", "destination": "_id"},)
    output = {"schemaRef": {"id": schema, "contentType": FULL}}
    return {"outputSchema": output, "mappings": list(rows), **changes}


def old_style(schema: str, pairs: dict[str, str]) -> dict[str, Any]:
    """Return a mapping set as the tutorials of 2020 send it."""
    rows = [
        {
            "destinationXdmPath": destination,
            "sourceAttribute": source,
            "identity": False,
            "identityGroup": None,
            "namespaceCode": None,
            "version": 0,
        }
        for source, destination in pairs.items()
    ]
    return mapping_set(schema, id=None, mappings=rows)


def put_up(api: AepClient, body: Any, **headers: str) -> str:
    id: str = api.ok("POST", SETS, body, headers=headers)["id"]
    return id


# Creating


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("count", [5, 3])
def test_both_tutorials_sets_are_accepted_in_every_edition(
    api: AepClient, schema: str, edition: str, count: int
) -> None:
    pairs = dict(list(OLDER_PAIRS.items())[-count:])
    body = old_style(schema, pairs)
    answer = api.call("POST", SETS, body, x_emulator_edition=edition)
    assert (answer.status, answer.warnings) == (200, [])
    mappings = api.ok("GET", f"{SETS}/{answer.json['id']}/mappings")
    assert {row["source"]: row["destination"] for row in mappings} == pairs
    assert [row["source"] for row in mappings] == list(pairs)


def test_today_creating_answers_six_fields(api: AepClient, schema: str, clock: ManualClock) -> None:
    for edition in ("2020-09", "latest"):
        found = api.ok("POST", SETS, old_style(schema, OLDER_PAIRS), x_emulator_edition=edition)
        id, user = found.pop("id"), found.pop("createdBy")
        assert len(id) == 32
        assert user.endswith("@techacct.adobe.com")
        assert found == {
            "version": 0,
            "createdDate": clock.now(),
            "modifiedDate": clock.now(),
            "modifiedBy": user,
        }


def test_the_older_tutorial_has_the_whole_set_answered(api: AepClient, schema: str) -> None:
    api.headers["x-emulator-edition"] = "2020-03"
    found = api.ok("POST", SETS, old_style(schema, {"Id": "_id"}))
    id, mapping = found.pop("id"), found["mappings"][0].pop("id")
    assert [len(part) for part in id.split("-")] == [8, 4, 4, 4, 12]
    assert len(mapping) == 32
    reference = {"id": schema, "contentType": "1.0"}
    times = {"createdDate": 1_597_784_069_000, "modifiedDate": 1_597_784_069_000}
    assert found == {
        "version": 1,
        **times,
        "inputSchemaRef": {"id": None, "contentType": None},
        "outputSchemaRef": reference,
        "mappings": [
            {
                "version": 0,
                **times,
                "sourceType": "text/x.schema-path",
                "source": "Id",
                "destination": "_id",
                "identity": False,
                "primaryIdentity": False,
                "matchScore": 0.0,
                "sourceAttribute": "Id",
                "destinationXdmPath": "_id",
            }
        ],
        "status": "PUBLISHED",
        "xdmVersion": "1.0",
        "schemaRef": reference,
        "xdmSchema": schema,
    }
    row = {**found["mappings"][0], "id": mapping}
    assert api.ok("GET", f"{SETS}/{id}") == {**found, "id": id, "mappings": [row]}
    assert api.ok("GET", f"{SETS}/{id}/mappings/{mapping}") == row
    assert api.ok("PUT", f"{SETS}/{id}", old_style(schema, {"Id": "_id"}))["version"] == 2


def test_both_vocabularies_are_kept_in_one_form(api: AepClient, schema: str) -> None:
    sent = new_style(schema, {"source": "Id", "destination": "_id"})
    new = put_up(api, sent)
    old = put_up(api, {**old_style(schema, {"Id": "_id"}), "xdmVersion": FULL})
    for id in (new, old):
        found = api.ok("GET", f"{SETS}/{id}")
        assert found["schemaRef"] == found["outputSchema"]["schemaRef"]
        assert found["schemaRef"] == {"id": schema, "contentType": FULL}
        assert (found["xdmSchema"], found["xdmVersion"]) == (schema, FULL)
        (mapping,) = api.ok("GET", f"{SETS}/{id}/mappings")
        assert mapping["source"] == mapping["sourceAttribute"] == "Id"
        assert mapping["destination"] == mapping["destinationXdmPath"] == "_id"
        assert mapping["sourceType"] == "text/x.schema-path"


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ("ATTRIBUTE", "text/x.schema-path"),
        ("EXPRESSION", "text/x.aep-xl"),
        ("STATIC", "text/plain"),
        ("text/x.schema-path", "text/x.schema-path"),
        ("text/x.aep-xl", "text/x.aep-xl"),
        ("text/plain", "text/plain"),
        (None, "text/x.schema-path"),
    ],
)
def test_source_types_of_both_vocabularies(
    api: AepClient, schema: str, sent: str | None, answered: str
) -> None:
    row = {"sourceType": sent, "source": "id", "destination": "_id"}
    found = api.ok("GET", f"{SETS}/{put_up(api, new_style(schema, row))}")
    assert found["mappings"][0]["sourceType"] == answered


@pytest.mark.parametrize(
    "source", ["${First Name}", "a.b[0].c", "a[*].b", "address.street\\.name", "Vorname_ä", "$x"]
)
def test_sources_are_paths(api: AepClient, schema: str, source: str) -> None:
    answer = api.call("POST", SETS, new_style(schema, {"source": source, "destination": "_id"}))
    assert (answer.status, answer.warnings) == (200, [])


def test_an_older_attribute_with_a_blank_is_reported_and_kept(api: AepClient, schema: str) -> None:
    answer = api.call("POST", SETS, old_style(schema, {"First Name": "_id"}))
    assert answer.warnings == ["data_prep.create_mapping_set.source_attribute_is_a_path"]
    (mapping,) = api.ok("GET", f"{SETS}/{answer.json['id']}/mappings")
    assert mapping["source"] == "First Name"


def test_what_was_listed_can_be_sent_again(api: AepClient, schema: str) -> None:
    id = put_up(api, old_style(schema, OLDER_PAIRS))
    for path in (f"{SETS}/{id}", SETS):
        found = api.ok("GET", path)
        row = found["data"][0] if path == SETS else found
        body = {"outputSchema": {"schemaRef": row["schemaRef"]}, "mappings": row["mappings"]}
        answer = api.call("PUT", f"{SETS}/{id}?validate=True", body)
        assert (answer.status, answer.warnings) == (200, [])
    mappings = api.ok("GET", f"{SETS}/{id}/mappings")
    assert {row["source"]: row["destination"] for row in mappings} == OLDER_PAIRS


def test_a_set_keeps_what_it_says_of_itself(api: AepClient, schema: str) -> None:
    said = {
        "name": "Leads",
        "allowNullValues": True,
        "strictMapping": True,
        "supportVersion": "1.2",
        "tags": [{"name": "a", "values": ["b"]}],
        "inputSchema": {"id": UNKNOWN, "version": 0},
    }
    row = {
        "source": "id",
        "destination": "_id",
        "name": "id",
        "description": "Identifier",
        "identity": True,
        "identityGroup": "g",
        "namespaceCode": "Email",
    }
    id = put_up(api, new_style(schema, row, **said))
    found = api.ok("GET", f"{SETS}/{id}")
    assert {name: found[name] for name in said} == said
    assert found["mappings"][0]["description"] == "Identifier"
    (mapping,) = api.ok("GET", f"{SETS}/{id}/mappings")
    assert {name: mapping[name] for name in row} == row


# Reading, replacing, versions


def test_later_reads_round_times_to_seconds(
    api: AepClient, schema: str, clock: ManualClock
) -> None:
    clock.set(1_614_901_254_724)
    id = put_up(api, new_style(schema))
    found = api.ok("GET", f"{SETS}/{id}")
    assert (found["createdDate"], found["modifiedDate"]) == (1_614_901_255_000,) * 2
    clock.set(1_614_909_614_227)
    replaced = api.ok("PUT", f"{SETS}/{id}", new_style(schema))
    assert replaced["createdDate"] == 1_614_901_255_000
    assert replaced["modifiedDate"] == 1_614_909_614_227
    assert api.ok("GET", f"{SETS}/{id}")["modifiedDate"] == 1_614_909_614_000
    (mapping,) = api.ok("GET", f"{SETS}/{id}/mappings")
    assert mapping["createdDate"] == mapping["modifiedDate"] == 1_614_909_614_000
    assert [seconds(ms) for ms in (499, 500, 1499)] == [0, 1000, 1000]


def test_replacing_makes_a_version_with_new_mapping_ids(api: AepClient, schema: str) -> None:
    id = put_up(api, new_style(schema))
    first = api.ok("GET", f"{SETS}/{id}")
    second = api.ok("PUT", f"{SETS}/{id}", old_style(schema, OLDER_PAIRS))
    assert (second["id"], second["version"]) == (id, 1)
    assert "status" not in second
    assert second["outputSchema"]["id"] == first["outputSchema"]["id"]
    ids = {row["id"] for row in (*first["mappings"], *second["mappings"])}
    assert len(ids) == 6
    assert {row["version"] for row in second["mappings"]} == {0}
    third = api.ok("PUT", f"{SETS}/{id}", new_style(schema, name="Third"))
    assert third["version"] == 2
    assert api.ok("GET", f"{SETS}/{id}?version=0") == first
    assert len(api.ok("GET", f"{SETS}/{id}?version=1")["mappings"]) == 5
    assert api.ok("GET", f"{SETS}/{id}?version=2") == api.ok("GET", f"{SETS}/{id}")
    gone = first["mappings"][0]["id"]
    assert api.call("GET", f"{SETS}/{id}/mappings/{gone}").status == 404


def test_the_output_schema_is_expanded_on_request(api: AepClient, schema: str) -> None:
    id = put_up(api, new_style(schema))
    assert "jsonSchema" not in api.ok("GET", f"{SETS}/{id}")["outputSchema"]
    expanded = api.ok("GET", f"{SETS}/{id}?expandSchema=True")["outputSchema"]["jsonSchema"]
    assert expanded["$id"] == schema
    assert "person" in expanded["properties"]
    row = api.ok("GET", f"{SETS}?limit=1&start=0&expandSchema=true")["data"][0]
    assert row["outputSchema"]["jsonSchema"] == expanded


def test_deleting_forgets_every_version(api: AepClient, schema: str) -> None:
    id = put_up(api, new_style(schema))
    api.ok("PUT", f"{SETS}/{id}", new_style(schema))
    answer = api.call("DELETE", f"{SETS}/{id}")
    assert (answer.status, answer.content) == (204, b"")
    for path in (id, f"{id}?version=0", f"{id}/mappings"):
        assert api.call("GET", f"{SETS}/{path}").status == 404
    assert api.ok("GET", SETS)["data"] == []


def test_deleting_a_set_that_a_flow_uses_is_reported(api: AepClient) -> None:
    world = make_world(api)
    api.ok("POST", f"{FLOW_SERVICE}/flows", flow(world))
    answer = api.call("DELETE", f"{SETS}/{world.mapping}")
    assert (answer.status, answer.warnings) == (
        204,
        ["data_prep.delete_mapping_set.mapping_set_is_unused"],
    )


def test_what_is_documented_but_not_emulated_says_so(api: AepClient) -> None:
    for path in (
        "xdmBatchConversions",
        "xdmBatchConversions/1",
        "xdmBatchConversions/1/activities",
        "xdmBatchConversions/1/activities/2",
    ):
        answer = api.call("GET", f"{CONVERSION}/{path}")
        assert (answer.status, answer.rule) == (501, "platform.not_emulated")
        assert answer.json["type"].startswith("http://ns.adobe.com/aep/errors/")


def test_paths_are_spelled_in_any_case(api: AepClient, schema: str) -> None:
    id = put_up(api, new_style(schema))
    assert api.ok("GET", f"{CONVERSION}/mappingsets/{id}/")["id"] == id


# Lists


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "acb"),
        ("limit=2&start=0", "ac"),
        ("limit=2&start=2", "b"),
        ("start=3", ""),
        ("orderBy=createdDate", "abc"),
        ("orderBy=%2BcreatedDate", "abc"),
        ("orderBy=-createdDate", "cba"),
        ("orderBy=updatedDate", "bca"),
        ("orderBy=-updatedDate", "acb"),
        ("name=b", "b"),
        ("name=B", ""),
        ("property=status==DRAFT", "acb"),
        ("property=status==PUBLISHED", ""),
        ("property=name==a&property=status==DRAFT", "a"),
        ("limit=&start=&name=", "acb"),
    ],
)
def test_lists(api: AepClient, schema: str, clock: ManualClock, query: str, names: str) -> None:
    ids = {}
    for name in "abc":
        ids[name] = put_up(api, new_style(schema, name=name))
        clock.advance(1)
    api.ok("PUT", f"{SETS}/{ids['a']}", new_style(schema, name="a"))
    page = api.ok("GET", f"{SETS}?{query}")
    assert [row["id"] for row in page["data"]] == [ids[name] for name in names]
    limit = 2 if "limit=2" in query else 10
    assert page["_page"] == {"count": len(names), "limit": limit}


def test_the_same_millisecond_keeps_the_order_of_creation() -> None:
    rows = [{"id": n, "createdDate": 1, "modifiedDate": 1} for n in range(3)]
    assert [row["id"] for row in ordered(rows, "createdDate")] == [0, 1, 2]
    assert [row["id"] for row in ordered(rows, "nonsense")] == [2, 1, 0]


def test_a_list_without_limit_and_start_is_reported(api: AepClient) -> None:
    rules = ["limit_is_sent", "start_is_sent"]
    prefix = "data_prep.list_mapping_sets."
    assert api.call("GET", SETS).warnings == [prefix + rule for rule in rules]


# Validating


def test_validation_tells_of_each_mapping(api: AepClient, schema: str) -> None:
    body = new_style(
        schema,
        {"sourceType": "ATTRIBUTE", "source": "id", "destination": "_id"},
        {"sourceType": "ATTRIBUTE", "source": "a b", "destination": "person.nothing"},
        {"sourceType": "EXPRESSION", "source": "upper(b)", "destination": "_id"},
        {"sourceType": "SCRIPT", "source": "c", "destination": "person.name.firstName"},
        {"sourceType": "ATTRIBUTE", "source": "size", "destination": "person.name.lastName"},
        {"destination": "mobilePhone.number"},
    )
    rows = api.ok("POST", f"{SETS}/validate", body)["validationResponse"]
    statuses = [row["status"] for row in rows]
    assert statuses == ["SUCCESS", "FAILED", "FAILED", "FAILED", "SUCCESS", "FAILED"]
    assert [row["errors"] and len(row["errors"]) for row in rows] == [None, 2, 1, 1, None, 1]
    error = rows[1]["errors"][1]
    assert "person.nothing" in error.pop("exception")
    assert error == {
        "source": "a b",
        "destination": "person.nothing",
        "columnName": "a b",
        "sourceType": "text/x.schema-path",
    }
    assert api.ok("GET", SETS)["data"] == []


def test_validation_reads_the_older_vocabulary_and_many_mappings(
    api: AepClient, schema: str
) -> None:
    pairs = {f"a{number}": "_id" for number in range(12)}
    rows = api.ok("POST", f"{SETS}/validate", old_style(schema, pairs))["validationResponse"]
    assert [row["status"] for row in rows] == ["SUCCESS"] + ["FAILED"] * 11
    assert {len(row["errors"]) for row in rows[1:]} == {1}


# Refusals

# Refusals that look at what there is; tests/contract/test_refusals.py has all others.

GOOD = {"source": "id", "destination": "_id"}
MISSING = "https://ns.adobe.com/t/schemas/missing"
SAMPLE = {"sampleData": "{}", "sampleType": "JSON"}
Refusal = tuple[str, str, str, Any]
"""Rule, method, path and body; `ID` is a mapping set that is there, `ITEM` its mapping."""


def set_refusals() -> Iterator[Refusal]:
    for verb, method, path in (
        ("create", "POST", SETS),
        ("replace", "PUT", f"{SETS}/ID"),
        ("validate", "POST", f"{SETS}/validate"),
    ):
        rule, mappings = f"data_prep.{verb}_mapping_set.", {"mappings": [GOOD]}
        output = {"outputSchema": {"schemaRef": {"id": MISSING}}, **mappings}
        yield rule + "output_schema_exists", method, path, output
        yield rule + "schema_ref_exists", method, path, {"schemaRef": {"id": MISSING}, **mappings}
        yield rule + "xdm_schema_exists", method, path, {"xdmSchema": MISSING, **mappings}
        if verb != "validate":
            for member, name in (
                ("destination", "destination_is_a_field"),
                ("destinationXdmPath", "destination_xdm_path_is_a_field"),
            ):
                mapping = {"source": "a", member: "person.nothing"}
                yield rule + name, method, path, {"xdmSchema": "SCHEMA", "mappings": [mapping]}
    known = {"xdmSchema": "SCHEMA", "mappings": [GOOD]}
    yield "data_prep.replace_mapping_set.id_is_known", "PUT", f"{SETS}/{UNKNOWN}", known
    yield "data_prep.get_mapping_set.id_is_known", "GET", f"{SETS}/{UNKNOWN}", None
    yield "data_prep.get_mapping_set.version_is_known", "GET", f"{SETS}/ID?version=7", None
    yield "data_prep.delete_mapping_set.id_is_known", "DELETE", f"{SETS}/{UNKNOWN}", None
    rule, path = "data_prep.preview_mapping_set.", f"{SETS}/preview"
    for name, sent in (
        ("output_schema_exists", {"outputSchema": {"schemaRef": {"id": MISSING}}}),
        ("xdm_schema_exists", {"xdmSchema": MISSING}),
    ):
        yield rule + name, "POST", path, {"data": [], "mappingSet": {**sent, "mappings": []}}


def mapping_refusals() -> Iterator[Refusal]:
    items, item = f"{SETS}/ID/mappings", f"{SETS}/ID/mappings/ITEM"
    for verb, method, path in (("create", "POST", items), ("replace", "PUT", item)):
        rule = f"data_prep.{verb}_mapping."
        yield rule + "id_is_known", method, path.replace("/ID/", f"/{UNKNOWN}/"), GOOD
        wrong = {**GOOD, "sourceType": "SCRIPT"}
        yield rule + "mapping_fits_the_set", method, path, wrong
    for verb, method, body in (("get", "GET", None), ("delete", "DELETE", None)):
        path = item.replace("/ID/", f"/{UNKNOWN}/")
        yield f"data_prep.{verb}_mapping.id_is_known", method, path, body
        yield f"data_prep.{verb}_mapping.mapping_is_known", method, f"{items}/{UNKNOWN}", body
    yield "data_prep.replace_mapping.mapping_is_known", "PUT", f"{items}/{UNKNOWN}", GOOD
    yield "data_prep.list_mappings.id_is_known", "GET", f"{SETS}/{UNKNOWN}/mappings", None


def library_refusals() -> Iterator[Refusal]:
    schemas, samples = f"{CONVERSION}/schemas", f"{CONVERSION}/samples"
    yield "data_prep.get_schema.id_is_known", "GET", f"{schemas}/{UNKNOWN}", None
    yield "data_prep.get_sample.id_is_known", "GET", f"{samples}/{UNKNOWN}", None
    yield "data_prep.replace_sample.id_is_known", "PUT", f"{samples}/{UNKNOWN}", SAMPLE
    yield "data_prep.create_schema.sample_exists", "POST", schemas, {"sampleId": UNKNOWN}
    missing = {"schemaRef": {"id": MISSING}}
    yield "data_prep.create_schema.schema_exists", "POST", schemas, missing


REFUSALS = [*set_refusals(), *mapping_refusals(), *library_refusals()]


def filled(value: Any, schema: str) -> Any:
    """Return a body with the id of the schema in its place."""
    if isinstance(value, dict):
        return {name: filled(item, schema) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item, schema) for item in value]
    return schema if value == "SCHEMA" else value


@pytest.mark.parametrize("refusal", REFUSALS, ids=[row[0] for row in REFUSALS])
def test_a_refusal_names_its_rule_and_changes_nothing(strict: AepClient, refusal: Refusal) -> None:
    rule, method, path, body = refusal
    schema = make_schema(strict)
    id = put_up(strict, new_style(schema))
    strict.ok("POST", f"{CONVERSION}/samples", SAMPLE)
    before = held(strict)
    item = before[0]["data"][0]["mappings"][0]["id"]
    path = path.replace("ID", id).replace("ITEM", item)
    answer = strict.call(method, path, filled(body, schema))
    assert answer.rule == rule
    problem = strict.contract.edition("latest").problems[strict.contract.rules[rule].problem]
    assert (answer.status, answer.json["status"]) == (problem.status, problem.status)
    assert answer.json["type"] == f"http://ns.adobe.com/aep/errors/{problem.code}"
    assert answer.json["title"] == problem.title
    assert answer.json["detail"]
    assert held(strict) == before


def held(api: AepClient) -> list[Any]:
    """Return all that Data Prep lists."""
    return [
        api.ok("GET", f"{CONVERSION}/{kind}?limit=10&start=0")
        for kind in ("mappingSets", "schemas", "samples")
    ]


ODD_BODIES: list[Any] = [
    {"mappings": []},
    {"mappings": [{}], "xdmSchema": {}, "outputSchema": "a", "name": 5},
    {"mappings": [{"source": [1], "destination": {}, "sourceType": {}, "identity": "x"}]},
    {"mappings": [GOOD, GOOD], "outputSchema": {"schemaRef": {"id": 5}}, "inputSchema": []},
]


@pytest.mark.parametrize("body", ODD_BODIES)
def test_observing_survives_whatever_it_accepts(clock: ManualClock, body: Any) -> None:
    observing = aep_for(new_emulator(clock, enforce="observe"))
    for edition in EDITIONS:
        id = observing.ok("POST", SETS, body, x_emulator_edition=edition)["id"]
        for method, path, sent in (
            ("PUT", f"{SETS}/{id}", body),
            ("GET", f"{SETS}/{id}?expandSchema=true", None),
            ("GET", f"{SETS}/{id}/mappings", None),
            ("GET", f"{SETS}?limit=x&start=-1&orderBy=??&expandSchema=true&property=a", None),
            ("POST", f"{SETS}/validate", body),
            ("DELETE", f"{SETS}/{id}", None),
        ):
            observing.ok(method, path, sent, x_emulator_edition=edition)


# Tenancy and determinism


@pytest.mark.parametrize(
    "elsewhere", [{"x-sandbox-name": "dev"}, {"x-gw-ims-org-id": "OTHER@AdobeOrg"}]
)
def test_organizations_and_sandboxes_see_their_own(
    api: AepClient, schema: str, elsewhere: dict[str, str]
) -> None:
    id = put_up(api, new_style(schema))
    other = replace(api, headers={**api.headers, **elsewhere})
    assert other.ok("GET", SETS)["data"] == []
    assert other.call("GET", f"{SETS}/{id}").status == 404
    assert other.call("DELETE", f"{SETS}/{id}").status == 404
    foreign = other.call("POST", SETS, new_style(schema))
    assert "data_prep.create_mapping_set.output_schema_exists" in foreign.warnings
    assert api.ok("GET", f"{SETS}/{id}")["version"] == 0


def test_same_seed_and_calls_give_the_same_answers(make: Callable[..., AepClient]) -> None:
    def run(seed: str) -> Any:
        api = make(seed=seed)
        put_up(api, new_style(make_schema(api)))
        return api.ok("GET", SETS)

    assert run("a") == run("a")
    assert run("a") != run("b")
