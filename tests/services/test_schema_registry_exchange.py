"""Sample data, export and import, and the audit log."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

import jsonschema_rs
import pytest

from emulator.ids import Ids
from emulator.json_types import Json, JsonObject
from emulator.services.schema_registry.sample_data import sample_of
from emulator.services.schema_registry.sample_patterns import text_matching
from emulator.testing.client import AepClient
from tests.bodies import SCHEMA_REGISTRY, profile_schema

XDM = "https://ns.adobe.com/xdm"
PROFILE = f"{XDM}/context/profile"
EVENT = f"{XDM}/context/experienceevent"
TENANT = f"{SCHEMA_REGISTRY}/tenant"
RPC = f"{SCHEMA_REGISTRY}/rpc"
PLACEHOLDER = "<XDM_TENANTID_PLACEHOLDER>"
ELSEWHERE = "A" * 24 + "@AdobeOrg"
V = "application/vnd.adobe."
FULL = f"{V}xed-full+json; version=1"
RAW = f"{V}xed+json; version=1"


def namespace(api: AepClient, **headers: str) -> str:
    return "_" + str(api.ok("GET", f"{SCHEMA_REGISTRY}/stats", headers=headers)["tenantId"])


def chain(api: AepClient) -> list[str]:
    """Create a data type, a field group with it and a schema with that; return their ids."""
    seat = {"type": "object", "title": "Seat", "properties": {"row": {"type": "string"}}}
    type = api.ok("POST", f"{TENANT}/datatypes", seat)["$id"]
    fields = {"seat": {"$ref": type}, "seats": {"type": "array", "items": {"$ref": type}}}
    group = {
        "type": "object",
        "title": "Seats",
        "meta:intendedToExtend": [PROFILE],
        "properties": {namespace(api): {"type": "object", "properties": fields}},
    }
    mixin = api.ok("POST", f"{TENANT}/fieldgroups", group)["$id"]
    parts = [{"$ref": PROFILE}, {"$ref": mixin}]
    schema = api.ok("POST", f"{TENANT}/schemas", profile_schema("Guests", allOf=parts))["$id"]
    return [type, mixin, schema]


def digits(resources: list[JsonObject]) -> list[str]:
    return [item["$id"].rpartition("/")[2] for item in resources]


# Sample data


def names(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        assert list(value) == sorted(value)
        yield from value
        value = list(value.values())
    for item in value if isinstance(value, list) else ():
        yield from names(item)


def test_a_sample_has_standard_names_in_order(api: AepClient) -> None:
    id = chain(api)[2]
    sample = api.ok("GET", f"{RPC}/sampledata/{quote_plus(id)}")
    found = set(names(sample))
    assert {"@id", "repo:createDate", "xdm:createdByBatchID", "row", "seat"} <= found
    assert sample[namespace(api)]["seats"][0].keys() == {"row"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", sample["repo:createDate"])
    assert sample == api.ok(
        "GET", f"{RPC}/sampledata/{id.replace('https://ns.adobe.com/', '_').replace('/', '.')}"
    )


@pytest.mark.parametrize("base", [PROFILE, EVENT])
def test_a_sample_fits_its_schema(api: AepClient, base: str) -> None:
    parts = [{"$ref": base}]
    if base == PROFILE:
        extra = ("context/profile-person-details", "context/profile-personal-details")
        parts += [{"$ref": f"{XDM}/{part}"} for part in (*extra, "context/identitymap")]
    schema = profile_schema(base[-5:], allOf=parts, **{"meta:class": base})
    id = api.ok("POST", f"{TENANT}/schemas", schema)["$id"]
    place = f"{TENANT}/schemas/{quote_plus(id)}"
    form = api.ok("GET", place, Accept=f"{V}xdm-full+json; version=1")
    sample = api.ok("GET", f"{RPC}/sampledata/{quote_plus(id)}")
    rules = {name: form[name] for name in ("type", "properties", "required") if name in form}
    assert jsonschema_rs.validator_for(rules, validate_formats=True).is_valid(sample), sample
    assert sample.keys() == form["properties"].keys()


def test_samples_keep_ranges_lengths_and_enums(make: Any) -> None:
    fields = {
        "grade": {"type": "string", "enum": ["a", "b"]},
        "small": {"type": "integer", "minimum": 5, "maximum": 7},
        "below": {"type": "integer", "maximum": -5},
        "above": {"type": "number", "minimum": 2000},
        "code": {"type": "string", "minLength": 40, "maxLength": 50},
        "initial": {"type": "string", "maxLength": 1},
        "born": {"type": "string", "format": "date"},
        "mail": {"type": "string", "format": "email"},
        "link": {"type": "string", "format": "uri"},
        "place": {"type": "string", "format": "uri-reference"},
        "flags": {"type": "array", "items": {"type": "boolean"}, "minItems": 2},
        "counts": {
            "type": "object",
            "meta:xdmType": "map",
            "additionalProperties": {"type": "integer"},
        },
    }
    record = {"type": "object", "properties": fields}
    body = {
        "type": "object",
        "title": "Rows",
        "definitions": {"record": record},
        "allOf": [{"$ref": "#/definitions/record"}],
        "meta:extends": [f"{XDM}/data/adhoc-v2"],
    }
    samples = []
    for seed in ("a", "a", "b"):
        api = make(seed=seed, tenant="acme")
        id = api.ok("POST", f"{TENANT}/schemas", body)["$id"]
        samples.append(api.ok("GET", f"{RPC}/sampledata/{quote_plus(id)}"))
        valid = jsonschema_rs.validator_for(record, validate_formats=True)
        assert valid.is_valid(samples[-1]), samples[-1]
        assert list(samples[-1]["counts"]) == ["key"]
        assert samples[-1]["place"].startswith("/")
    assert samples[0] == samples[1] != samples[2]


@pytest.mark.parametrize("call", ["sampledata", "export", "auditlog"])
def test_unknown_resources(api: AepClient, call: str) -> None:
    answer = api.call("GET", f"{RPC}/{call}/{quote_plus(f'{XDM}/nothing')}")
    assert (answer.status, answer.json["type"][-12:]) == (404, "XDM-1012-404")
    assert api.call("GET", f"{RPC}/export/{quote_plus(PROFILE)}").status == 404


# Export and import


def test_an_export_has_dependencies_first_and_no_tenant(api: AepClient) -> None:
    ids = chain(api)
    sent = api.ok("GET", f"{RPC}/export/{quote_plus(ids[2])}")
    assert digits(sent) == [id.rpartition("/")[2] for id in ids]
    text = json.dumps(sent)
    assert namespace(api)[1:] not in text
    assert f"_{PLACEHOLDER}" in text
    assert sent[2]["meta:class"] == PROFILE
    assert sent[1]["properties"].keys() == {f"_{PLACEHOLDER}"}
    assert not {"imsOrg", "meta:containerId", "meta:tenantNamespace"} & sent[2].keys()
    assert sent[2]["meta:sandboxType"] == "production"
    assert digits(api.ok("GET", f"{RPC}/export/{quote_plus(ids[0])}")) == digits(sent)[:1]


def test_an_export_can_be_imported_elsewhere(api: AepClient) -> None:
    sent = api.ok("GET", f"{RPC}/export/{quote_plus(chain(api)[2])}")
    there = {"x_gw_ims_org_id": ELSEWHERE}
    got = api.ok("POST", f"{RPC}/import", sent[::-1], headers=there)
    assert digits(got) == digits(sent)
    tenant = namespace(api, **there)
    assert tenant != namespace(api)
    assert [item["meta:tenantNamespace"] for item in got] == [tenant] * 3
    id = got[2]["$id"]
    assert id.startswith(f"https://ns.adobe.com/{tenant[1:]}/schemas/")
    full = api.ok("GET", f"{TENANT}/schemas/{quote_plus(id)}", Accept=FULL, headers=there)
    seat = full["properties"][tenant]["properties"]["seat"]
    assert seat["properties"]["row"]["type"] == "string"
    again = api.ok("GET", f"{RPC}/export/{quote_plus(id)}", headers=there)
    changed = ("meta:sandboxId", "meta:sandboxType")
    for mine, theirs in zip(sent, again, strict=True):
        for name in changed:
            del mine[name], theirs[name]
        assert mine == theirs


def test_an_import_of_what_is_there_fails(api: AepClient) -> None:
    ids = chain(api)
    sent = api.ok("GET", f"{RPC}/export/{quote_plus(ids[2])}")
    answer = api.call("POST", f"{RPC}/import", sent)
    assert (answer.status, answer.rule.rpartition(".")[2]) == (400, "ids_are_new")
    assert answer.json["type"].endswith("XDM-3005-400")
    assert answer.json["title"] == "Import Resource Failed"
    renumbered = json.loads(json.dumps(sent).replace(digits(sent)[0], "0" * 48))
    for item in renumbered[1:]:
        item["$id"] = item["$id"].replace(digits([item])[0], "1" * 48)
    answer = api.call("POST", f"{RPC}/import", renumbered)
    assert answer.rule.endswith("titles_are_new")
    assert f"An object {ids[0]} already exists with the same title" in answer.json["detail"]
    copied = api.call("POST", f"{RPC}/export/", sent, x_sandbox_name="dev")
    assert copied.status == 200, "a client's import goes to this path"


NOBODYS = "https://ns.adobe.com/acme/mixins/0123456789abcdef0123456789abcdef"


def one(**changes: Any) -> JsonObject:
    id = f"https://ns.adobe.com/{PLACEHOLDER}/datatypes/{'0a' * 24}"
    item = {"$id": id, "meta:resourceType": "datatypes", "title": "A", "type": "object"}
    return {**item, "properties": {"a": {"type": "string"}}, **changes}


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ({}, "body_is_list"),
        ([1], "body_is_list"),
        ([one(**{"$id": PROFILE})], "ids_are_sent"),
        ([one(**{"$id": 1})], "ids_are_sent"),
        ([one(**{"meta:resourceType": "schemas"})], "types_agree"),
        ([one(title=1)], "resources_have_their_form"),
        ([one(allOf={})], "resources_have_their_form"),
        ([one(properties={"a": 1})], "resources_have_their_form"),
        ([one(title="")], "resources_have_their_form"),
        ([one(properties={"a": {"type": "text"}})], "resources_have_titles"),
        ([one(), one(title="B")], "ids_differ"),
        ([one(), one(**{"$id": one()["$id"].replace("0a", "0b")})], "titles_differ"),
        ([one(properties={"a": {"$ref": NOBODYS}})], "references_resolve"),
    ],
)
def test_imports_that_are_refused(api: AepClient, body: Any, rule: str) -> None:
    answer = api.call("POST", f"{RPC}/import", body)
    assert answer.rule.rpartition(".")[2] == rule, answer.content
    assert answer.status == (404 if rule == "references_resolve" else 400)
    assert api.ok("GET", f"{TENANT}/datatypes", Accept=f"{V}xed+json")["results"] == []


def test_tags_and_nothing_else_stay_behind(api: AepClient) -> None:
    parts = [{"$ref": PROFILE}, {"$ref": f"{XDM}/context/identitymap"}]
    body = profile_schema("A", allOf=parts, **{"meta:immutableTags": ["union"]})
    id = api.ok("POST", f"{TENANT}/schemas", body)["$id"]
    sent = api.ok("GET", f"{RPC}/export/{quote_plus(id)}")
    got = api.ok("POST", f"{RPC}/import", sent, x_sandbox_name="dev")[0]
    assert "meta:immutableTags" not in got
    assert (got["title"], got["version"]) == ("A", "1.0")


# Audit log


def test_the_log_is_newest_first_and_tells_of_dependencies(api: AepClient, clock: Any) -> None:
    type, _, schema = chain(api)
    clock.advance(60)
    patch = [{"op": "add", "path": "/description", "value": "Where one sits"}]
    api.ok("PATCH", f"{TENANT}/datatypes/{quote_plus(type)}", patch)
    log = api.ok("GET", f"{RPC}/auditlog/{quote_plus(schema)}")
    types = [entry["updates"][0]["xdmType"] for entry in log]
    assert (types[0], set(types)) == ("datatypes", {"datatypes", "mixins", "schemas"})
    newest = log[0]
    assert newest["updatedTime"] == "09-13-2020 12:27:40"
    assert newest["clientId"] == "test-client"
    assert newest["updates"] == [
        {
            "id": type,
            "xdmType": "datatypes",
            "action": "add",
            "path": "/description",
            "value": "Where one sits",
        }
    ]
    own = api.ok("GET", f"{RPC}/auditlog/{quote_plus(type)}")
    assert [entry["updates"][0]["action"] for entry in own] == ["add", "add"]
    removal = [{"op": "remove", "path": "/description"}]
    api.ok("PATCH", f"{TENANT}/datatypes/{quote_plus(type)}", removal)
    last = api.ok("GET", f"{RPC}/auditlog/{quote_plus(type)}")[0]["updates"]
    assert last == [
        {"id": type, "xdmType": "datatypes", "action": "remove", "path": "/description"}
    ]
    assert api.ok("GET", f"{RPC}/auditlog/{quote_plus(PROFILE)}") == []
    api.ok("DELETE", f"{TENANT}/schemas/{quote_plus(schema)}")
    assert api.call("GET", f"{RPC}/auditlog/{quote_plus(schema)}").status == 404


@pytest.mark.parametrize(
    "pattern",
    ["^[A-Z]{2}$", "[0-1][0-9]-[0-9][0-9]", r"^\d+(?:a|b)?x*[^a-c]{2,}$", "^(ab|cd){3}.\\.$"],
)
def test_samples_match_patterns(pattern: str) -> None:
    faker = Ids("seed").faker_for("x")
    for _ in range(20):
        text = text_matching(pattern, faker)
        assert text is not None
        assert re.search(pattern, text)


@pytest.mark.parametrize("pattern", ["((a{100}){100}){100}", "(", "[", "(?=b)a$"])
def test_patterns_beyond_us_cost_nothing(pattern: str) -> None:
    assert text_matching(pattern, Ids("seed").faker_for("x")) is None


def test_strange_fields_have_samples_too(make: Any) -> None:
    api = make(enforce="observe")
    fields = {
        "a": {"type": "integer", "minimum": "5", "maximum": []},
        "b": {"type": "number", "maximum": "x", "minimum": True},
        "c": {"type": "string", "minLength": -1, "maxLength": "9", "enum": []},
        "d": {"type": "array", "minItems": 10**9},
        "e": {"type": "strange"},
        "f": {"type": ["string", "null"]},
        "g": {"type": "integer", "minimum": 9, "maximum": 1},
        "h": {"properties": {}},
        "i": {"type": "string", "pattern": "(", "format": 5},
    }
    body = {"type": "object", "title": "A", "properties": fields}
    schema = profile_schema("B", allOf=[{"$ref": PROFILE}, {"properties": fields}])
    api.ok("POST", f"{TENANT}/datatypes", body)
    id = api.ok("POST", f"{TENANT}/schemas", schema)["$id"]
    sample = api.ok("GET", f"{RPC}/sampledata/{quote_plus(id)}")
    assert fields.keys() <= sample.keys()
    assert len(sample["d"]) == 100


def test_a_sample_does_not_depend_on_the_time_of_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Faker's own dates end now, so that samples differed from one second to the next."""

    class NoNow(datetime):
        @classmethod
        def now(cls, *_: Any) -> NoNow:
            raise AssertionError("asked for the machine's time")

    monkeypatch.setattr("faker.providers.date_time.datetime", NoNow)
    forms = ("date", "date-time", "time", "email", "uuid", "uri", "ipv4", "hostname")
    fields = {form: {"type": "string", "format": form} for form in forms}
    faker = Ids("seed").faker_for("schema")
    assert set(sample_of({"properties": fields}, faker)) == set(forms)
