"""Several processes on one database are one emulator: edition, clock, isolated ones, faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from emulator.app import create_emulator
from emulator.emulator import Emulator
from emulator.settings import Settings
from emulator.testing.client import AepClient
from tests.bodies import CATALOG, FLOW_SERVICE, make_world
from tests.emulators import aep_for, new_emulator
from tests.files import put
from tests.processes.test_left_behind import make_flow, runs

FLOWS = f"{FLOW_SERVICE}/flows"
Open = Callable[..., Emulator]


@pytest.fixture
def opened(url: str) -> Iterator[Open]:
    """Return a function that opens the database as another process does."""
    with ExitStack() as stack:

        def open_one(**settings: Any) -> Emulator:
            made = create_emulator(Settings(store=url, **settings), like=new_emulator())
            return stack.enter_context(closing(made))

        yield open_one


@pytest.fixture
def two(opened: Open) -> tuple[AepClient, AepClient]:
    return aep_for(opened()), aep_for(opened())


def status(aep: AepClient, path: str = FLOWS, **headers: str) -> int:
    return aep.call("GET", path, headers=headers).status


def test_the_edition_and_a_reset_are_one(two: tuple[AepClient, AepClient]) -> None:
    one, other = two
    one.ok("PUT", "/_emulator/edition", {"edition": "2020-09"})
    assert other.ok("GET", "/_emulator/edition") == {"edition": "2020-09"}
    make_world(other)
    assert len(one.ok("GET", f"{FLOW_SERVICE}/connections")["items"]) == 1
    one.call("POST", "/_emulator/reset")
    assert other.ok("GET", f"{FLOW_SERVICE}/connections")["items"] == []


def test_ids_are_given_once(two: tuple[AepClient, AepClient]) -> None:
    worlds = [make_world(two[number % 2], title=f"Leads {number}") for number in range(6)]
    assert len({world.base for world in worlds}) == 6
    ids = [aep.call("GET", FLOWS).headers["x-request-id"] for aep in two * 3]
    assert len(set(ids)) == 6


@pytest.mark.parametrize("clock", ["manual", "+P1D"])
def test_a_clock_that_one_moves_has_moved_for_all(opened: Open, clock: str) -> None:
    first, second = opened(clock=clock), opened(clock=clock)
    one, other = aep_for(first), aep_for(second)
    before = one.ok("GET", "/_emulator/clock")["milliseconds"]
    other.ok("POST", "/_emulator/clock", {"advance": "P30D"})
    after = one.ok("GET", "/_emulator/clock")["milliseconds"]
    assert 0 <= after - before - 30 * 86_400_000 < 60_000
    base = make_world(one).base
    created = one.ok("GET", f"{FLOW_SERVICE}/connections/{base}")["items"][0]["createdAt"]
    assert 0 <= created - after < 60_000
    third = opened(clock=clock)  # a later start goes on
    shown = aep_for(third).ok("GET", "/_emulator/clock")["milliseconds"]
    assert 0 <= shown - after < 60_000
    first.reset()
    assert 0 <= other.ok("GET", "/_emulator/clock")["milliseconds"] - before < 60_000


def test_a_clock_of_another_setting_begins_where_it_says(opened: Open) -> None:
    aep_for(opened(clock="manual")).ok("POST", "/_emulator/clock", {"advance": "P30D"})
    shown = aep_for(opened(clock="2026-01-01T00:00:00Z")).ok("GET", "/_emulator/clock")
    assert shown["now"] == "2026-01-01T00:00:00.000Z"


def test_runs_that_come_due_on_a_clock_are_carried_out_once(opened: Open) -> None:
    one, other = (aep_for(opened(clock="manual")) for _ in range(2))
    world = make_world(one)
    put(one, world.base, "leads/incoming/a.tsv")
    now = one.ok("GET", "/_emulator/clock")["milliseconds"] // 1000
    make_flow(one, world, startTime=now + 60, frequency="minute", interval=15)
    assert other.ok("POST", "/_emulator/clock", {"advance": "PT30M"})["runs"] == 2
    assert one.ok("POST", "/_emulator/clock", {"advance": "PT15M"})["runs"] == 1
    assert [run[0] for run in runs(other)] == ["success"] * 3


def test_isolated_emulators_are_listed_dropped_and_made_anew_by_any(opened: Open) -> None:
    first, second = opened(clock="manual"), opened(clock="manual")
    one, other = aep_for(first), aep_for(second)
    here = {"x-emulator-test": "one"}
    assert status(one, **here) == 200
    assert other.ok("GET", "/_emulator/worlds")["worlds"] == ["one"]
    other.ok("PUT", "/_emulator/edition", {"edition": "2020-03"}, headers=here)
    other.ok("POST", "/_emulator/clock", {"advance": "P1D"}, headers=here)
    other.ok("POST", "/_emulator/faults", {"kind": "error", "status": 429}, headers=here)
    assert status(one, **here) == 429
    times = [aep.ok("GET", "/_emulator/clock", headers=here)["now"] for aep in (one, other)]
    assert times[0] == times[1] != one.ok("GET", "/_emulator/clock")["now"]
    assert one.call("DELETE", "/_emulator/worlds/one").status == 204
    assert other.ok("GET", "/_emulator/worlds")["worlds"] == []
    assert other.call("DELETE", "/_emulator/worlds/one").status == 404
    for aep in (other, one):  # which still holds what has been dropped
        assert status(aep, **here) == 200
        assert aep.ok("GET", "/_emulator/edition", headers=here) == {"edition": "latest"}
        now = aep.ok("GET", "/_emulator/clock")["now"]
        assert aep.ok("GET", "/_emulator/clock", headers=here)["now"] == now


def test_no_more_isolated_emulators_than_there_may_be_in_all(opened: Open) -> None:
    one, other = (aep_for(opened(max_worlds=2)) for _ in range(2))
    assert status(one, **{"x-emulator-test": "a"}) == 200
    assert status(other, **{"x-emulator-test": "b"}) == 200
    assert status(one, **{"x-emulator-test": "c"}) == 400
    one.call("DELETE", "/_emulator/worlds/b")
    assert status(other, **{"x-emulator-test": "c"}) == 200


def test_a_scenario_is_that_of_all(opened: Open) -> None:
    first = opened(scenario="tutorial-half-way")
    one = aep_for(first)
    count = len(one.ok("GET", f"{CATALOG}/dataSets"))
    make_world(one)
    second = opened(scenario="tutorial-half-way")
    assert len(aep_for(second).ok("GET", f"{CATALOG}/dataSets")) == count + 1
    second.reset()
    assert len(one.ok("GET", f"{CATALOG}/dataSets")) == count


def test_a_fault_hits_so_many_calls_over_all(two: tuple[AepClient, AepClient]) -> None:
    one, other = two
    one.ok("POST", "/_emulator/faults", {"kind": "error", "status": 503, "after": 1, "count": 3})
    statuses = [status(aep) for aep in (other, one, other, one, other, one)]
    assert statuses == [200, 503, 503, 503, 200, 200]
    (fault,) = other.ok("GET", "/_emulator/faults")["faults"]
    assert (fault["matched"], fault["fired"]) == (6, 3)
    assert other.call("DELETE", f"/_emulator/faults/{fault['id']}").status == 204
    assert one.ok("GET", "/_emulator/faults")["faults"] == []
    assert status(one) == 200


def test_a_token_is_used_up_over_all(two: tuple[AepClient, AepClient]) -> None:
    one, other = two
    one.ok("POST", "/_emulator/faults", {"kind": "expiredToken", "calls": 2})
    assert [status(aep) for aep in (other, one, other, one)] == [200, 200, 401, 401]
    one.call("DELETE", "/_emulator/faults")
    assert status(other) == 200


def test_what_is_hidden_is_hidden_from_all(two: tuple[AepClient, AepClient]) -> None:
    one, other = two
    fault = {"kind": "notVisible", "reads": 2, "operations": ["flow_service.create_connection"]}
    one.ok("POST", "/_emulator/faults", fault)
    base = make_world(other).base
    path = f"{FLOW_SERVICE}/connections/{base}"
    assert [status(aep, path) for aep in (one, other, one)] == [404, 404, 200]


def test_faults_of_a_file_are_set_once(opened: Open, tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text('{"kind": "error", "status": 429, "count": 1}')
    first = aep_for(opened(faults=file))
    assert status(first) == 429
    second = aep_for(opened(faults=file))
    assert [status(first), status(second)] == [200, 200]
    file.write_text('{"kind": "error", "status": 503}')
    third = aep_for(opened(faults=file))
    assert [status(first), status(third)] == [503, 503]


def test_sandboxes_are_reset_at_the_same_time(two: tuple[AepClient, AepClient]) -> None:
    """Each from within another one, which must not wait for all others to have left."""
    path = "/data/foundation/sandbox-management/sandboxes"
    for name in ("a", "b"):
        body = {"name": name, "title": name, "type": "development"}
        two[0].ok("POST", path, body)

    def reset(number: int) -> int:
        aep, name = two[number % 2], "ab"[number % 2]
        headers = {"x-sandbox-name": ("prod", "dev")[number % 2]}
        return aep.call("PUT", f"{path}/{name}", {"action": "reset"}, headers=headers).status

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(reset, range(20))) == {202}


def test_a_refusal_of_a_fault_leaves_nothing_for_the_next_call(
    two: tuple[AepClient, AepClient],
) -> None:
    one, other = two
    assert status(one, **{"x-emulator-fault": "429"}) == 429
    assert [status(one), status(other)] == [200, 200]
    assert one.ok("GET", "/_emulator/faults")["faults"] == []
