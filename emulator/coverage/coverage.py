"""Counts calls: which rules of the contract they cover, and which they break."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from emulator.contract import Contract
from emulator.coverage.applicable_rules import ApplicableRules
from emulator.coverage.records import (
    DeviationKey,
    Deviations,
    FindingKey,
    TallyKey,
    UnexpectedFindings,
)
from emulator.coverage.tally import Counts, Tally
from emulator.journal.entry import EXPECTS_HEADER, SHARED, CallKind, Entry, EntryFinding
from emulator.journal.entry_json import full_entry
from emulator.json_types import Json, JsonObject

FORMAT = "aep-emulator coverage 2"
"""The member `format` of a coverage file."""

MAX_TESTS = 10_000
"""How many tests are told apart; the calls of further ones count for `(others)`."""

MAX_EXAMPLES = 3
"""How many calls are kept as examples for each rule that is broken unexpectedly."""

MAX_DRIFT = 1000
"""How many ways in which responses differ from the documents are told apart."""

MAX_COUNTERS = 1000
"""For how many kinds of calls their counters are remembered."""

MAX_ALL_EXAMPLES = 2000
"""How many examples are kept in all."""


class CoverageError(ValueError):
    """A file is not a coverage file; the message says why."""


@dataclass(slots=True)
class Counters:
    """Where the calls of one kind are counted.

    Args:
        test: Whose calls they are, or `(others)`.
        tally: Of their operation.
        groups: The rules of each group that judged them, with its tally.
    """

    test: str
    tally: Tally
    groups: list[tuple[ApplicableRules, Tally]]


class Coverage:
    """What calls cover of one contract. Its size is bounded, however many calls there are."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.tallies: dict[TallyKey, Tally] = {}
        self.unexpected: dict[FindingKey, UnexpectedFindings] = {}
        self.unmet_expectations: Counter[FindingKey] = Counter()
        self.drift: dict[DeviationKey, Deviations] = {}
        self._applicable: dict[tuple[str, str], ApplicableRules] = {}
        self._counters: dict[CallKind, Counters] = {}
        self._tests: set[str] = set()
        self._examples: Counter[str] = Counter()

    @property
    def calls(self) -> int:
        """How many calls have been counted."""
        return sum(tally.calls for key, tally in self.tallies.items() if key.group not in SHARED)

    def add(self, entry: Entry) -> None:
        """Count a call."""
        counters = self.count(entry.kind, entry.status, entry.document)
        if entry.findings or entry.undecided or entry.deviations:
            self._add_findings(counters, entry)
        if EXPECTS_HEADER in entry.headers:
            for rule in entry.unmet_expectations:
                key = FindingKey(counters.test, entry.edition, entry.operation, rule)
                self.unmet_expectations[key] += 1

    def count(self, kind: CallKind, status: int, document: JsonObject | None) -> Counters:
        """Count a call without findings; return the counters of calls of its kind."""
        counters = self._counters.get(kind) or self._counters_of(kind)
        counters.tally.calls += 1
        counters.tally.statuses[status] += 1
        if document is not None:
            for applicable, tally in counters.groups:
                tally.exercised(applicable.key(document))
                if tally is not counters.tally:
                    tally.calls += 1
        return counters

    def _counters_of(self, kind: CallKind) -> Counters:
        """Make the counters for calls of one kind, and remember them."""
        name, edition = self._test(kind.test), kind.edition
        groups = [
            (applicable, self._tally(TallyKey(name, edition, group)))
            for group in kind.judged
            if (applicable := self.applicable_rules(edition, group)) is not None
        ]
        counters = Counters(name, self._tally(TallyKey(name, edition, kind.operation)), groups)
        if len(self._counters) >= MAX_COUNTERS:
            self._counters.clear()
        self._counters[kind] = counters
        return counters

    def _add_findings(self, counters: Counters, entry: Entry) -> None:
        classes = entry.classifications()
        if entry.document is not None:
            for applicable, tally in counters.groups:
                for rule in applicable.all.intersection(classes):
                    tally.broken(rule, classes[rule])
                for rule in applicable.all.intersection(entry.undecided):
                    tally.undecided(rule)
        for item in entry.findings:
            if classes[item.rule] == "unexpected":
                self._add_unexpected(counters.test, entry, item)
        for deviation in entry.deviations:
            self._add_drift(entry, deviation)

    def _add_unexpected(self, test: str, entry: Entry, item: EntryFinding) -> None:
        key = FindingKey(test, entry.edition, entry.operation, item.rule)
        found = self.unexpected.get(key)
        if found is None:
            found = self.unexpected[key] = UnexpectedFindings(item.severity, item.is_rule)
        found.count += 1
        if self._has_room(item.rule):
            self._examples[item.rule] += 1
            found.examples.append(full_entry(entry))

    def _add_drift(self, entry: Entry, deviation: str) -> None:
        key = DeviationKey(entry.edition, entry.operation, entry.status, deviation)
        found = self.drift.get(key)
        if found is None:
            if len(self.drift) >= MAX_DRIFT:
                key = key._replace(status=0, deviation="(others)")
            found = self.drift.setdefault(key, Deviations())
        found.count += 1
        if not found.examples:
            found.examples.append(full_entry(entry))

    def _has_room(self, rule: str) -> bool:
        return self._examples[rule] < MAX_EXAMPLES and self._examples.total() < MAX_ALL_EXAMPLES

    def _test(self, name: str) -> str:
        if name not in self._tests:
            if len(self._tests) >= MAX_TESTS:
                return "(others)"
            self._tests.add(name)
        return name

    def _tally(self, key: TallyKey) -> Tally:
        tally = self.tallies.get(key)
        if tally is None:
            tally = self.tallies[key] = Tally()
        return tally

    def applicable_rules(self, edition: str, group: str) -> ApplicableRules | None:
        """Return the rules of a group in an edition; None if this contract has no such edition."""
        key = (edition, group)
        found = self._applicable.get(key)
        if found is None and edition in self.contract.entries:
            found = ApplicableRules(self.contract.edition(edition).rules_of(group))
            self._applicable[key] = found
        return found

    def rules(self, key: TallyKey) -> dict[str, Counts]:
        """Return the counts of a tally by rule."""
        return self.tallies[key].rules(self.applicable_rules(key.edition, key.group))

    def without(self, test: str) -> Coverage:
        """Return what all other tests have covered; it takes over the counts, to go on counting."""
        part = self.only(self._tests - {test})
        part._tests = self._tests - {test}
        part.drift = self.drift
        for at, item in part.unexpected.items():
            part._examples[at.rule] += len(item.examples)
        return part

    def only(self, tests: Iterable[str]) -> Coverage:
        """Return what these tests alone have covered; it shares the counts with this one."""
        wanted = set(tests)
        part = Coverage(self.contract)
        part._applicable = self._applicable
        part.tallies = {at: item for at, item in self.tallies.items() if at.test in wanted}
        part.unexpected = {at: item for at, item in self.unexpected.items() if at.test in wanted}
        part.unmet_expectations = Counter(
            {at: item for at, item in self.unmet_expectations.items() if at.test in wanted}
        )
        return part

    def to_json(self) -> JsonObject:
        """Return everything as JSON, to be merged elsewhere."""
        return {
            "format": FORMAT,
            "rows": list(self._rows()),
            "unexpected": [item.to_json(key) for key, item in self.unexpected.items()],
            "unmetExpectations": [
                {**key._asdict(), "count": count} for key, count in self.unmet_expectations.items()
            ],
            "drift": [item.to_json(key) for key, item in self.drift.items()],
        }

    def _rows(self) -> Iterator[JsonObject]:
        for key, tally in self.tallies.items():
            applicable = self.applicable_rules(key.edition, key.group)
            yield {
                **key._asdict(),
                "calls": tally.calls,
                "statuses": {str(status): times for status, times in tally.statuses.items()},
                "rules": dict(tally.rows(applicable)),
            }

    def merge(self, other: Json) -> None:
        """Add another coverage, which was written as JSON.

        Raises:
            CoverageError: It is not what `to_json` returns.
        """
        if not isinstance(other, dict) or other.get("format") != FORMAT:
            raise CoverageError(f"not a coverage file: its format is not {FORMAT!r}")
        try:
            self._merge(other)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CoverageError(f"damaged: {type(error).__name__}: {error}") from error

    def _merge(self, other: JsonObject) -> None:
        for row in other["rows"]:
            key = TallyKey(self._test(row["test"]), row["edition"], row["group"])
            # Counts by key become counts by rule first, because only those can be added.
            tally = self._tally(key)
            tally.rules(self.applicable_rules(key.edition, key.group))
            tally.merge(row)
        for row in other["unexpected"]:
            fresh = UnexpectedFindings(row["severity"], row["isRule"])
            found = self.unexpected.setdefault(FindingKey.of(row), fresh)
            found.count += row["count"]
            for example in row["examples"]:
                if self._has_room(row["rule"]):
                    self._examples[row["rule"]] += 1
                    found.examples.append(example)
        for row in other["unmetExpectations"]:
            self.unmet_expectations[FindingKey.of(row)] += row["count"]
        for row in other.get("drift", ()):
            deviations = self.drift.setdefault(DeviationKey.of(row), Deviations())
            deviations.count += row["count"]
            deviations.examples.extend(row["examples"][: 1 - len(deviations.examples)])
