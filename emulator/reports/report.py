"""A report as JSON: what a coverage says of a contract, in words that need no contract to read."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from emulator import __version__
from emulator.contract import Contract, Operation, Rule
from emulator.coverage.coverage import Coverage, TallyKey
from emulator.coverage.tally import Counts
from emulator.journal.entry import SHARED
from emulator.journal.explanation import describe_document
from emulator.json_types import JsonObject
from emulator.reports.findings import drift, group_unexpected, unmet_expectations

FORMAT = "aep-emulator report 1"

PLATFORM = "platform"
"""What stands as a service for the gate and the body, which come before every operation."""

_SHARED_STATES = {
    SHARED[0]: "headers of every request: key, token, organization, sandbox",
    SHARED[1]: "bodies of every request: media type, length, depth, well-formed JSON",
}


class ReportScopeError(ValueError):
    """A report is asked for on something that the contract does not have."""


@dataclass(frozen=True, slots=True)
class ReportScope:
    """What a report is about.

    Args:
        operations: Only these count, and all of their rules; None counts all operations, and the
            rules of those that were called.
        services: Only these services.
        edition: The edition in force, for a report on no calls.
    """

    operations: frozenset[str] | None = None
    services: frozenset[str] | None = None
    edition: str = ""

    @classmethod
    def of(
        cls,
        contract: Contract,
        operations: Iterable[str] | None = None,
        services: Iterable[str] | None = None,
        edition: str = "",
    ) -> ReportScope:
        """Return a scope of operations and services that the contract has.

        Raises:
            ReportScopeError: It has them not.
        """
        wanted = None if operations is None else frozenset(operations)
        known = {*contract.operations, *SHARED}
        if unknown := sorted((wanted or frozenset()) - known):
            raise ReportScopeError(f"no operation is called {', '.join(unknown[:5])}")
        own = None if services is None else frozenset(services)
        if unknown := sorted((own or frozenset()) - set(contract.services)):
            raise ReportScopeError(f"no service is called {', '.join(unknown[:5])}")
        return cls(wanted, own, edition)

    def has(self, operation: Operation) -> bool:
        """Tell whether an operation is reported at all."""
        return self.services is None or operation.service in self.services

    def counts(self, operation: str) -> bool:
        """Tell whether an operation, or a group that all share, counts for the shares."""
        return self.operations is None or operation in self.operations


EVERYTHING = ReportScope()


def build(contract: Contract, coverage: Coverage, scope: ReportScope = EVERYTHING) -> JsonObject:
    """Return the report."""
    made = _Builder(contract, coverage, scope)
    services = made.services()
    unmet = unmet_expectations(contract, coverage, scope.operations, scope.services)
    found = group_unexpected(contract, coverage, scope.operations, scope.services)
    report: JsonObject = {
        "format": FORMAT,
        "tool": {"name": "aep-emulator", "version": __version__},
        "editions": made.editions,
        "scope": "called" if scope.operations is None else "listed",
        "totals": totals(services),
        "services": services,
        **found,
        "unmetExpectations": unmet,
        "drift": drift(coverage),
        "muted": made.muted(),
        "documents": made.documents(),
    }
    report["totals"] |= {name: len(report[name]) for name in (*found, "unmetExpectations", "drift")}
    return report


def totals(services: Iterable[JsonObject]) -> JsonObject:
    """Return how many operations and rules are in scope, and how many of them are covered."""
    own = [
        operation
        for service in services
        for operation in service["operations"]
        if service["name"] != PLATFORM
    ]
    in_scope = [operation for operation in own if operation["inScope"]]
    called = sum(operation["calls"] > 0 for operation in in_scope)
    rules = [
        rule
        for service in services
        for operation in service["operations"]
        if operation["rulesInScope"]
        for rule in operation["rules"]
    ]
    states = [rule["state"] for rule in rules]
    covered = sum(state not in ("uncovered", "muted") for state in states)
    return {
        "calls": sum(operation["calls"] for operation in own),
        "operations": {
            "total": len(in_scope),
            "called": called,
            "coverage": share(called, in_scope),
        },
        "rules": {
            "total": len(rules),
            "covered": covered,
            "coverage": share(covered, rules),
            **{
                name: states.count(name)
                for name in ("passed", "expected", "unexpected", "uncovered")
            },
        },
    }


def share(part: int, whole: Collection[Any]) -> float:
    """Return a part of a whole, 1 where there is nothing to have a part of."""
    return round(part / len(whole), 4) if whole else 1.0


class _Builder:
    """Adds up the tallies of all tests and editions by group of rules."""

    def __init__(self, contract: Contract, coverage: Coverage, scope: ReportScope) -> None:
        self._contract = contract
        self._coverage = coverage
        self._scope = scope
        self._places: dict[str, list[TallyKey]] = {}
        for place in coverage.tallies:
            self._places.setdefault(place.group, []).append(place)
        seen = {place.edition for place in coverage.tallies}
        known = [name for name in contract.entries if name in seen]
        self.editions = known or [scope.edition or contract.default_edition]

    def services(self) -> list[JsonObject]:
        """Return services with their operations and rules: first what comes before them all."""
        rows = [_service(PLATFORM, "Before every operation", self._shared())]
        for entry in self._contract.services.values():
            own = [
                self._operation(operation)
                for operation in self._contract.operations.values()
                if operation.service == entry.name and self._is_shown(operation)
            ]
            if own:
                rows.append(_service(entry.name, entry.title, own))
        return [row for row in rows if row["operations"]]

    def _is_shown(self, operation: Operation) -> bool:
        if not self._scope.has(operation):
            return False
        called = operation.id in self._places
        if self._scope.operations is None:
            return operation.emulated or called
        return operation.id in self._scope.operations

    def _shared(self) -> list[JsonObject]:
        shown = [group for group in SHARED if self._scope.counts(group) and self._places]
        return [
            {"id": group, "method": "", "path": "", "states": _SHARED_STATES[group]}
            | self._counts(group)
            for group in shown
        ]

    def _operation(self, operation: Operation) -> JsonObject:
        return {
            "id": operation.id,
            "method": operation.method,
            "path": operation.base_path + operation.path,
            "states": operation.states,
        } | self._counts(operation.id)

    def _counts(self, group: str) -> JsonObject:
        """Return calls, statuses and rules of a group, over all tests and editions."""
        statuses: dict[str, int] = {}
        calls = 0
        counts = {rule.id: Counts() for rule in self._rules(group)}
        for place in self._places.get(group, ()):
            tally = self._coverage.tallies[place]
            calls += tally.calls
            for status, times in sorted(tally.statuses.items()):
                statuses[str(status)] = statuses.get(str(status), 0) + times
            for id, found in self._coverage.rules(place).items():
                if id in counts:
                    counts[id].add(found)
        rules = [self._rule(id, found) for id, found in counts.items()]
        return {
            "calls": calls,
            "statuses": statuses,
            "inScope": self._scope.counts(group),
            "rulesInScope": bool(calls or self._scope.operations is not None),
            "rulesCovered": sum(row["state"] not in ("uncovered", "muted") for row in rules),
            "rules": rules,
        }

    def _rules(self, group: str) -> list[Rule]:
        """Return the rules of a group that can fire, in any of the editions."""
        found: dict[str, Rule] = {}
        for name in self.editions:
            for rule in self._contract.edition(name).rules_of(group):
                if "nothing" not in rule.check:
                    found.setdefault(rule.id, rule)
        return list(found.values())

    def _rule(self, id: str, counts: Counts) -> JsonObject:
        rule = self._contract.rules[id]
        row: JsonObject = {
            "id": id,
            "states": rule.states,
            "severity": rule.severity,
            "evidence": rule.evidence,
            "documents": list(rule.documents),
            "passed": counts.passed,
            "expected": counts.expected,
            "unexpected": counts.unexpected,
            "state": counts.state,
        }
        rare = {"muted": counts.muted, "undecided": counts.undecided}
        return row | {name: count for name, count in rare.items() if count}

    def muted(self) -> list[JsonObject]:
        """Return what an overlay has muted, and how often it was broken all the same."""
        return [
            {
                "rule": mute.rule,
                "reason": mute.reason,
                "operation": mute.operation,
                "until": mute.until,
                "count": self._muted_count(mute.rule),
            }
            for mute in self._contract.mutes
        ]

    def _muted_count(self, rule: str) -> int:
        return sum(
            counts.muted
            for place in self._coverage.tallies
            for id, counts in self._coverage.rules(place).items()
            if id == rule
        )

    def documents(self) -> JsonObject:
        """Return the documents that the editions list, by id."""
        listed = [
            id for name in self.editions for id in self._contract.edition(name).entry.documents
        ]
        return {id: describe_document(self._contract, id) for id in dict.fromkeys(listed)}


def _service(name: str, title: str, operations: list[JsonObject]) -> JsonObject:
    in_scope = [row for row in operations if row["rulesInScope"]]
    return {
        "name": name,
        "title": title,
        "calls": 0 if name == PLATFORM else sum(row["calls"] for row in operations),
        "operationsCalled": sum(row["calls"] > 0 for row in operations),
        "rulesTotal": sum(len(row["rules"]) for row in in_scope),
        "rulesCovered": sum(row["rulesCovered"] for row in in_scope),
        "operations": operations,
    }
