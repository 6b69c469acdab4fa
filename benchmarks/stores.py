"""`python -m benchmarks.stores`: what it costs to keep state in a database, beside memory.

All stores run in one run and by turns: memory, a SQLite file, PostgreSQL with one process and with
two. PostgreSQL is a server of its own on this machine, without fsync, because the disk is not what
is measured, or one that is named; its processor time is counted by itself, as is that of the load.
What counts are the ratios: the figures themselves are the machine's.

Two processes are faster than one as far as there are cores for them: what a call takes of all
processors together, divided by their number, is the least time that it can take.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from benchmarks.calls import BASE_CONNECTION, FLOW_SERVICE, Target, set_up
from benchmarks.load import prepare, run_load
from benchmarks.process import EMULATOR, HEADERS, Process, cpu_seconds

CONNECTIONS = (1, 16)
LISTED = 100
AIMS = "aims: SQLite at least 0.5 of memory's GETs, 0.25 of its POSTs; two processes above one"


class Databases(NamedTuple):
    """Two databases in PostgreSQL, of which two processes share the second.

    Args:
        urls: As `--store` takes them.
        server: The process of their server, 0 if it runs elsewhere.
    """

    urls: Sequence[str]
    server: int = 0


Figures = dict[str, dict[str, list[float]]]
"""What was measured in each round, by its name and the store."""


class Contender(NamedTuple):
    """A running emulator, what is called there, and the process of its database, if it has one."""

    process: Process
    target: Target
    server: int = 0


def contenders(stack: ExitStack, folder: Path, databases: Databases) -> dict[str, Contender]:
    """Start an emulator for each store."""
    stores = {
        "memory": ["--store", "memory"],
        "sqlite": ["--store", f"sqlite:///{folder}/aep.db"],
        "postgresql": ["--store", databases.urls[0]],
    }
    if _knows_workers():
        stores["2 workers"] = ["--store", databases.urls[1], "--workers", "2"]
    serve, port = EMULATOR[:-1], EMULATOR[-1:]
    running = {}
    for name, flags in stores.items():
        process = stack.enter_context(Process([*serve, *flags, *port]))
        server = databases.server if name not in ("memory", "sqlite") else 0
        running[name] = Contender(process, set_up(process.port), server)
        _fill(process.port)
    for url in databases.urls[: len(running) - 2]:
        _analyze(url)
    return running


def _knows_workers() -> bool:
    """Tell whether this checkout serves with several processes."""
    done = subprocess.run([*EMULATOR[:4], "--help"], capture_output=True, text=True, check=True)
    return "--workers" in done.stdout


def _fill(port: int) -> None:
    """Create base connections, so that a list has as many as it shows."""
    body = json.dumps(BASE_CONNECTION).encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(LISTED):
        _call(connection, "POST", f"{FLOW_SERVICE}/connections", body)
    connection.close()


def _analyze(url: str) -> None:
    """Have a database know its tables, which it does by itself a minute later."""
    with sa.create_engine(url, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("ANALYZE")


def _call(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes = b""
) -> None:
    headers = {**HEADERS, "Content-Type": "application/json"} if body else HEADERS
    connection.request(method, path, body or None, headers)
    reply = connection.getresponse()
    reply.read()
    if reply.status >= 300:
        raise SystemExit(f"{method} {path}: {reply.status}")


def measure(running: dict[str, Contender], rounds: int, seconds: float) -> Figures:
    """Return requests per second and processor time of each call, and the time of a reset."""
    figures: Figures = defaultdict(lambda: defaultdict(list))
    for number in range(rounds):
        order = list(running) if number % 2 == 0 else list(running)[::-1]
        for call in ("POST", "GET", "list"):
            for connections in CONNECTIONS:
                for name in order:
                    measured = _rate(running[name], call, connections, seconds)
                    for figure, value in measured.items():
                        figures[f"{call} at {connections}, {figure}"][name].append(value)
    for number in range(rounds * 4):
        for name in list(running) if number % 2 == 0 else list(running)[::-1]:
            figures["reset, ms"][name].append(_reset(running[name].process.port))
    return figures


def _rate(contender: Contender, call: str, connections: int, seconds: float) -> dict[str, float]:
    """Return requests per second, and microseconds of processors for each: whose, by name."""
    target = contender.target
    requests = {
        "POST": ("POST", target.create_path, target.create_body),
        "GET": ("GET", target.read_path, b""),
        "list": ("GET", f"{FLOW_SERVICE}/connections?limit={LISTED}", b""),
    }
    request = prepare(*requests[call], target.headers)
    before = _cpu_seconds(contender)
    result = run_load("127.0.0.1", target.port, request, connections, seconds)
    taken = {name: after - before[name] for name, after in _cpu_seconds(contender).items()}
    if result.errors or result.non_2xx:
        raise SystemExit(f"{call}: {result}")
    if not result.requests:
        raise SystemExit(f"{call}: no answer within {seconds:g} seconds; use longer --seconds")
    each = {name: cpu / result.requests * 1_000_000 for name, cpu in taken.items()}
    return {"req/s": result.requests_per_second, **each}


def _cpu_seconds(contender: Contender) -> dict[str, float]:
    """Return the processor time so far of the emulator, of its database and of the load."""
    seconds = {"cpu us": contender.process.cpu_seconds(), "load us": time.process_time()}
    if contender.server:
        seconds["server us"] = cpu_seconds(contender.server)
    return seconds


def _reset(port: int) -> float:
    """Return how many milliseconds it takes to forget what a test has made."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    _call(connection, "POST", f"{FLOW_SERVICE}/connections", json.dumps(BASE_CONNECTION).encode())
    begun = time.perf_counter()
    _call(connection, "POST", "/_emulator/reset")
    took = time.perf_counter() - begun
    connection.close()
    return took * 1000


def report(figures: Figures, names: list[str]) -> None:
    """Print the medians, and their ratios to those of memory where that has such."""
    print(f"{'':<20}{names[0]:>10}" + "".join(f"{name:>16}  ratio" for name in names[1:]))
    for title, rows in figures.items():
        medians = {name: statistics.median(values) for name, values in rows.items()}
        memory = medians.get(names[0])
        line = f"{title:<20}" + (f"{memory:>10.1f}" if memory else " " * 10)
        for name in names[1:]:
            found = medians.get(name)
            line += f"{found:>16.1f}" if found is not None else " " * 16
            line += f"{found / memory:>7.2f}" if found is not None and memory else " " * 7
        print(line.rstrip())
    print("\nrequests per second: more is better; everything else: less is better")
    print(f"load on the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(AIMS)


@contextmanager
def own_postgresql() -> Iterator[Databases]:
    """Run a PostgreSQL server, and yield the URLs of two databases.

    Raises:
        SystemExit: There is none on this machine.
    """
    from tests.databases import postgresql, why_not

    if reason := why_not():
        raise SystemExit(f"{reason}; name one with --postgresql")
    with postgresql() as server:
        with sa.create_engine(server.url(), isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE shared")
        pid = int((server.data / "postmaster.pid").read_text().split()[0])
        yield Databases((server.url(), server.url("shared")), pid)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stores", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    parser.add_argument(
        "--postgresql",
        nargs=2,
        metavar="URL",
        help="two empty databases, as --store takes them; without it a server is started",
    )
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aep-emulator-")))
        named = arguments.postgresql
        databases = Databases(named) if named else stack.enter_context(own_postgresql())
        running = contenders(stack, folder, databases)
        figures = measure(running, arguments.rounds, arguments.seconds)
        report(figures, list(running))


if __name__ == "__main__":
    main()
