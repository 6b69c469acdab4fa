"""Processes that serve one database, each by itself or as workers: they are one emulator."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from emulator.cli import main
from emulator.fixtures.journey import Answer, Request, journeys, play
from emulator.json_types import JsonObject, loads
from emulator.ongoing import INTERRUPTED
from emulator.testing.client import AepClient
from tests.bodies import CATALOG, FLOW_SERVICE, base_connection, make_world, profile_schema
from tests.files import put
from tests.processes.serving import SOON, Served, serve, serve_all, serving, until
from tests.processes.test_left_behind import batches, make_flow, runs

SCHEMAS = "/data/foundation/schemaregistry/tenant/schemas"
CONNECTIONS = f"{FLOW_SERVICE}/connections"


ORGANIZATIONS = count(1)
CLOCK = ("--clock", "+P30D")
"""A clock that runs as the machine's and may be moved."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('served')}/state.db"
    found: str = request.getfixturevalue("server").url()
    return found


@pytest.fixture(scope="module", params=["two processes", "two workers"])
def both(request: pytest.FixtureRequest, store: str) -> Iterator[list[Served]]:
    """What serves a database: two processes by themselves, or one with workers, twice."""
    flags = ("--store", store, *CLOCK)
    if request.param == "two workers":
        with serve(*flags, "--workers", "2") as served:
            yield [served] * 2
    else:
        with serve_all(flags, flags) as processes:
            yield processes


@pytest.fixture
def clients(both: list[Served]) -> list[AepClient]:
    """Clients of an organization of their own, whose requests reach different processes."""
    made = [served.client() for served in both]
    organization = f"{next(ORGANIZATIONS):024X}@AdobeOrg"
    for aep in made:
        aep.headers["x-gw-ims-org-id"] = organization
    return made


def at_once(calls: list[Any]) -> list[Any]:
    """Call functions at the same time, and return what they return."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))


def test_a_journey_may_go_from_one_to_the_other(clients: list[AepClient]) -> None:
    turns = count()

    def send(request: Request) -> Answer:
        aep = clients[next(turns) % 2]
        answer = aep.send(request.method, request.target, request.headers, request.body)
        body = loads(answer.content) if answer.content else None
        return Answer(answer.status, dict(answer.headers), body)

    given = {"organization": clients[0].headers["x-gw-ims-org-id"]}
    for played in play(list(journeys().values())[-1], send, given=given):
        assert played.accepted, (played.step.title, played.answer)


def test_names_ids_and_versions_are_fought_for_once(clients: list[AepClient]) -> None:
    one = clients[0]
    same = profile_schema("One title")
    answers = at_once([lambda aep=aep: aep.call("POST", SCHEMAS, same) for aep in clients * 4])
    assert sorted(answer.status for answer in answers) == [201] + [400] * 7

    made = at_once(
        [lambda aep=aep: aep.ok("POST", CONNECTIONS, base_connection()) for aep in clients * 8]
    )
    assert len({item["id"] for item in made}) == 16
    listed = one.ok("GET", f"{CONNECTIONS}?limit=100")["items"]
    assert {item["id"] for item in listed} == {item["id"] for item in made}

    path, patch = f"{CONNECTIONS}/{made[0]['id']}", [{"op": "add", "path": "/name", "value": "x"}]
    headers = {"if-match": made[0]["etag"]}
    answers = at_once(
        [lambda aep=aep: aep.call("PATCH", path, patch, headers=headers) for aep in clients * 4]
    )
    assert sorted(answer.status for answer in answers) == [200] + [412] * 7


def test_what_one_is_told_the_other_knows_at_once(clients: list[AepClient]) -> None:
    one, other = clients
    one.ok("PUT", "/_emulator/edition", {"edition": "2020-09"})
    assert other.ok("GET", "/_emulator/edition") == {"edition": "2020-09"}
    other.ok("PUT", "/_emulator/edition", {"edition": "latest"})
    one.ok("POST", "/_emulator/faults", {"kind": "error", "status": 429, "count": 3})
    statuses = [aep.call("GET", CONNECTIONS).status for aep in (other, one, other, one)]
    assert statuses == [429, 429, 429, 200]
    other.call("DELETE", "/_emulator/faults")
    isolated = {"x-emulator-test": "here"}
    assert one.call("GET", CONNECTIONS, headers=isolated).status == 200
    assert other.ok("GET", "/_emulator/worlds")["worlds"] == ["here"]
    assert other.call("DELETE", "/_emulator/worlds/here").status == 204
    assert one.ok("GET", "/_emulator/worlds")["worlds"] == []


def test_a_clock_that_one_moves_has_moved_for_the_other(clients: list[AepClient]) -> None:
    one, other = clients
    world = make_world(one)
    put(one, world.base, "leads/incoming/a.tsv")
    before = one.ok("GET", "/_emulator/clock")["milliseconds"]
    make_flow(one, world, startTime=before // 1000 + 60, frequency="minute", interval=15)
    moved = other.ok("POST", "/_emulator/clock", {"advance": "PT40M"})  # of all organizations
    assert moved["runs"] >= 3
    times = [aep.ok("GET", "/_emulator/clock")["milliseconds"] for aep in (one, other) * 2]
    assert times == sorted(times)
    assert all(0 <= time - before - 40 * 60_000 < 60_000 for time in times)
    base = other.ok("POST", CONNECTIONS, base_connection())["id"]
    made = one.ok("GET", f"{CONNECTIONS}/{base}")["items"][0]["createdAt"]
    assert times[-1] <= made < times[-1] + 60_000
    assert runs(one) == [("success", [])] * 3
    back = one.call("PUT", "/_emulator/clock", {"now": "2026-01-01T00:00:00Z"})
    assert back.status == 400


def test_each_due_run_is_carried_out_once(clients: list[AepClient]) -> None:
    one, other = clients
    world = make_world(one)
    put(one, world.base, "leads/incoming/a.tsv")
    now = one.ok("GET", "/_emulator/clock")["milliseconds"] // 1000
    flows = [make_flow(one, world, startTime=now, frequency="once") for _ in range(8)]

    def ended() -> list[JsonObject]:
        items: list[JsonObject] = other.ok("GET", f"{FLOW_SERVICE}/runs?limit=100")["items"]
        states = [item["metrics"]["statusSummary"]["status"] for item in items]
        return items if len(items) >= 8 and "inProgress" not in states else []

    items = until(ended)
    assert sorted(item["flowId"] for item in items) == sorted(flows)
    rows = [item["metrics"]["recordSummary"]["outputRecordCount"] for item in items]
    assert rows == [2] * 8
    assert len(other.ok("GET", f"{CATALOG}/dataSetFiles?limit=100")) == 8


def test_a_run_of_a_killed_process_is_ended_once_by_the_other(url: str) -> None:
    with serve_all(*[("--store", url)] * 2) as (first, second):
        aep, other = first.client(), second.client()
        flow_id = begin_long_run(aep)
        first.kill()
        until(lambda: runs(other) == [("failed", [INTERRUPTED])])
        assert batches(other) in ([], ["failed"])
        assert other.ok("GET", f"{CATALOG}/dataSetFiles") == {}
        last = other.ok("GET", f"{FLOW_SERVICE}/flows/{flow_id}")["items"][0]["lastRunDetails"]
        assert last["state"] == "failed"


def begin_long_run(aep: AepClient) -> str:
    """Order a run that takes seconds, and return its flow when it is in progress."""
    world = make_world(aep)
    rows = b"".join(b"%d\tAda\tLovelace\n" % number for number in range(60_000))
    put(aep, world.base, "leads/incoming/a.tsv", b"Id\tFirstName\tLastName\n" + rows)
    flow_id = make_flow(aep, world)
    order = {"flowId": flow_id}
    pool = ThreadPoolExecutor(1)
    pool.submit(aep.call, "POST", f"{FLOW_SERVICE}/runs", order)
    pool.shutdown(wait=False)
    until(lambda: runs(aep) == [("inProgress", [])])
    return flow_id


def workers_of(served: Served) -> set[int]:
    path = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children")
    return {int(text) for text in path.read_text().split()}


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc")
def test_a_worker_that_dies_is_replaced_and_all_end_together(url: str) -> None:
    with serving(url, "--workers", "2") as served:
        assert len([line for line in served.lines if "base URL" in line]) == 1
        before = until(lambda: workers_of(served))
        assert len(before) == 2
        gone = min(before)
        os.kill(gone, signal.SIGKILL)
        aep = served.client()
        assert all(aep.call("GET", CONNECTIONS).status == 200 for _ in range(8))
        until(lambda: len(workers_of(served) - {gone}) == 2)
        after = workers_of(served)
        assert served.process.stderr is not None
        assert f"(process {gone}) was ended by SIGKILL" in served.process.stderr.readline()
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(SOON) == 0
        assert not any(Path(f"/proc/{process}").exists() for process in after)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc")
def test_workers_share_out_connections_and_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    with serving(f"sqlite:///{tmp_path}/state.db", "--workers", "2") as served:
        workers = until(lambda: workers_of(served))
        idle = {worker: _sockets(worker) for worker in workers}
        fewest = []
        for _ in range(5):
            with ExitStack() as stack:
                clients = [stack.enter_context(_health_asked(served)) for _ in range(40)]
                assert all(client.recv(4096) for client in clients)
                fewest.append(min(_sockets(worker) - idle[worker] for worker in workers))
            until(lambda: all(_sockets(worker) <= idle[worker] for worker in workers))
        assert sorted(fewest)[2] >= 5, fewest
        served.kill()
        until(lambda: not any(_is_running(process) for process in workers))


def _health_asked(served: Served) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2])), timeout=10)
    client.sendall(b"GET /_emulator/health HTTP/1.1\r\nhost: localhost\r\n\r\n")
    return client


def _sockets(process: int) -> int:
    """Return how many sockets a process has."""
    links = 0
    for entry in Path(f"/proc/{process}/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            links += str(entry.readlink()).startswith("socket:")
    return links


def _is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    "flags",
    [(), ("--state", "state.json"), ("--store", "sqlite://"), ("--store", "sqlite:///:memory:")],
)
def test_workers_without_anything_in_common_are_refused(
    flags: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--workers", "2", "--port", "0", *flags]) == 2
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert "--workers needs a store that they share" in said


def test_a_start_that_breaks_again_and_again_ends_it_all(tmp_path: Path) -> None:
    code = """
import os, sys
from emulator.serving import supervisor
supervisor.MAX_DELAY_SECONDS = 0.05
def work(number, tell_ready):
    if len(os.listdir(sys.argv[1])) < 2:
        open(os.path.join(sys.argv[1], str(os.getpid())), "w").close()
        tell_ready()
        return 3
    return 4
sys.exit(supervisor.Supervisor(1, work).run(lambda: print("ready", flush=True)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path],
        capture_output=True,
        text=True,
        check=False,
        timeout=SOON,
    )
    assert (done.returncode, done.stdout) == (1, "ready\n")
    assert "workers have ended before they were ready" in done.stderr
