"""`python -m benchmarks.waiting`: what others wait for while a run of many rows is carried out.

One emulator; a run is ordered, and until it ends a client asks for the health, reads a resource by
its id and creates one, by turns. The same calls with nothing else to do stand beside it. At last a
second run is cut short by SIGTERM.
"""

from __future__ import annotations

import argparse
import http.client
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from benchmarks.process import EMULATOR, HEADERS, Process
from emulator.contract import load_contract
from emulator.package_data import data_folder
from emulator.testing.client import AepClient, Response
from tests.bodies import FLOW_SERVICE, World, flow, make_world, source_connection
from tests.files import put

AIM_MS = 50.0
CONTRACT = load_contract(data_folder("contracts"))
SOURCES = f"{FLOW_SERVICE}/sourceConnections"
Times = dict[str, list[float]]


def client_of(port: int) -> AepClient:
    """Return a client that keeps one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def send(
        method: str, path: str, headers: dict[str, str], content: bytes | None = None
    ) -> Response:
        connection.request(method, path, content, headers)
        answer = connection.getresponse()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Response(answer.status, names, answer.read())

    return AepClient(send, CONTRACT, HEADERS)


def ask(api: AepClient, world: World, goes_on: Callable[[], bool]) -> Times:
    """Return the milliseconds of each call, by what it is, as long as it goes on."""
    calls: dict[str, tuple[Any, ...]] = {
        "health": ("GET", "/_emulator/health"),
        "GET by id": ("GET", f"{SOURCES}/{world.source}"),
        "POST": ("POST", SOURCES, source_connection(world.base)),
    }
    times: Times = {name: [] for name in calls}
    while goes_on():
        for name, call in calls.items():
            begun = time.perf_counter()
            api.ok(*call)
            times[name].append((time.perf_counter() - begun) * 1000)
        time.sleep(0.005)
    return times


def show(title: str, times: Times) -> None:
    print(f"\n{title}")
    for name, found in times.items():
        found.sort()
        p50, p99 = found[len(found) // 2], found[len(found) * 99 // 100]
        print(f"{name:<12}{len(found):>6} calls   p50 {p50:6.1f} ms   p99 {p99:6.1f} ms")


def order(port: int, flow_id: str) -> threading.Thread:
    """Order a run in a thread of its own."""

    def run() -> None:
        answer = client_of(port).ok("POST", f"{FLOW_SERVICE}/runs", {"flowId": flow_id})
        print(f"the run {answer['id']} has ended")

    ordering = threading.Thread(target=run)
    ordering.start()
    return ordering


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    content = b"Id\tFirstName\tLastName\n"
    content += b"".join(b"%d\tAda\tLovelace\n" % number for number in range(rows))
    with Process(EMULATOR) as process:
        api = client_of(process.port)
        world = make_world(api)
        later = {"startTime": int(time.time()) + 10**6, "frequency": "once"}
        flow_id = api.ok("POST", f"{FLOW_SERVICE}/flows", flow(world, scheduleParams=later))["id"]
        put(api, world.base, "leads/incoming/a.tsv", content)
        until = time.monotonic() + 2
        show("nothing else to do", ask(api, world, lambda: time.monotonic() < until))
        ordering = order(process.port, flow_id)
        show(f"while {rows} rows flow", ask(api, world, ordering.is_alive))
        put(api, world.base, "leads/incoming/a.tsv", content)
        ordering = order(process.port, flow_id)
        time.sleep(1)
        begun = time.perf_counter()
        process.child.send_signal(signal.SIGTERM)
        process.child.wait()
        print(f"\nSIGTERM in a run: the process ends after {time.perf_counter() - begun:.2f} s")
        ordering.join()
    print(f"aim: p99 of health and GET by id under {AIM_MS:.0f} ms, an end within 2 s")


if __name__ == "__main__":
    main()
