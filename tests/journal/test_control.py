"""The journal over HTTP: filters, pages, archives, and that no secret leaves by any of them."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import quote

import pytest

from emulator.clock import ManualClock
from emulator.emulator import Emulator
from emulator.serving.server import Server
from emulator.testing.client import AepClient
from tests.bodies import FLOW_SERVICE, HEADERS, SCHEMA_REGISTRY, base_connection
from tests.journal.conftest import Control

CONNECTIONS = f"{FLOW_SERVICE}/connections"
FLOWS = f"{FLOW_SERVICE}/flows"
NAME = "flow_service.create_connection.name_is_text"


@pytest.fixture
def calls(api: AepClient, clock: ManualClock) -> None:
    """Five calls, a second apart."""
    api.call("POST", CONNECTIONS, base_connection(), x_emulator_test="one", user_agent="mine/1.0")
    clock.advance(1)
    api.call("POST", CONNECTIONS, base_connection(name=3), x_emulator_test="two")
    clock.advance(1)
    api.call("GET", f"{FLOWS}?limit=500")
    clock.advance(1)
    api.call("GET", f"{SCHEMA_REGISTRY}/stats", x_sandbox_name="dev")
    clock.advance(1)
    api.call("GET", f"{FLOW_SERVICE}/nowhere", x_api_key="another-key")


@pytest.mark.usefixtures("calls")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [5, 4, 3, 2, 1]),
        ("order=oldest", [1, 2, 3, 4, 5]),
        ("operation=flow_service.create_connection", [2, 1]),
        ("service=flow_service", [5, 3, 2, 1]),
        ("status=201", [1]),
        ("status=4xx", [5, 2]),
        ("status=2XX", [4, 3, 1]),
        (f"rule={NAME}", [2]),
        ("rule=platform.unknown_path", [5]),
        ("test=two", [2]),
        ("client=mine/", [1]),
        ("client=another-key", [5]),
        ("client=another", []),
        ("sandbox=dev", [4]),
        (f"organization={HEADERS['x-gw-ims-org-id']}&status=4xx", [5, 2]),
        ("organization=nobody", []),
        ("outcome=refused", [5, 2]),
        ("outcome=warned", [3]),
        ("outcome=accepted", [4, 1]),
        ("since=1600000002000", [5, 4, 3]),
        (f"since={quote('2020-09-13T12:26:43Z')}", [5, 4]),
        ("service=flow_service&outcome=refused&test=two", [2]),
    ],
)
def test_filters(control: Control, query: str, found: list[int]) -> None:
    assert [entry["id"] for entry in control(f"journal?{query}")["entries"]] == found


@pytest.mark.parametrize(
    "query",
    [
        "colour=red",
        "status=4",
        "status=4x4",
        "status=abc",
        "outcome=good",
        "since=yesterday",
        "since=2020-09-13T12:26:43",
        "order=random",
        "format=xml",
        "limit=0",
        "limit=1001",
        "limit=x",
        "cursor=-1",
    ],
)
def test_queries_that_cannot_be_understood(control: Control, query: str) -> None:
    said = control(f"journal?{query}", status=400)
    assert said["error"] == "invalid query"
    assert said["detail"].startswith(query.partition("=")[0])


@pytest.mark.usefixtures("calls")
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_pages(control: Control, order: str) -> None:
    seen: list[int] = []
    cursor = ""
    while True:
        page = control(f"journal?order={order}&limit=2{cursor}")
        seen += [entry["id"] for entry in page["entries"]]
        if "nextCursor" not in page:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert seen == sorted([1, 2, 3, 4, 5], reverse=order == "newest")


@pytest.mark.usefixtures("calls")
def test_the_short_form_has_no_bodies(control: Control) -> None:
    short = control("journal?limit=1")["entries"][0]
    full = control("journal?limit=1&format=full")["entries"][0]
    assert "request" not in short
    assert {**short, "request": full["request"], "response": full["response"]} == full


def archive(control: Control, query: str = "") -> dict[str, Any]:
    log: dict[str, Any] = control(f"journal?format=har{query}")["log"]
    return log


@pytest.mark.usefixtures("calls")
def test_the_archive_is_har(control: Control) -> None:
    log = archive(control)
    assert log["version"] == "1.2"
    assert log["creator"]["name"] == "aep-emulator"
    assert [entry["_emulator"]["id"] for entry in log["entries"]] == [1, 2, 3, 4, 5]
    for entry in log["entries"]:
        needed = {"startedDateTime", "time", "request", "response", "cache", "timings"}
        assert needed <= entry.keys()
        request, response = entry["request"], entry["response"]
        both = {"httpVersion", "cookies", "headers", "headersSize", "bodySize"}
        assert both | {"method", "url", "queryString"} <= request.keys()
        assert both | {"status", "statusText", "content", "redirectURL"} <= response.keys()
        assert all(set(row) == {"name", "value"} for row in request["headers"])
        assert request["url"].startswith("http://localhost/")
        assert json.loads(response["content"]["text"]) is not None
    first, _, third, *_ = log["entries"]
    assert first["startedDateTime"] == "2020-09-13T12:26:40.000Z"
    assert json.loads(first["request"]["postData"]["text"])["name"] == "Blob"
    assert third["request"]["queryString"] == [{"name": "limit", "value": "500"}]
    assert "postData" not in third["request"]
    refused = archive(control, "&outcome=refused")["entries"]
    assert [entry["_emulator"]["id"] for entry in refused] == [2, 5]


def test_bytes_that_are_no_text_are_archived_too(api: AepClient, control: Control) -> None:
    api.call("POST", CONNECTIONS, content=b"\xff\xfe\x00")
    (entry,) = archive(control)["entries"]
    assert entry["request"]["postData"]["encoding"] == "base64"
    assert entry["request"]["postData"]["text"] == "//4A"
    assert "\ufffd" in control("journal/1")["request"]["text"]


def test_no_secret_leaves(api: AepClient, control: Control) -> None:
    secret = "s3cr3t-Value"
    headers = {**HEADERS, "Authorization": f"Bearer {secret}", "x-api-key": f"key-{secret}"}
    auth = {"specName": "ConnectionString", "params": {"connectionString": secret}}
    body = json.dumps(base_connection(auth=auth, name=3)).encode()
    api.exchange("POST", CONNECTIONS, {**headers, "Content-Type": "application/json"}, body)
    api.exchange("GET", f"{FLOWS}?access_token={secret}", headers)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    grant = f"grant_type=client_credentials&client_id=me&client_secret={secret}&scope=openid"
    token = api.exchange("POST", "/ims/token/v3", form, grant.encode()).json["access_token"]
    shown = [
        control("journal?format=full"),
        archive(control),
        control("coverage"),
        *(control(f"journal/{number}") for number in (1, 2, 3)),
    ]
    said = json.dumps(shown)
    assert secret not in said
    assert token not in said
    assert "client_id=me" in said


def test_over_a_socket(emulator: Emulator, api: AepClient) -> None:
    api.call("POST", CONNECTIONS, base_connection(name=3))
    with Server(emulator.application) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("GET", f"{FLOWS}?limit=1&property=a", headers=HEADERS)
        assert connection.getresponse().read()
        for path in ("journal", "journal/last", "journal?format=har", "coverage"):
            connection.request("GET", f"/_emulator/{path}")
            reply = connection.getresponse()
            assert (reply.status, reply.getheader("content-type")) == (200, "application/json")
            assert json.loads(reply.read())
        connection.close()
    assert emulator.journal is not None
    newest = next(iter(emulator.journal.entries()))
    assert (newest.path, newest.query_string) == (FLOWS, "limit=1&property=a")
    assert newest.base_url == f"http://127.0.0.1:{server.port}"
