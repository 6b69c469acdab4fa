"""What went wrong without being meant to, rule by rule, with calls that show it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator.contract import Contract
from emulator.coverage.coverage import Coverage, FindingKey
from emulator.journal.annotation import annotate
from emulator.journal.explanation import describe_rule
from emulator.json_types import JsonObject

MAX_TESTS = 20
"""How many tests are named with a rule."""

MAX_EXAMPLES = 3

Ids = frozenset[str] | None


def group_unexpected(
    contract: Contract, coverage: Coverage, operations: Ids, services: Ids
) -> dict[str, list[JsonObject]]:
    """Return `violations`, `warnings` and `notes`, each a list of broken rules by operation.

    A warning that refused a call, as it does with strict enforcement, is a violation. What belongs
    to no operation, an unknown path for one, counts whatever the operations are.
    """
    rows: dict[tuple[str, str], JsonObject] = {}
    for at, found in coverage.unexpected.items():
        if not is_in_scope(contract, at.operation, operations, services):
            continue
        row = rows.get((at.operation, at.rule))
        if row is None:
            row = rows[(at.operation, at.rule)] = _row(contract, at, found.severity, found.is_rule)
        row["count"] += found.count
        _name_test(row, at.test)
        room = MAX_EXAMPLES - len(row["examples"])
        row["examples"] += [_example(contract, entry) for entry in found.examples[:room]]
    kinds: dict[str, list[JsonObject]] = {"violations": [], "warnings": [], "notes": []}
    for row in rows.values():
        kinds[_kind(row)].append(row)
    return kinds


def is_in_scope(contract: Contract, operation: str, operations: Ids, services: Ids) -> bool:
    """Tell whether a report on these operations and services tells of an operation."""
    known = contract.operations.get(operation)
    if known is None:
        return services is None
    if services is not None and known.service not in services:
        return False
    return operations is None or operation in operations


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


def _row(contract: Contract, at: FindingKey, severity: str, is_rule: bool) -> JsonObject:
    operation = contract.operations.get(at.operation)
    words = describe_rule(contract, at.rule)
    if "accepts" in words:
        words["accepts"] = words["accepts"]["values"]
    return {
        "rule": at.rule,
        "severity": severity,
        "isRule": is_rule,
        "operation": at.operation,
        "service": operation.service if operation else "",
        **words,
        "count": 0,
        "tests": [],
        "examples": [],
    }


def _name_test(row: JsonObject, test: str) -> None:
    if test and test not in row["tests"] and len(row["tests"]) < MAX_TESTS:
        row["tests"].append(test)


def _example(contract: Contract, entry: JsonObject) -> JsonObject:
    """Return a call that shows a broken rule, with its request marked."""
    names = ("id", "time", "test", "method", "path", "status", "outcome", "edition", "source")
    broken = [
        {**item, "states": describe_rule(contract, item["rule"]).get("states", "")}
        for item in entry["findings"]
    ]
    return {
        **{name: entry[name] for name in names if name in entry},
        "findings": broken,
        "annotatedRequest": [line.to_json() for line in annotate(entry)],
        "response": entry["response"].get("body", entry["response"].get("text")),
    }


def unmet_expectations(
    contract: Contract, coverage: Coverage, operations: Ids, services: Ids
) -> list[JsonObject]:
    """Return the rules that tests said they would break and did not."""
    rows: dict[tuple[str, str], JsonObject] = {}
    for at, count in coverage.unmet_expectations.items():
        if is_in_scope(contract, at.operation, operations, services):
            fresh = {"rule": at.rule, "operation": at.operation, "count": 0, "tests": []}
            row = rows.setdefault((at.operation, at.rule), fresh)
            row["count"] += count
            _name_test(row, at.test)
    return list(rows.values())


def drift(coverage: Coverage) -> list[JsonObject]:
    """Return how recorded replies differ from what the documents show."""
    return [
        {**at._asdict(), "count": found.count, "examples": list(_replies(found.examples))}
        for at, found in coverage.drift.items()
    ]


def _replies(entries: list[JsonObject]) -> Iterator[dict[str, Any]]:
    for entry in entries:
        names = ("id", "method", "path", "status", "source", "response")
        yield {name: entry[name] for name in names if name in entry}
