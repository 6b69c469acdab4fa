"""The Sandbox API: an organization's sandboxes, and what the other services make of them."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest

from emulator.app import create_emulator
from emulator.clock import ManualClock
from emulator.json_types import Json
from emulator.settings import Settings
from emulator.testing.client import AepClient, Response
from tests.bodies import BLOB, FLOW_SERVICE, HEADERS, SANDBOX_MANAGEMENT
from tests.emulators import aep_for

SANDBOXES = f"{SANDBOX_MANAGEMENT}/sandboxes"
CONNECTIONS = f"{FLOW_SERVICE}/connections"
NEW = {"name": "acme-dev", "title": "Acme Business Group dev", "type": "development"}
RESET = {"action": "reset"}
EDITIONS = ["2020-03", "2020-09", "latest"]
OTHER = "0123456789ABCDEF01234567@AdobeOrg"


def names(answer: Response) -> list[str]:
    assert answer.status == 200
    return [entry["name"] for entry in answer.json["sandboxes"]]


def connect(api: AepClient, sandbox: str) -> Response:
    body = {
        "name": "A blob",
        "auth": {"specName": "ConnectionString", "params": {"connectionString": "x"}},
        "connectionSpec": {"id": BLOB, "version": "1.0"},
    }
    return api.call("POST", CONNECTIONS, body, x_sandbox_name=sandbox)


def connections(api: AepClient, sandbox: str) -> int:
    answer = api.call("GET", CONNECTIONS, x_sandbox_name=sandbox)
    assert answer.status == 200
    return len(answer.json["items"])


def refused(api: AepClient, method: str, path: str, body: Any = None) -> tuple[int, str, str]:
    answer = api.call(method, path, body)
    code = answer.json["type"].rpartition("/")[2]
    return answer.status, code, answer.rule.removeprefix("sandbox_management.")


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_organization_has_the_sandboxes_of_the_settings(api: AepClient, edition: str) -> None:
    answer = api.call("GET", SANDBOXES, x_emulator_edition=edition)
    prod, dev = answer.json["sandboxes"]
    user = prod["createdBy"]
    assert prod == {
        "id": prod["id"],
        "name": "prod",
        "title": "Production",
        "state": "active",
        "type": "production",
        "region": "VA7",
        "isDefault": True,
        "eTag": 1,
        "createdDate": "2019-09-04 04:57:24",
        "lastModifiedDate": "2019-09-04 04:57:24",
        "createdBy": user,
        "modifiedBy": user,
    }
    assert (dev["name"], dev["type"], dev["isDefault"]) == ("dev", "development", False)
    assert answer.json["_page"] == {"limit": 50, "count": 2}


def test_prod_is_there_whatever_the_settings_list(make: Callable[..., AepClient]) -> None:
    api = make(sandboxes=("staging-eu",))
    assert names(api.call("GET", SANDBOXES)) == ["prod", "staging-eu"]
    assert api.call("GET", f"{SANDBOXES}/staging-eu").json["title"] == "Staging eu"
    assert connections(api, "prod") == 0


def test_with_any_name_open_only_written_sandboxes_are_listed(
    make: Callable[..., AepClient],
) -> None:
    api = make(sandboxes=("*",))
    assert names(api.call("GET", SANDBOXES)) == ["prod"]
    assert api.call("GET", f"{SANDBOXES}/feature-12").json["state"] == "active"
    assert api.call("GET", f"{SANDBOXES}/Feature").status == 404
    assert api.call("POST", SANDBOXES, {**NEW, "name": "feature-12"}).status == 202
    assert api.call("DELETE", f"{SANDBOXES}/feature-13").status == 202
    assert names(api.call("GET", SANDBOXES)) == ["prod", "feature-12", "feature-13"]
    assert api.call("GET", CONNECTIONS, x_sandbox_name="feature-13").status == 404


def test_the_types_are_texts(api: AepClient) -> None:
    answer = api.call("GET", f"{SANDBOX_MANAGEMENT}/sandboxTypes")
    assert answer.json == {"sandboxTypes": ["production", "development"]}


@pytest.mark.parametrize("type", ["development", "production"])
def test_a_sandbox_is_created_and_can_be_used_at_once(
    api: AepClient, clock: ManualClock, type: str
) -> None:
    assert api.call("GET", CONNECTIONS, x_sandbox_name="acme-dev").status == 404
    answer = api.call("POST", SANDBOXES, {**NEW, "type": type})
    assert answer.status == 202
    assert answer.json == {**NEW, "type": type, "state": "creating", "region": "VA7"}
    clock.advance(60)
    read = api.call("GET", f"{SANDBOXES}/acme-dev").json
    assert (read["state"], read["eTag"], read["isDefault"]) == ("active", 1, False)
    assert read["createdDate"] == read["lastModifiedDate"] == "2020-09-13 12:26:40"
    assert connect(api, "acme-dev").status == 201
    assert [connections(api, name) for name in ("acme-dev", "prod")] == [1, 0]


def test_another_organization_does_not_see_it(api: AepClient) -> None:
    api.call("POST", SANDBOXES, NEW)
    there = {"x_gw_ims_org_id": OTHER}
    assert names(api.call("GET", SANDBOXES, headers=there)) == ["prod", "dev"]
    assert api.call("GET", f"{SANDBOXES}/acme-dev", headers=there).status == 404
    assert api.call("GET", CONNECTIONS, x_sandbox_name="acme-dev", headers=there).status == 404
    assert api.call("POST", SANDBOXES, NEW, headers=there).status == 202


def test_the_id_is_the_one_that_other_services_show(api: AepClient) -> None:
    id = api.call("GET", f"{SANDBOXES}/prod").json["id"]
    created = connect(api, "prod").json["id"]
    (connection,) = api.call("GET", f"{CONNECTIONS}/{created}").json["items"]
    assert connection["sandboxId"] == id


def without(**changes: Any) -> dict[str, Any]:
    return {key: value for key, value in {**NEW, **changes}.items() if value is not ...}


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ([], "body_is_an_object"),
        (without(name=...), "name_is_sent"),
        (without(name="Acme"), "name_is_plain"),
        (without(name="acme dev"), "name_is_plain"),
        (without(name=""), "name_is_plain"),
        (without(title=...), "title_is_sent"),
        (without(title=""), "title_is_text"),
        (without(type=...), "type_is_sent"),
        (without(type="staging"), "type_is_known"),
    ],
)
@pytest.mark.parametrize("edition", EDITIONS)
def test_a_wrong_sandbox_is_not_created(api: AepClient, body: Any, rule: str, edition: str) -> None:
    answer = api.call("POST", SANDBOXES, body, x_emulator_edition=edition)
    assert (answer.status, answer.rule) == (400, f"sandbox_management.create_sandbox.{rule}")
    assert answer.json["type"].endswith("SMS-9000-400")
    assert names(api.call("GET", SANDBOXES)) == ["prod", "dev"]


def test_a_name_is_given_once(api: AepClient) -> None:
    api.call("POST", SANDBOXES, NEW)
    taken = (409, "SMS-9002-409", "create_sandbox.name_is_unique")
    assert refused(api, "POST", SANDBOXES, NEW) == taken
    assert refused(api, "POST", SANDBOXES, {**NEW, "name": "dev"}) == taken
    api.call("DELETE", f"{SANDBOXES}/acme-dev")
    assert refused(api, "POST", SANDBOXES, NEW) == taken


def test_the_title_can_be_changed_and_nothing_else(api: AepClient, clock: ManualClock) -> None:
    api.call("POST", SANDBOXES, NEW)
    clock.advance(60)
    answer = api.call("PATCH", f"{SANDBOXES}/acme-dev", {"title": "Acme"}, x_api_key="another")
    assert answer.status == 200
    assert answer.json == {**NEW, "title": "Acme", "state": "active", "region": "VA7"}
    read = api.call("GET", f"{SANDBOXES}/acme-dev").json
    assert (read["title"], read["eTag"]) == ("Acme", 2)
    assert read["lastModifiedDate"] > read["createdDate"]
    assert read["modifiedBy"] != read["createdBy"]
    bodies: list[Json] = [{"title": "A", "type": "production"}, {"name": "b"}, {"title": 7}, {}, []]
    for body in bodies:
        status, code, _ = refused(api, "PATCH", f"{SANDBOXES}/acme-dev", body)
        assert (status, code) == (400, "SMS-9000-400")
    assert api.call("GET", f"{SANDBOXES}/acme-dev").json == read


@pytest.mark.parametrize("name", ["prod", "dev", "acme-dev"])
def test_a_reset_empties_one_sandbox(api: AepClient, name: str) -> None:
    api.call("POST", SANDBOXES, NEW)
    before = api.call("GET", f"{SANDBOXES}/{name}").json
    for place in ("prod", "dev", "acme-dev"):
        assert connect(api, place).status == 201
    answer = api.call("PUT", f"{SANDBOXES}/{name}", RESET)
    assert answer.status == 202
    shown = {key: before[key] for key in ("id", "name", "title", "type", "region")}
    assert answer.json == {**shown, "state": "resetting"}
    assert re.fullmatch(rf"http://.+{SANDBOXES}/{name}", answer.headers["location"])
    after = api.call("GET", f"{SANDBOXES}/{name}").json
    assert (after["state"], after["eTag"]) == ("active", before["eTag"] + 1)
    assert {place: connections(api, place) for place in ("prod", "dev", "acme-dev")} == {
        place: int(place != name) for place in ("prod", "dev", "acme-dev")
    }


@pytest.mark.parametrize("body", [{}, {"action": "delete"}, {"action": None}, []])
def test_a_reset_says_so(api: AepClient, body: Any) -> None:
    connect(api, "dev")
    status, code, _ = refused(api, "PUT", f"{SANDBOXES}/dev", body)
    assert (status, code) == (400, "SMS-9000-400")
    assert connections(api, "dev") == 1


@pytest.mark.parametrize("value", ["true", "True"])
def test_validation_only_changes_nothing(api: AepClient, value: str) -> None:
    connect(api, "dev")
    before = api.call("GET", f"{SANDBOXES}/dev").json
    reset = api.call("PUT", f"{SANDBOXES}/dev?validationOnly={value}", RESET)
    deleted = api.call("DELETE", f"{SANDBOXES}/dev?validationOnly={value}")
    assert (reset.status, deleted.status) == (202, 202)
    assert api.call("GET", f"{SANDBOXES}/dev").json == before
    assert connections(api, "dev") == 1


def test_ignoring_warnings_is_not_for_the_default_sandbox(api: AepClient) -> None:
    names = ["all_is_carried_out", "ignore_warnings_is_not_for_the_default"]
    answer = api.call("PUT", f"{SANDBOXES}/prod/?ignoreWarnings=true", RESET)
    rules = [f"sandbox_management.reset_sandbox.{name}" for name in names]
    assert (answer.status, answer.warnings) == (202, rules)
    answer = api.call("PUT", f"{SANDBOXES}/dev/?ignoreWarnings=true", RESET)
    assert (answer.status, answer.warnings) == (202, rules[:1])


def test_a_deleted_sandbox_is_readable_and_closed(api: AepClient) -> None:
    """Its headers passed the gate before, and must not pass from memory."""
    api.call("POST", SANDBOXES, NEW)
    connect(api, "acme-dev")
    assert connections(api, "acme-dev") == 1
    answer = api.call("DELETE", f"{SANDBOXES}/acme-dev")
    assert answer.status == 202
    assert answer.json == {**NEW, "state": "deleted", "region": "VA7"}
    closed = api.call("GET", CONNECTIONS, x_sandbox_name="acme-dev")
    assert (closed.status, closed.rule) == (404, "platform.gate.sandbox_exists")
    assert connect(api, "acme-dev").status == 404
    read = api.call("GET", f"{SANDBOXES}/acme-dev", x_sandbox_name="acme-dev")
    assert (read.json["state"], read.json["eTag"]) == ("deleted", 2)
    assert names(api.call("GET", SANDBOXES)) == ["prod", "dev", "acme-dev"]
    assert names(api.call("GET", f"{SANDBOX_MANAGEMENT}/")) == ["prod", "dev"]
    state = "sandbox_is_active"
    path = f"{SANDBOXES}/acme-dev"
    assert refused(api, "DELETE", path) == (400, "SMS-9004-400", f"delete_sandbox.{state}")
    assert refused(api, "PUT", path, RESET)[2] == f"reset_sandbox.{state}"
    assert refused(api, "PATCH", path, {"title": "A"})[2] == f"update_sandbox.{state}"


def test_a_sandbox_of_the_settings_can_be_deleted_but_not_the_default(api: AepClient) -> None:
    answer = api.call("DELETE", f"{SANDBOXES}/prod")
    assert (answer.status, answer.rule) == (400, "sandbox_management.delete_sandbox.default_stays")
    assert answer.json == {
        "status": 400,
        "title": "Sandbox `prod` cannot be deleted. It is the default production sandbox.",
        "type": "http://ns.adobe.com/aep/errors/SMS-9003-400",
    }
    assert connections(api, "dev") == 0
    assert api.call("DELETE", f"{SANDBOXES}/dev").status == 202
    assert api.call("GET", CONNECTIONS, x_sandbox_name="dev").status == 404
    assert connections(api, "prod") == 0


@pytest.mark.parametrize(
    ("method", "body"),
    [("GET", None), ("DELETE", None), ("PUT", RESET), ("PATCH", {"title": "A"})],
)
def test_an_unknown_name_is_not_found(api: AepClient, method: str, body: Any) -> None:
    status, code, rule = refused(api, method, f"{SANDBOXES}/nowhere", body)
    assert (status, code) == (404, "SMS-9001-404")
    assert rule.endswith(".name_is_known")


def test_none_of_it_needs_a_sandbox_and_a_wrong_one_does_no_harm(api: AepClient) -> None:
    """The guide's samples send no x-sandbox-name; a client may name one that it will create."""
    calls: list[tuple[str, str, Any]] = [
        ("GET", f"{SANDBOX_MANAGEMENT}/", None),
        ("GET", SANDBOX_MANAGEMENT, None),
        ("GET", f"{SANDBOX_MANAGEMENT}/sandboxTypes", None),
        ("GET", SANDBOXES, None),
        ("GET", f"{SANDBOXES}/", None),
        ("POST", SANDBOXES, NEW),
        ("GET", f"{SANDBOXES}/acme-dev", None),
        ("PATCH", f"{SANDBOXES}/acme-dev", {"title": "A"}),
        ("PUT", f"{SANDBOXES}/acme-dev", RESET),
        ("DELETE", f"{SANDBOXES}/acme-dev", None),
    ]
    for method, path, body in calls:
        answer = api.call(method, path, body, without=("x-sandbox-name",))
        assert answer.status in (200, 202), (method, path)
    assert api.call("GET", SANDBOXES, x_sandbox_name="nowhere").status == 200
    assert api.call("GET", SANDBOXES, without=("x-api-key",)).json["error_code"] == "403000"
    # What passed here without a sandbox does not pass elsewhere.
    answer = api.call("GET", CONNECTIONS, without=("x-sandbox-name",))
    assert answer.warnings == ["platform.gate.sandbox_is_sent"]
    assert api.call("GET", CONNECTIONS, x_sandbox_name="nowhere").status == 404


@pytest.fixture
def many(api: AepClient) -> AepClient:
    for number in range(5):
        body = {"name": f"s{number}", "title": f"{9 - number}", "type": "development"}
        assert api.call("POST", SANDBOXES, body).status == 202
    return api


def test_lists_are_paged(many: AepClient) -> None:
    first = many.call("GET", f"{SANDBOXES}?limit=3&offset=0")
    assert names(first) == ["prod", "dev", "s0"]
    assert first.json["_page"] == {"limit": 3, "count": 3}
    links = first.json["_links"]
    assert set(links) == {"next", "page"}
    assert links["next"]["href"].endswith("/sandboxes/?limit={limit}&offset={offset}")
    follow = links["next"]["href"].format(limit=3, offset=3).partition("localhost")[2]
    second = many.call("GET", follow)
    assert names(second) == ["s1", "s2", "s3"]
    assert second.json["_links"]["prev"]["href"].endswith("/sandboxes?offset=0&limit=3")
    last = many.call("GET", f"{SANDBOXES}?limit=3&offset=6")
    assert (names(last), set(last.json["_links"])) == (["s4"], {"prev", "page"})
    short = many.call("GET", f"{SANDBOXES}?limit=4&offset=1").json["_links"]
    assert short["prev"]["href"].endswith("/sandboxes?offset=0&limit=1")
    assert names(many.call("GET", f"{SANDBOXES}?limit=9&offset=99")) == []


def test_the_active_ones_are_paged_too(many: AepClient) -> None:
    answer = many.call("GET", f"{SANDBOX_MANAGEMENT}/?limit=2&offset=1")
    assert names(answer) == ["dev", "s0"]
    assert "id" not in answer.json["sandboxes"][0]
    href = answer.json["_links"]["page"]["href"]
    assert href.endswith("/sandbox-management/?limit={limit}&offset={offset}")


@pytest.mark.parametrize("path", [SANDBOXES, f"{SANDBOX_MANAGEMENT}/"])
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=4", "SMS-9005-400"),
        ("offset=1", "SMS-9005-400"),
        ("limit=0&offset=0", "SMS-9000-400"),
        ("limit=all&offset=0", "SMS-9000-400"),
        ("limit=1&offset=-1", "SMS-9000-400"),
    ],
)
def test_half_a_page_is_refused(api: AepClient, path: str, query: str, code: str) -> None:
    assert refused(api, "GET", f"{path}?{query}")[:2] == (400, code)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("property=name==s3", ["s3"]),
        ("property=type==production", ["prod"]),
        ("property=isDefault==false&orderBy=desc:name", ["s4", "s3", "s2", "s1", "s0", "dev"]),
        ("orderBy=asc:title&property=name~^s", ["s4", "s3", "s2", "s1", "s0"]),
        ("orderBy=desc:name&limit=2&offset=1", ["s3", "s2"]),
        ("property=createdDate>2020-01-01&limit=2&offset=0", ["s0", "s1"]),
    ],
)
def test_lists_are_filtered_and_ordered(many: AepClient, query: str, found: list[str]) -> None:
    assert names(many.call("GET", f"{SANDBOXES}?{query}")) == found


def test_links_keep_the_filter(many: AepClient) -> None:
    query = "property=name~%5Es&orderBy=desc:name&limit=2&offset=1"
    links = many.call("GET", f"{SANDBOXES}?{query}").json["_links"]
    back = links["prev"]["href"].partition("localhost")[2]
    assert names(many.call("GET", back)) == ["s4"]


@pytest.mark.parametrize("query", ["property=name=s3", "orderBy=up:name"])
def test_a_wrong_filter_is_refused(api: AepClient, query: str) -> None:
    assert refused(api, "GET", f"{SANDBOXES}?{query}")[:2] == (400, "SMS-9000-400")


def control(api: AepClient, body: dict[str, str]) -> None:
    assert api.call("POST", "/_emulator/reset", body).status == 204


def test_the_emulators_reset_of_an_organization_forgets_created_sandboxes(api: AepClient) -> None:
    api.call("POST", SANDBOXES, NEW)
    api.call("DELETE", f"{SANDBOXES}/dev")
    assert connections(api, "acme-dev") == 0
    control(api, {"organization": OTHER})
    assert connections(api, "acme-dev") == 0
    control(api, {"organization": HEADERS["x-gw-ims-org-id"]})
    assert names(api.call("GET", SANDBOXES)) == ["prod", "dev"]
    assert api.call("GET", CONNECTIONS, x_sandbox_name="acme-dev").status == 404
    assert connections(api, "dev") == 0


def test_the_emulators_reset_of_a_sandbox_forgets_what_it_holds(api: AepClient) -> None:
    api.call("POST", SANDBOXES, NEW)
    connect(api, "acme-dev")
    control(api, {"organization": HEADERS["x-gw-ims-org-id"], "sandbox": "acme-dev"})
    assert connections(api, "acme-dev") == 0
    assert names(api.call("GET", SANDBOXES)) == ["prod", "dev", "acme-dev"]


def test_emulators_with_the_same_calls_answer_alike(make: Callable[..., AepClient]) -> None:
    def life(api: AepClient) -> list[bytes]:
        api.call("POST", SANDBOXES, NEW)
        api.call("PATCH", f"{SANDBOXES}/acme-dev", {"title": "A"})
        return [api.call("GET", path).content for path in (SANDBOXES, f"{SANDBOXES}/acme-dev")]

    assert life(make()) == life(make())


def test_an_observing_emulator_does_not_stumble(make: Callable[..., AepClient]) -> None:
    api = make(enforce="observe")
    assert api.call("POST", SANDBOXES, {"name": "odd"}).status == 202
    assert api.call("PATCH", f"{SANDBOXES}/odd", {"title": 7, "type": 8}).status == 200
    for query in ("limit=x", "offset=-1", "orderBy=:", "property==", "property=name~("):
        assert api.call("GET", f"{SANDBOXES}?{query}").status == 200, query
    assert api.call("PUT", f"{SANDBOXES}/odd?validationOnly=maybe", RESET).status == 202
    assert api.call("DELETE", f"{SANDBOXES}/odd").status == 202
    bodies: list[Json] = [[], {}, {"name": 7}, {"name": "A b"}]
    for body in bodies:
        assert api.call("POST", SANDBOXES, body).status == 400


def test_writing_and_deleting_at_once_ends_in_order() -> None:
    """Calls in a sandbox and calls about it wait for each other, and never for ever."""
    api = aep_for(create_emulator(Settings()))
    api.call("POST", SANDBOXES, NEW)
    statuses: list[int] = []

    def write() -> None:
        statuses.extend(connect(api, "acme-dev").status for _ in range(20))

    def reset() -> None:
        for _ in range(10):
            api.call("PUT", f"{SANDBOXES}/acme-dev", RESET)
        api.call("DELETE", f"{SANDBOXES}/acme-dev")

    threads = [threading.Thread(target=work) for work in (write, write, reset)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    assert set(statuses) <= {201, 404}
    assert api.call("GET", CONNECTIONS, x_sandbox_name="acme-dev").status == 404
