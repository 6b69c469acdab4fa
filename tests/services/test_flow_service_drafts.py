"""Drafts and actions of the Flow Service over HTTP, and the inlets of HTTP API connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.clock import ManualClock
from emulator.testing.client import AepClient, Response
from tests.bodies import (
    BLOB,
    CLOUD_STORAGE_TO_AEP,
    DATA_LAKE,
    FLOW_SERVICE,
    World,
    base_connection,
    flow,
    source_connection,
    target_connection,
)

KINESIS = "86043421-563b-46ec-8e6c-e23184711bf6"
HTTP_API = "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb"
COLLECTIONS = ["connections", "sourceConnections", "targetConnections", "flows"]


def url(*steps: str) -> str:
    return "/".join((FLOW_SERVICE, *steps))


def draft(api: AepClient, collection: str, body: dict[str, Any]) -> str:
    id: str = api.ok("POST", url(collection) + "?mode=draft", body)["id"]
    return id


def read(api: AepClient, collection: str, id: str) -> dict[str, Any]:
    item: dict[str, Any] = api.ok("GET", url(collection, id))["items"][0]
    return item


def act(api: AepClient, collection: str, id: str, query: str, body: Any = None) -> Response:
    return api.call("POST", url(collection, id, "action") + query, body)


def publish(api: AepClient, collection: str, id: str) -> Response:
    return act(api, collection, id, "?op=publish")


def patch(api: AepClient, collection: str, id: str, path: str, value: Any) -> Response:
    etag = read(api, collection, id)["etag"]
    instruction = {"op": "add", "path": path, "value": value}
    return api.call("PATCH", url(collection, id), [instruction], If_Match=etag)


def name(answer: Response) -> str:
    return answer.rule.rpartition(".")[2]


SPEC = {"id": BLOB, "version": "1.0"}
LAKE = {"id": DATA_LAKE, "version": "1.0"}
FLOW_SPEC = {"id": CLOUD_STORAGE_TO_AEP, "version": "1.0"}


# Drafts


@pytest.mark.parametrize(
    ("collection", "body"),
    [
        ("connections", {"connectionSpec": SPEC}),
        ("sourceConnections", {"name": "Files", "connectionSpec": SPEC}),
        ("targetConnections", {"connectionSpec": LAKE}),
        ("flows", {"flowSpec": FLOW_SPEC}),
    ],
)
def test_a_draft_needs_its_spec_alone(
    api: AepClient, collection: str, body: dict[str, Any]
) -> None:
    id = draft(api, collection, body)
    assert read(api, collection, id)["state"] == "draft"
    assert [item["id"] for item in api.ok("GET", url(collection))["items"]] == [id]
    assert api.call("DELETE", url(collection, id)).status == 204


def test_drafts_are_completed_and_published_in_order(
    api: AepClient, world: World, clock: ManualClock
) -> None:
    base = draft(api, "connections", base_connection())
    source = draft(api, "sourceConnections", source_connection(base))
    target = draft(api, "targetConnections", target_connection(world.schema, world.dataset))
    body = {"flowSpec": FLOW_SPEC, "sourceConnectionIds": [source], "targetConnectionIds": [target]}
    id = draft(api, "flows", body)
    assert name(publish(api, "sourceConnections", source)) == "connection_is_published_first"
    assert name(publish(api, "flows", id)) == "source_connection_is_published_first"
    old = read(api, "connections", base)
    clock.advance(5)
    answer = publish(api, "connections", base)
    new = read(api, "connections", base)
    assert (new["state"], new["etag"]) == ("enabled", answer.json["etag"])
    assert (old["state"], new["etag"] != old["etag"]) == ("draft", True)
    assert publish(api, "sourceConnections", source).status == 200
    assert name(publish(api, "flows", id)) == "target_connection_is_published_first"
    assert publish(api, "targetConnections", target).status == 200
    assert publish(api, "flows", id).status == 200
    assert read(api, "flows", id)["state"] == "enabled"
    assert name(publish(api, "flows", id)) == "action_fits_state"
    assert publish(api, "flows", id).json["type"].endswith("1422-400")


def test_what_is_published_keeps_the_rules_of_creation(api: AepClient, world: World) -> None:
    bare = {"name": "Files", "baseConnectionId": world.base, "connectionSpec": SPEC}
    id = draft(api, "sourceConnections", bare)
    refused = publish(api, "sourceConnections", id)
    assert (refused.status, name(refused)) == (400, "draft_is_complete")
    assert "data is missing" in refused.json["detail"]
    assert patch(api, "sourceConnections", id, "/data", {"format": "delimited"}).status == 200
    assert patch(api, "sourceConnections", id, "/params", {"path": "/a.csv"}).status == 200
    assert publish(api, "sourceConnections", id).status == 200


def test_a_draft_is_patched_by_the_rules_of_drafts(api: AepClient, world: World) -> None:
    id = draft(api, "flows", {"flowSpec": FLOW_SPEC})
    unfinished = [{"name": "Mapping", "params": {}}]
    assert patch(api, "flows", id, "/transformations", unfinished).status == 200
    assert patch(api, "flows", id, "/sourceConnectionIds", [world.source]).status == 200
    (end,) = read(api, "flows", id)["inheritedAttributes"]["sourceConnections"]
    assert end["baseConnection"]["id"] == world.base
    assert name(patch(api, "flows", id, "/targetConnectionIds", ["a"])) == "result_is_acceptable"
    assert name(patch(api, "flows", id, "/state", "enabled")) == "system_members_stay"
    assert name(publish(api, "flows", id)) == "draft_is_complete"


def test_what_is_no_draft_stands_on_no_draft(api: AepClient, world: World) -> None:
    base = draft(api, "connections", base_connection())
    answer = api.call("POST", url("sourceConnections"), source_connection(base))
    assert answer.warnings == ["flow_service.create_source_connection.base_connection_is_published"]
    source = draft(api, "sourceConnections", source_connection(world.base))
    answer = api.call("POST", url("flows"), flow(world, sourceConnectionIds=[source]))
    assert answer.status == 201
    assert "flow_service.create_flow.source_connections_are_published" in answer.warnings


def test_drafts_are_for_specs_that_support_them_as_far_as_is_known(
    api: AepClient, world: World
) -> None:
    kinesis = {"name": "Stream", "connectionSpec": {"id": KINESIS, "version": "1.0"}}
    answer = api.call("POST", url("connections") + "?mode=draft", kinesis)
    assert answer.status == 201
    assert "flow_service.create_connection.draft_support_is_documented" in answer.warnings
    path, body = url("flows") + "?mode=draft", {"flowSpec": FLOW_SPEC}
    answer = api.call("POST", path, body, x_emulator_edition="2020-09")
    assert answer.warnings == ["flow_service.create_flow.flow_spec_draft_support_is_documented"]
    provider = {"name": "own", "providerId": "521eee4d-8cbe-4906-bb48-fb6bd4450033"}
    own = api.call("POST", url("connectionSpecs"), provider).json["id"]
    named = {"name": "Own", "connectionSpec": {"id": own, "version": "1.0"}}
    answer = api.call("POST", url("connections") + "?mode=draft", named)
    assert (answer.status, name(answer)) == (400, "spec_supports_drafts")
    answer = api.call("POST", url("connections") + "?mode=wish", base_connection())
    assert answer.warnings == ["flow_service.create_connection.mode_is_known"]


def test_drafts_can_be_asked_for(api: AepClient, world: World) -> None:
    id = draft(api, "connections", base_connection())
    found = api.ok("GET", url("connections") + "?property=state==draft")["items"]
    assert [item["id"] for item in found] == [id]
    answer = api.call("GET", url("connections") + "?property=state==delete-finalizing")
    assert answer.json["detail"] == (
        "State delete-finalizing is not a valid value. "
        "Allowed values are [enabled, disabled, initializing]."
    )
    answer = api.call("GET", url("connections") + "?property=connectionSpec.baseSpec==a")
    assert answer.json["type"].endswith("1423-400")
    assert "An unhandled field baseSpec was" in answer.json["detail"]


def test_a_draft_is_not_enabled_but_published(api: AepClient) -> None:
    id = draft(api, "flows", {"flowSpec": FLOW_SPEC})
    assert name(act(api, "flows", id, "?op=enable")) == "action_fits_state"


# Actions


def state(value: str, percent: float) -> dict[str, Any]:
    return {"percentCompleted": percent, "status": {"value": value}}


@pytest.mark.parametrize(
    ("query", "body", "code"),
    [
        ("?op=FINALIZE", None, "1402-400"),
        ("?op=finalize_update&subOp=PROGRESS", state("IN_PROGRESS", 5), "1402-400"),
        ("?op=finalize&subOp=PROGRESS&subOp=APPLY", None, "1406-400"),
        ("?op=finalize&subOp=apply,progress", None, "1406-400"),
        ("?op=finalize&subOp=PROGRESS", state("FAILED", 100), "1407-400"),
        ("?op=finalize&subOp=APPLY", state("COMPLETED", 99), "1408-400"),
        ("?op=reverse", None, "1434-400"),
        ("?op=finalize&subOp=reverse", None, "1435-400"),
        ("?op=publish&subOp=PROGRESS", None, "1436-400"),
        ("?op=finalize", state("started", 5), "1437-400"),
    ],
)
@pytest.mark.parametrize("collection", ["connections", "sourceConnections", "targetConnections"])
def test_wrong_actions_have_their_codes(
    api: AepClient, world: World, collection: str, query: str, body: Any, code: str
) -> None:
    ids = {"connections": world.base, "sourceConnections": world.source}
    id = ids.get(collection, world.target)
    answer = act(api, collection, id, query, body)
    assert answer.json["type"].endswith(code), answer.content
    assert read(api, collection, id)["state"] == "enabled"


def test_the_sub_operation_is_named(api: AepClient, world: World) -> None:
    id = api.ok("POST", url("flows"), flow(world))["id"]
    answer = act(api, "flows", id, "?op=disable&subOp=PROGRESS")
    assert "sub operation PROGRESS received for operation disable" in answer.json["detail"]
    assert act(api, "flows", id, "?op=disable&subOp=APPLY").status == 200


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_an_action_on_nothing_is_not_found(api: AepClient, collection: str) -> None:
    assert publish(api, collection, "no-such-id").status == 404


def test_observing_acts_only_where_it_can(make: Callable[..., AepClient]) -> None:
    api = make(enforce="observe")
    id = api.ok("POST", url("connections"), base_connection())["id"]
    assert publish(api, "connections", id).status == 200
    assert act(api, "connections", id, "?op=finalize").status == 400
    assert name(patch(api, "connections", id, "/connectionSpec", "x")) == "result_has_its_types"
    assert patch(api, "connections", id, "/connectionSpec", {"id": "x"}).status == 200
    assert api.call("GET", url("connections", id)).status == 200
    assert api.ok("GET", url("connections", id, "test")) == {"result": False}


# Testing a connection; policies; inlets


def test_a_connection_is_tested_against_its_spec(api: AepClient, world: World) -> None:
    assert api.ok("GET", url("connections", world.base, "test")) == {"result": True}
    id = draft(api, "connections", {"connectionSpec": SPEC})
    assert api.ok("GET", url("connections", id, "test")) == {"result": False}
    assert api.call("GET", url("connections", "a", "test")).status == 404


def test_a_policy_is_patched_as_a_client_does(api: AepClient, world: World) -> None:
    id = api.ok("POST", url("flows"), flow(world))["id"]
    policy = {"enforcementRefs": ["/dulepolicy/marketingActions/a"]}
    assert patch(api, "flows", id, "/policy", policy).status == 200
    assert read(api, "flows", id)["policy"] == policy
    answer = patch(api, "flows", id, "/policy", {"fields": []})
    assert answer.json["detail"] == "Empty array 'fields' is not allowed in policy."
    assert read(api, "flows", id)["lastRunDetails"]["state"] == "success"


def http_api(**changes: Any) -> dict[str, Any]:
    auth = {"specName": "Streaming Connection", "params": {"dataType": "raw"}}
    spec = {"id": HTTP_API, "version": "1.0"}
    return {"name": "Inlet", "auth": auth, "connectionSpec": spec, **changes}


def test_an_http_api_connection_gets_an_inlet(make: Callable[..., AepClient]) -> None:
    seen = []
    for _ in range(2):
        api = make()
        id = api.ok("POST", url("connections"), http_api())["id"]
        params = read(api, "connections", id)["auth"]["params"]
        assert params["inletUrl"] == f"http://localhost/collection/{params['inletId']}"
        assert len(params["inletId"]) == 64
        assert params["authenticationRequired"] is False
        assert params["sourceId"] == "Inlet"
        seen.append(params)
    assert seen[0] == seen[1]
    changed = {"dataType": "xdm", "sourceId": "mine", "inletId": "wrong"}
    assert patch(api, "connections", id, "/auth/params", changed).status == 200
    params = read(api, "connections", id)["auth"]["params"]
    assert (params["sourceId"], params["inletId"]) == ("mine", seen[0]["inletId"])
    body = {
        "name": "Events",
        "baseConnectionId": id,
        "connectionSpec": {"id": HTTP_API, "version": "1.0"},
    }
    source = api.ok("POST", url("sourceConnections"), body)["id"]
    assert read(api, "sourceConnections", source)["params"]["inletUrl"] == params["inletUrl"]
    for path in ("connections", "sourceConnections"):
        assert f'"{params["inletUrl"]}"' in api.call("GET", url(path)).content.decode()


def test_what_is_sent_to_an_inlet_says_that_streams_are_not_emulated(api: AepClient) -> None:
    """It stays here, where the documented address is a production host."""
    id = api.ok("POST", url("connections"), http_api())["id"]
    inlet = read(api, "connections", id)["auth"]["params"]["inletUrl"].removeprefix(
        "http://localhost"
    )
    for path, operation in (
        (f"{inlet}?syncValidation=true", "send_message"),
        (inlet.replace("collection/", "collection/batch/"), "send_messages"),
    ):
        answer = api.exchange("POST", path, {"Content-Type": "application/json"}, b"{}")
        assert (answer.status, answer.rule) == (501, "platform.not_emulated")
        assert answer.headers["x-emulator-operation"] == f"streaming_ingestion.{operation}"
        assert answer.json["title"] == "Not emulated"
        assert f"streaming_ingestion.{operation}" in answer.json["detail"]


def test_other_connections_get_none(api: AepClient, world: World) -> None:
    assert "inletId" not in read(api, "connections", world.base)["auth"]["params"]
