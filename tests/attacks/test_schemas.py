"""Schemas that are small as they are sent and large as they are resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from faker import Faker

from emulator.budgets import MIB, SAMPLE_BYTES, SCHEMA_FIELDS, SCHEMA_LEVELS
from emulator.clock import ManualClock
from emulator.json_types import JsonObject, dumps
from emulator.services.schema_registry.sample_data import sample_of
from emulator.testing.client import AepClient
from emulator.xdm.resolution import EXCESS, UNRESOLVED, Resolver, resolve
from tests.attacks.effort import size
from tests.attacks.served import HEADERS, ServedEmulator, Watch
from tests.bodies import CATALOG, SCHEMA_REGISTRY, dataset, profile_schema
from tests.emulators import aep_for, new_emulator
from tests.services.lake import Lake, lines

TENANT = f"{SCHEMA_REGISTRY}/tenant"
TYPES = f"{TENANT}/datatypes"
TOO_LARGE = "size_is_within_limits"
RAW = "application/vnd.adobe.xed+json; version=1"
FULL = "application/vnd.adobe.xed-full+json; version=1"


def twice(ref: str) -> JsonObject:
    return {"a": {"$ref": ref}, "b": {"$ref": ref}}


def data_type(title: str, fields: JsonObject) -> JsonObject:
    return {"title": title, "type": "object", "properties": fields}


def doubled(api: AepClient, types: int) -> list[str]:
    """Create data types, each of which uses the one before twice; their ids, until one fails."""
    ids: list[str] = []
    for number in range(types):
        fields = twice(ids[-1]) if ids else {"a": {"type": "string"}}
        answer = api.call("POST", TYPES, data_type(f"T{number}", fields))
        if answer.status >= 400:
            assert answer.rule.endswith(TOO_LARGE), answer
            break
        ids.append(answer.json["$id"])
    return ids


def test_a_type_that_grows_beyond_the_budget_is_refused_when_it_is_written(api: AepClient) -> None:
    ids = doubled(api, 30)
    assert 3 * 2 ** (len(ids) - 1) - 2 <= SCHEMA_FIELDS < 3 * 2 ** len(ids) - 2
    small = api.ok("POST", TYPES, data_type("Small", {"a": {"type": "string"}}))["$id"]
    before = api.ok("GET", f"{TYPES}/{small}", Accept=RAW)
    patch = [{"op": "add", "path": "/properties/c", "value": {"properties": twice(ids[-1])}}]
    for method, path, body in (
        ("POST", TYPES, data_type("Wide", twice(ids[-1]))),
        ("PUT", f"{TYPES}/{small}", data_type("Wide", twice(ids[-1]))),
        ("PATCH", f"{TYPES}/{small}", patch),
    ):
        answer = api.call(method, path, body)
        assert answer.status == 400
        assert TOO_LARGE in answer.content.decode() + answer.rule
    assert api.ok("GET", f"{TYPES}/{small}", Accept=RAW) == before


def test_a_type_that_contains_itself_ends_there(api: AepClient) -> None:
    id = api.ok("POST", TYPES, data_type("T", {"a": {"type": "string"}}))["$id"]
    api.ok("PUT", f"{TYPES}/{id}", data_type("T", twice(id)))
    assert set(api.ok("GET", f"{TYPES}/{id}", Accept=FULL)["properties"]) == {"a", "b"}


@pytest.fixture
def api() -> AepClient:
    return aep_for(new_emulator(ManualClock(1_600_000_000_000)))


@pytest.fixture
def grown(api: AepClient) -> list[str]:
    """Data types that have become too large after they were made, by a change of the first."""
    ids = doubled(api, 12)
    many = {f"f{number}": {"type": "string"} for number in range(100)}
    api.ok("PUT", f"{TYPES}/{ids[0]}", data_type("T0", many))
    return ids


def profile_of(api: AepClient, data_type: str) -> str:
    """Create a schema with a field group that has a field of a data type."""
    tenant = api.ok("GET", f"{SCHEMA_REGISTRY}/stats")["tenantId"]
    fields = {f"_{tenant}": {"type": "object", "properties": {"a": {"$ref": data_type}}}}
    group = {
        "title": "Group",
        "type": "object",
        "meta:intendedToExtend": ["https://ns.adobe.com/xdm/context/profile"],
        "definitions": {"own": {"properties": fields}},
        "allOf": [{"$ref": "#/definitions/own"}],
    }
    made = api.ok("POST", f"{TENANT}/fieldgroups", group)["$id"]
    schema = profile_schema("Large leads")
    schema["allOf"].append({"$ref": made})
    id: str = api.ok("POST", f"{TENANT}/schemas", schema)["$id"]
    return id


def test_what_has_grown_is_refused_when_it_is_read_in_full(
    api: AepClient, grown: list[str]
) -> None:
    path = f"{TYPES}/{grown[-1]}"
    answer = api.call("GET", path, Accept=FULL)
    assert (answer.status, answer.rule.rpartition(".")[2]) == (400, TOO_LARGE)
    assert api.call("GET", path, Accept=RAW).status == 200
    assert api.call("GET", f"{TYPES}/{grown[2]}", Accept=FULL).status == 200


def test_a_list_in_full_shows_what_is_too_large_as_it_is_kept(
    api: AepClient, grown: list[str]
) -> None:
    items = api.ok("GET", TYPES, Accept="application/vnd.adobe.xed-full+json")["results"]
    by_id = {item["$id"]: item for item in items}
    assert set(by_id) == set(grown)
    assert by_id[grown[-1]]["properties"]["a"] == {
        "$ref": grown[-2],
        "type": "object",
        "meta:xdmType": "object",
    }
    assert "properties" in by_id[grown[2]]["properties"]["a"]


def test_a_long_list_in_full_ends_early_and_goes_on(
    api: AepClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = doubled(api, 8)
    monkeypatch.setattr("emulator.budgets.LIST_FIELDS", 100)
    path, found = f"{TYPES}?orderby=title", []
    pages = 0
    while path:
        page = api.ok("GET", path, Accept="application/vnd.adobe.xed-full+json")
        found += [item["$id"] for item in page["results"]]
        pages += 1
        next = page["_page"]["next"]
        path = f"{TYPES}?orderby=title&start={next}" if next else ""
    assert found == ids
    assert pages > 2


def test_rows_of_a_schema_that_has_grown_fail_their_batch(api: AepClient) -> None:
    ids = doubled(api, 12)
    schema = profile_of(api, ids[-1])
    lake = Lake(api)
    many = {f"f{number}": {"type": "string"} for number in range(100)}
    api.ok("PUT", f"{TYPES}/{ids[0]}", data_type("T0", many))
    answer = api.call("GET", f"{SCHEMA_REGISTRY}/rpc/sampledata/{schema}", Accept=FULL)
    assert (answer.status, answer.rule.rpartition(".")[2]) == (400, TOO_LARGE)
    made = api.ok("POST", f"{CATALOG}/dataSets", dataset(schema, name="Large"))
    lake.dataset = made[0].removeprefix("@/dataSets/")
    batch = lake.create()
    lake.put(batch, lines({"_id": "1"}))
    lake.act(batch)
    ended = api.ok("GET", f"{CATALOG}/batches/{batch}")[batch]
    assert ended["status"] == "failed"
    assert "too large" in ended["errors"][0]["description"]


def test_an_import_is_resolved_as_a_whole(api: AepClient) -> None:
    tenant = api.ok("GET", f"{SCHEMA_REGISTRY}/stats")["tenantId"]
    ids = [f"https://ns.adobe.com/{tenant}/datatypes/{number:032x}" for number in range(30)]
    items = [
        data_type(f"T{number}", twice(ids[number - 1]) if number else {"a": {"type": "string"}})
        | {"$id": id, "meta:resourceType": "datatypes"}
        for number, id in enumerate(ids)
    ]
    answer = api.call("POST", f"{SCHEMA_REGISTRY}/rpc/import", items)
    assert (answer.status, answer.rule.rpartition(".")[2]) == (400, "sizes_are_within_limits")
    assert api.call("POST", f"{SCHEMA_REGISTRY}/rpc/import", items[:10]).status == 200


def chain(length: int, kind: Callable[[str], JsonObject]) -> Iterator[tuple[str, JsonObject]]:
    for number in range(length):
        yield f"t{number}", {"$id": f"t{number}", **(kind(f"t{number - 1}") if number else LEAF)}


LEAF: JsonObject = {"type": "object", "properties": {"a": {"type": "string"}}}
KINDS: dict[str, Callable[[str], JsonObject]] = {
    "twice": lambda ref: {"properties": twice(ref)},
    "parts": lambda ref: {"allOf": [{"$ref": ref}, {"properties": {"b": {"$ref": ref}}}]},
    "below": lambda ref: {"properties": {"a": {"$ref": ref}}},
    "items": lambda ref: {"type": "array", "items": {"$ref": ref}},
    "values": lambda ref: {"type": "object", "additionalProperties": {"$ref": ref}},
    "extends": lambda ref: {"allOf": [{"$ref": ref}]},
    "merged": lambda ref: {"allOf": [{"properties": twice(ref)}, {"properties": twice(ref)}]},
    "texts": lambda ref: {"properties": twice(ref), "description": "x" * 1000},
    "enums": lambda ref: {"properties": {"e": {"enum": ["x" * 99] * 99}, **twice(ref)}},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_way_to_refer_has_a_budget(kind: str) -> None:
    known = dict(chain(2000, KINDS[kind]))
    for number in (5, 20, 70, 1999):
        resolver = Resolver(known.get)
        resolved = resolver.resolve(known[f"t{number}"])
        assert resolver.fields <= SCHEMA_FIELDS
        assert EXCESS in resolved or number < SCHEMA_LEVELS
        assert EXCESS not in resolved or number > 5
        assert EXCESS not in resolved or resolved["properties"] == {}


@pytest.mark.parametrize("count", [10, size(30_000, 100_000)])
def test_many_parts_are_merged_in_one_go(count: int) -> None:
    parts = [{"properties": {f"a{n}": {}}, "required": [f"a{n}"]} for n in range(count)]
    resolved = resolve({"$id": "t", "allOf": parts}, lambda id: None)
    assert (EXCESS in resolved) == (count > SCHEMA_FIELDS)
    assert len(resolved.get("required", ())) == (0 if EXCESS in resolved else count)


def test_types_that_refer_to_one_another_end() -> None:
    known: dict[str, Any] = {
        f"t{n}": {"$id": f"t{n}", "properties": {f"f{m}": {"$ref": f"t{m}"} for m in range(40)}}
        for n in range(40)
    }
    resolved = resolve(known["t0"], known.get)
    assert resolved["properties"] or resolved[UNRESOLVED] == ["t0"]


def test_thirty_doubling_types_cost_nothing(served: ServedEmulator) -> None:
    base = f"{served.url}{TYPES}"
    last, statuses = "", []
    with Watch(served) as watch:
        for number in range(30):
            fields = twice(last) if last else {"a": {"type": "string"}}
            sent = requests.post(
                base, json=data_type(f"T{number}", fields), headers=HEADERS, timeout=60
            )
            statuses.append(sent.status_code)
            last = sent.json().get("$id", last)
            requests.get(f"{base}/{last}", headers=HEADERS | {"Accept": FULL}, timeout=60)
        for number in range(size(1, 50)):
            wide = {f"f{n}": {"type": "string"} for n in range(size(15_000, 19_000))}
            body = data_type(f"Wide {number}", wide)
            assert requests.post(base, json=body, headers=HEADERS, timeout=60).status_code == 201
    listed = requests.get(
        base, headers=HEADERS | {"Accept": "application/vnd.adobe.xed-full+json"}, timeout=60
    )
    assert listed.status_code == 200
    assert statuses[0] == 201
    assert statuses[-1] == 400
    assert served.peak < size(400, 1000) * MIB
    print(f"peak {served.peak // MIB} MiB, health within {watch.slowest:.3f} s")


@pytest.mark.parametrize("levels", [1, 2, 11])
def test_samples_of_arrays_of_arrays_have_a_size(levels: int) -> None:
    field: JsonObject = {"type": "string", "minLength": 5_000}
    for _ in range(levels):
        field = {"type": "array", "items": field, "minItems": 100}
    sample = sample_of({"properties": {"a": field, "b": field}}, Faker())
    assert len(dumps(sample)) < SAMPLE_BYTES
    assert len(sample["a"]) == (100 if levels == 1 else 1)
