"""A report as JSON: the coverage of a contract, complete enough to be read without the contract."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from emulator import __version__
from emulator.contract import Contract, Operation, Rule
from emulator.contract.sources import describe_document
from emulator.coverage.coverage import Coverage
from emulator.coverage.records import TallyKey
from emulator.coverage.tally import Counts
from emulator.journal.entry import SHARED
from emulator.json_types import JsonObject
from emulator.moments import from_milliseconds
from emulator.reports.findings import drift, group_unexpected, unmet_expectations
from emulator.reports.scope import ReportScope
from emulator.reports.tests import called_tests
from emulator.reports.verdict import judged

FORMAT = "aep-emulator report 1"

PLATFORM = "platform"
"""The service under which the rules of the gate and the body are reported."""

_SHARED_STATES = {
    SHARED[0]: "headers of every request: key, token, organization, sandbox",
    SHARED[1]: "bodies of every request: media type, length, depth, well-formed JSON",
}


EVERYTHING = ReportScope()


def build(
    contract: Contract,
    coverage: Coverage,
    scope: ReportScope = EVERYTHING,
    date: int | None = None,
) -> JsonObject:
    """Return the report, of which nothing is demanded so far.

    Args:
        contract: That of the coverage.
        coverage: What calls have covered.
        scope: What the report is about.
        date: When it is made, in milliseconds since 1970-01-01 UTC, by the clock of the emulator.
    """
    builder = _Builder(contract, coverage, scope)
    services = builder.services()
    findings = group_unexpected(contract, coverage, scope)
    report: JsonObject = {
        "format": FORMAT,
        "tool": {"name": "aep-emulator", "version": __version__},
        "date": _date(date),
        "editions": builder.editions,
        "enforcement": builder.enforcement(),
        "scope": "called" if scope.operations is None else "listed",
        "totals": totals(services),
        "services": services,
        **findings,
        "unmetExpectations": unmet_expectations(contract, coverage, scope),
        "drift": drift(coverage),
        "muted": builder.muted(),
        "tests": called_tests(contract, coverage, scope, findings),
        "documents": builder.documents(),
    }
    report["totals"] |= {
        name: len(report[name]) for name in (*findings, "unmetExpectations", "drift")
    }
    return judged(report)


def _date(milliseconds: int | None) -> str:
    moment = None if milliseconds is None else from_milliseconds(milliseconds)
    return "" if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


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


def share(part: int, whole: Collection[object]) -> float:
    """Return a part as a share of a whole, from 0 to 1; 1 if the whole is empty."""
    return round(part / len(whole), 4) if whole else 1.0


class _Builder:
    """Adds up the tallies of all tests and editions by group of rules."""

    def __init__(self, contract: Contract, coverage: Coverage, scope: ReportScope) -> None:
        self._contract = contract
        self._coverage = coverage
        self._scope = scope
        self._keys: dict[str, list[TallyKey]] = {}
        for key in coverage.tallies:
            self._keys.setdefault(key.group, []).append(key)
        seen = {key.edition for key in coverage.tallies}
        known = [name for name in contract.entries if name in seen]
        self.editions = known or [scope.edition or contract.default_edition]

    def enforcement(self) -> list[str]:
        """Return the ways of enforcement under which there were calls, or the one in force."""
        seen = {name for tally in self._coverage.tallies.values() for name in tally.enforce}
        return sorted(seen) or [name for name in (self._scope.enforce,) if name]

    def services(self) -> list[JsonObject]:
        """Return the services with their operations and rules; the shared rules come first."""
        rows = [_service(PLATFORM, "Before every operation", self._shared())]
        for entry in self._contract.services.values():
            own = [
                self._operation(operation)
                for operation in self._contract.operations.values()
                if operation.service == entry.name and self._is_reported(operation)
            ]
            if own:
                rows.append(_service(entry.name, entry.title, own))
        return [row for row in rows if row["operations"]]

    def _is_reported(self, operation: Operation) -> bool:
        if not self._scope.has_service(operation.service):
            return False
        called = operation.id in self._keys
        if self._scope.operations is None:
            return operation.emulated or called
        return operation.id in self._scope.operations

    def _shared(self) -> list[JsonObject]:
        groups = [group for group in SHARED if self._scope.includes(group) and self._keys]
        return [
            {"id": group, "method": "", "path": "", "states": _SHARED_STATES[group]}
            | self._counts(group)
            for group in groups
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
        for key in self._keys.get(group, ()):
            tally = self._coverage.tallies[key]
            calls += tally.calls
            for status, times in sorted(tally.statuses.items()):
                statuses[str(status)] = statuses.get(str(status), 0) + times
            for id, found in self._coverage.rules(key).items():
                if id in counts:
                    counts[id].add(found)
        rules = [self._rule(id, found) for id, found in counts.items()]
        return {
            "calls": calls,
            "statuses": statuses,
            "inScope": self._scope.includes(group),
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
        """Return the rules that an overlay has muted, and how often they were broken."""
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
            for key in self._coverage.tallies
            for id, counts in self._coverage.rules(key).items()
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
