"""What the tests of a run have tried of the contract: added up over processes, and shown."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from emulator.contract import load_contract
from emulator.coverage.coverage import Coverage
from emulator.json_types import dumps
from emulator.package_data import data_folder


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
    """Write a coverage as JSON, to be merged with others or made a report of."""
    Path(path).write_bytes(dumps(coverage.to_json()))


def summary(coverage: Coverage) -> str:
    """Return a few lines: how many calls, operations and rules, and what was broken by accident."""
    operations = {place.group for place in coverage.tallies} & set(coverage.contract.operations)
    rules: dict[str, set[str]] = {}
    for place in coverage.tallies:
        for rule, tried in coverage.rules(place).items():
            rules.setdefault(tried.state, set()).add(rule)
    accidents = rules.get("byAccident", set())
    purposes = rules.get("onPurpose", set()) - accidents
    held = rules.get("held", set()) - accidents - purposes
    counts = f"{len(held)} rules kept, {len(purposes)} broken on purpose"
    lines = [
        f"{coverage.calls} calls of {len(operations)} operations",
        f"{counts}, {len(accidents)} broken by accident",
        *(f"  by accident: {rule}" for rule in sorted(accidents)),
    ]
    return "\n".join(lines)
