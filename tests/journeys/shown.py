"""What a page of the documentation shows: blocks of commands and programs, and what they say."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from emulator.cli import main

DOCS = Path(__file__).resolve().parents[2] / "docs"
ADDRESS = "http://127.0.0.1:8080"


def blocks(page: str) -> list[tuple[str, str]]:
    """The language and the text of each block of a page."""
    text = (DOCS / page).read_text("utf-8")
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(script: str) -> list[str]:
    return [line for line in script.replace("\\\n", " ").splitlines() if line.strip()]


def is_said(shown: str, said: str) -> bool:
    """Tell whether a text has what a page shows of it, in that order; … stands for anything."""
    parts = [re.escape(line.strip()) for line in re.split(r"…|\n", shown) if line.strip()]
    return re.search(".*".join(parts), said, re.DOTALL) is not None


def run(script: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Run a block: commands of ours in this process, since starting them takes longer."""
    ours = [line for line in commands(script) if line.startswith("aep-emulator ")]
    others = [line for line in commands(script) if line not in ours]
    said = ""
    if others:
        done = subprocess.run(
            ["sh", "-euc", "\n".join(others)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said = done.stdout
    for line in ours:
        words = [first or second for first, second in re.findall(r"'([^']*)'|(\S+)", line)]
        assert main(words[1:]) == 0
        said += capsys.readouterr().out
    return said
