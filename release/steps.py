"""Runs the programs that a release is made with."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


class Failed(Exception):
    """A release cannot be made so; the message says why."""


def run(command: list[str], folder: Path, **environment: str) -> str:
    """Run a program in a folder and return what it prints.

    What Python finds by the environment, such as a checkout, is not found.

    Raises:
        Failed: Its exit code is not 0; the message has what it printed.
    """
    given = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**given, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        raise Failed(f"{' '.join(command)} ended with {done.returncode}\n{said}")
    return done.stdout.strip()
