"""The control API over a socket: health, reset, operations, editions, and every rule explained."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
import requests

from emulator import __version__
from emulator.emulator import Emulator
from emulator.testing.client import AepClient
from tests.bodies import FLOW_SERVICE, HEADERS, base_connection, make_world
from tests.emulators import aep_for
from tests.journeys.conftest import Running, client_of, serve

CONNECTIONS = f"{FLOW_SERVICE}/connections"
OTHER = "0000000000000000000000FF@AdobeOrg"


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with contextmanager(serve)() as made:
        yield made


@pytest.fixture
def control(running: Running, session: requests.Session) -> AepClient:
    """A client of an emulator that only this module uses; what it changes it changes back."""
    return client_of(running, session)


def raw(aep: AepClient, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Call the control API, whose errors are no service's."""
    content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    status, headers, answer = aep.send(method, f"/_emulator{path}", {}, content)
    if status != 204:
        assert headers["content-type"] == "application/json"
    return status, json.loads(answer) if answer else None


def test_health_says_what_is_running(control: AepClient) -> None:
    expected = {
        "status": "ok",
        "version": __version__,
        "edition": "latest",
        "enforce": "documented",
    }
    assert raw(control, "GET", "/health") == (200, expected)


def ids(aep: AepClient, **headers: str) -> list[str]:
    """Create a base connection and return the ids of all that its sandbox then holds."""
    aep.ok("POST", CONNECTIONS, base_connection(), headers=headers)
    return [item["id"] for item in aep.ok("GET", CONNECTIONS, headers=headers)["items"]]


def counts(aep: AepClient) -> list[int]:
    """Return how many connections there are in prod, in dev, and in the other organization."""
    places: list[dict[str, str]] = [{}, {"x_sandbox_name": "dev"}, {"x_gw_ims_org_id": OTHER}]
    return [len(aep.ok("GET", CONNECTIONS, headers=place)["items"]) for place in places]


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        (None, [0, 0, 0]),
        ({}, [0, 0, 0]),
        ({"organization": HEADERS["x-gw-ims-org-id"]}, [0, 0, 1]),
        ({"organization": HEADERS["x-gw-ims-org-id"], "sandbox": "dev"}, [1, 0, 1]),
        ({"organization": OTHER}, [1, 1, 0]),
        ({"organization": "nobody@AdobeOrg"}, [1, 1, 1]),
    ],
)
def test_reset_forgets_just_what_it_is_told_to(
    control: AepClient, asked: dict[str, str] | None, left: list[int]
) -> None:
    raw(control, "POST", "/reset")
    for place in ({}, {"x_sandbox_name": "dev"}, {"x_gw_ims_org_id": OTHER}):
        ids(control, **place)
    assert raw(control, "POST", "/reset", asked) == (204, None)
    assert counts(control) == left


def test_the_same_calls_after_a_reset_give_the_same_ids(control: AepClient) -> None:
    raw(control, "POST", "/reset")
    first = make_world(control)
    assert make_world(control, "More leads") != first
    raw(control, "POST", "/reset", {"organization": HEADERS["x-gw-ims-org-id"]})
    assert make_world(control) == first


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"7",
        b'"all"',
        b"\xff",
        {"org": "A@AdobeOrg"},
        {"organization": 7},
        {"sandbox": ["prod"]},
    ],
)
def test_a_bad_reset_is_refused_and_forgets_nothing(control: AepClient, body: Any) -> None:
    before = len(ids(control))
    status, answer = raw(control, "POST", "/reset", body)
    assert (status, set(answer)) == (400, {"error", "detail"})
    assert len(control.ok("GET", CONNECTIONS)["items"]) == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        {},
        {"edition": "1999-12"},
        {"edition": 7},
        {"edition": ["latest"]},
    ],
)
def test_a_bad_edition_is_refused_and_changes_nothing(control: AepClient, body: Any) -> None:
    status, answer = raw(control, "PUT", "/edition", body)
    assert (status, answer["error"]) == (400, "unknown edition")
    assert raw(control, "GET", "/edition") == (200, {"edition": "latest"})


def test_an_edition_is_put_in_force_and_back(control: AepClient) -> None:
    assert raw(control, "PUT", "/edition", {"edition": "2020-03"})[0] == 200
    try:
        assert raw(control, "GET", "/health")[1]["edition"] == "2020-03"
        assert raw(control, "GET", "/editions")[1]["current"] == "2020-03"
        rules = raw(control, "GET", "/rules?operation=flow_service.create_flow")[1]
        assert rules["edition"] == "2020-03"
        assert any(rule["id"].endswith("_2020_03") for rule in rules["rules"])
    finally:
        raw(control, "PUT", "/edition", {"edition": "latest"})


def test_the_editions_are_listed_with_their_documents(control: AepClient) -> None:
    told = raw(control, "GET", "/editions")[1]
    assert (told["current"], told["default"]) == ("latest", "latest")
    assert [entry["name"] for entry in told["editions"]] == ["2020-03", "2020-09", "latest"]
    for entry in told["editions"]:
        assert [item["id"] for item in entry["documents"]] == list(
            control.contract.entries[entry["name"]].documents
        )


def test_the_operations_are_counted_and_listed_as_the_contract_has_them(control: AepClient) -> None:
    told = raw(control, "GET", "/operations")[1]
    known = control.contract.operations
    emulated = sum(operation.emulated for operation in known.values())
    assert told["counts"] == {
        "documented": len(known),
        "emulated": emulated,
        "notEmulated": len(known) - emulated,
    }
    assert [row["id"] for row in told["operations"]] == list(known)
    for row in told["operations"]:
        operation = known[row["id"]]
        assert (row["method"], row["emulated"]) == (operation.method, operation.emulated)
        assert bool(row.get("reason")) == (not operation.emulated)


def test_every_documented_operation_that_is_not_emulated_answers_501_with_its_id(
    control: AepClient,
) -> None:
    rows = raw(control, "GET", "/operations")[1]["operations"]
    missing = [row for row in rows if not row["emulated"]]
    assert missing
    for row in missing:
        path = re.sub(r"\{\w+\*?\}", "any", row["path"])
        status, headers, content = control.send(row["method"], path, control.headers, None)
        assert (status, headers["x-emulator-operation"]) == (501, row["id"])
        assert headers["x-emulator-rule"] == "platform.not_emulated"
        assert row["method"] == "HEAD" or row["id"] in content.decode()


def test_the_rules_in_force_are_listed(control: AepClient) -> None:
    for name in ("2020-03", "2020-09", "latest"):
        raw(control, "PUT", "/edition", {"edition": name})
        told = raw(control, "GET", "/rules")[1]
        assert told["edition"] == name
        in_force = [rule.id for rule in control.contract.edition(name).rules]
        assert [rule["id"] for rule in told["rules"]] == in_force
    assert raw(control, "GET", "/rules?operation=no.such")[1]["rules"] == []


def test_every_rule_is_explained(emulator: Emulator) -> None:
    """Asked for in this process: there are two thousand of them."""
    control = aep_for(emulator)
    for id, rule in control.contract.rules.items():
        status, told = raw(control, "GET", f"/rules/{id}")
        assert status == 200, id
        assert (told["id"], told["states"]) == (id, rule.states)
        wanted = [*rule.documents, *rule.against]
        assert [item["id"] for item in told["documents"]] == wanted
        assert told["problem"]["id"] == rule.problem
        assert set(told["editions"]) == {"2020-03", "2020-09", "latest"}


def test_every_problem_is_explained(control: AepClient) -> None:
    for id in {entry.id for entry in control.contract.problems}:
        status, told = raw(control, "GET", f"/rules/{id}")
        assert (status, told["id"]) == (200, id)
        assert told["entries"]


@pytest.mark.parametrize("id", ["no.such.rule", "%00", "..", "a" * 5000, quote("<b>", safe="")])
def test_an_unknown_rule_is_a_json_404(control: AepClient, id: str) -> None:
    assert raw(control, "GET", f"/rules/{id}")[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "", 404),
        ("DELETE", "/health", 405),
        ("GET", "/reset", 405),
        ("POST", "/edition", 405),
    ],
)
def test_what_the_control_api_does_not_have_is_json_as_well(
    control: AepClient, method: str, path: str, status: int
) -> None:
    assert raw(control, method, path)[0] == status
