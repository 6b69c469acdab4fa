"""What is demanded of a report: the reasons for which a CI job fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.plurals import counted

if TYPE_CHECKING:
    from emulator.json_types import JsonObject

FAIL_ON = ("nothing", "violations", "warnings")


@dataclass(frozen=True, slots=True)
class Demand:
    """Something that is demanded of a report.

    Args:
        by: The flag or setting that demands it, as it is written.
        states: What it demands.
        failures: A sentence for each reason why the report does not fulfil it.
    """

    by: str
    states: str
    failures: tuple[str, ...] = ()


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


def demands(report: JsonObject, thresholds: Thresholds) -> Iterator[Demand]:
    """Yield what thresholds demand, and where a report does not reach it."""
    totals = report["totals"]
    if thresholds.fail_on != "nothing":
        failed = []
        if totals["violations"]:
            failed.append(f"{counted(totals['violations'], 'rule')} violated")
        states = "no rule is violated"
        if thresholds.fail_on == "warnings":
            states = "no rule is violated, nothing warned of, every expectation met"
            if totals["warnings"]:
                failed.append(counted(totals["warnings"], "warning"))
            if totals["unmetExpectations"]:
                failed.append(f"{counted(totals['unmetExpectations'], 'expectation')} not met")
        yield Demand(f"--fail-on {thresholds.fail_on}", states, tuple(failed))
    for name, did, least in (
        ("rule", "covered", thresholds.rules),
        ("operation", "called", thresholds.operations),
    ):
        if least:
            reached = totals[f"{name}s"]["coverage"]
            wanted = f"at least {percent(least)}"
            said = f"{percent(reached)} of the {name}s {did}, {wanted} required"
            failures = (said,) if reached < least else ()
            states = f"{wanted} of the {name}s are {did}"
            yield Demand(f"--min-{name}-coverage {least:g}", states, failures)


def percent(share: float) -> str:
    """Return a share as a percentage, cut and not rounded, so that only all is 100 %."""
    tenths = int(share * 1000 + 1e-9)
    return f"{tenths // 10}.{tenths % 10} %" if tenths % 10 else f"{tenths // 10} %"
