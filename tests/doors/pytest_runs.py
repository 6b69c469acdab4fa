"""Runs of pytest within tests: some test files in a folder, with the plugin and no other."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Finished:
    """A run that has ended: its exit status, what it printed, and its tests with their results.

    A result is `passed`, `failure`, `error`, or both in alphabetical order.
    """

    status: int
    output: str
    results: dict[str, str]


def run_pytest(folder: Path, *flags: str, **files: str) -> Finished:
    """Write files, such as `test_a="…"`, into a folder and run pytest there."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, "utf-8")
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environment.pop("PYTEST_CURRENT_TEST", None)
    command = [sys.executable, "-m", "pytest", "-p", "emulator.testing.pytest_plugin", *flags]
    done = subprocess.run(
        [*command, "--junit-xml", "results.xml", "-W", "error"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    results: dict[str, str] = {}
    path = folder / "results.xml"
    for case in ET.parse(path).iter("testcase") if path.exists() else ():
        kinds = sorted({child.tag for child in case} & {"failure", "error", "skipped"})
        name = str(case.get("name"))
        told = [results[name]] if name in results else []
        results[name] = "+".join(sorted({*told, *kinds} - {"passed"})) or "passed"
    return Finished(done.returncode, done.stdout + done.stderr, results)


def section(output: str, title: str) -> str:
    """What pytest printed under a title, up to whatever it printed next.

    Workers of xdist end in any order, so that any section can be the last of its kind; and a long
    title has few underscores.
    """
    parts = re.split(r"^[_=]+ ((?!_ ).+) [_=]+$", output, flags=re.MULTILINE)
    found = [text for name, text in zip(parts[1::2], parts[2::2], strict=True) if name == title]
    assert len(found) == 1, (title, parts[1::2])
    return found[0]
