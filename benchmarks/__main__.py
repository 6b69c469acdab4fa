"""`python -m benchmarks`: what the emulator costs beside a bare Flask echo on the same server.

Both run as processes of their own, in one run, by turns; the load generator is a third. What counts
are the ratios: the figures themselves are the machine's.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

from benchmarks.against import compare
from benchmarks.calls import Target, fill, set_up
from benchmarks.load import LoadResult, prepare, run_load
from benchmarks.process import EMULATOR, Process
from benchmarks.process import start_times as times_of

ECHO = [sys.executable, "-m", "benchmarks.echo"]
CONNECTIONS = (1, 16)
AIMS = {"POST": 0.6, "GET": 0.8}

Figures = dict[tuple[str, int], list[LoadResult]]


def measure(echo: Process, target: Target, rounds: int, seconds: float) -> Figures:
    """Return the results of each contender at each number of connections, by turns."""
    body = target.create_body
    contenders = {
        "echo": (echo.port, prepare("POST", "/echo", body)),
        "POST": (target.port, prepare("POST", target.create_path, body, target.headers)),
        "GET": (target.port, prepare("GET", target.read_path, b"", target.headers)),
    }
    figures: Figures = defaultdict(list)
    for number in range(rounds):
        order = list(contenders) if number % 2 == 0 else list(contenders)[::-1]
        for connections in CONNECTIONS:
            for name in order:
                port, request = contenders[name]
                result = run_load("127.0.0.1", port, request, connections, seconds)
                if result.errors or result.non_2xx:
                    raise SystemExit(f"{name}: {result}")
                figures[(name, connections)].append(result)
    return figures


def report(title: str, figures: Figures) -> None:
    """Print medians and their ratios to the echo."""
    print(f"\n{title}")
    head = ("", "conn", "req/s", "ratio", "p50 ms", "p99 ms", "p99 ratio")
    print("{:<6}{:>6}{:>10}{:>8}{:>10}{:>10}{:>11}".format(*head))
    for (name, connections), results in sorted(figures.items(), key=lambda item: item[0][1]):
        reference = figures[("echo", connections)]
        rate, p99 = _rate(results), _p99(results)
        print(
            f"{name:<6}{connections:>6}{rate:>10.0f}{rate / _rate(reference):>8.2f}"
            f"{statistics.median(r.p50_ms for r in results):>10.2f}{p99:>10.2f}"
            f"{p99 / _p99(reference):>11.2f}"
        )


def _rate(results: list[LoadResult]) -> float:
    return statistics.median(result.requests_per_second for result in results)


def _p99(results: list[LoadResult]) -> float:
    return statistics.median(result.p99_ms for result in results)


def start_times(rounds: int) -> None:
    """Print the time from start to first answer of both, and their memory at start."""
    times: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for _ in range(rounds):
        times["echo"].append(times_of(ECHO, path="/health")[:2])
        times["emulator"].append(times_of(EMULATOR)[:2])
    print("\nstart to first answer, and memory at start")
    reference = statistics.median(ms for ms, _ in times["echo"])
    for name, figures in times.items():
        ms = statistics.median(ms for ms, _ in figures)
        mib = statistics.median(mib for _, mib in figures)
        print(f"{name:<10}{ms:>8.0f} ms {ms / reference:>6.2f} x {mib:>8.1f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--objects", type=int, default=100_000, help="in the store, second part")
    parser.add_argument(
        "--against", type=Path, metavar="FOLDER", help="compare with another checkout instead"
    )
    arguments = parser.parse_args()
    if arguments.against is not None:
        compare(arguments.against, arguments.rounds, arguments.seconds)
        return
    start_times(arguments.rounds * 2)
    with ExitStack() as stack:
        echo = stack.enter_context(Process(ECHO))
        emulator = stack.enter_context(Process(EMULATOR))
        target = set_up(emulator.port)
        rounds, seconds = arguments.rounds, arguments.seconds
        report("an empty store", measure(echo, target, rounds, seconds))
        if arguments.objects:
            fill(target, arguments.objects)
            title = f"{arguments.objects} objects in the store, {emulator.rss_mib():.0f} MiB"
            report(title, measure(echo, target, rounds, seconds))
    print(f"\naims: POST {AIMS['POST']}, GET {AIMS['GET']} of the echo; p99 at 16 under 2 x;")
    print("start under 1.5 x; memory at start under 60 MiB")


if __name__ == "__main__":
    main()
