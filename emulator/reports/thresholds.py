"""What a report must reach: the reasons for which a CI job fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emulator.json_types import JsonObject

FAIL_ON = ("nothing", "violations", "warnings")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What is demanded.

    Args:
        fail_on: `violations`: a rule with the severity error was broken by accident, or a request
            was refused that was not meant to be. `warnings`: these, warnings by accident, and
            expectations that were not met.
        rules: The least share of rules tried, from 0 to 1.
        operations: The least share of operations called, from 0 to 1.
    """

    fail_on: str = "nothing"
    rules: float = 0.0
    operations: float = 0.0


def failures(report: JsonObject, demanded: Thresholds) -> Iterator[str]:
    """Yield a sentence for each demand that a report does not meet."""
    totals = report["totals"]
    if demanded.fail_on != "nothing" and totals["violations"]:
        yield f"{counted(totals['violations'], 'rule')} broken by accident"
    if demanded.fail_on == "warnings":
        if totals["warnings"]:
            yield f"{counted(totals['warnings'], 'rule')} remarked on by accident"
        if totals["unmet"]:
            yield f"{counted(totals['unmet'], 'expectation')} not met"
    for name, least in (("rules", demanded.rules), ("operations", demanded.operations)):
        reached = totals[name]["share"]
        if reached < least:
            did = "tried" if name == "rules" else "called"
            yield f"{percent(reached)} of the {name} {did}, at least {percent(least)} demanded"


def counted(number: int, what: str) -> str:
    """Return a number with its word, in the plural where it has to be."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def percent(share: float) -> str:
    """Return a share as per cent, cut and not rounded, so that 100 % is all."""
    tenths = int(share * 1000 + 1e-9)
    return f"{tenths // 10}.{tenths % 10} %" if tenths % 10 else f"{tenths // 10} %"
