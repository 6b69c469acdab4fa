"""Going through recordings: what is counted, what is left out, and what would change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emulator.coverage.records import TallyKey
from emulator.emulator import Emulator
from emulator.traffic.judge import RecordingJudge
from emulator.traffic.recording import RecordedCall, Source
from emulator.traffic.verify import Verification, verification, verify
from tests.bodies import FLOW_SERVICE, base_connection
from tests.emulators import aep_for, new_emulator
from tests.journeys.tutorial import TUTORIALS, WITHOUT_EFFECT, given, send
from tests.traffic.recorder import Recorder
from tests.traffic.test_judge import call

CONNECTIONS = f"{FLOW_SERVICE}/connections"
NAME = "flow_service.create_connection.name_is_text"


@pytest.fixture(scope="module")
def reference() -> Emulator:
    return new_emulator()


def verified(
    reference: Emulator, *recorded: RecordedCall, edition: str = "latest", against: str = ""
) -> Verification:
    judge = RecordingJudge(reference.contract, reference.platform)
    made = verification(judge, edition, against)
    for one in recorded:
        made.add(one)
    return made


def test_it_counts_what_is_judged_and_what_is_left_out(reference: Emulator) -> None:
    def elsewhere(url: str) -> RecordedCall:
        return RecordedCall(Source("a.har"), "GET", url)

    made = verified(
        reference,
        call("POST", CONNECTIONS, base_connection(name=7), 400, {"errorMessage": "x"}),
        call("POST", CONNECTIONS, base_connection()),
        elsewhere("https://example.com/a"),
        elsewhere("https://example.com/b"),
        elsewhere("https://platform.adobe.io/data/core/ups/segment/jobs/1"),
        elsewhere("https://platform.adobe.io/data/core/ups/segment/jobs/2"),
        RecordedCall(Source("a.har"), "OPTIONS", f"https://platform.adobe.io{CONNECTIONS}"),
    )
    assert made.counted.to_json() == {
        "read": 7,
        "judged": 2,
        "unanswered": 1,
        "undecided": 2,
        "skipped": {"hosts": {"example.com": 2}, "apis": {"/data/core/ups": 2}, "preflights": 1},
    }
    found = made.coverage.rules(TallyKey("", "latest", "flow_service.create_connection"))[NAME]
    assert (found.passed, found.unexpected) == (1, 1)


def test_places_that_are_left_out_are_bounded(reference: Emulator) -> None:
    recorded = [RecordedCall(Source("a"), "GET", f"https://host{n}.example/") for n in range(150)]
    hosts = verified(reference, *recorded).counted.to_json()["skipped"]["hosts"]
    assert len(hosts) == 101
    assert hosts["(others)"] == 50


def test_the_journals_own_export_is_read_in_order(reference: Emulator, tmp_path: Path) -> None:
    """As JSON and as a HAR: the same counts as those of the emulator that saw the calls."""
    emulator = new_emulator()
    aep = aep_for(emulator)
    known = given(aep, f"{7:024X}@AdobeOrg")
    for step in TUTORIALS["2020-09"].steps:
        known = send(aep, step, known, "latest").known
    aep.call("POST", CONNECTIONS, base_connection(name=7))
    client = emulator.wsgi_app.test_client()
    summaries = []
    for asked in ("full&limit=1000", "har"):
        path = tmp_path / f"{asked}.json"
        reply = client.get(f"/_emulator/journal?format={asked}")
        path.write_bytes(reply.get_data())
        made = verified(reference)
        verify(made, [path])
        assert [key.rule for key in made.coverage.unexpected] == [*WITHOUT_EFFECT, NAME]
        assert made.coverage.drift == {}
        summaries.append(made.counted.to_json())
    assert summaries[0] == summaries[1]
    assert summaries[0]["judged"] == summaries[0]["read"] > 9


def changes(made: Verification) -> dict[str, list[dict[str, Any]]]:
    assert made.comparison is not None
    found: dict[str, list[dict[str, Any]]] = {}
    for row in made.comparison.to_json()["changes"]:
        found.setdefault(row["kind"], []).append(row)
    return found


def journey(name: str, edition: str) -> list[RecordedCall]:
    emulator = new_emulator()
    recorder = Recorder.of(emulator)
    aep = aep_for(emulator)
    known = given(aep, f"{7:024X}@AdobeOrg")
    for step in TUTORIALS[name].steps:
        known = send(aep, step, known, edition).known
    return recorder.recorded


def test_a_move_of_the_platform_breaks_calls_for_a_reason(reference: Emulator) -> None:
    """The older tutorial's calls, accepted by its own edition, when today's is in force."""
    recorded = journey("2020-03", "2020-03")
    made = verified(reference, *recorded, edition="2020-03", against="latest")
    assert made.coverage.unexpected == {}
    breaks = changes(made)["nowRefused"]
    assert breaks
    for row in breaks:
        assert row["states"]
        assert row["documents"]
        assert all(document["date"] for document in row["documents"])
        assert row["count"] >= 1
        assert row["examples"][0]["source"].startswith("memory: entry ")
    # What is said to break is what an emulator of the other edition refuses.
    for row in breaks:
        assert row["cause"] in {rule.id for rule in reference.contract.edition("latest").rules}
        assert row["detail"].startswith("4")


def test_calls_that_break_are_those_that_the_other_edition_refuses(reference: Emulator) -> None:
    older = journey("2020-03", "2020-03")
    made = verified(reference, *older, edition="2020-03", against="latest")
    judge = RecordingJudge(reference.contract, reference.platform)
    alone = verification(judge, "latest")
    for one in older:
        alone.add(one)
    errors = {at.rule for at in alone.coverage.unexpected}
    assert {row["cause"] for row in changes(made)["nowRefused"]} <= errors


def test_answers_of_another_shape_are_told(reference: Emulator) -> None:
    made = verified(reference, *journey("2020-03", "2020-03"), edition="2020-03", against="2020-09")
    otherwise = {(row["operation"], row["cause"]) for row in changes(made)["responseChanged"]}
    created = ("data_prep.create_mapping_set", "data_prep.created")
    assert created in otherwise
    (row,) = (
        row
        for row in changes(made)["responseChanged"]
        if (row["operation"], row["cause"]) == created
    )
    assert row["detail"].endswith(
        "Before: Creating a mapping set answers the whole set, without the users who wrote it."
    )


def test_refusals_of_another_shape_are_told(reference: Emulator) -> None:
    wrong = call("POST", CONNECTIONS, base_connection(name=7), 400, {"errorMessage": "x"})
    made = verified(reference, wrong, edition="2020-03", against="latest")
    (row,) = changes(made)["errorChanged"]
    assert row["cause"] == NAME
    assert "(classic) becomes " in row["detail"]
    assert row["detail"].endswith("(coded)")


def test_the_same_edition_changes_nothing(reference: Emulator) -> None:
    made = verified(reference, *journey("2020-09", "latest"), edition="latest", against="latest")
    assert made.comparison is not None
    told = made.comparison.to_json()
    assert told["changes"] == []
    assert told["unchanged"] == told["calls"] > 9


def test_a_broken_recording_keeps_what_was_judged(reference: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "cut.har"
    entry = {"request": {"method": "GET", "url": f"https://platform.adobe.io{CONNECTIONS}"}}
    path.write_text(json.dumps({"log": {"entries": [entry, entry]}})[:-20], encoding="utf-8")
    made = verified(reference)
    with pytest.raises(Exception, match="not JSON behind entry 0"):
        verify(made, [path])
    assert made.counted.judged == 1
