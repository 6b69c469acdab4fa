"""Thresholds of a report: the reasons for which a CI job fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.json_types import JsonObject

FAIL_ON = ("nothing", "violations", "warnings")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a report has to reach.

    Args:
        fail_on: `violations`: a rule of severity error was broken unexpectedly, or a request was
            refused unexpectedly. `warnings`: these, unexpected warnings, and expectations that
            were not met.
        rules: The smallest accepted share of rules covered, from 0 to 1.
        operations: The smallest accepted share of operations called, from 0 to 1.
    """

    fail_on: str = "nothing"
    rules: float = 0.0
    operations: float = 0.0


def failures(report: JsonObject, thresholds: Thresholds) -> Iterator[str]:
    """Yield a sentence for each threshold that a report does not reach."""
    totals = report["totals"]
    if thresholds.fail_on != "nothing" and totals["violations"]:
        yield f"{counted(totals['violations'], 'rule')} violated"
    if thresholds.fail_on == "warnings":
        if totals["warnings"]:
            yield f"{counted(totals['warnings'], 'warning')}"
        if totals["unmetExpectations"]:
            yield f"{counted(totals['unmetExpectations'], 'expectation')} not met"
    for name, least in (("rules", thresholds.rules), ("operations", thresholds.operations)):
        reached = totals[name]["coverage"]
        if reached < least:
            did = "covered" if name == "rules" else "called"
            yield f"{percent(reached)} of the {name} {did}, at least {percent(least)} required"


def counted(number: int, what: str) -> str:
    """Return a number with a noun, in the plural if needed."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def percent(share: float) -> str:
    """Return a share as a percentage, cut and not rounded, so that only all is 100 %."""
    tenths = int(share * 1000 + 1e-9)
    return f"{tenths // 10}.{tenths % 10} %" if tenths % 10 else f"{tenths // 10} %"
