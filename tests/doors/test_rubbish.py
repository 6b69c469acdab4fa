"""What no client should send: it is refused in JSON, in no time, and breaks nothing after it."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from emulator.emulator import Emulator
from emulator.testing.client import AepClient
from tests.bodies import CONNECTORS, FLOW_SERVICE, base_connection, flow, make_world
from tests.emulators import aep_for, new_emulator

DEEP = b'{"a":' * 300 + b"1" + b"}" * 300
LONG = "9" * 5000
"""More digits than Python turns into a number."""


@pytest.fixture
def emulator() -> Emulator:
    return new_emulator()


@pytest.fixture
def aep(emulator: Emulator) -> AepClient:
    return aep_for(emulator)


def control(
    aep: AepClient, method: str, path: str, content: bytes | None = None, **headers: str
) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    status, got, body = aep.send(method, f"/_emulator{path}", sent, content)
    return status, got, json.loads(body) if body else None


def test_a_deep_body_is_shown_as_text(aep: AepClient) -> None:
    for body in (DEEP, b"[" * 5000 + b"]" * 5000):
        assert aep.call("POST", f"{FLOW_SERVICE}/connections", content=body).status == 400
        shown = control(aep, "GET", "/journal/last")[2]
        assert shown["request"]["text"] == body.decode()
    assert control(aep, "GET", "/coverage")[0] == 200
    assert control(aep, "GET", "/journal?format=har")[0] == 200


def test_a_secret_in_a_deep_body_is_masked(aep: AepClient) -> None:
    body = DEEP[:-1] + b',"password":"hush"}'
    assert aep.call("POST", f"{FLOW_SERVICE}/connections", content=body).status == 400
    assert "hush" not in str(control(aep, "GET", "/journal/last")[2])


def test_a_list_of_many_wrong_items_breaks_a_rule_a_hundred_times(aep: AepClient) -> None:
    path = "/data/foundation/schemaregistry/tenant/classes/x"
    assert aep.call("PATCH", path, [1] * 20_000).status == 404
    entry = control(aep, "GET", "/journal/last")[2]
    rules = [item["rule"] for item in entry["findings"]]
    assert max(map(rules.count, rules)) == 100
    assert control(aep, "GET", "/coverage")[0] == 200


@pytest.mark.parametrize("enforce", ["documented", "observe"])
def test_a_limit_may_have_more_digits_than_a_number(enforce: str) -> None:
    aep = aep_for(new_emulator(enforce=enforce))
    wanted = 200 if enforce == "observe" else 400
    assert aep.call("GET", f"{FLOW_SERVICE}/connections?limit={LONG}").status == wanted
    wish = {"entity": "connections", "limit": LONG}
    assert aep.call("POST", f"{FLOW_SERVICE}/search", wish).status < 500


def test_a_schedule_of_endless_digits_lets_no_later_call_fail() -> None:
    aep = aep_for(new_emulator(enforce="observe"))
    world = make_world(aep)
    for member in ("startTime", "interval"):
        schedule = {"startTime": "1", "frequency": "minute", "interval": "15", member: LONG}
        made = aep.call("POST", f"{FLOW_SERVICE}/flows", flow(world, scheduleParams=schedule))
        assert made.status == 201
        path = f"{FLOW_SERVICE}/flows/{made.json['id']}"
        patch = [{"op": "replace", "path": "/scheduleParams/interval", "value": "30"}]
        etag = aep.call("GET", path).headers["etag"]
        assert aep.call("PATCH", path, patch, If_Match=etag).status < 500
        assert aep.call("GET", f"{FLOW_SERVICE}/runs").status == 200


def test_nothing_about_the_emulator_is_answered_in_another_form(aep: AepClient) -> None:
    for method, path, status in (
        ("GET", "/nope", 404),
        ("GET", "/reset", 405),
        ("OPTIONS", "/reset", 405),
        ("TRACE", "/health", 405),
    ):
        found, headers, body = control(aep, method, path)
        assert (found, sorted(body)) == (status, ["detail", "error"])
        assert path in body["detail"]
        assert status == 404 or headers["allow"]
    assert "content-type" not in control(aep, "POST", "/reset")[1]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/reset"), ("PUT", "/state"), ("POST", "/faults")]
)
def test_a_deep_body_is_no_object_to_the_control_api(
    aep: AepClient, method: str, path: str
) -> None:
    before = control(aep, "GET", "/state")[2]
    assert control(aep, method, path, DEEP)[0] == 400
    assert control(aep, "GET", "/state")[2] == before


def test_a_state_that_unpacks_to_a_deep_one_is_refused(aep: AepClient) -> None:
    packed = gzip.compress(DEEP)
    assert control(aep, "PUT", "/state", packed, Content_Encoding="gzip")[0] == 400


def test_a_state_that_unpacks_to_too_much_is_refused() -> None:
    aep = aep_for(new_emulator(max_unpacked=10))
    state = gzip.compress(json.dumps(control(aep, "GET", "/state")[2]).encode())
    status, _, refused = control(aep, "PUT", "/state", state, Content_Encoding="gzip")
    assert status == 413
    assert "more than 10 bytes, as --max-unpacked says" in refused["detail"]


def test_a_mistake_of_the_emulator_is_called_one(
    emulator: Emulator, aep: AepClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("oops")

    monkeypatch.setattr(emulator.faults, "all", fail)
    status, _, body = control(aep, "GET", "/faults")
    assert (status, body["error"]) == (500, "internal server error")


def test_the_landing_zone_survives_odd_ranges_queries_and_lists(aep: AepClient) -> None:
    uri = aep.ok("GET", f"{CONNECTORS}/landingzone/credentials?type=user_drop_zone")["SASUri"]
    place, _, token = uri.partition("?")
    path = "/" + place.split("/", 3)[3]
    blob = {"x-ms-blob-type": "BlockBlob"}
    assert aep.send("PUT", f"{path}/a?{token}", blob, b"abc")[0] == 201
    for span in (f"bytes={LONG}-", f"bytes=0-{LONG}", "bytes=-", "bytes=2-1", "bytes=٣-٤"):
        sent = {"Range": span.encode().decode("latin-1")}
        assert aep.send("GET", f"{path}/a?{token}", sent, None)[0] in (200, 416)
    assert aep.send("GET", f"{path}/a?%FF=%FF&{token}", {}, None)[0] == 200
    for content in (b"", b"x", b"{}", b"<BlockList>", b"\xff"):
        assert aep.send("PUT", f"{path}/b?{token}&comp=blocklist", {}, content)[0] == 400
    assert aep.send("PUT", f"{path}/b?{token}&comp=block", {}, b"x")[0] == 400
    assert aep.send("GET", f"{path}/b?{token}", {}, None)[0] == 404


def test_patches_make_no_resource_that_cannot_be_kept(aep: AepClient) -> None:
    made = aep.ok("POST", f"{FLOW_SERVICE}/connections", base_connection())
    path = f"{FLOW_SERVICE}/connections/{made['id']}"
    doubled = [
        {"op": "copy", "from": "/auth", "path": f"/auth/params/x{number}"} for number in range(40)
    ]
    deep: Any = {}
    for _ in range(90):
        deep = {"a": deep}
    deeper = [
        {"op": "add", "path": "/auth/params/x" + "/a" * 90 * times, "value": deep}
        for times in range(3)
    ]
    before = control(aep, "GET", "/state")[2]["organizations"]
    for patch in (doubled, deeper):
        assert aep.call("PATCH", path, patch, If_Match=made["etag"]).status == 400
    assert control(aep, "GET", "/state")[2]["organizations"] == before
