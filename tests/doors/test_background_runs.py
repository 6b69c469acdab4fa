"""Runs that come due on a clock that runs are carried out at their time, unasked."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
import requests

from emulator.cli import main
from emulator.clock import ManualClock, ShiftedClock, SystemClock
from emulator.emulator import Emulator
from emulator.sandbox import Sandbox
from emulator.serving import background_runs
from emulator.serving.background_runs import BackgroundRuns
from emulator.testing.client import AepClient
from tests.bodies import FLOW_SERVICE, ORGANIZATION, World, flow, make_world
from tests.emulators import aep_for, new_emulator
from tests.files import put
from tests.processes.serving import SOON, client_of, serve, until

PROD = Sandbox(ORGANIZATION, "prod")


@contextmanager
def running(emulator: Emulator) -> Iterator[BackgroundRuns]:
    runs = BackgroundRuns(emulator)
    runs.start()
    try:
        yield runs
    finally:
        runs.stop()
        runs.wait(SOON)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    made = new_emulator(SystemClock())
    with running(made):
        yield made


@pytest.fixture
def aep(emulator: Emulator) -> AepClient:
    return aep_for(emulator)


def plan(aep: AepClient, world: World, at: int, frequency: str = "once", **headers: str) -> str:
    schedule: dict[str, Any] = {"startTime": at, "frequency": frequency}
    if frequency != "once":
        schedule["interval"] = 15
    body = flow(world, scheduleParams=schedule)
    id: str = aep.call("POST", f"{FLOW_SERVICE}/flows", body, headers=headers).json["id"]
    return id


def stored_runs(emulator: Emulator) -> list[dict[str, Any]]:
    """The runs as they are stored: whoever reads them by a call makes them be carried out."""
    return [stored.body for stored in emulator.platform.store.scan(PROD, "run")]


def ended(emulator: Emulator, count: int = 1) -> Callable[[], bool]:
    def holds() -> bool:
        states = [run["state"] for run in stored_runs(emulator)]
        return len(states) == count and not {"inProgress", "scheduled"} & set(states)

    return holds


def test_what_is_due_at_once_is_carried_out_unasked(emulator: Emulator, aep: AepClient) -> None:
    world = make_world(aep)
    put(aep, world.base, "leads/incoming/a.tsv")
    plan(aep, world, 1_600_000_000)
    until(ended(emulator))
    (run,) = stored_runs(emulator)
    assert run["state"] == "success"
    assert run["metrics"]["recordSummary"]["outputRecordCount"] == 2


def test_what_is_due_later_is_carried_out_at_its_time(emulator: Emulator, aep: AepClient) -> None:
    world = make_world(aep)
    put(aep, world.base, "leads/incoming/a.tsv")
    at = (SystemClock().now() + 300) // 1000 + 1
    plan(aep, world, at)
    until(lambda: stored_runs(emulator))
    assert stored_runs(emulator)[0]["createdAt"] == at * 1000
    assert SystemClock().now() >= at * 1000


def test_runs_of_isolated_emulators_are_carried_out_too(emulator: Emulator) -> None:
    aep = aep_for(emulator)
    aep.headers["x-emulator-test"] = "one"
    world = make_world(aep)
    plan(aep, world, 1_600_000_000)
    isolated = emulator.isolated("one").engine.platform.store
    until(lambda: list(isolated.scan(PROD, "run")))
    assert stored_runs(emulator) == []


def test_a_clock_that_stands_still_carries_out_nothing_by_itself() -> None:
    emulator = new_emulator(ManualClock())
    aep = aep_for(emulator)
    with running(emulator):
        plan(aep, make_world(aep), 1_500_000_000)
        time.sleep(0.3)
        assert stored_runs(emulator) == []


def test_a_shifted_clock_that_is_moved_goes_on_from_there() -> None:
    emulator = new_emulator(ShiftedClock(30 * 24 * 3600 * 1000))
    aep = aep_for(emulator)
    with running(emulator):
        world = make_world(aep)
        at = emulator.platform.clock.now() // 1000 + 3601
        plan(aep, world, at)
        aep.ok("POST", "/_emulator/clock", {"advance": "PT1H"})  # it may be due by then, or not
        until(ended(emulator))
        assert stored_runs(emulator)[0]["createdAt"] == at * 1000


def test_a_restored_state_has_runs_that_are_due(emulator: Emulator, aep: AepClient) -> None:
    source = new_emulator(ManualClock())
    plan(aep_for(source), make_world(aep_for(source)), 1_600_000_100)
    emulator.restore(source.snapshot())
    until(ended(emulator))


def test_what_is_held_up_is_asked_for_now_and_then(
    emulator: Emulator, aep: AepClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    monkeypatch.setattr(background_runs, "HELD_SECONDS", 0.2)

    def hold(*_: object) -> dict[str, str] | None:
        asked.append(time.monotonic())
        return {"status": "inProgress"} if len(asked) < 4 else None

    emulator.platform.run_hooks.append(hold)
    plan(aep, make_world(aep), 1_600_000_000)
    until(ended(emulator))
    gaps = [later - earlier for earlier, later in pairwise(asked)]
    assert len(asked) == 4
    assert min(gaps[1:]) > 0.1


def test_a_failure_is_logged_and_the_others_go_on(
    emulator: Emulator, aep: AepClient, caplog: pytest.LogCaptureFixture
) -> None:
    world = make_world(aep)
    broken = {"is": True}

    def fail(sandbox: Sandbox, *_: object) -> None:
        if sandbox == PROD and broken["is"]:
            raise RuntimeError("told to fail")

    emulator.platform.run_hooks.append(fail)
    plan(aep, world, 1_600_000_000)
    until(lambda: "told to fail" in caplog.text)
    aep.headers["x-sandbox-name"] = "dev"
    plan(aep, make_world(aep), 1_600_000_000)
    store = emulator.platform.store
    until(lambda: list(store.scan(Sandbox(ORGANIZATION, "dev"), "run")))


def test_nothing_is_begun_after_the_end(emulator: Emulator, aep: AepClient) -> None:
    world = make_world(aep)
    emulator.application.interrupt()
    plan(aep, world, 1_600_000_000)
    time.sleep(0.3)
    assert all(run["state"] != "success" for run in stored_runs(emulator))


def test_a_reset_in_the_middle_leaves_nothing(emulator: Emulator, aep: AepClient) -> None:
    world, entered, released = make_world(aep), threading.Event(), threading.Event()

    def wait(*_: object) -> None:
        entered.set()
        released.wait(SOON)

    put(aep, world.base, "leads/incoming/a.tsv")
    emulator.platform.batch_hooks.append(wait)
    plan(aep, world, 1_600_000_000)
    assert entered.wait(SOON)
    aep_for(emulator).call("POST", "/_emulator/reset", {})
    released.set()
    time.sleep(0.2)
    assert stored_runs(emulator) == []
    assert emulator.platform.blobs.keys(PROD) == []


# The command


def count_of_runs(url: str) -> int:
    """Count the runs of a served emulator by its state file, which nothing comes due by."""
    state = requests.get(f"{url}/_emulator/state", timeout=SOON).json()
    kinds = state["organizations"].get(ORGANIZATION, {}).get("prod", {}).get("documents", {})
    return sum(run["body"]["state"] == "success" for run in kinds.get("run", ()))


@pytest.mark.parametrize(("flags", "count"), [((), 1), (("--runs", "on-look"), 0)])
def test_serve_carries_out_runs_unless_it_is_to_wait_for_a_look(
    flags: tuple[str, ...], count: int
) -> None:
    with serve(*flags) as (process, url, _):
        aep = client_of(url)
        world = make_world(aep)
        put(aep, world.base, "leads/incoming/a.tsv")
        plan(aep, world, 1_600_000_000)
        if count:
            until(lambda: count_of_runs(url) == count)
        else:
            time.sleep(0.5)
            assert count_of_runs(url) == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(SOON) == 0


def test_serve_says_what_time_it_is_if_it_is_not_the_machines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serve("--clock", "2026-01-01T00:00:00Z") as (_, url, lines):
        assert any(
            re.search(r"clock +2026-01-01T00:00:00\.000Z, stands still", line) for line in lines
        )
        assert main(["clock", "--url", url]) == 0
        assert capsys.readouterr().out == "2026-01-01T00:00:00.000Z (manual)\n"
        assert main(["clock", "advance", "P1D", "--url", url]) == 0
        said = capsys.readouterr().out
        assert said == "2026-01-02T00:00:00.000Z (manual), 0 runs carried out\n"
        assert main(["clock", "set", "2026-01-01T00:00:00Z", "--url", url]) == 2
        back = capsys.readouterr().err
        assert "does not go back" in back
        assert back.count("\n") == 1


def test_serve_says_nothing_of_the_machines_clock() -> None:
    with serve() as (_, _, lines):
        assert not any("clock" in line for line in lines)
