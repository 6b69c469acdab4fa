"""The findings of a report: rules that were broken unexpectedly, with example calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from emulator.contract import Contract
from emulator.coverage.coverage import Coverage
from emulator.coverage.records import FindingKey
from emulator.journal.annotation import annotate
from emulator.journal.explanation import describe_rule, states_of
from emulator.json_types import JsonObject
from emulator.reports.accepted import BrokenValue, broken_by, unbroken
from emulator.reports.places import place_rows
from emulator.reports.scope import ReportScope

MAX_TESTS = 20
"""How many tests are named with a rule."""

MAX_EXAMPLES = 3


def group_unexpected(
    contract: Contract, coverage: Coverage, scope: ReportScope
) -> dict[str, list[JsonObject]]:
    """Return `violations`, `warnings` and `notes`: broken rules by operation.

    A rule of severity warning that refused a call, under strict enforcement, is a violation.
    """
    rows: dict[tuple[str, str], JsonObject] = {}
    places: dict[tuple[str, str], Counter[str]] = {}
    broken: dict[str, list[BrokenValue]] = {}
    for key, found in coverage.unexpected.items():
        if not scope.reports(contract, key.operation):
            continue
        row = rows.get((key.operation, key.rule))
        if row is None:
            row = _row(contract, key, found.severity, found.is_rule)
            rows[(key.operation, key.rule)] = row
        row["count"] += found.count
        places.setdefault((key.operation, key.rule), Counter()).update(dict(found.places))
        _name_test(row, key.test)
        calls = found.examples[: MAX_EXAMPLES - len(row["examples"])]
        row["examples"] += [_example(contract, entry) for entry in calls]
        broken.setdefault(key.operation, []).extend(broken_by(calls))
    kinds: dict[str, list[JsonObject]] = {"violations": [], "warnings": [], "notes": []}
    for of, row in rows.items():
        if "accepts" in row:
            row["accepts"] = unbroken(row["accepts"], broken[row["operation"]])
        if places[of]:
            row["places"] = place_rows(contract, places[of])
        kinds[_kind(row)].append(row)
    return kinds


def _kind(row: JsonObject) -> str:
    if row["severity"] == "error" or (row["severity"] == "warning" and _refused(row)):
        return "violations"
    return "warnings" if row["severity"] == "warning" else "notes"


def _refused(row: JsonObject) -> bool:
    return any(
        item["refused"]
        for entry in row["examples"]
        for item in entry["findings"]
        if item["rule"] == row["rule"]
    )


def _row(contract: Contract, key: FindingKey, severity: str, is_rule: bool) -> JsonObject:
    operation = contract.operations.get(key.operation)
    return {
        "rule": key.rule,
        "severity": severity,
        "isRule": is_rule,
        "operation": key.operation,
        "service": operation.service if operation else "",
        **describe_rule(contract, key.rule, key.edition),
        "count": 0,
        "tests": [],
        "examples": [],
    }


def _name_test(row: JsonObject, test: str) -> None:
    if test and test not in row["tests"] and len(row["tests"]) < MAX_TESTS:
        row["tests"].append(test)


def _example(contract: Contract, entry: JsonObject) -> JsonObject:
    """Return an example call with its request annotated."""
    names = ("id", "time", "test", "method", "path", "status", "outcome", "edition", "source")
    findings = [{**item, "states": states_of(contract, item["rule"])} for item in entry["findings"]]
    return {
        **{name: entry[name] for name in names if name in entry},
        "findings": findings,
        "annotatedRequest": [line.to_json() for line in annotate(entry)],
        "response": entry["response"].get("body", entry["response"].get("text")),
    }


def unmet_expectations(
    contract: Contract, coverage: Coverage, scope: ReportScope
) -> list[JsonObject]:
    """Return the rules that requests were expected to break and did not."""
    rows: dict[tuple[str, str], JsonObject] = {}
    for key, count in coverage.unmet_expectations.items():
        if scope.reports(contract, key.operation):
            fresh = {"rule": key.rule, "operation": key.operation, "count": 0, "tests": []}
            row = rows.setdefault((key.operation, key.rule), fresh)
            row["count"] += count
            _name_test(row, key.test)
    return list(rows.values())


def drift(coverage: Coverage) -> list[JsonObject]:
    """Return the ways in which responses differ from the documents."""
    return [
        {**key._asdict(), "count": found.count, "examples": list(_calls(found.examples))}
        for key, found in coverage.drift.items()
    ]


def _calls(entries: list[JsonObject]) -> Iterator[JsonObject]:
    for entry in entries:
        names = ("id", "method", "path", "status", "source", "response")
        yield {name: entry[name] for name in names if name in entry}
