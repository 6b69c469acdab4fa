"""Time that moves: clocks of every kind, calls and commands that move them, and what comes due."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from emulator.clock import (
    MAX_MOMENT,
    START,
    ClockError,
    ManualClock,
    ShiftedClock,
    SystemClock,
    make_clock,
)
from emulator.data_plane.runs import MAX_CAUGHT_UP
from emulator.emulator import Emulator
from emulator.settings import SettingError, read_settings
from emulator.testing import Aep
from emulator.testing.client import AepClient
from tests.bodies import FLOW_SERVICE, World, base_connection, flow, make_world
from tests.emulators import aep_for, new_emulator
from tests.files import put

CLOCK = "/_emulator/clock"
DAY = 24 * 3600
NEW_YEAR = "2026-01-01T00:00:00Z"
NEW_YEAR_MS = 1_767_225_600_000


@pytest.fixture
def emulator() -> Emulator:
    return new_emulator()


@pytest.fixture
def aep(emulator: Emulator) -> AepClient:
    return aep_for(emulator)


@pytest.fixture
def world(aep: AepClient) -> World:
    return make_world(aep)


def plan(aep: AepClient, world: World, at: int, frequency: str = "day", interval: int = 1) -> str:
    """Make a flow whose first run is due at a time, in seconds."""
    schedule = {"startTime": at, "frequency": frequency, "interval": interval}
    if frequency == "once":
        del schedule["interval"]
    body = flow(world, scheduleParams=schedule)
    id: str = aep.ok("POST", f"{FLOW_SERVICE}/flows", body)["id"]
    return id


def runs(aep: AepClient, flow_id: str) -> list[dict[str, Any]]:
    query = f"orderby=createdAt&limit=100&property=flowId=={flow_id}"
    items: list[dict[str, Any]] = aep.ok("GET", f"{FLOW_SERVICE}/runs?{query}")["items"]
    return items


# Clocks


@pytest.mark.parametrize("text", ["", "system"])
def test_the_machines_clock_is_the_default(text: str) -> None:
    assert isinstance(make_clock(text), SystemClock)


def test_a_clock_stands_still_where_a_setting_says() -> None:
    assert make_clock("manual").now() == START
    assert make_clock(NEW_YEAR).now() == NEW_YEAR_MS
    assert make_clock("2026-01-01T01:00:00+01:00").now() == NEW_YEAR_MS


@pytest.mark.parametrize(("text", "days"), [("+P30D", 30), ("-P1W", -7), ("+PT0S", 0)])
def test_a_shifted_clock_runs_with_the_machines(text: str, days: int) -> None:
    clock, system = make_clock(text), SystemClock()
    assert abs(clock.now() - system.now() - days * DAY * 1000) < 2000


@pytest.mark.parametrize(
    "text",
    [
        "noon",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "1969-12-31T23:59:59Z",
        "9999-01-01T00:00:01Z",
        "+P1M",
        "+P1Y",
        "+P",
        "+PT",
        "P30D",
        "-P100000D",
        "+P999999999W",
        "++P1D",
        "+" + "9" * 5000,
    ],
)
def test_what_is_not_a_clock_is_refused_in_a_line(text: str) -> None:
    with pytest.raises(SettingError, match=r"--clock: .* is not a clock: expected .*") as refused:
        read_settings({"clock": text}, {})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "now",
    [
        NEW_YEAR,
        NEW_YEAR_MS,
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_a_clock_is_set_to_any_form_of_a_time(now: Any) -> None:
    clock = ManualClock()
    clock.set(now)
    assert clock.now() == NEW_YEAR_MS


@pytest.mark.parametrize("by", [90, 90.0, "PT1M30S", "PT90S", timedelta(seconds=90)])
def test_a_clock_is_advanced_by_any_form_of_a_duration(by: Any) -> None:
    clock = ManualClock()
    clock.advance(by)
    assert clock.now() == START + 90_000


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 1, 1),  # noqa: DTZ001 - that is what is refused
        "2026-01-01T00:00:00",
        "soon",
        1.5,
        True,
        None,
        timedelta(1),
        -1,
        MAX_MOMENT + 1,
        10**30,
        START - 1,
        "2020-01-01T00:00:00Z",
    ],
)
def test_a_clock_is_not_set_to_what_is_no_time_or_earlier(now: Any) -> None:
    clock = ManualClock()
    with pytest.raises(ClockError):
        clock.set(now)
    assert clock.now() == START


@pytest.mark.parametrize(
    "by",
    [
        -1,
        timedelta(days=-1),
        math.nan,
        math.inf,
        True,
        None,
        "1 day",
        "P1Y",
        "P1M",
        "PT",
        "-P1D",
        1e300,
        10**400,
        "P999999999W",
        datetime(2026, 1, 1, tzinfo=UTC),
    ],
)
def test_a_clock_is_not_advanced_by_what_is_no_duration_or_goes_back(by: Any) -> None:
    clock = ManualClock()
    with pytest.raises(ClockError):
        clock.advance(by)
    assert clock.now() == START


def test_a_shifted_clock_is_moved_further_and_goes_back_by_a_reset() -> None:
    clock = ShiftedClock(0)
    clock.advance("P1D")
    assert abs(clock.now() - SystemClock().now() - DAY * 1000) < 2000
    clock.reset()
    assert clock.now() - SystemClock().now() < 2000


# Calls of the control API


def test_the_clock_is_shown_and_moved(aep: AepClient) -> None:
    shown = aep.ok("GET", CLOCK)
    assert shown == {"kind": "manual", "now": "2020-09-13T12:26:40.000Z", "milliseconds": START}
    moved = aep.ok("PUT", CLOCK, {"now": NEW_YEAR})
    assert moved == {
        "kind": "manual",
        "now": "2026-01-01T00:00:00.000Z",
        "milliseconds": NEW_YEAR_MS,
        "runs": 0,
    }
    assert aep.ok("POST", CLOCK, {"advance": "P1D"})["now"] == "2026-01-02T00:00:00.000Z"
    assert aep.ok("POST", CLOCK, {"advance": 1.5})["now"] == "2026-01-02T00:00:01.500Z"


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [
        ("PUT", {}, 400),
        ("PUT", [], 400),
        ("PUT", {"advance": "P1D"}, 400),
        ("PUT", {"now": NEW_YEAR, "advance": "P1D"}, 400),
        ("PUT", {"now": "2020-01-01T00:00:00Z"}, 400),
        ("PUT", {"now": "2026-01-01"}, 400),
        ("PUT", {"now": None}, 400),
        ("PUT", {"now": {"now": 1}}, 400),
        ("PUT", {"now": 10**18}, 400),
        ("POST", {"now": NEW_YEAR}, 400),
        ("POST", {"advance": "-P1D"}, 400),
        ("POST", {"advance": -1}, 400),
        ("POST", {"advance": "P10000Y"}, 400),
        ("POST", {"advance": "P3650000D"}, 400),
        ("POST", {"advance": 1e308}, 400),
        ("POST", {"advance": True}, 400),
        ("POST", {"advance": "9" * 100_000}, 400),
    ],
)
def test_what_would_not_move_the_clock_forward_is_refused(
    aep: AepClient, method: str, body: Any, status: int
) -> None:
    answer = aep.call(method, CLOCK, body)
    assert answer.status == status
    assert set(answer.json) == {"error", "detail"}
    assert len(answer.json["detail"]) < 250
    assert aep.ok("GET", CLOCK)["milliseconds"] == START


@pytest.mark.parametrize("by", ["-P1D", "-PT0.5S", -1])
def test_a_negative_duration_is_named_as_such(aep: AepClient, by: Any) -> None:
    answer = aep.call("POST", CLOCK, {"advance": by})
    assert "does not go back" in answer.json["detail"]


def test_the_machines_clock_is_not_moved() -> None:
    aep = aep_for(new_emulator(SystemClock()))
    assert aep.ok("GET", CLOCK)["kind"] == "system"
    answer = aep.call("POST", CLOCK, {"advance": "P1D"})
    assert answer.status == 409
    assert "--clock" in answer.json["detail"]


def test_isolated_emulators_have_clocks_of_their_own(aep: AepClient) -> None:
    aep.ok("PUT", CLOCK, {"now": NEW_YEAR})
    isolated = f"/t/one{CLOCK}"
    assert aep.ok("GET", isolated)["milliseconds"] == NEW_YEAR_MS
    aep.ok("POST", isolated, {"advance": "P1D"})
    assert aep.ok("GET", CLOCK)["milliseconds"] == NEW_YEAR_MS


def test_isolated_emulators_have_shifts_of_their_own() -> None:
    emulator = new_emulator(ShiftedClock(0))
    aep = aep_for(emulator)
    ahead = aep.ok("POST", f"/t/one{CLOCK}", {"advance": "P1D"})["milliseconds"]
    assert ahead - aep.ok("GET", CLOCK)["milliseconds"] > (DAY - 60) * 1000
    assert aep.ok("GET", f"/t/one{CLOCK}")["kind"] == "shifted"


# What comes due


def test_runs_come_due_at_their_times_while_the_clock_is_moved(
    aep: AepClient, world: World
) -> None:
    put(aep, world.base, "leads/incoming/a.tsv")
    start = START // 1000 + 3600
    daily, once = plan(aep, world, start), plan(aep, world, start + 1800, "once")
    moved = aep.ok("POST", CLOCK, {"advance": "P2DT12H"})
    assert moved["runs"] == 4
    assert moved["milliseconds"] == START + 60 * 3600 * 1000
    found = runs(aep, daily)
    assert [run["createdAt"] // 1000 for run in found] == [start, start + DAY, start + 2 * DAY]
    assert [run["createdAt"] // 1000 for run in runs(aep, once)] == [start + 1800]
    batch = found[0]["activities"][1]["targetInfo"][0]["reference"]["ids"][0]
    written = aep.ok("GET", f"/data/foundation/catalog/batches/{batch}")[batch]
    assert written["completed"] == start * 1000


def test_an_advance_reads_what_was_there_when_a_run_came_due(aep: AepClient, world: World) -> None:
    put(aep, world.base, "leads/incoming/a.tsv")
    flow_id = plan(aep, world, START // 1000 + 60)
    assert aep.ok("POST", CLOCK, {"advance": 120})["runs"] == 1
    put(aep, world.base, "leads/incoming/b.tsv")
    assert aep.ok("POST", CLOCK, {"advance": "P1D"})["runs"] == 1
    counts = [run["metrics"]["fileSummary"]["inputFileCount"] for run in runs(aep, flow_id)]
    assert counts == [1, 1]


def test_of_a_flow_that_has_missed_very_many_runs_the_latest_are_carried_out(
    aep: AepClient, world: World
) -> None:
    put(aep, world.base, "leads/incoming/a.tsv")
    often = plan(aep, world, START // 1000 + 60, "minute", 15)
    moved = aep.ok("PUT", CLOCK, {"now": "9998-12-31T00:00:00Z"})
    assert 0 < moved["runs"] <= MAX_CAUGHT_UP + 1
    last = max(run["createdAt"] for run in runs(aep, often))
    assert moved["milliseconds"] - last <= 15 * 60 * 1000
    assert aep.ok("GET", f"{FLOW_SERVICE}/flows/{often}")["items"][0]["lastRunDetails"]


def test_what_is_held_up_does_not_stop_the_clock(aep: AepClient, world: World) -> None:
    flow_id = plan(aep, world, START // 1000 + 3600)
    aep.ok("POST", "/_emulator/faults", {"kind": "stuckRun"})
    moved = aep.ok("POST", CLOCK, {"advance": "P3D"})
    assert moved["milliseconds"] == START + 3 * DAY * 1000
    assert len(runs(aep, flow_id)) == 3


def test_an_interrupted_move_stops_where_it_is_and_leaves_the_rest_due(
    emulator: Emulator, aep: AepClient, world: World
) -> None:
    put(aep, world.base, "leads/incoming/a.tsv")
    flow_id, start = plan(aep, world, START // 1000 + 3600), START + 3_600_000
    emulator.platform.batch_hooks.append(lambda *_: emulator.application.interrupt())
    assert aep.call("POST", CLOCK, {"advance": "P5D"}).status == 503
    assert emulator.platform.clock.now() == start
    queued = emulator.platform.store.dump().documents
    (planned,) = [rows for (_, kind), rows in queued.items() if kind == "flow_agenda"]
    assert str(start + DAY * 1000).encode() in planned[flow_id][2]


def test_a_client_that_disables_a_flow_stops_what_it_has_missed(
    emulator: Emulator, aep: AepClient, world: World
) -> None:
    put(aep, world.base, "leads/incoming/a.tsv")
    flow_id = plan(aep, world, START // 1000 + 3600)
    acts = [f"{FLOW_SERVICE}/flows/{flow_id}/action?op=disable"]

    def disable(*_: object) -> None:
        if acts:
            other = threading.Thread(target=aep_for(emulator).ok, args=("POST", acts.pop()))
            other.start()
            other.join()

    emulator.platform.batch_hooks.append(disable)
    assert isinstance(emulator.platform.clock, ManualClock)
    emulator.platform.clock.advance("P5D")
    assert aep.ok("POST", "/_emulator/tick", {}) == {"runs": 1}
    aep.ok("POST", CLOCK, {"advance": "P5D"})
    assert len(runs(aep, flow_id)) == 1


# The fixture's clock


@pytest.fixture
def started() -> Iterator[Aep]:
    with Aep() as aep:
        yield aep


def test_the_fixtures_clock_carries_out_what_comes_due(started: Aep) -> None:
    api = started.client
    made = make_world(api)
    put(api, made.base, "leads/incoming/a.tsv")
    plan(api, made, START // 1000 + 3600)
    assert started.clock.advance(timedelta(hours=2)) == 1
    assert started.clock.advance("P1D") == 1
    assert started.clock.set(datetime(2020, 9, 16, 14, tzinfo=UTC)) == 2
    assert started.clock.now() == 1_600_264_800_000
    with pytest.raises(ClockError, match="does not go back"):
        started.clock.set(START)


def test_the_fixtures_clock_is_as_the_settings_say() -> None:
    with Aep(clock=NEW_YEAR) as aep:
        assert aep.clock.now() == NEW_YEAR_MS
        aep.clock.advance(1)
        aep.reset()
        assert aep.clock.now() == NEW_YEAR_MS
    with Aep(clock="system") as aep:
        assert abs(aep.clock.now() - SystemClock().now()) < 2000
        with pytest.raises(ClockError, match="setting clock is system"):
            aep.clock.advance(1)


MAY = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)


def created(aep: Aep) -> int:
    """Create a connection and return its time of creation, in milliseconds."""
    id = aep.client.ok("POST", f"{FLOW_SERVICE}/connections", base_connection())["id"]
    at: int = aep.client.ok("GET", f"{FLOW_SERVICE}/connections/{id}")["items"][0]["createdAt"]
    return at


def test_the_fixture_follows_freezegun() -> None:
    freezegun = pytest.importorskip("freezegun")
    # It looks at every attribute of every module, and one of testcontainers calls Docker.
    frozen_at_may = freezegun.freeze_time(MAY, ignore=["testcontainers"])
    with Aep(clock="system") as aep, frozen_at_may as frozen:
        assert created(aep) == aep.clock.now() == int(MAY.timestamp()) * 1000
        frozen.tick(60)
        assert aep.clock.now() == int(MAY.timestamp()) * 1000 + 60_000


def test_the_fixture_follows_time_machine() -> None:
    time_machine = pytest.importorskip("time_machine")
    with Aep(clock="system") as aep, time_machine.travel(MAY, tick=False):
        assert created(aep) == aep.clock.now() == int(MAY.timestamp()) * 1000
