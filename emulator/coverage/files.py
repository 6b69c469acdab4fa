"""Coverage of several emulators, added up, and coverage files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from emulator.contract import load_contract
from emulator.coverage.coverage import Coverage
from emulator.json_types import JsonObject, dumps
from emulator.output import write_file
from emulator.package_data import data_folder


class CoveragePart(NamedTuple):
    """The coverage of one emulator, as `Coverage.to_json` returns it, and its overlay or ""."""

    contracts: str
    coverage: JsonObject


def merge_parts(parts: Sequence[CoveragePart]) -> Coverage:
    """Return the sum of several coverages, by the contract of their emulators.

    Several overlays are laid over one another. One that no longer exists, because a test created it
    in a temporary folder, is skipped; its rules are counted by their ids.

    Raises:
        ContractError: An overlay has changed since, and cannot be used.
        CoverageError: A part is not a coverage.
    """
    used = dict.fromkeys(part.contracts for part in parts if part.coverage["rows"])
    overlays = [Path(path) for path in used if path and Path(path).is_dir()]
    whole = Coverage(load_contract(data_folder("contracts"), *overlays))
    for part in parts:
        whole.merge(part.coverage)
    return whole


def write_coverage(coverage: JsonObject, path: Path) -> None:
    """Write a coverage file, which `aep-emulator report` reads.

    Raises:
        OSError: The file cannot be written.
    """
    write_file(path, dumps(coverage) + b"\n")
