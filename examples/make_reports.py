"""Regenerate `reports/`: run the tests of both clients, and write their contract reports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CLIENTS = ("careful", "careless")


def make(client: str, report: Path) -> None:
    """Run the tests of a client, which have to pass, and write their report."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += [f"contract_tests/test_{client}.py", "--aep-report", str(report)]
    subprocess.run(command, cwd=HERE, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    for name in CLIENTS:
        make(name, HERE / "reports" / f"{name}.md")
