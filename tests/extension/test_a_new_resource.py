"""A resource of an overlay, with a service of its own, works everywhere with no line elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.app import create_emulator
from emulator.clock import ManualClock
from emulator.emulator import Emulator
from emulator.settings import Settings
from emulator.testing.client import AepClient
from emulator.traffic.judge import RecordingJudge
from tests.emulators import aep_for
from tests.extension.widgets import SERVICE
from tests.traffic.recorder import Recorder
from tests.traffic.test_judge import judged

OVERLAY = Path(__file__).resolve().parent / "overlay"
WIDGETS = "/data/acme/widgets/widgets"
KNOWN = "widgets.get_widget.widget_is_known"
NAMED = "widgets.create_widget.name_is_sent"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    settings = Settings(contracts=OVERLAY, self_check=True)
    made = create_emulator(settings, clock=ManualClock(), services=(SERVICE,))
    yield made
    made.close()


@pytest.fixture
def aep(emulator: Emulator) -> AepClient:
    return aep_for(emulator)


def test_its_operations_are_answered_and_judged(aep: AepClient) -> None:
    widget = aep.ok("POST", WIDGETS, {"name": "a"})
    path = f"{WIDGETS}/{widget['id']}"
    assert aep.ok("GET", path) == widget
    assert aep.ok("PUT", path, {"name": "b"})["name"] == "b"
    assert [item["name"] for item in aep.ok("GET", WIDGETS)["items"]] == ["b"]
    assert aep.call("POST", WIDGETS, {}).rule == NAMED
    assert aep.call("DELETE", path).status == 204
    missing = aep.call("GET", path)
    assert (missing.status, missing.rule) == (404, KNOWN)


def test_an_isolated_emulator_has_it_too(aep: AepClient) -> None:
    aep.ok("POST", WIDGETS, {"name": "a"}, x_emulator_test="one")
    assert aep.ok("GET", WIDGETS)["items"] == []
    assert len(aep.ok("GET", WIDGETS, x_emulator_test="one")["items"]) == 1


def test_journal_coverage_and_report_know_it(aep: AepClient) -> None:
    aep.ok("POST", WIDGETS, {"name": "a"})
    aep.call("POST", WIDGETS, {})
    entry, accepted = aep.ok("GET", "/_emulator/journal")["entries"]
    assert (entry["operation"], entry["status"]) == ("widgets.create_widget", 400)
    assert [finding["rule"] for finding in entry["findings"]] == [NAMED]
    assert accepted["findings"] == []
    rows = aep.ok("GET", "/_emulator/coverage?operations=widgets.*")["rows"]
    (row,) = (row for row in rows if row["group"] == "widgets.create_widget")
    assert row["statuses"] == {"201": 1, "400": 1}
    always = "widgets.create_widget.parameters_are_documented"
    assert row["rules"] == {NAMED: [1, 0, 1], always: [2, 0, 0]}
    report = aep.ok("GET", "/_emulator/report?format=json")
    assert [row["rule"] for row in report["violations"]] == [NAMED]


def test_late_visibility_hides_what_was_created(emulator: Emulator, aep: AepClient) -> None:
    emulator.faults.add({"kind": "notVisible", "reads": 2, "count": 1})
    hidden = aep.ok("POST", WIDGETS, {"name": "hidden"})
    aep.ok("POST", WIDGETS, {"name": "seen"})
    missing = aep.call("GET", f"{WIDGETS}/{hidden['id']}")
    assert (missing.status, missing.rule) == (404, KNOWN)
    assert [item["name"] for item in aep.ok("GET", WIDGETS)["items"]] == ["seen"]
    assert [item["name"] for item in aep.ok("GET", WIDGETS)["items"]] == ["hidden", "seen"]


def test_recorded_traffic_is_judged_by_what_replies_have_shown(
    emulator: Emulator, aep: AepClient
) -> None:
    recorder = Recorder.of(emulator)
    path = f"{WIDGETS}/{aep.ok('POST', WIDGETS, {'name': 'a'})['id']}"
    aep.ok("GET", path)
    aep.call("DELETE", path)
    aep.call("GET", path)
    aep.call("PUT", f"{WIDGETS}/elsewhere", {"name": "b"})
    judge = RecordingJudge(emulator.contract, emulator.platform)
    verdicts = [judged(judge, recorded) for recorded in recorder.recorded]
    nothing: set[str] = set()
    assert [(broken, undecided) for broken, undecided, _ in verdicts] == [
        (nothing, nothing),
        (nothing, nothing),
        (nothing, nothing),
        ({KNOWN}, nothing),
        (nothing, {"widgets.replace_widget.widget_is_known"}),
    ]
    assert [complaints for _, _, complaints in verdicts] == [[], [], [], [], []]


def test_its_openapi_document_and_schemas_are_exported(aep: AepClient) -> None:
    document = aep.ok("GET", "/_emulator/openapi/widgets.json")
    assert sorted(document["paths"]) == ["/widgets", "/widgets/{id}"]
    assert set(document["paths"]["/widgets/{id}"]) >= {"get", "put", "delete"}
    schema = aep.ok("GET", "/_emulator/schemas/widgets.create_widget.json")
    assert schema["properties"]["body"]["required"] == ["name"]


def test_it_is_listed_and_its_rules_are_explained(aep: AepClient) -> None:
    listed = aep.ok("GET", "/_emulator/operations")["operations"]
    assert len([row for row in listed if row["id"].startswith("widgets.")]) == 5
    assert aep.ok("GET", f"/_emulator/rules/{KNOWN}")["states"] == "The widget is there."
