"""Where the clocks of fixtures start: at a time that a client's own clock fits, all the same."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from emulator.clock import START, ClockError
from emulator.testing import Aep, run
from tests.bodies import FLOW_SERVICE, base_connection
from tests.doors.pytest_runs import run_pytest

NEW_YEAR = "2026-01-01T00:00:00Z"
NEW_YEAR_MS = 1_767_225_600_000

TESTS = """
import time
import pytest
from aep_emulator import mock_aep

CONNECTIONS = "/data/foundation/flowservice/connections"
STARTS = []


@pytest.mark.parametrize("number", range(2))
def test_all_start_at_the_same_time(aep, number):
    STARTS.append(aep.clock.now())
    assert STARTS[0] == STARTS[-1]
    assert STARTS[0] % 1000 == 0
    print(f"started {STARTS[0]}")

def test_a_clients_clock_fits(aep):
    now = time.time() * 1000
    assert now - 120_000 < aep.clock.now() <= now

def test_it_stands_still(aep):
    before = aep.clock.now()
    time.sleep(0.01)
    assert aep.clock.now() == before

@pytest.mark.aep(clock="2030-01-01T00:00:00Z")
def test_a_mark_says_otherwise(aep):
    assert aep.clock.now() == 1_893_456_000_000

@pytest.mark.aep(clock="yesterday")
def test_a_mark_that_cannot_be_used(aep):
    pass

def test_another_machines_time(aep):
    import time_machine
    before = aep.clock.now()
    with time_machine.travel("2001-01-01"):
        assert aep.clock.now() == before
        with mock_aep(seed="other") as other:
            assert other.clock.now() == before

def test_that_fails(aep):
    aep.session.get(CONNECTIONS)
    assert 1 == 2
"""


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "xdist"])
def test_it_is_the_time_of_the_runs_start(tmp_path: Path, workers: tuple[str, ...]) -> None:
    found = run_pytest(tmp_path, *workers, "-rP", test_it=TESTS)
    assert found.results.pop("test_that_fails") == "failure"
    assert found.results.pop("test_a_mark_that_cannot_be_used") == "error"
    assert set(found.results.values()) == {"passed"}, found.output
    assert len(set(re.findall(r"started \d+", found.output))) == 1
    assert "'yesterday' is not a clock" in found.output
    told = re.search(r"clocks start at (\S+): --aep-clock (\S+) repeats that", found.output)
    assert told is not None
    again = run_pytest(tmp_path, "--aep-clock", told[2], "-rP")
    started = re.findall(r"started (\d+)", found.output)[0]
    assert f"started {started}" in again.output


def test_the_ini_file_and_the_flag_say_otherwise(tmp_path: Path) -> None:
    test = "def test_it(aep):\n    assert aep.clock.now() == {}\n"
    fails = "def test_fails(aep):\n    aep.client.call('GET', '/x')\n    assert 1 == 2\n"
    (tmp_path / "pytest.ini").write_text("[pytest]\naep_clock = manual\n", "utf-8")
    found = run_pytest(tmp_path, test_it=test.format(START) + fails)
    assert found.results == {"test_it": "passed", "test_fails": "failure"}, found.output
    assert "repeats that" not in found.output
    flagged = run_pytest(tmp_path, "--aep-clock", NEW_YEAR, test_it=test.format(NEW_YEAR_MS))
    assert flagged.status == 0, flagged.output
    wrong = run_pytest(tmp_path, "--aep-clock", "yesterday")
    assert wrong.status == pytest.ExitCode.USAGE_ERROR
    assert "aep_clock: 'yesterday' is not a time" in wrong.output


@pytest.fixture
def no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "clock", "")


@pytest.mark.usefixtures("no_clock")
def test_without_pytest_it_is_the_time_of_the_first_one() -> None:
    with Aep(seed="of its own") as aep:
        assert abs(aep.clock.now() - time.time() * 1000) < 3_600_000
        aep.clock.advance("PT1H")
        aep.reset()
        assert abs(aep.clock.now() - time.time() * 1000) < 3_600_000
    with Aep(clock="manual") as aep:
        assert aep.clock.now() == START


@pytest.mark.usefixtures("no_clock")
def test_what_a_client_schedules_by_its_own_clock_comes_due() -> None:
    with Aep(seed="another", edition="2020-09") as aep:
        aep.load_scenario("tutorial-complete")
        (flow,) = aep.session.get(f"{FLOW_SERVICE}/flows").json()["items"]
        kept = ("flowSpec", "sourceConnectionIds", "targetConnectionIds", "transformations")
        body = {name: flow[name] for name in kept}
        schedule = {**flow["scheduleParams"], "startTime": str(int(time.time()) + 3600)}
        body |= {"name": "soon", "description": "soon", "scheduleParams": schedule}
        assert aep.session.post(f"{FLOW_SERVICE}/flows", json=body).status_code == 201
        assert aep.runs("soon") == []
        aep.clock.advance("PT1H1M")
        assert len(aep.runs("soon")) == 1


@pytest.mark.usefixtures("no_clock")
def test_what_a_client_filters_by_its_own_clock_is_found() -> None:
    with Aep(seed="another") as aep:
        aep.session.post(f"{FLOW_SERVICE}/connections", json=base_connection())
        since = int((time.time() - 3600 * 4) * 1000)
        asked = {"property": f"createdAt>={since}"}
        found = aep.session.get(f"{FLOW_SERVICE}/connections", params=asked).json()["items"]
    assert len(found) == 1


def test_an_empty_emulator_can_be_set_to_an_earlier_time() -> None:
    with Aep(clock="2030-01-01T00:00:00Z") as aep:
        aep.session.get(f"{FLOW_SERVICE}/connections")
        assert aep.clock.set(datetime(2026, 1, 1, tzinfo=UTC)) == 0
        assert aep.clock.now() == NEW_YEAR_MS
        aep.session.post(f"{FLOW_SERVICE}/connections", json=base_connection())
        with pytest.raises(ClockError, match="does not go back"):
            aep.clock.set(NEW_YEAR_MS - 1)
        assert aep.clock.now() == NEW_YEAR_MS
        aep.reset()
        aep.clock.set(NEW_YEAR_MS - 1)
