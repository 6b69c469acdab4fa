"""Worlds: tests that share one server, each with its own state, edition, clock and control API."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest
import requests

from emulator.admin.journal import JournalViews
from emulator.clock import ManualClock
from emulator.emulator import Emulator
from emulator.serving.server import Server
from emulator.testing.client import Response
from tests.bodies import FLOW_SERVICE, HEADERS, SANDBOX_MANAGEMENT, SCHEMA_REGISTRY
from tests.bodies import base_connection as connection_body
from tests.emulators import aep_for, new_emulator

CONNECTIONS = f"{FLOW_SERVICE}/connections"
SCHEMAS = f"{SCHEMA_REGISTRY}/tenant/schemas"
OTHER = "0000000000000000000000FF@AdobeOrg"

Call = Callable[..., Response]


def door(emulator: Emulator) -> Call:
    """Return a function that calls an emulator in this process."""
    client = aep_for(emulator)

    def call(
        method: str, path: str, body: Any = None, world: str | None = None, **headers: str
    ) -> Response:
        if world is not None:
            headers["x_emulator_test"] = world
        return client.call(method, path, body, headers=headers)

    return call


@pytest.fixture
def shared() -> Emulator:
    return new_emulator()


@pytest.fixture
def call(shared: Emulator) -> Call:
    return door(shared)


def count(call: Call, path: str = CONNECTIONS, **where: Any) -> int:
    return len(call("GET", path, **where).json["items"])


def test_a_header_gives_a_request_a_world_of_its_own(call: Call) -> None:
    made = call("POST", CONNECTIONS, connection_body(), world="one")
    assert made.status == 201
    assert [count(call, world=name) for name in ("one", "two")] == [1, 0]
    assert count(call) == 0
    # The same seed, and the same first call: the worlds do not see each other in their ids either.
    assert call("POST", CONNECTIONS, connection_body(), world="two").json == made.json


def test_a_prefix_does_the_same_and_stays_in_links(call: Call) -> None:
    call("POST", f"/t/one{CONNECTIONS}", connection_body())
    assert count(call, f"/t/one{CONNECTIONS}") == count(call, world="one") == 1
    assert count(call) == 0
    listed = call("GET", f"/t/a%5Bb%5D{SANDBOX_MANAGEMENT}/sandboxes?limit=1&offset=0").json
    link = listed["_links"]["page"]["href"]
    assert link.startswith(f"http://localhost/t/a%5Bb%5D{SANDBOX_MANAGEMENT}/")


def test_a_name_in_a_path_may_have_a_slash_if_it_is_encoded(call: Call) -> None:
    call("POST", f"/t/tests%2Fa.py::b{CONNECTIONS}?a=/t/", connection_body())
    assert call("GET", "/_emulator/worlds").json["worlds"] == ["tests/a.py::b"]
    path = f"/t/tests%2Fa.py::b{SANDBOX_MANAGEMENT}/sandboxes?limit=1&offset=0"
    link = call("GET", path).json["_links"]["page"]["href"]
    assert link.startswith(f"http://localhost/t/tests%2Fa.py::b{SANDBOX_MANAGEMENT}/")
    assert call("GET", "/t/tests%2Fa.py::b/_emulator/health").status == 200


def test_a_prefix_leaves_ids_that_are_urls_alone(call: Call) -> None:
    """They are part of the path, doubled slashes and all."""
    body = {"title": "People", "allOf": [{"$ref": "https://ns.adobe.com/xdm/context/profile"}]}
    made = call("POST", f"/t/one{SCHEMAS}", {"type": "object", **body})
    assert made.status == 201, made.content
    path = f"/t/one{SCHEMAS}/{made.json['$id']}"
    read = call("GET", path, Accept="application/vnd.adobe.xed+json; version=1")
    assert read.json["$id"] == made.json["$id"]


def test_an_organization_is_a_world_where_the_settings_say_so() -> None:
    call = door(new_emulator(world_by="organization"))
    call("PUT", f"/t/{OTHER}/_emulator/edition", {"edition": "2020-03"})
    token = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}
    assert call("POST", "/ims/token/v3?" + "&".join(f"{n}={v}" for n, v in token.items())).json
    editions = [
        call("GET", f"{where}/_emulator/edition").json["edition"] for where in ("", f"/t/{OTHER}")
    ]
    assert editions == ["latest", "2020-03"]
    for organization, named in ((OTHER, ""), (HEADERS["x-gw-ims-org-id"], ""), (OTHER, "x")):
        world = {"world": named} if named else {}
        call("POST", CONNECTIONS, connection_body(), x_gw_ims_org_id=organization, **world)
    names = call("GET", "/_emulator/worlds").json["worlds"]
    assert names == [OTHER, HEADERS["x-gw-ims-org-id"], "x"]


def test_by_default_an_organization_is_no_world(call: Call) -> None:
    call("POST", CONNECTIONS, connection_body(), x_gw_ims_org_id=OTHER)
    assert call("GET", "/_emulator/worlds").json["worlds"] == []


def test_a_world_has_its_own_control_api(call: Call) -> None:
    for world in ("one", "two"):
        call("POST", CONNECTIONS, connection_body(), world=world)
    changed = call("PUT", "/t/one/_emulator/edition", {"edition": "2020-09"})
    assert changed.json == {"edition": "2020-09"}
    asked = [
        call("GET", "/_emulator/health", world=name).json["edition"] for name in ("one", "two")
    ]
    assert asked == ["2020-09", "latest"]
    assert call("GET", "/_emulator/edition").json == {"edition": "latest"}
    assert call("POST", "/t/two/_emulator/reset").status == 204
    assert [count(call, world=name) for name in ("one", "two")] == [1, 0]
    unknown = call("GET", "/t/one/_emulator/nothing")
    assert (unknown.status, unknown.json["error"]) == (404, "not found")


def test_a_world_has_its_own_clock_where_the_clock_is_manual(shared: Emulator, call: Call) -> None:
    clock = shared.platform.clock
    assert isinstance(clock, ManualClock)
    call("POST", CONNECTIONS, connection_body(), world="one")
    clock.advance(1000)
    for world in ("one", "two", None):
        call("POST", CONNECTIONS, connection_body(), world=world)
    times = [
        [
            item["createdAt"] - clock.start
            for item in call("GET", CONNECTIONS, world=name).json["items"]
        ]
        for name in ("one", "two", None)
    ]
    assert times == [[0, 0], [1_000_000], [1_000_000]]


def test_worlds_are_listed_and_dropped(call: Call) -> None:
    for world in ("one", "two", "three"):
        call("POST", CONNECTIONS, connection_body(), world=world)
    assert call("DELETE", "/_emulator/worlds/two").status == 204
    listed = call("GET", "/_emulator/worlds", world="one").json
    assert listed == {"worlds": ["one", "three"], "max": 1000}
    assert call("DELETE", "/_emulator/worlds/two").status == 404
    assert count(call, world="two") == 0
    assert call("DELETE", "/_emulator/worlds").status == 204
    assert count(call, world="one") == 0


def test_a_world_can_drop_itself_and_others_live_on(call: Call) -> None:
    for world in ("one", "two"):
        call("POST", CONNECTIONS, connection_body(), world=world)
    assert call("DELETE", "/t/one/_emulator/worlds/one").status == 204
    assert [count(call, world=name) for name in ("two", "one")] == [1, 0]


def test_there_are_no_more_worlds_than_the_setting_allows() -> None:
    call = door(new_emulator(max_worlds=2))
    for world in ("one", "two"):
        call("POST", CONNECTIONS, connection_body(), world=world)
    refused = call("GET", CONNECTIONS, world="three")
    assert refused.status == 400
    assert refused.headers["x-emulator-rule"] == "platform.too_many_worlds"
    assert "/_emulator/worlds/NAME" in refused.content.decode()
    # Nothing was dropped to make room, and what is there goes on.
    assert [count(call, world=name) for name in ("one", "two")] == [1, 1]
    assert count(call) == 0
    call("DELETE", "/_emulator/worlds/one")
    assert count(call, world="three") == 0


@pytest.mark.parametrize("name", ["", "é", "x" * 257])
def test_what_cannot_be_a_name_is_refused(call: Call, name: str) -> None:
    refused = call("GET", CONNECTIONS, world=name)
    assert refused.status == 400
    assert refused.headers["x-emulator-rule"] == "platform.world_name"
    assert call("GET", "/_emulator/worlds").json["worlds"] == []


def test_an_empty_prefix_is_refused(call: Call) -> None:
    assert call("GET", f"/t/{CONNECTIONS}").headers["x-emulator-rule"] == "platform.world_name"


def test_a_test_id_of_pytest_can_be_a_name(call: Call) -> None:
    name = "tests/flows.py::TestFlows::test_create[latest 1]"
    call("POST", CONNECTIONS, connection_body(), world=name)
    assert call("GET", "/_emulator/worlds").json["worlds"] == [name]
    assert call("DELETE", f"/_emulator/worlds/{quote(name)}").status == 204
    assert count(call, world=name) == 0


def test_the_journal_has_the_calls_of_all_worlds_by_name(call: Call) -> None:
    call("POST", f"/t/one{CONNECTIONS}", connection_body())
    call("GET", CONNECTIONS, world="two")
    call("GET", CONNECTIONS)
    entries = call("GET", "/_emulator/journal?order=oldest").json["entries"]
    assert [entry.get("test", "") for entry in entries] == ["one", "two", ""]
    assert {entry["path"] for entry in entries} == {CONNECTIONS}


def refused(call: Call, **where: Any) -> None:
    assert call("GET", f"{CONNECTIONS}/none", **where).status == 404


def journal(call: Call, path: str = "", **where: Any) -> list[int]:
    entries = call("GET", f"{path}/_emulator/journal?order=oldest", **where).json["entries"]
    return [entry["id"] for entry in entries]


def covered_tests(call: Call, **where: Any) -> set[str]:
    return {row["test"] for row in call("GET", "/_emulator/coverage", **where).json["rows"]}


def test_the_journal_of_a_world_is_its_own_part_of_it(call: Call) -> None:
    for world in ("one", "two", None):
        refused(call, world=world)
    assert (journal(call), journal(call, world="one"), journal(call, "/t/two")) == (
        [1, 2, 3],
        [1],
        [2],
    )
    assert call("GET", "/t/one/_emulator/journal/1").status == 200
    assert call("GET", "/t/one/_emulator/journal/2").status == 404
    assert call("GET", "/t/one/_emulator/journal/last").json["id"] == 1
    assert call("GET", "/_emulator/journal/last").json["id"] == 3
    archive = call("GET", "/t/two/_emulator/journal?format=har").json
    assert len(archive["log"]["entries"]) == 1


def test_the_journal_of_a_world_is_cleared_alone(call: Call) -> None:
    for world in ("one", "two", "one", None):
        refused(call, world=world)
    assert call("DELETE", "/t/one/_emulator/journal").status == 204
    assert (journal(call), journal(call, world="one")) == ([2, 4], [])
    assert call("GET", "/_emulator/journal/4").status == 200
    refused(call, world="one")
    assert journal(call) == [2, 4, 5]
    # What they covered stays counted.
    assert covered_tests(call) == {"one", "two", ""}
    call("DELETE", "/_emulator/journal")
    assert journal(call) == []


def test_the_coverage_of_a_world_is_its_own_part_of_it(call: Call) -> None:
    for world in ("one", "two", None):
        refused(call, world=world)
    assert covered_tests(call, world="one") == {"one"}
    rules = call("GET", "/t/one/_emulator/report").json["totals"]
    assert rules == call("GET", "/t/two/_emulator/report").json["totals"]
    assert call("DELETE", "/t/one/_emulator/coverage").status == 204
    assert (covered_tests(call), covered_tests(call, world="one")) == ({"two", ""}, set())
    refused(call, world="one")
    assert covered_tests(call) == {"one", "two", ""}


def test_a_call_is_explained_by_what_its_own_emulator_holds() -> None:
    emulator = new_emulator()
    call = door(emulator)
    call("POST", CONNECTIONS, connection_body(), world="own")
    call("GET", CONNECTIONS)
    assert emulator.journal is not None
    assert emulator.coverage is not None
    views = JournalViews(emulator.engine, emulator.isolated, emulator.journal, emulator.coverage)
    edition = emulator.contract.edition("2020-03")
    own, shared = emulator.journal.entry(1), emulator.journal.entry(2)
    assert own is not None
    assert shared is not None
    assert views._lookup(own, edition).scope.platform is emulator.isolated("own").engine.platform
    assert views._lookup(shared, edition).scope.platform is emulator.platform
    assert emulator.isolated.names() == ["own"]


@pytest.fixture
def url(shared: Emulator) -> Iterator[str]:
    with Server(shared.application) as server:
        yield f"http://127.0.0.1:{server.port}"


def test_many_clients_at_once_see_their_own_world_only(url: str) -> None:
    """Each creates with its own names while all the others do."""
    clients, each = 6, 5
    together = threading.Barrier(clients)

    def work(number: int) -> tuple[list[str], list[str]]:
        with requests.Session() as session:
            session.trust_env = False
            session.headers.update(HEADERS)
            base = f"{url}/t/client-{number}" if number % 2 else url
            if number % 2 == 0:
                session.headers["x-emulator-test"] = f"client-{number}"
            together.wait(60)
            ids = []
            for step in range(each):
                body = json.dumps(connection_body(name=f"{number}-{step}"))
                kind = {"Content-Type": "application/json"}
                made = session.post(base + CONNECTIONS, body, headers=kind, timeout=60)
                ids.append(made.json()["id"])
            items = session.get(base + CONNECTIONS, timeout=60).json()["items"]
            return ids, sorted(item["name"] for item in items)

    with ThreadPoolExecutor(clients) as pool:
        seen = list(pool.map(work, range(clients)))
    for number, (ids, names) in enumerate(seen):
        assert names == [f"{number}-{step}" for step in range(each)]
        assert ids == seen[0][0]
