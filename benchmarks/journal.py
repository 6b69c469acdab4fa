"""`python -m benchmarks.journal`: what the journal and the coverage cost, as a ratio to without.

Two emulators, one with `--journal 0`, are called by turns with the same requests. The ring is full
before anything is measured, so that every call is also counted for the coverage. Beside the rates
stands the processor time of a call, which other work on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import statistics
from collections import defaultdict
from dataclasses import dataclass

from benchmarks.__main__ import EMULATOR
from benchmarks.calls import Target, set_up
from benchmarks.load import prepare, run_load
from benchmarks.process import Process

AIM = 0.9
CONNECTIONS = (1, 16)
WITHOUT = [*EMULATOR[:-1], "--journal", "0", EMULATOR[-1]]


@dataclass(frozen=True)
class Cost:
    """Requests per second, and microseconds of processor time for each."""

    rate: float
    cpu: float


def requests(target: Target) -> dict[str, bytes]:
    """Return the requests under test."""
    return {
        "POST": prepare("POST", target.create_path, target.create_body, target.headers),
        "GET": prepare("GET", target.read_path, b"", target.headers),
    }


def measure(process: Process, request: bytes, connections: int, seconds: float) -> Cost:
    before = process.cpu_seconds()
    result = run_load("127.0.0.1", process.port, request, connections, seconds)
    if result.errors or result.non_2xx:
        raise SystemExit(str(result))
    used = process.cpu_seconds() - before
    return Cost(result.requests_per_second, used / result.requests * 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.journal", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.5, help="of each measurement")
    arguments = parser.parse_args()
    figures: dict[tuple[str, int], list[tuple[Cost, Cost]]] = defaultdict(list)
    with Process(WITHOUT) as without, Process(EMULATOR) as kept:
        asked = {process: requests(set_up(process.port)) for process in (without, kept)}
        for process in asked:
            measure(process, asked[process]["POST"], 16, 2.0)
        for number in range(arguments.rounds):
            order = list(asked) if number % 2 == 0 else list(asked)[::-1]
            for connections in CONNECTIONS:
                for name in ("POST", "GET"):
                    cost = {
                        process: measure(
                            process, asked[process][name], connections, arguments.seconds
                        )
                        for process in order
                    }
                    figures[(name, connections)].append((cost[without], cost[kept]))
        memory = without.rss_mib(), kept.rss_mib()
    report(figures)
    print(f"aim: {AIM}; memory at the end {memory[0]:.0f} and {memory[1]:.0f} MiB")


def report(figures: dict[tuple[str, int], list[tuple[Cost, Cost]]]) -> None:
    """Print medians of each, and of the ratios of each round."""
    head = ("", "conn", "without/s", "with/s", "ratio", "cpu us", "cpu us", "ratio")
    print("{:<6}{:>6}{:>12}{:>12}{:>8}{:>10}{:>10}{:>8}".format(*head))
    for (name, connections), pairs in figures.items():
        off, on = (
            statistics.median(cost.rate for cost in side) for side in zip(*pairs, strict=True)
        )
        rate = statistics.median(kept.rate / without.rate for without, kept in pairs)
        spent, more = (
            statistics.median(cost.cpu for cost in side) for side in zip(*pairs, strict=True)
        )
        cpu = statistics.median(without.cpu / kept.cpu for without, kept in pairs)
        print(
            f"{name:<6}{connections:>6}{off:>12.0f}{on:>12.0f}{rate:>8.2f}"
            f"{spent:>10.0f}{more:>10.0f}{cpu:>8.2f}"
        )


if __name__ == "__main__":
    main()
