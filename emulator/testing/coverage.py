"""What the tests of a run have tried of the contract: added up over processes, and shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from emulator.contract import load_contract
from emulator.coverage.coverage import Coverage
from emulator.json_types import dumps
from emulator.package_data import data_folder
from emulator.reports.rendering import FORMATS
from emulator.reports.report import build
from emulator.testing import pool

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


class Part(NamedTuple):
    """What one emulator has covered, as `Coverage.to_json` wrote it, and its overlay or ""."""

    contracts: str
    coverage: Any


def parts() -> list[Part]:
    """Return what each emulator that this process has made for its tests has covered."""
    return [
        Part(str(made.settings.contracts or ""), made.coverage.current().to_json())
        for made in pool.made()
        if made.coverage is not None
    ]


def merged(parts: Sequence[Part]) -> Coverage:
    """Return one coverage of several, by the contract that their emulators were judged by.

    If they had several overlays, these lie one over the other. One that is gone, because a test
    made it in a folder of its own, is passed over: its rules are counted by their ids.

    Raises:
        ContractError: An overlay has been changed since, and cannot be used.
        CoverageError: A part is none.
    """
    used = dict.fromkeys(part.contracts for part in parts if part.coverage["rows"])
    overlays = [Path(path) for path in used if path and Path(path).is_dir()]
    whole = Coverage(load_contract(data_folder("contracts"), *overlays))
    for part in parts:
        whole.merge(part.coverage)
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
