"""Which calls of a recording another edition would answer differently, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from emulator.contract import Contract, Rule
from emulator.json_types import JsonObject
from emulator.reports.recording import KINDS
from emulator.traffic.judgement import Judgement, RoutedRequest
from emulator.web.failures import masker_of

if TYPE_CHECKING:
    from emulator.contract.judge import Edition
    from emulator.contract.lookup import Finding

MAX_EXAMPLES = 3
MAX_CHANGES = 1000
"""How many changes are kept; a recording of one client has fewer."""


class Change(NamedTuple):
    """One thing that changes for an operation; `cause` is a rule's id or an answer's aspect."""

    kind: str
    operation: str
    cause: str
    detail: str = ""


@dataclass(slots=True)
class Occurrences:
    """How many calls a change concerns, and where some of them stand."""

    count: int = 0
    examples: list[JsonObject] = field(default_factory=list)


class Comparison:
    """Collects what changes from one edition to another, call by call."""

    def __init__(self, contract: Contract, one: Edition, other: Edition) -> None:
        self._contract = contract
        self.one = one
        self.other = other
        self._aspects: dict[str, list[tuple[str, str]]] = {}
        self.changes: dict[Change, Occurrences] = {}
        self.calls = 0
        self.unchanged = 0

    def add(self, routed: RoutedRequest, one: Judgement, other: Judgement) -> None:
        """Count a call that both editions have judged."""
        self.calls += 1
        found = list(self._changes(routed, one, other))
        if not found:
            self.unchanged += 1
        for change in found:
            changed = self.changes.get(change)
            if changed is None:
                if len(self.changes) >= MAX_CHANGES:
                    continue
                changed = self.changes[change] = Occurrences()
            changed.count += 1
            if len(changed.examples) < MAX_EXAMPLES:
                changed.examples.append(_example(routed, other, change))

    def _changes(self, routed: RoutedRequest, one: Judgement, other: Judgement) -> Iterator[Change]:
        operation = routed.incoming.operation.id
        before, after = one.refusal, other.refusal
        if before is None and after is not None:
            yield Change("nowRefused", operation, after.rule.id, self._problem(self.other, after))
        elif before is not None and after is None:
            yield Change("nowAccepted", operation, before.rule.id)
        elif before is not None and after is not None:
            was, becomes = self._problem(self.one, before), self._problem(self.other, after)
            if was != becomes:
                yield Change("errorChanged", operation, after.rule.id, f"{was} becomes {becomes}")
        else:
            yield from self._remarks(operation, one, other)
            for aspect, detail in self._answers(operation):
                yield Change("responseChanged", operation, aspect, detail)
        known = {rule.id for rule in one.undecided}
        for rule in other.undecided:
            if rule.id not in known:
                yield Change("undecided", operation, rule.id)

    def _remarks(self, operation: str, one: Judgement, other: Judgement) -> Iterator[Change]:
        before = {finding.rule.id for finding in one.findings}
        for id in dict.fromkeys(item.rule.id for item in other.findings if item.mute is None):
            if id not in before:
                yield Change("nowWarned", operation, id)

    def _problem(self, edition: Edition, finding: Finding) -> str:
        """Return how a refusal looks: status, code and the shape of the body."""
        service = finding.rule.operation.partition(".")[0]
        entry = edition.problem(finding.rule.problem, service)
        envelope = edition.envelope(finding.rule.problem, service)
        return " ".join(part for part in (str(entry.status), entry.code, f"({envelope})") if part)

    def _answers(self, operation: str) -> list[tuple[str, str]]:
        """Return the aspects of an operation's answers that the editions show differently."""
        if operation not in self._aspects:
            self._aspects[operation] = [
                (
                    aspect,
                    f"{answer.states} Before: {before.states if before else 'not documented.'}",
                )
                for aspect, answer in self.other.answers.items()
                if any(fnmatchcase(operation, pattern) for pattern in answer.operations)
                and (before := self.one.answers.get(aspect)) is not answer
                and (before is None or before.shape != answer.shape)
            ]
        return self._aspects[operation]

    def to_json(self) -> JsonObject:
        """Return everything that changes, the worst and most frequent first, with its reasons."""
        order = list(KINDS)
        rows = sorted(
            self.changes.items(), key=lambda row: (order.index(row[0].kind), -row[1].count)
        )
        counts = dict.fromkeys(KINDS, 0)
        for change, changed in rows:
            counts[change.kind] += changed.count
        return {
            "from": self.one.name,
            "to": self.other.name,
            "calls": self.calls,
            "unchanged": self.unchanged,
            "counts": counts,
            "changes": [self._row(change, changed) for change, changed in rows],
        }

    def _row(self, change: Change, changed: Occurrences) -> JsonObject:
        return {
            **change._asdict(),
            "count": changed.count,
            **self._reason(change),
            "examples": changed.examples,
        }

    def _reason(self, change: Change) -> JsonObject:
        rule = self._contract.rules.get(change.cause)
        if rule is None:
            answer = self.other.answers[change.cause]
            return {"states": answer.states, "documents": self._documents(answer.documents)}
        said = {"states": rule.states, "documents": self._documents(rule.documents)}
        counterpart = self._counterpart(change, rule)
        before = {"rule": counterpart.id, "states": counterpart.states} if counterpart else None
        return {**said, "severity": rule.severity, "fix": rule.fix, "counterpart": before}

    def _counterpart(self, change: Change, rule: Rule) -> Rule | None:
        """Return what the edition in which a rule is not in force says on the rule's topic."""
        edition = self.other if change.kind == "nowAccepted" else self.one
        rules = edition.rules_of(rule.operation)
        same = [other for other in rules if other.topic == rule.topic]
        return None if any(other.id == rule.id for other in same) else next(iter(same), None)

    def _documents(self, ids: tuple[str, ...]) -> list[JsonObject]:
        known = (self._contract.documents[id] for id in ids)
        return [
            {"id": item.id, "title": item.title, "publisher": item.publisher, "date": item.date}
            for item in known
        ]


def _example(routed: RoutedRequest, other: Judgement, change: Change) -> JsonObject:
    finding = next((item for item in other.findings if item.rule.id == change.cause), None)
    place = {"at": finding.at} if finding is not None else {}
    recorded = routed.recorded
    path = masker_of(routed.incoming).absent_from(routed.incoming.target.partition("?")[0])
    return {"source": str(recorded.source), "method": recorded.method, "path": path, **place}
