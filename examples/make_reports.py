"""Regenerate `reports/`: run the tests of both clients, and write their contract reports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CLIENTS = {"careful": ("--aep-fail-on", "violations"), "careless": ()}
"""The clients, with what is demanded of their tests."""

CLOCK = ("--aep-clock", "2026-01-01T00:00:00Z")
"""A time of their own, so that the reports change only where the calls do."""


def make(client: str, report: Path) -> None:
    """Run the tests of a client, which have to pass, and write their report."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += [f"contract_tests/test_{client}.py", "--aep-report", str(report)]
    command += [*CLOCK, *CLIENTS[client]]
    subprocess.run(command, cwd=HERE, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    for name in CLIENTS:
        make(name, HERE / "reports" / f"{name}.md")
