"""Two checkouts of the emulator side by side, in one run and by turns."""

from __future__ import annotations

import statistics
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

from benchmarks.calls import Target, set_up
from benchmarks.load import prepare, run_load
from benchmarks.process import EMULATOR, Process, start_times

HERE = Path(__file__).resolve().parent.parent
CONNECTIONS = (1, 16)

Figures = dict[str, dict[str, list[float]]]
"""What was measured in each round, by its name and the checkout."""


def compare(other: Path, rounds: int, seconds: float) -> None:
    """Print how this checkout compares with another one: rates, start, first call of an API."""
    checkouts = {"there": other.resolve(), "here": HERE}
    figures: Figures = defaultdict(lambda: defaultdict(list))
    _measure_rates(checkouts, rounds, seconds, figures)
    _measure_starts(checkouts, rounds * 2, figures)
    print(f"here   {HERE}\nthere  {checkouts['there']}\n")
    print(f"{'':<26}{'there':>10}{'here':>10}{'ratio':>8}")
    for name, rows in figures.items():
        there, here = (statistics.median(rows[checkout]) for checkout in checkouts)
        print(f"{name:<26}{there:>10.1f}{here:>10.1f}{here / there:>8.2f}")
    print("\nrequests per second: more is better; everything else: less is better")


def _measure_starts(checkouts: dict[str, Path], rounds: int, figures: Figures) -> None:
    for number in range(rounds):
        for name in _by_turns(checkouts, number):
            for field, value in start_times(EMULATOR, checkouts[name])._asdict().items():
                figures[field.replace("_", " ")][name].append(value)


def _measure_rates(
    checkouts: dict[str, Path], rounds: int, seconds: float, figures: Figures
) -> None:
    with ExitStack() as stack:
        targets: dict[str, tuple[Process, Target]] = {}
        for name, folder in checkouts.items():
            process = stack.enter_context(Process(EMULATOR, folder))
            targets[name] = (process, set_up(process.port))
        for connections in CONNECTIONS:
            for method in ("POST", "GET"):
                for number in range(rounds):
                    for name in _by_turns(checkouts, number):
                        rate, cpu = _rate(*targets[name], method, connections, seconds)
                        title = f"{method} at {connections}"
                        figures[f"{title}, req/s"][name].append(rate)
                        figures[f"{title}, cpu us"][name].append(cpu)


def _by_turns(checkouts: dict[str, Path], number: int) -> list[str]:
    return list(checkouts) if number % 2 == 0 else list(checkouts)[::-1]


def _rate(
    process: Process, target: Target, method: str, connections: int, seconds: float
) -> tuple[float, float]:
    """Return requests per second, and microseconds of the server's processor for each."""
    path, body = target.read_path, b""
    if method == "POST":
        path, body = target.create_path, target.create_body
    request = prepare(method, path, body, target.headers)
    before = process.cpu_seconds()
    result = run_load("127.0.0.1", target.port, request, connections, seconds)
    if result.errors or result.non_2xx:
        raise SystemExit(f"{method}: {result}")
    cpu = (process.cpu_seconds() - before) / result.requests
    return result.requests_per_second, cpu * 1_000_000
