"""What the tests of a run have tried of the contract: added up over processes, and shown."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from emulator.contract import load_contract
from emulator.coverage.coverage import Coverage
from emulator.json_types import dumps
from emulator.package_data import data_folder
from emulator.reports.rendering import FORMATS
from emulator.reports.report import build

ENDINGS = {
    ".html": "html",
    ".json": "json",
    ".md": "markdown",
    ".sarif": "sarif",
    ".txt": "terminal",
    ".xml": "junit",
}
"""The form of a report by the end of its file's name."""


def form_of(path: str) -> str:
    """Return the form in which a file is written.

    Raises:
        ValueError: Its name ends in none of the known ways.
    """
    ending = Path(path).suffix
    if ending not in ENDINGS:
        raise ValueError(f"{path}: ends in none of {', '.join(ENDINGS)}")
    return ENDINGS[ending]


def merged(parts: Iterable[Any]) -> Coverage:
    """Return one coverage of several, as `Coverage.to_json` wrote them.

    Raises:
        CoverageError: A part is none.
    """
    whole = Coverage(load_contract(data_folder("contracts")))
    for part in parts:
        whole.merge(part)
    return whole


def write(coverage: Coverage, path: str) -> None:
    """Write a coverage as JSON, for `aep-emulator report` to add up and show."""
    Path(path).write_bytes(dumps(coverage.to_json()) + b"\n")


def write_report(coverage: Coverage, path: str) -> None:
    """Write a report in the form that the end of the file's name says."""
    text = FORMATS[form_of(path)](build(coverage.contract, coverage), [])
    Path(path).write_text(text, encoding="utf-8")


def summary(coverage: Coverage) -> str:
    """Return the report for a terminal."""
    return FORMATS["terminal"](build(coverage.contract, coverage), [])
