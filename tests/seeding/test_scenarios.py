"""Scenarios: every shipped one can be loaded, an overlay's too; one that fails changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from emulator.app import create_emulator
from emulator.clock import ManualClock
from emulator.commands import CommandError, build_emulator
from emulator.emulator import Emulator
from emulator.fixtures.library import FixtureError
from emulator.package_data import data_folder
from emulator.seeding import SeedError
from emulator.seeding.scenario_files import complaints, names
from emulator.serving.server import Server
from emulator.settings import Settings
from emulator.testing.client import AepClient
from tests.bodies import CATALOG, FLOW_SERVICE, ORGANIZATION, base_connection
from tests.doors.test_cli import run
from tests.emulators import new_emulator
from tests.seeding.test_seed import ask, client_of, items

SHIPPED = [
    "empty",
    "failing-runs",
    "large",
    "tutorial-complete",
    "tutorial-half-way",
    "tutorial-ids",
]


@pytest.fixture
def aep(emulator: Emulator) -> AepClient:
    return client_of(emulator)


def counts(aep: AepClient) -> list[int]:
    kinds = ("connections", "sourceConnections", "targetConnections", "flows", "runs")
    return [len(aep.ok("GET", f"{CATALOG}/dataSets")), *(len(items(aep, kind)) for kind in kinds)]


def test_the_shipped_ones_are_in_order(emulator: Emulator) -> None:
    assert names(None) == SHIPPED
    assert list(complaints(data_folder("fixtures"), emulator.contract)) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("empty", [0, 0, 0, 0, 0, 0]),
        ("tutorial-half-way", [1, 1, 2, 0, 0, 0]),
        ("tutorial-complete", [1, 1, 2, 1, 1, 1]),
        ("failing-runs", [1, 1, 2, 1, 1, 5]),
        ("tutorial-ids", [2, 3, 3, 2, 2, 2]),
    ],
)
def test_a_scenario_takes_the_place_of_what_was_there(
    emulator: Emulator, aep: AepClient, name: str, expected: list[int]
) -> None:
    aep.ok("POST", f"{FLOW_SERVICE}/connections", base_connection())
    emulator.load_scenario(name)
    assert counts(aep) == expected


def test_a_flow_with_failing_runs_has_them_in_their_order(
    emulator: Emulator, aep: AepClient
) -> None:
    emulator.load_scenario("failing-runs")
    runs = items(aep, "runs")[::-1]
    assert [run["state"] for run in runs] == ["success", "success", "failed", "failed", "success"]
    counted = [run["metrics"]["recordSummary"]["outputRecordCount"] for run in runs]
    assert counted == [0, 2, 0, 0, 1]


def test_a_large_organization_has_thousands_of_resources(emulator: Emulator) -> None:
    emulator.load_scenario("large")
    documents = emulator.snapshot().store.documents
    assert sum(len(rows) for (_, kind), rows in documents.items() if " " not in kind) > 4000


def test_with_an_organization_only_what_it_holds_is_replaced(
    emulator: Emulator, aep: AepClient
) -> None:
    other = client_of(emulator, ORGANIZATION)
    for client in (aep, other):
        client.ok("POST", f"{FLOW_SERVICE}/connections", base_connection())
    emulator.load_scenario("tutorial-complete", ORGANIZATION, "dev")
    assert len(items(aep, "connections")) == 1
    assert items(other, "connections") == []
    found = other.ok("GET", f"{FLOW_SERVICE}/connections", x_sandbox_name="dev")["items"]
    assert [item["name"] for item in found] == ["Leads container 1"]


def test_a_setting_starts_with_a_scenario_and_a_reset_comes_back_to_it(emulator: Emulator) -> None:
    made = create_emulator(
        Settings(scenario="tutorial-complete"), clock=ManualClock(), like=emulator
    )
    aep = client_of(made)
    assert len(items(aep, "connections")) == 1
    aep.ok("POST", f"{FLOW_SERVICE}/connections", base_connection())
    made.reset()
    assert len(items(aep, "connections")) == 1
    # Worlds start with it as well, each for itself.
    alone = {"x_emulator_test": "alone"}
    aep.ok("POST", f"{FLOW_SERVICE}/connections", base_connection(), headers=alone)
    found = aep.ok("GET", f"{FLOW_SERVICE}/connections", headers=alone)["items"]
    assert (len(found), len(items(aep, "connections"))) == (2, 1)
    with pytest.raises(CommandError, match="unknown scenario 'nowhere'"):
        build_emulator(Settings(scenario="nowhere"))


Write = Callable[..., Path]


@pytest.fixture
def overlay(tmp_path: Path) -> Write:
    """Return a function that writes a scenario, and files beside it, into a folder of fixtures."""

    def write(scenario: Any, name: str = "own", **files: str) -> Path:
        folder = tmp_path / "scenarios" / name
        folder.mkdir(parents=True)
        content = scenario if isinstance(scenario, str) else json.dumps(scenario)
        (folder / "scenario.json").write_text(content)
        for stem, text in files.items():
            (folder / f"{stem}.json").write_text(text)
        return tmp_path

    return write


def scenario(*build: Any, **members: Any) -> dict[str, Any]:
    return {"title": "Own", "states": "What we need.", "build": list(build), **members}


def call(title: str, status: int = 201, **changes: Any) -> dict[str, Any]:
    step = {
        "title": title,
        "operation": "flow_service.create_connection",
        "method": "POST",
        "path": f"{FLOW_SERVICE}/connections",
        "status": status,
        "body": base_connection(name=title),
    }
    return {**step, **changes}


def test_an_overlay_has_scenarios_of_its_own(overlay: Write) -> None:
    again = call("Second", body=base_connection(name="after ${first}"))
    first = call("First", keep={"first": {"at": "/id"}})
    fixtures = overlay(scenario({"calls": [first, again]}, {"journey": "2020-09"}))
    emulator = new_emulator(fixtures=fixtures)
    emulator.load_scenario("own")
    listed = [item["name"] for item in items(client_of(emulator), "connections")][::-1]
    assert len(listed) == 3
    assert listed[0] == "First"
    assert listed[1].startswith("after ")
    assert "${" not in listed[1]
    assert names(fixtures) == sorted([*SHIPPED, "own"])


def test_a_scenario_can_be_a_state_file(emulator: Emulator, overlay: Write) -> None:
    aep = client_of(emulator, ORGANIZATION)
    aep.ok("POST", f"{FLOW_SERVICE}/connections", base_connection(name="Saved"))
    saved = emulator.wsgi_app.test_client().get("/_emulator/state").get_data(as_text=True)
    made = new_emulator(fixtures=overlay(scenario({"state": "saved.json"}), saved=saved))
    made.load_scenario("own")
    assert [item["name"] for item in items(client_of(made, ORGANIZATION), "connections")] == [
        "Saved"
    ]
    with pytest.raises(SeedError, match="name no organization or sandbox"):
        made.load_scenario("own", ORGANIZATION)


BAD: list[tuple[Any, str]] = [
    ("{", "scenario.json"),
    ([], "scenario.json"),
    (scenario(surplus=1), "surplus"),
    (scenario({"journey": "1999-01"}), "1999-01"),
    (scenario({"journey": "2020-09", "until": "Sing"}), "Sing"),
    (scenario({"calls": []}), "calls"),
    (scenario({"files": [{"container": "a", "path": "b", "file": "gone.csv"}]}), "gone.csv"),
    (scenario({"files": [{"container": "a", "path": "b"}]}), "either text or file"),
    (scenario({"seed": {"datasets": -1}}), "datasets"),
    (scenario({"state": "gone.json"}), "gone.json"),
    (scenario({"dance": True}), "build.0"),
]


@pytest.mark.parametrize(("content", "said"), BAD, ids=lambda part: str(part)[-40:])
def test_a_scenario_of_another_form_is_told_of_at_the_start(
    overlay: Write, content: Any, said: str
) -> None:
    with pytest.raises(FixtureError) as told:
        create_emulator(Settings(fixtures=overlay(content)))
    assert said in str(told.value)


def test_a_scenario_that_cannot_be_built_changes_nothing(overlay: Write) -> None:
    first, second = call("First"), call("Second", body={"name": "no spec"})
    emulator = new_emulator(fixtures=overlay(scenario({"calls": [first, second]})))
    aep = client_of(emulator)
    aep.ok("POST", f"{FLOW_SERVICE}/connections", base_connection(name="Before"))
    with pytest.raises(SeedError, match="'Second' failed with 400"):
        emulator.load_scenario("own")
    assert [item["name"] for item in items(aep, "connections")] == ["Before"]
    status, answer = ask(emulator, "POST", "/scenarios/own", {})
    assert (status, answer["error"]) == (400, "scenario not loaded")


def test_the_control_api_lists_and_loads(emulator: Emulator, aep: AepClient) -> None:
    status, listed = ask(emulator, "GET", "/scenarios", None)
    assert (status, [row["name"] for row in listed["scenarios"]]) == (200, SHIPPED)
    assert all(row["title"] and row["states"] for row in listed["scenarios"])
    assert ask(emulator, "POST", "/scenarios/tutorial-complete", {}) == (204, None)
    assert len(items(aep, "flows")) == 1
    headers = {"x-gw-ims-org-id": ORGANIZATION, "x-sandbox-name": "dev"}
    assert ask(emulator, "POST", "/scenarios/tutorial-half-way", {}, **headers)[0] == 204
    other = client_of(emulator, ORGANIZATION)
    assert len(other.ok("GET", f"{CATALOG}/dataSets", x_sandbox_name="dev")) == 1
    assert len(items(aep, "flows")) == 1
    assert ask(emulator, "POST", "/scenarios/nowhere", {})[0] == 404
    assert ask(emulator, "POST", "/scenarios/empty", {"surplus": 1})[0] == 400


def test_the_schema_says_of_form_what_the_emulator_says() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(run("scenarios", "schema").stdout))
    for path in (data_folder("fixtures") / "scenarios").glob("*/scenario.json"):
        assert list(validator.iter_errors(json.loads(path.read_text()))) == []
    for content in ({}, scenario(surplus=1), scenario({"dance": True}), scenario({"calls": []})):
        assert list(validator.iter_errors(content)) != []


def test_the_command_lists_and_loads(aep: AepClient, server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}"
    assert "A flow with failing runs" in run("scenarios", "list").stdout
    done = run("scenarios", "load", "tutorial-complete", "--url", url)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(items(aep, "flows")) == 1
    assert "expected one of empty" in run("scenarios", "load", "nowhere", "--url", url).stderr
