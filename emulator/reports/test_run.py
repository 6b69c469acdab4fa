"""What a run of tests adds to the report on its calls: where its tests are, how long they took."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from emulator.coverage.coverage import Coverage, shown_name
from emulator.json_types import JsonObject


@dataclass(slots=True)
class RanTest:
    """One test: its file, as pytest tells it, its line from 1, and how many seconds it took."""

    file: str = ""
    line: int = 1
    seconds: float = 0.0


def add_run(
    report: JsonObject, coverage: Coverage, began: str, ran: dict[str, RanTest]
) -> JsonObject:
    """Return a report that tells of its tests too.

    The time of a test is shared evenly among the rules that it covered, so that those of all rules
    add up to what the tests took that called the emulator.

    Args:
        report: As `report.build` made it.
        coverage: What it was made of.
        began: When the run began, in ISO 8601.
        ran: The tests, by their ids.
    """
    known = {shown_name(id): test for id, test in ran.items()}
    called = {key.test for key in coverage.tallies if key.test in known}
    seconds = _seconds_by_rule(coverage, known)
    for service in report["services"]:
        for operation in service["operations"]:
            for rule in operation["rules"]:
                took = seconds.get((operation["id"], rule["id"]))
                if took:
                    rule["seconds"] = round(took, 6)
    tests = [
        {"id": id, "file": test.file, "line": test.line, "seconds": round(test.seconds, 6)}
        for id, test in known.items()
        if id in called
    ]
    return {**report, "began": began, "tests": tests}


def _seconds_by_rule(coverage: Coverage, ran: dict[str, RanTest]) -> dict[tuple[str, str], float]:
    covered: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for key in coverage.tallies:
        if key.test in ran:
            judged = coverage.rules(key).items()
            covered[key.test] += [(key.group, id) for id, counts in judged if counts.covered]
    seconds: defaultdict[tuple[str, str], float] = defaultdict(float)
    for test, rules in covered.items():
        for rule in rules:
            seconds[rule] += ran[test].seconds / len(rules)
    return seconds
