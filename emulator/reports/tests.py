"""The tests in a report: what each called and broke, and what a run of them knows besides."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass

from emulator.contract import Contract
from emulator.coverage.coverage import Coverage
from emulator.coverage.names import shown_name
from emulator.journal.entry import SHARED
from emulator.json_types import JsonObject
from emulator.reports.scope import ReportScope


@dataclass(slots=True)
class RanTest:
    """One test: its file, as pytest tells it, its line from 1, how many seconds it took.

    Its `outcome` is `passed`, `failed` or `skipped`.
    """

    file: str = ""
    line: int = 1
    seconds: float = 0.0
    outcome: str = "passed"


def called_tests(
    contract: Contract,
    coverage: Coverage,
    scope: ReportScope,
    findings: dict[str, list[JsonObject]],
) -> list[JsonObject]:
    """Return the tests that called, with how many calls, in which editions, and what they broke.

    Those that violated most rules come first. Calls that belong to no operation count too.
    """
    kinds = {
        (row["operation"], row["rule"]): kind for kind, rows in findings.items() for row in rows
    }
    rows: dict[str, JsonObject] = {}
    for key, tally in coverage.tallies.items():
        if key.test and key.group not in SHARED and scope.reports(contract, key.group):
            fresh = {"id": key.test, "calls": 0, "editions": [], "violations": 0, "warnings": 0}
            row = rows.setdefault(key.test, fresh)
            row["calls"] += tally.calls
            if key.edition not in row["editions"]:
                row["editions"].append(key.edition)
    for test, operation, rule in {(at.test, at.operation, at.rule) for at in coverage.unexpected}:
        kind = kinds.get((operation, rule))
        if test in rows and kind in ("violations", "warnings"):
            rows[test][kind] += 1
    return sorted(rows.values(), key=lambda row: (-row["violations"], -row["warnings"]))


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
    seconds = _seconds_by_rule(coverage, known)
    for service in report["services"]:
        for operation in service["operations"]:
            for rule in operation["rules"]:
                took = seconds.get((operation["id"], rule["id"]))
                if took:
                    rule["seconds"] = round(took, 6)
    tests = [
        {**row, **_ran(known[row["id"]])} if row["id"] in known else row for row in report["tests"]
    ]
    return {**report, "began": began, "tests": tests}


def _ran(test: RanTest) -> JsonObject:
    return {**asdict(test), "seconds": round(test.seconds, 6)}


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
