"""The Flow Service over HTTP: life of its entities, lists, and every documented refusal."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

import pytest

from emulator.clock import ManualClock
from emulator.testing.client import AepClient
from tests.bodies import (
    ADLS_GEN2,
    BLOB,
    DATA_LAKE,
    FLOW_SERVICE,
    SCHEMA_REGISTRY,
    World,
    base_connection,
    flow,
    make_world,
    profile_schema,
    source_connection,
    target_connection,
)
from tests.files import put

COLLECTIONS = ["connections", "sourceConnections", "targetConnections", "flows"]


def url(*steps: str) -> str:
    return "/".join((FLOW_SERVICE, *steps))


def counts(api: AepClient) -> dict[str, int]:
    return {name: api.ok("GET", url(name) + "?count=true")["count"] for name in COLLECTIONS}


def refused(api: AepClient, path: str, body: Any, edition: str = "latest") -> tuple[int, str]:
    """Send a create request that has to be refused and change nothing; return status and rule."""
    before = counts(api)
    answer = api.call("POST", url(path), body, x_emulator_edition=edition)
    assert counts(api) == before
    return answer.status, answer.rule.rpartition(".")[2]


def accepted(api: AepClient, path: str, body: Any, edition: str = "latest") -> list[str]:
    """Send a create request that has to be accepted; return the remarks on it."""
    answer = api.call("POST", url(path), body, x_emulator_edition=edition)
    assert answer.status == 201, (answer.rule, answer.content)
    return [name.rpartition(".")[2] for name in answer.warnings]


# Life of an entity


def test_a_created_entity_answers_its_id_etag_and_place(api: AepClient) -> None:
    answer = api.call("POST", url("connections"), base_connection())
    assert set(answer.json) == {"id", "etag"}
    assert answer.headers["location"] == url("connections", answer.json["id"])


def test_an_etag_holds_its_write_time(api: AepClient, clock: ManualClock) -> None:
    clock.jump(0x5F3C40FD * 1000)
    etag = api.ok("POST", url("connections"), base_connection())["etag"]
    assert etag.endswith('-0000-0200-0000-5f3c40fd0000"')


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_an_entity_is_read_as_a_list_of_one(api: AepClient, world: World, collection: str) -> None:
    ids = {
        "connections": world.base,
        "sourceConnections": world.source,
        "targetConnections": world.target,
        "flows": api.ok("POST", url("flows"), flow(world))["id"],
    }
    (item,) = api.ok("GET", url(collection, ids[collection]))["items"]
    assert item["id"] == ids[collection]
    assert item["version"] == item["etag"]
    assert item["sandboxName"] == "prod"


def test_secrets_are_masked_on_every_read(api: AepClient, world: World) -> None:
    (one,) = api.ok("GET", url("connections", world.base))["items"]
    (listed,) = api.ok("GET", url("connections"))["items"]
    assert one["auth"]["params"] == listed["auth"]["params"] == {"connectionString": "******"}
    assert "c2VjcmV0" not in api.call("GET", url("connections")).content.decode()


def test_a_flow_shows_what_it_inherits(api: AepClient, world: World) -> None:
    id = api.ok("POST", url("flows"), flow(world))["id"]
    (item,) = api.ok("GET", url("flows", id))["items"]
    inherited = item["inheritedAttributes"]
    assert inherited["sourceConnections"][0]["connectionSpec"]["id"] == BLOB
    assert inherited["sourceConnections"][0]["baseConnection"]["id"] == world.base
    assert inherited["targetConnections"][0]["connectionSpec"]["id"] == DATA_LAKE
    assert inherited["properties"] == {"isSourceFlow": True}
    assert item["scheduleParams"]["interval"] == "30"
    assert item["runs"] == f"/runs?property=flowId=={id}"


def test_unknown_members_of_a_request_are_kept(api: AepClient) -> None:
    id = api.ok("POST", url("connections"), base_connection(providerId="0ed90a81"))["id"]
    assert api.ok("GET", url("connections", id))["items"][0]["providerId"] == "0ed90a81"


@pytest.mark.parametrize("collection", COLLECTIONS)
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_unknown_id_is_not_found(api: AepClient, collection: str, method: str) -> None:
    body = [{"op": "replace", "path": "/name", "value": "a"}] if method == "PATCH" else None
    answer = api.call(method, url(collection, "no-such-id"), body, If_Match='"e"')
    assert answer.status == 404
    assert answer.json["errorMessage"] == f"{collection} not found with id = [no-such-id]"


def test_a_patch_changes_the_entity_and_its_etag(
    api: AepClient, world: World, clock: ManualClock
) -> None:
    old = api.ok("GET", url("sourceConnections", world.source))["items"][0]
    clock.advance(5)
    patch = [{"op": "Replace", "path": "/name", "value": "Renamed"}]
    answer = api.ok("PATCH", url("sourceConnections", world.source), patch, If_Match=old["etag"])
    new = api.ok("GET", url("sourceConnections", world.source))["items"][0]
    assert (new["name"], new["etag"]) == ("Renamed", answer["etag"])
    assert new["etag"] != old["etag"]
    assert new["updatedAt"] == old["updatedAt"] + 5000


def test_a_patch_needs_the_current_etag(api: AepClient, world: World) -> None:
    path = url("connections", world.base)
    patch = [{"op": "replace", "path": "/name", "value": "a"}]
    etag = api.ok("GET", path)["items"][0]["etag"]
    missing = api.call("PATCH", path, patch)
    assert (missing.status, missing.json["type"][-13:]) == (400, "FLOW-1403-400")
    api.ok("PATCH", path, patch, If_Match=etag)
    stale = api.call("PATCH", path, patch, If_Match=etag)
    assert stale.status == 412
    assert stale.json["errorMessage"].startswith(f"Supplied version=[{etag}] does not match")


def test_the_quotes_of_an_etag_count_today_and_did_not_in_2021(
    api: AepClient, world: World
) -> None:
    path = url("connections", world.base)
    patch = [{"op": "replace", "path": "/name", "value": "a"}]
    bare = api.ok("GET", path)["items"][0]["etag"].strip('"')
    assert api.call("PATCH", path, patch, If_Match=bare).status == 412
    answer = api.call("PATCH", path, patch, If_Match=bare, x_emulator_edition="2020-09")
    assert answer.status == 200


BAD_PATCHES: list[tuple[Any, str]] = [
    ([{"op": "replace", "path": "/keyWhichDoesNotExist", "value": 1}], "patch_applies"),
    ([{"op": "remove", "path": "/auth/no"}], "patch_applies"),
    ([{"op": "add", "path": "/name/0/1", "value": 1}], "patch_applies"),
    ([{"op": "replace", "path": "", "value": 5}], "patch_applies"),
    ([{"op": "replace", "path": "/connectionSpec/id", "value": "x"}], "connection_spec_stays"),
    ([{"op": "replace", "path": "/etag", "value": "x"}], "system_members_stay"),
    ([{"op": "replace", "path": "/auth/specName", "value": 7}], "result_is_acceptable"),
    ([{"op": "replace", "path": "/name", "value": 7}], "result_is_acceptable"),
]


@pytest.mark.parametrize(("patch", "rule"), BAD_PATCHES)
def test_a_bad_patch_is_refused_and_changes_nothing(
    api: AepClient, world: World, patch: Any, rule: str
) -> None:
    path = url("connections", world.base)
    before = api.ok("GET", path)
    answer = api.call("PATCH", path, patch, If_Match=before["items"][0]["etag"])
    assert (answer.status, answer.rule.rpartition(".")[2]) == (400, rule)
    assert api.ok("GET", path) == before


def test_a_missing_place_of_a_patch_is_named(api: AepClient, world: World) -> None:
    etag = api.ok("GET", url("connections", world.base))["items"][0]["etag"]
    patch = [{"op": "replace", "path": "/keyWhichDoesNotExist", "value": 1}]
    answer = api.call("PATCH", url("connections", world.base), patch, If_Match=etag)
    assert answer.json["detail"].endswith('Missing field "keyWhichDoesNotExist".')


def test_a_flows_start_time_is_fixed_once_it_has_passed(
    api: AepClient, world: World, clock: ManualClock
) -> None:
    later = {"startTime": "1600000100", "frequency": "day", "interval": "1"}
    created = api.ok("POST", url("flows"), flow(world, scheduleParams=later))
    patch = [{"op": "replace", "path": "/scheduleParams/startTime", "value": "1600000200"}]
    path = url("flows", created["id"])
    changed = api.ok("PATCH", path, patch, If_Match=created["etag"])
    clock.advance(300)
    answer = api.call("PATCH", path, patch, If_Match=changed["etag"])
    assert answer.status == 200, "the same value is no change"
    patch[0]["value"] = "1600000900"
    answer = api.call("PATCH", path, patch, If_Match=answer.json["etag"])
    assert answer.rule.endswith("start_time_stays_once_passed")


def test_a_flow_is_disabled_and_enabled(api: AepClient, world: World) -> None:
    id = api.ok("POST", url("flows"), flow(world))["id"]
    again = api.call("POST", url("flows", id, "action") + "?op=enable")
    assert (again.status, again.json["type"][-8:]) == (400, "1422-400")
    api.ok("POST", url("flows", id, "action") + "?op=DISABLE")
    assert api.ok("GET", url("flows", id))["items"][0]["state"] == "disabled"
    api.ok("POST", url("flows", id, "action") + "?op=enable")
    assert api.ok("GET", url("flows", id))["items"][0]["state"] == "enabled"


@pytest.mark.parametrize(
    ("query", "status", "rule"),
    [
        ("?op=publish", 400, "action_fits_state"),
    ],
)
def test_other_actions_are_refused(
    api: AepClient, world: World, query: str, status: int, rule: str
) -> None:
    id = api.ok("POST", url("flows"), flow(world))["id"]
    answer = api.call("POST", url("flows", id, "action") + query)
    assert (answer.status, answer.rule.rpartition(".")[2]) == (status, rule)


def test_what_a_flow_uses_cannot_be_deleted_before_it(api: AepClient, world: World) -> None:
    id = api.ok("POST", url("flows"), flow(world))["id"]
    for collection, used, code in (
        ("connections", world.base, "1418-400"),
        ("sourceConnections", world.source, "1447-400"),
        ("targetConnections", world.target, "1447-400"),
    ):
        answer = api.call("DELETE", url(collection, used))
        assert (answer.status, answer.json["type"][-8:]) == (400, code)
    assert api.call("DELETE", url("flows", id)).status == 204
    assert api.call("GET", url("flows", id)).status == 404
    assert api.call("DELETE", url("connections", world.base)).status == 204


def test_a_deleted_base_connection_takes_its_unused_source_connections_along(
    api: AepClient, world: World
) -> None:
    api.call("DELETE", url("connections", world.base))
    assert api.call("GET", url("sourceConnections", world.source)).status == 404
    assert api.call("GET", url("targetConnections", world.target)).status == 200


# Refusals of creation


FILE_STORAGE = "be5ec48c-5b78-49d5-b8fa-7c89ec4569b8"


def file_storage(**auth: Any) -> dict[str, Any]:
    """A connection of Azure File Storage, whose auth spec a document prints in whole."""
    params = {"host": "h", "userid": "u", "password": "p"}
    return {
        "connectionSpec": {"id": FILE_STORAGE, "version": "1.0"},
        "auth": {"specName": "Basic Authentication", "params": params, **auth},
    }


BASE: list[tuple[dict[str, Any], int, str]] = [
    ({"connectionSpec": {"id": "x", "version": "1.0"}}, 400, "connection_spec_is_known"),
    ({"connectionSpec": {"id": BLOB, "version": "2.0"}}, 400, "connection_spec_version_is_known"),
    (file_storage(specName="Password"), 400, "auth_spec_is_known"),
    (file_storage(params={}), 400, "auth_params_fit_spec"),
]


@pytest.mark.parametrize(("changes", "status", "rule"), BASE)
def test_a_wrong_base_connection_is_refused(
    api: AepClient, changes: dict[str, Any], status: int, rule: str
) -> None:
    assert refused(api, "connections", base_connection(**changes)) == (status, rule)


def test_an_unknown_auth_spec_is_named(api: AepClient) -> None:
    body = base_connection(**file_storage(specName="Password"))
    answer = api.call("POST", url("connections"), body)
    assert answer.json["title"] == "Invalid request"
    assert answer.json["detail"] == (
        f"The auth spec 'Password' could not be found for the connection spec ID {FILE_STORAGE}."
    )


OPEN: list[tuple[dict[str, Any], list[str]]] = [
    ({"specName": "Password", "params": {"any": 1}}, ["auth_spec_is_documented"]),
    ({"specName": "ConnectionString", "params": {}}, ["auth_params_are_documented"]),
    (
        {"specName": "ConnectionString", "params": {"connectionString": "c", "more": "m"}},
        ["auth_param_names_are_documented"],
    ),
]


@pytest.mark.parametrize(("auth", "warnings"), OPEN)
def test_what_a_list_known_in_part_lacks_is_remarked_on(
    make: Callable[..., AepClient], auth: dict[str, Any], warnings: list[str]
) -> None:
    """Of the auth specs of Azure Blob no document says that these are all."""
    assert accepted(make(), "connections", base_connection(auth=auth)) == warnings
    strict = make(enforce="strict")
    assert refused(strict, "connections", base_connection(auth=auth)) == (400, warnings[0])


def test_a_connection_without_auth_is_remarked_on_where_the_spec_has_some(api: AepClient) -> None:
    assert accepted(api, "connections", base_connection(auth=None)) == ["auth_is_sent"]
    lake = {"name": "Lake", "connectionSpec": {"id": DATA_LAKE, "version": "1.0"}, "auth": None}
    assert accepted(api, "connections", lake) == []


def data(format: str = "delimited", **properties: Any) -> dict[str, Any]:
    return {"format": format, "properties": properties}


SOURCE: list[tuple[dict[str, Any], int, str]] = [
    ({"data": None}, 400, "data_is_sent"),
    ({"data": {"format": "tabular"}}, 400, "tabular_is_for_tables"),
    ({"params": None}, 400, "params_are_sent"),
    ({"params": {}}, 400, "params_fit_spec"),
    ({"params": {"path": ""}}, 400, "params_fit_spec"),
    ({"params": {"path": 5}}, 400, "params_fit_spec"),
    ({"params": {"path": "/a", "recursive": "sometimes"}}, 400, "params_fit_spec"),
    ({"params": {"path": "/a", "type": "directory"}}, 400, "params_fit_spec"),
    ({"baseConnectionId": None}, 400, "base_connection_is_sent"),
    ({"baseConnectionId": "x"}, 400, "base_connection_exists"),
    (
        {"connectionSpec": {"id": ADLS_GEN2, "version": "1.0"}},
        400,
        "base_connection_is_of_the_same_spec",
    ),
    (
        {"connectionSpec": {"id": DATA_LAKE, "version": "1.0"}},
        400,
        "base_connection_is_of_the_same_spec",
    ),
    ({"connectionSpec": {"id": "x", "version": "1.0"}}, 400, "connection_spec_is_known"),
]


@pytest.mark.parametrize(("changes", "status", "rule"), SOURCE)
def test_a_wrong_source_connection_is_refused(
    api: AepClient, world: World, changes: dict[str, Any], status: int, rule: str
) -> None:
    body = source_connection(world.base, **changes)
    assert refused(api, "sourceConnections", body) == (status, rule)


UNSAID: list[tuple[dict[str, Any], str]] = [
    ({"data": {**data(columnDelimiter=";"), "columnDelimiter": ","}}, "column_delimiters_agree"),
    ({"data": data("json", columnDelimiter=";")}, "column_delimiter_is_for_delimited"),
    ({"data": data("json", encoding="UTF-8")}, "encoding_is_for_delimited"),
    ({"data": data("parquet", compressionType="gzip")}, "compression_is_for_delimited_or_json"),
    (
        {"data": {"format": "json", "schema": {"id": "https://ns.adobe.com/x/schemas/y"}}},
        "schema_exists",
    ),
]
"""What no document forbids of a source connection, and which rule remarks on it."""


@pytest.mark.parametrize(("changes", "rule"), UNSAID)
def test_what_no_document_forbids_of_a_source_connection_is_remarked_on(
    make: Callable[..., AepClient], changes: dict[str, Any], rule: str
) -> None:
    api, strict = make(), make(enforce="strict")
    body = source_connection(make_world(api).base, **changes)
    assert accepted(api, "sourceConnections", body) == [rule]
    body = source_connection(make_world(strict).base, **changes)
    assert refused(strict, "sourceConnections", body) == (400, rule)


FINE: list[dict[str, Any]] = [
    {"data": data(columnDelimiter="|")},
    {"data": data("json", compressionType="tarGzip")},
    {"data": data("delimited", compressionType="deflate", encoding="ISO-8859-1")},
    {"data": {"format": "parquet"}},
    {"data": {"format": "parquet_xdm"}},
    {"params": {"path": "/a", "recursive": True, "type": "folder"}},
]


@pytest.mark.parametrize("changes", FINE)
def test_documented_variants_of_a_source_connection_are_accepted(
    api: AepClient, world: World, changes: dict[str, Any]
) -> None:
    assert accepted(api, "sourceConnections", source_connection(world.base, **changes)) == []


def test_a_path_that_is_not_of_its_type_is_remarked_on(api: AepClient, world: World) -> None:
    put(api, world.base, "leads/a.tsv")
    for path, type, warnings in (
        ("/leads", "folder", []),
        ("/leads/a.tsv", "file", []),
        ("/leads/b.tsv", "file", []),
        ("/leads/*.tsv", "file", []),
        ("/leads", "file", ["path_is_of_its_type"]),
        ("/leads/a.tsv", "folder", ["path_is_of_its_type"]),
    ):
        body = source_connection(world.base, params={"path": path, "type": type})
        assert accepted(api, "sourceConnections", body) == warnings


LANDING_ZONE = "26f526f2-58f4-4712-961d-e41bf1ccc0e8"


def landing_zone(**properties: Any) -> dict[str, Any]:
    spec = {"id": LANDING_ZONE, "version": "1.0"}
    body = source_connection("", data=data(**properties), connectionSpec=spec)
    del body["baseConnectionId"]
    return body


def test_the_landing_zone_needs_no_base_connection_today(api: AepClient) -> None:
    assert accepted(api, "sourceConnections", landing_zone()) == []
    status, rule = refused(api, "sourceConnections", landing_zone(), "2020-09")
    assert (status, rule) == (400, "base_connection_is_sent_2020")


def test_the_landing_zone_does_not_take_deflate(api: AepClient) -> None:
    assert accepted(api, "sourceConnections", landing_zone(compressionType="gzip")) == []
    body = landing_zone(compressionType="deflate")
    assert refused(api, "sourceConnections", body)[1] == "compression_type_is_supported_by_spec"


TARGET: list[tuple[dict[str, Any], int, str]] = [
    ({"data": None}, 400, "data_is_sent"),
    ({"params": None}, 400, "params_are_sent"),
    ({"params": {"datasetId": "5f3c"}}, 400, "params_fit_spec"),
    ({"params": {"dataSetId": "5f3c"}}, 400, "data_set_exists"),
    ({"connectionSpec": {"id": BLOB, "version": "1.0"}}, 400, "spec_is_the_data_lake"),
    ({"baseConnectionId": "x"}, 400, "base_connection_exists"),
]


@pytest.mark.parametrize(("changes", "status", "rule"), TARGET)
def test_a_wrong_target_connection_is_refused(
    api: AepClient, world: World, changes: dict[str, Any], status: int, rule: str
) -> None:
    body = target_connection(world.schema, world.dataset, **changes)
    assert refused(api, "targetConnections", body) == (status, rule)


def test_a_target_connection_names_the_schema_of_its_data_set(api: AepClient, world: World) -> None:
    other = api.ok("POST", f"{SCHEMA_REGISTRY}/tenant/schemas", profile_schema("Other"))["$id"]
    body = target_connection(other, world.dataset)
    assert accepted(api, "targetConnections", body) == ["data_set_has_the_schema"]
    unknown = target_connection("https://ns.adobe.com/x/schemas/y", world.dataset)
    assert refused(api, "targetConnections", unknown) == (400, "schema_exists")


def schedule(**params: Any) -> dict[str, Any]:
    return {"scheduleParams": {"startTime": "1597784298", **params}}


def mapping(**params: Any) -> dict[str, Any]:
    return {"transformations": [{"name": "Mapping", "params": params}]}


FLOW: list[tuple[dict[str, Any], int, str]] = [
    ({"flowSpec": {"id": "x", "version": "1.0"}}, 400, "flow_spec_is_known"),
    ({"sourceConnectionIds": ["x"]}, 400, "source_connections_exist"),
    ({"targetConnectionIds": ["x"]}, 400, "target_connections_exist"),
    (mapping(mappingId="x"), 400, "mapping_set_exists"),
    (mapping(mappingId=["x"]), 400, "transformation_params_fit_spec"),
]


@pytest.mark.parametrize(("changes", "status", "rule"), FLOW)
def test_a_wrong_flow_is_refused(
    api: AepClient, world: World, changes: dict[str, Any], status: int, rule: str
) -> None:
    assert refused(api, "flows", flow(world, **changes)) == (status, rule)


def test_a_mapping_version_has_to_exist(api: AepClient, world: World) -> None:
    for version in ("0", 0, None):
        params = {"mappingId": world.mapping, "mappingVersion": version}
        if version is None:
            del params["mappingVersion"]
        assert accepted(api, "flows", flow(world, **mapping(**params))) == []
    body = flow(world, **mapping(mappingId=world.mapping, mappingVersion="7"))
    answer = api.call("POST", url("flows"), body)
    assert (answer.status, answer.json["type"][-8:]) == (400, "1412-400")


def test_a_mapping_set_has_to_map_to_the_target_schema(api: AepClient, world: World) -> None:
    other = make_world(api, "Other")
    body = flow(world, **mapping(mappingId=other.mapping))
    answer = api.call("POST", url("flows"), body)
    assert (answer.status, answer.json["type"][-8:]) == (400, "1425-400")


def test_a_flow_spec_serves_the_specs_that_it_lists(api: AepClient, world: World) -> None:
    crm = {"id": "14518937-270c-4525-bdec-c2ba7cce3860", "version": "1.0"}
    assert refused(api, "flows", flow(world, flowSpec=crm)) == (400, "source_spec_is_listed")


def test_a_start_time_in_milliseconds_is_remarked_on(api: AepClient, world: World) -> None:
    body = flow(world, **schedule(startTime="1597784298000", frequency="once"))
    assert accepted(api, "flows", body) == ["start_time_is_not_milliseconds"]


def test_an_unknown_transformation_is_remarked_on_and_refused_when_strict(
    api: AepClient, world: World, make: Callable[..., AepClient]
) -> None:
    copy = {"name": "Copy", "params": {"mode": "append"}}
    assert accepted(api, "flows", flow(world, transformations=[copy])) == [
        "transformation_is_known"
    ]
    strict = make(enforce="strict")
    body = flow(make_world(strict), transformations=[copy])
    assert refused(strict, "flows", body) == (400, "transformation_is_known")


# Editions


def test_formats_differ_by_edition(api: AepClient, world: World) -> None:
    body = source_connection(world.base, data={"format": "parquet_xdm"})
    assert accepted(api, "sourceConnections", body, "latest") == []
    assert refused(api, "sourceConnections", body, "2020-09") == (400, "format_is_known_2020_09")


def test_the_source_schema_was_required_in_march_2020(api: AepClient, world: World) -> None:
    body = source_connection(world.base)
    assert refused(api, "sourceConnections", body, "2020-03") == (400, "schema_is_sent_2020_03")
    body["data"]["schema"] = {"id": world.schema}
    remarks = accepted(api, "sourceConnections", body, "2020-03")
    assert remarks == ["schema_version_is_sent_2020_03", "schema_is_ad_hoc_2020_03"]


@pytest.mark.parametrize(
    ("params", "march", "september", "latest"),
    [
        ({"frequency": "hour", "interval": "1"}, 201, 400, 201),
        ({"frequency": "minute", "interval": "14"}, 400, 400, 400),
        ({"frequency": "minute", "interval": "15"}, 201, 201, 201),
        ({"frequency": "once"}, 400, 201, 201),
        ({"frequency": "once", "interval": "15"}, 400, 201, 400),
        ({"frequency": "once", "backfill": True}, 400, 201, 400),
        ({"frequency": "week", "interval": 15}, 201, 201, 201),
    ],
)
def test_schedules_differ_by_edition(
    api: AepClient, world: World, params: dict[str, Any], march: int, september: int, latest: int
) -> None:
    got = {
        edition: api.call(
            "POST", url("flows"), flow(world, **schedule(**params)), x_emulator_edition=edition
        ).status
        for edition in ("2020-03", "2020-09", "latest")
    }
    assert got == {"2020-03": march, "2020-09": september, "latest": latest}


def test_march_2020_wants_a_data_set_base_connection_for_targets(
    api: AepClient, world: World
) -> None:
    body = target_connection(world.schema, world.dataset)
    status, rule = refused(api, "targetConnections", body, "2020-03")
    assert (status, rule) == (400, "base_connection_is_sent_2020_03")
    lake = {"name": "Lake", "connectionSpec": {"id": DATA_LAKE, "version": "1.0"}}
    base = api.ok("POST", url("connections"), lake)["id"]
    old = {**body, "baseConnectionId": base, "connectionSpec": {"id": BLOB, "version": "1.0"}}
    assert accepted(api, "targetConnections", old, "2020-03") == []
    wrong = {**old, "baseConnectionId": world.base}
    status, rule = refused(api, "targetConnections", wrong, "2020-03")
    assert rule == "base_connection_is_the_data_lake_2020_03"
    assert refused(api, "targetConnections", old, "2020-09")[1] == "spec_is_the_data_lake_2020_09"
    assert refused(api, "targetConnections", old, "latest")[0] == 400


def test_creation_answered_the_id_alone_in_march_2020(api: AepClient, world: World) -> None:
    body = source_connection(world.base)
    body["data"]["schema"] = {"id": world.schema}
    answer = api.ok("POST", url("sourceConnections"), body, x_emulator_edition="2020-03")
    assert set(answer) == {"id"}
    answer = api.ok("POST", url("flows"), flow(world), x_emulator_edition="2020-03")
    assert set(answer) == {"id"}


def test_flow_specs_are_printed_as_the_editions_documents_do(api: AepClient) -> None:
    path = url("flowSpecs") + '?property=name=="CloudStorageToAEP"'
    found = {
        edition: api.ok("GET", path, x_emulator_edition=edition)["items"]
        for edition in ("2020-03", "2020-09", "latest")
    }
    assert all(len(items) == 1 for items in found.values())
    lists = {name: items[0].get("sourceConnectionSpecIds") for name, items in found.items()}
    assert lists["2020-03"] is None
    assert (len(lists["2020-09"]), len(lists["latest"])) == (9, 12)


def test_an_unknown_spec_is_explained_with_the_nearest_and_how_to_add_it(api: AepClient) -> None:
    unknown = SALESFORCE_SERVICE_CLOUD[1:]
    body = base_connection(connectionSpec={"id": unknown, "version": "1.0"})
    assert refused(api, "connections", body) == (400, "connection_spec_is_known")
    assert reason_of_last(api) == (
        f'there is no connection spec "{unknown}" among the 97 that the emulator knows as of'
        f" 2026-06-11; the nearest is salesforce-service-cloud, {SALESFORCE_SERVICE_CLOUD}."
        " If the platform has it, two lines add it:\n"
        "mkdir -p own/connection_specs && echo "
        f'\'{{"id": "{unknown}", "name": "mine"}}\' > own/connection_specs/mine.json\n'
        "aep-emulator serve --fixtures own"
    )
    assert api.call("GET", url("connectionSpecs", "snowflak")).status == 404
    assert "the nearest is snowflake, b2e08744-" in reason_of_last(api)
    assert api.call("GET", url("flowSpecs", "it's new")).status == 404
    said = reason_of_last(api)
    assert "among the 22 that the emulator knows as of 2026-06-11; none of them is near." in said
    assert shlex.split(said.splitlines()[1])[5] == '{"id": "it\'s new", "name": "mine"}'


def reason_of_last(api: AepClient) -> str:
    entry = api.call("GET", "/_emulator/journal/last").json
    (found,) = [item for item in entry["findings"] if item["refused"]]
    return str(found["reason"])


SALESFORCE_SERVICE_CLOUD = "cb66ab34-8619-49cb-96d1-39b37ede86ea"
HDFS = "54e221aa-d342-4707-bcff-7a4bceef0001"


def test_a_source_of_the_appendix_is_remarked_on_where_a_sample_of_september_2020_lacks_it(
    api: AepClient, world: World
) -> None:
    auth = {"specName": "Anonymous Authentication", "params": {"url": "http://h"}}
    spec = {"id": HDFS, "version": "1.0"}
    base = api.ok("POST", url("connections"), base_connection(auth=auth, connectionSpec=spec))
    source = source_connection(base["id"], connectionSpec=spec)
    id = api.ok("POST", url("sourceConnections"), source)["id"]
    body = flow(world, sourceConnectionIds=[id])
    assert "source_spec_is_documented" in accepted(api, "flows", body, "2020-09")
    assert accepted(api, "flows", body, "latest") == []


SFTP_ALIAS = "bf367b0d-3d9b-4060-b67b-0d3d9bd06094"


def test_an_alias_of_the_appendix_is_good_for_flows_then_and_today(
    api: AepClient, world: World
) -> None:
    params = {"host": "h", "userName": "u", "password": "p"}
    auth = {"specName": "Basic Authentication for sftp", "params": params}
    spec = {"id": SFTP_ALIAS, "version": "1.0"}
    base = api.ok("POST", url("connections"), base_connection(auth=auth, connectionSpec=spec))
    source = source_connection(base["id"], connectionSpec=spec)
    id = api.ok("POST", url("sourceConnections"), source)["id"]
    body = flow(world, sourceConnectionIds=[id])
    assert accepted(api, "flows", body, "2020-09") == []
    assert accepted(api, "flows", body, "latest") == []


def test_errors_had_no_codes_in_2020(api: AepClient) -> None:
    answer = api.call("GET", url("flows", "x"), x_emulator_edition="2020-09")
    text = "flows not found with id = [x]"
    assert answer.json == {"errorMessage": text, "errorDetails": text}
    bad = base_connection(connectionSpec={"id": "x", "version": "1.0"})
    answer = api.call("POST", url("connections"), bad, x_emulator_edition="2020-09")
    assert answer.json == {"message": "Please provide a valid spec id"}


# Lists


@pytest.fixture
def many(api: AepClient, clock: ManualClock) -> list[str]:
    """Thirty base connections, a second apart."""
    names = [f"n{number:02}" for number in range(30)]
    for name in names:
        clock.advance(1)
        api.ok("POST", url("connections"), base_connection(name=name))
    return names


def names(answer: Any) -> list[str]:
    return [item["name"] for item in answer["items"]]


def all_pages(api: AepClient, query: str) -> list[str]:
    """Follow the next links, as aepp does: the token is what stands behind the first `=`."""
    answer = api.ok("GET", url("connections") + query)
    found = names(answer)
    while "next" in answer["_links"]:
        href = answer["_links"]["next"]["href"]
        token = href.split("=")[1]
        assert "&" not in href
        answer = api.ok("GET", FLOW_SERVICE + f"/connections?continuationToken={token}&limit=7")
        found += names(answer)
    return found


def test_pages_begin_with_what_is_most_recent_and_miss_nothing(
    api: AepClient, many: list[str]
) -> None:
    assert names(api.ok("GET", url("connections"))) == many[:-21:-1]
    assert all_pages(api, "?limit=7") == many[::-1]


def test_what_was_updated_last_comes_first(api: AepClient, many: list[str]) -> None:
    (item,) = api.ok("GET", url("connections") + "?property=name==n03")["items"]
    patch = [{"op": "add", "path": "/description", "value": "moved"}]
    api.ok("PATCH", url("connections", item["id"]), patch, if_match=item["etag"])
    assert all_pages(api, "?limit=7") == ["n03", *(name for name in many[::-1] if name != "n03")]


def test_pages_can_be_ordered(api: AepClient, many: list[str]) -> None:
    assert all_pages(api, "?limit=7&orderby=-name") == many[::-1]
    assert all_pages(api, "?limit=7&orderby=+createdAt") == many
    assert all_pages(api, "?limit=7&orderby=state,-createdAt") == many[::-1]


def test_a_next_page_keeps_the_filter(api: AepClient, many: list[str]) -> None:
    later = api.ok("GET", url("connections") + "?limit=1&orderby=-createdAt")["items"][0]
    query = f"?limit=7&property=createdAt<{later['createdAt']}"
    assert all_pages(api, query) == many[-2::-1]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("property=name==n03", ["n03"]),
        ("property=name==%22n03%22", ["n03"]),
        ("property=name==n03,n05", ["n05", "n03"]),
        ("property=name==n03&property=state==enabled", ["n03"]),
        ("property=name==n03&property=state==disabled", []),
        (f"property=connectionSpec.id=={BLOB}&limit=2", ["n29", "n28"]),
        ("property=createdAt>=1600000029000", ["n29", "n28"]),
        ("property=createdAt>1600000029000&count=False", ["n29"]),
        ("property=&limit=&orderby=&property=name==n00", ["n00"]),
    ],
)
def test_lists_are_filtered(api: AepClient, many: list[str], query: str, found: list[str]) -> None:
    assert names(api.ok("GET", url("connections") + "?" + query)) == found


def test_a_count_answers_nothing_else(api: AepClient, many: list[str]) -> None:
    assert api.ok("GET", url("connections") + "?count=true") == {"count": 30}
    query = "?count=true&property=name==n03"
    assert api.ok("GET", url("connections") + query) == {"count": 1}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=20&count=true", "1401-400"),
        ("limit=0", "9001-400"),
        ("limit=ten", "9001-400"),
        ("count=perhaps", "9001-400"),
        ("orderby=--name", "1432-400"),
        ("orderby=%23id", "1433-400"),
        ("property=name~a", "1440-400"),
        ("property=createdAt<=1,2", "1443-400"),
        ("property=id>=a", "1448-400"),
        ("property=connections==a", "1449-400"),
        ("property=name!>a", "1450-400"),
        ("testParam=1", "1451-400"),
        ("property=createdAt==1676643256,1676643210", "1452-400"),
        ("property=createdAt==", "1453-400"),
        ("property=name", "1453-400"),
        ("continuationToken=nonsense", "9001-400"),
    ],
)
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_wrong_query_is_refused_with_its_code(
    api: AepClient, collection: str, query: str, code: str
) -> None:
    answer = api.call("GET", url(collection) + "?" + query)
    assert (answer.status, answer.json["type"][-8:]) == (400, code)


def test_a_single_equals_is_read_as_two_and_remarked_on(api: AepClient) -> None:
    answer = api.call("GET", url("connections") + "?property=name=a")
    assert (answer.status, answer.json["items"]) == (200, [])
    assert answer.warnings == ["flow_service.list_connections.single_equals_is_for_attributes"]


def test_a_limit_over_100_is_remarked_on_and_read_as_100(api: AepClient) -> None:
    answer = api.call("GET", url("flows") + "?limit=1000")
    assert answer.status == 200
    assert answer.warnings == ["flow_service.list_flows.limit_is_at_most_100"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("property=name==azure-blob", [BLOB]),
        (f"property=id=={BLOB}", [BLOB]),
        ("property=attributes.connectorName=%22Azure%20Blob%22", [BLOB]),
    ],
)
def test_connection_specs_are_filtered(api: AepClient, query: str, found: list[str]) -> None:
    items = api.ok("GET", url("connectionSpecs") + "?" + query)["items"]
    assert [item["id"] for item in items] == found


def test_all_specs_are_listed_and_readable(api: AepClient) -> None:
    for collection, count in (("connectionSpecs", 97), ("flowSpecs", 22)):
        items = api.ok("GET", url(collection))["items"]
        assert len(items) == count
        for item in items:
            assert api.ok("GET", url(collection, item["id"])) == {"items": [item]}
        assert api.call("GET", url(collection, "x")).status == 404


# Determinism and isolation


def test_the_same_seed_and_calls_give_the_same_ids(make: Callable[..., AepClient]) -> None:
    first, second = make_world(make()), make_world(make())
    assert first == second
    assert make_world(make(seed="other")) != first


def test_refused_requests_use_up_no_ids(make: Callable[..., AepClient]) -> None:
    plain, tried = make(), make()
    tried.call("POST", url("connections"), {})
    assert make_world(plain) == make_world(tried)


def test_nothing_leaks_between_sandboxes_or_organizations(api: AepClient, world: World) -> None:
    others: list[dict[str, str]] = [
        {"x_sandbox_name": "dev"},
        {"x_gw_ims_org_id": "OTHER@AdobeOrg"},
    ]
    for other in others:
        for collection in COLLECTIONS:
            assert api.ok("GET", url(collection), headers=other)["items"] == []
        assert api.call("GET", url("connections", world.base), headers=other).status == 404
        body = source_connection(world.base)
        answer = api.call("POST", url("sourceConnections"), body, headers=other)
        assert answer.rule.endswith("base_connection_exists")


# Observing


def test_observing_refuses_nothing_that_can_be_carried_out(make: Callable[..., AepClient]) -> None:
    api = make(enforce="observe")
    body = {"data": {"format": "csv"}, "connectionSpec": {"id": BLOB, "version": "1.0"}}
    answer = api.call("POST", url("sourceConnections"), body)
    assert answer.status == 201
    assert "flow_service.create_source_connection.format_is_known" in answer.warnings
    assert api.call("GET", url("sourceConnections", answer.json["id"])).status == 200
    assert api.call("POST", url("sourceConnections"), {"data": []}).status == 400
    assert api.call("GET", url("flows", "x")).status == 404


@pytest.mark.parametrize(
    ("spec", "auth", "flow_spec"),
    [
        (
            "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb",
            ("Streaming Connection", {"dataType": "raw"}),
            "d8a6f005-7eaf-4153-983e-e8574508b877",
        ),
        (
            "86043421-563b-46ec-8e6c-e23184711bf6",
            (
                "Aws Kinesis authentication credentials",
                {"accessKeyId": "a", "secretKey": "b", "region": "c"},
            ),
            "d69717ba-71b4-4313-b654-49f9cf126d7a",
        ),
    ],
)
def test_a_flow_of_a_stream_is_a_source_flow(
    api: AepClient, world: World, spec: str, auth: tuple[str, Any], flow_spec: str
) -> None:
    """Field cases: they have no schedule, which does not make them flows to a destination."""
    named = {"id": spec, "version": "1.0"}
    sent = {"specName": auth[0], "params": auth[1]}
    body = base_connection(auth=sent, connectionSpec=named)
    base = api.ok("POST", url("connections"), body)["id"]
    params = {"stream": "s", "dataType": "raw", "reset": "latest"}
    body = source_connection(base, connectionSpec=named, params=params, data={"format": "json"})
    source = api.ok("POST", url("sourceConnections"), body)["id"]
    body = flow(world, flowSpec={"id": flow_spec, "version": "1.0"}, sourceConnectionIds=[source])
    body = {name: value for name, value in body.items() if name != "scheduleParams"}
    id = api.ok("POST", url("flows"), body)["id"]
    asked = "property=inheritedAttributes.properties.isSourceFlow==true"
    assert [item["id"] for item in api.ok("GET", f"{url('flows')}?{asked}")["items"]] == [id]


def test_a_flow_out_of_the_platform_is_a_destination_flow(api: AepClient, world: World) -> None:
    """Its spec of its own says nothing: what it reads from does."""
    body: dict[str, Any] = {"name": "Export", "providerId": "14e34fac-d307-11e9-bb65-2a2ae2dbcce4"}
    spec = api.ok("POST", url("flowSpecs"), body)["id"]
    body = {
        "name": "Data sets",
        "data": {"format": "parquet_xdm"},
        "connectionSpec": {"id": "23598e46-f560-407b-88d5-ea6207e49db0", "version": "1.0"},
        "params": {"datasets": []},
    }
    source = api.ok("POST", url("sourceConnections"), body)["id"]
    body = flow(world, flowSpec={"id": spec, "version": "1.0"}, sourceConnectionIds=[source])
    for name in ("scheduleParams", "transformations"):
        del body[name]
    id = api.ok("POST", url("flows"), body)["id"]
    (found,) = api.ok("GET", url("flows", id))["items"]
    assert found["inheritedAttributes"]["properties"] == {"isDestinationFlow": True}


def test_a_draft_that_names_nothing_has_no_direction(api: AepClient) -> None:
    attributes = {"isDraftModeSupported": True}
    provider = "14e34fac-d307-11e9-bb65-2a2ae2dbcce4"
    body: dict[str, Any] = {"name": "Own", "providerId": provider, "attributes": attributes}
    spec = api.ok("POST", url("flowSpecs"), body)["id"]
    body = {"name": "a", "flowSpec": {"id": spec, "version": "1.0"}}
    id = api.ok("POST", f"{url('flows')}?mode=draft", body)["id"]
    (found,) = api.ok("GET", url("flows", id))["items"]
    assert found["inheritedAttributes"]["properties"] == {}
