"""What a client sends and nobody documents, or nobody carries out, is remarked on over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing.client import AepClient
from tests.bodies import (
    CATALOG,
    CONVERSION,
    FLOW_SERVICE,
    SCHEMA_REGISTRY,
    World,
    dataset,
    flow,
    source_connection,
)

XED = "application/vnd.adobe.xed-id+json"
PROFILE = "https://ns.adobe.com/xdm/context/profile"


def names_of(warnings: list[str]) -> list[str]:
    return [warning.rpartition(".")[2] for warning in warnings]


def test_a_misspelt_member_is_remarked_on_and_kept(api: AepClient, world: World) -> None:
    body = {**flow(world), "nmae": "a"}
    answer = api.call("POST", f"{FLOW_SERVICE}/flows", body)
    assert answer.status == 201
    assert "members_are_spelt_as_documented" in names_of(answer.warnings)
    last = api.ok("GET", "/_emulator/journal?limit=1")["entries"][0]
    reasons = [item["reason"] for item in last["findings"] if "spelt" in item["rule"]]
    assert reasons == ['"nmae": did you mean name?']


def test_strict_refuses_what_is_misspelt_and_not_what_is_passed_through(
    make: Callable[..., AepClient],
) -> None:
    api = make(enforce="strict")
    sets = f"{CATALOG}/dataSets"
    answer = api.call("GET", f"{sets}?limit=1&lmit=2&schemaRef.id=x")
    assert answer.status == 200  # a list of Catalog takes any field for a filter
    answer = api.call("GET", f"{SCHEMA_REGISTRY}/tenant/schemas?lmit=2", accept=XED)
    assert (answer.status, answer.json["title"]) == (400, "Not documented")
    assert '"lmit": did you mean limit?' in answer.json["detail"]
    body = {"title": "A", "type": "object", "x-team": "mine", "allOf": [{"$ref": PROFILE}]}
    answer = api.call("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", body)
    assert answer.status == 201
    assert "members_are_documented" in names_of(answer.warnings)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"data": {"format": "delimited", "properties": {"columnDelimeter": ";"}}}, ["spelt"]),
        ({"data": {"format": "delimited", "properties": {"quote": "'"}}}, ["documented"]),
        ({"descripton": "a", "team": "b"}, ["spelt", "documented"]),
        ({"providerId": "a"}, []),
    ],
)
def test_nested_members_count_too(
    api: AepClient, world: World, change: dict[str, Any], names: list[str]
) -> None:
    answer = api.call(
        "POST", f"{FLOW_SERVICE}/sourceConnections", source_connection(world.base, **change)
    )
    assert answer.status == 201
    known = {"members_are_spelt_as_documented": "spelt", "members_are_documented": "documented"}
    assert [known[name] for name in names_of(answer.warnings) if name in known] == names


def test_what_is_not_carried_out_is_said(api: AepClient, world: World) -> None:
    encryption = {"name": "Encryption", "params": {"publicKeyId": "k"}}
    mapping = {"name": "Mapping", "params": {"mappingId": world.mapping, "mappingVersion": 0}}
    body = flow(world, transformations=[mapping, encryption])
    answer = api.call("POST", f"{FLOW_SERVICE}/flows", body)
    assert "all_is_carried_out" in names_of(answer.warnings)
    last = api.ok("GET", "/_emulator/journal?limit=1")["entries"][0]
    (reason,) = (item["reason"] for item in last["findings"] if "carried" in item["rule"])
    assert reason.startswith("publicKeyId has no effect: ")
    mappings = api.ok("GET", f"{CONVERSION}/mappingSets/{world.mapping}")["mappings"]
    body = {"xdmSchema": world.schema, "version": 0, "mappings": mappings}
    answer = api.call("PUT", f"{CONVERSION}/mappingSets/{world.mapping}", body)
    assert "all_is_carried_out" not in names_of(answer.warnings)  # identity: false says nothing


@pytest.mark.parametrize(
    ("path", "value", "rules"),
    [
        ("/description", "a", []),
        ("/nmae", "a", ["changes_are_spelt_as_documented"]),
        ("/team", "a", ["changes_are_documented"]),
        ("/params/cdcEnabled", True, ["all_changes_are_carried_out", "result_raises_no_remark"]),
        ("/params/cdcEnabled", False, ["result_raises_no_remark"]),
    ],
)
def test_a_change_is_remarked_on_as_a_creation_is(
    api: AepClient, world: World, path: str, value: Any, rules: list[str]
) -> None:
    place = f"{FLOW_SERVICE}/sourceConnections/{world.source}"
    etag = api.ok("GET", place)["items"][0]["etag"]
    patch = [{"op": "add", "path": path, "value": value}]
    answer = api.call("PATCH", place, patch, if_match=etag)
    assert (answer.status, sorted(names_of(answer.warnings))) == (200, rules)


def test_what_the_platform_sets_is_said_where_a_request_says_otherwise(
    api: AepClient, world: World
) -> None:
    body = {**dataset(world.schema), "created": 5, "imsOrg": "", "version": "9.9.9"}
    answer = api.call("POST", f"{CATALOG}/dataSets", body)
    assert names_of(answer.warnings) == ["all_is_carried_out"]
    last = api.ok("GET", "/_emulator/journal?limit=1")["entries"][0]
    assert [item["at"] for item in last["findings"]] == ["/body/created", "/body/version"]
    place = f"{CATALOG}/dataSets/{world.dataset}"
    shown = api.ok("GET", place)[world.dataset]
    assert api.call("PUT", place, shown).warnings == []
    assert names_of(api.call("PUT", place, {**shown, "created": 5}).warnings) == [
        "all_is_carried_out"
    ]
    assert api.ok("GET", place)[world.dataset]["created"] == shown["created"]


def test_a_token_request_is_remarked_on_too(api: AepClient) -> None:
    sent = "grant_type=client_credentials&client_id=a&client_secret=b"
    assert api.call("POST", f"/ims/token/v3?{sent}&scope=c").warnings == []
    answer = api.call("POST", f"/ims/token/v3?{sent}&scpoe=c")
    assert (answer.status, names_of(answer.warnings)) == (200, ["parameters_are_documented"])


def test_a_flow_that_nothing_runs_is_remarked_on(api: AepClient, world: World) -> None:
    """Streams and exports are kept, and say so."""
    spec = {"id": "d8a6f005-7eaf-4153-983e-e8574508b877", "version": "1.0"}
    body = {
        name: item for name, item in flow(world, flowSpec=spec).items() if name != "scheduleParams"
    }
    answer = api.call("POST", f"{FLOW_SERVICE}/flows", body)
    assert "flow_is_carried_out" in names_of(answer.warnings)
    answer = api.call("POST", f"{FLOW_SERVICE}/flows", flow(world))
    assert "flow_is_carried_out" not in names_of(answer.warnings)


def test_lists_of_specs_are_limited_ordered_and_counted(api: AepClient) -> None:
    path = f"{FLOW_SERVICE}/connectionSpecs"
    whole = api.ok("GET", path)
    assert whole.keys() == {"items"}
    assert api.ok("GET", f"{path}?count=true") == {"count": len(whole["items"])}
    first = api.ok("GET", f"{path}?limit=2")
    assert first["items"] == whole["items"][:2]
    token = first["_links"]["next"]["href"].partition("continuationToken=")[2]
    assert api.ok("GET", f"{path}?continuationToken={token}")["items"] == whole["items"][2:4]
    names = [item["name"] for item in api.ok("GET", f"{path}?orderby=-name")["items"]]
    assert names == sorted((item["name"] for item in whole["items"]), reverse=True)


def test_values_of_batches_are_filtered_and_limited(api: AepClient, world: World) -> None:
    related = [{"type": "dataSet", "id": world.dataset}]
    for name in ("b", "a", "c"):
        body = {"status": "loading", "externalId": name, "relatedObjects": related}
        api.ok("POST", f"{CATALOG}/batches", body)
    values = f"{CATALOG}/batches/uniques/externalId"
    assert api.ok("GET", values) == ["a", "b", "c"]
    assert api.ok("GET", f"{values}?limit=2&start=1") == ["b", "c"]
    assert api.ok("GET", f"{values}?externalId=c") == ["c"]
    assert api.ok("GET", f"{values}?dataSet={json.dumps('x')}") == []
