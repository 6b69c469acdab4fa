"""Adds up entries: which rules of the contract they kept, broke on purpose, broke by accident."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from emulator.contract import Contract
from emulator.coverage.applicable_rules import ApplicableRules
from emulator.coverage.tally import Counts, Tally
from emulator.journal.entry import EXPECTS_HEADER, SHARED, Entry, EntryFinding
from emulator.journal.entry_json import full_entry
from emulator.json_types import JsonObject

FORMAT = "aep-emulator coverage 1"
"""What a file of coverage calls itself."""

MAX_TESTS = 10_000
"""So many tests are told apart; what others send is counted under the name `(others)`."""

MAX_EXAMPLES = 3
"""So many calls are kept for each rule that is broken by accident."""

MAX_DRIFT = 1000
"""So many ways in which replies differ from the documents are told apart."""

MAX_COUNTERS = 1000
"""So many kinds of calls are remembered with the places where they are counted."""

MAX_CALLS_KEPT = 2000
"""So many calls are kept in all."""


class CoverageError(ValueError):
    """A file is not one of coverage; the message says why."""


class TallyKey(NamedTuple):
    """Where something is counted: test, edition, and group of rules (an operation, or the gate)."""

    test: str
    edition: str
    group: str


class FindingKey(NamedTuple):
    """What is counted of rules that are broken by accident, and of expectations not met."""

    test: str
    edition: str
    operation: str
    rule: str


@dataclass(slots=True)
class UnexpectedFindings:
    """How often it happened, how severe it is, and some calls that show it, masked."""

    severity: str
    is_rule: bool
    count: int = 0
    examples: list[JsonObject] = field(default_factory=list)


class Deviation(NamedTuple):
    """A way in which recorded replies differ from what the documents show."""

    edition: str
    operation: str
    status: int
    deviation: str


@dataclass(slots=True)
class Deviations:
    """How often replies differed so, and a call that shows it, masked."""

    count: int = 0
    examples: list[JsonObject] = field(default_factory=list)


@dataclass(slots=True)
class Counters:
    """Where calls of one kind are counted: their own tally, and one for each group of rules."""

    test: str
    tally: Tally
    groups: list[tuple[ApplicableRules, Tally]]


class Coverage:
    """What a stream of entries covers of one contract. Its size depends on the contract alone."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.tallies: dict[TallyKey, Tally] = {}
        self.unexpected: dict[FindingKey, UnexpectedFindings] = {}
        self.unmet_expectations: Counter[FindingKey] = Counter()
        self.drift: dict[Deviation, Deviations] = {}
        self._applicable: dict[tuple[str, str], ApplicableRules] = {}
        self._counters: dict[tuple[str, str, str, tuple[str, ...]], Counters] = {}
        self._tests: set[str] = set()
        self._examples: Counter[str] = Counter()

    @property
    def calls(self) -> int:
        """How many calls have been counted."""
        return sum(
            tally.calls for place, tally in self.tallies.items() if place.group not in SHARED
        )

    def add(self, entry: Entry) -> None:
        """Count one exchange."""
        counters = self.count(
            entry.test,
            entry.edition,
            entry.operation,
            entry.judged,
            entry.status,
            entry.document,
        )
        if entry.findings or entry.undecided or entry.deviations:
            self._add_findings(counters, entry)
        if EXPECTS_HEADER in entry.headers:
            for rule in entry.unmet_expectations:
                self.unmet_expectations[
                    FindingKey(counters.test, entry.edition, entry.operation, rule)
                ] += 1

    def count(
        self,
        test: str,
        edition: str,
        operation: str,
        judged: tuple[str, ...],
        status: int,
        document: JsonObject | None,
    ) -> Counters:
        """Count an exchange of which there is no more to say; see `Entry` for the arguments."""
        key = (test, edition, operation, judged)
        counters = self._counters.get(key) or self._make_counters(key)
        counters.tally.calls += 1
        counters.tally.statuses[status] += 1
        if document is not None:
            for applicable, tally in counters.groups:
                tally.exercised(applicable.key(document))
                if tally is not counters.tally:
                    tally.calls += 1
        return counters

    def _make_counters(self, key: tuple[str, str, str, tuple[str, ...]]) -> Counters:
        """Return where calls of one kind are counted, found once for all of them."""
        test, edition, operation, judged = key
        name = self._test(test)
        groups = [
            (applicable, self._tally(TallyKey(name, edition, group)))
            for group in judged
            if (applicable := self.applicable_rules(edition, group)) is not None
        ]
        counters = Counters(name, self._tally(TallyKey(name, edition, operation)), groups)
        if len(self._counters) >= MAX_COUNTERS:
            self._counters.clear()
        self._counters[key] = counters
        return counters

    def _add_findings(self, counters: Counters, entry: Entry) -> None:
        fired = entry.classifications()
        if entry.document is not None:
            for applicable, tally in counters.groups:
                for rule in applicable.all.intersection(fired):
                    tally.broken(rule, fired[rule])
                for rule in applicable.all.intersection(entry.undecided):
                    tally.undecided(rule)
        for item in entry.findings:
            if fired[item.rule] == "unexpected":
                self._add_unexpected(counters.test, entry, item)
        for deviation in entry.deviations:
            self._add_drift(entry, deviation)

    def _add_unexpected(self, test: str, entry: Entry, item: EntryFinding) -> None:
        key = FindingKey(test, entry.edition, entry.operation, item.rule)
        found = self.unexpected.get(key)
        if found is None:
            found = self.unexpected[key] = UnexpectedFindings(item.severity, item.is_rule)
        found.count += 1
        if self._is_room(item.rule):
            self._examples[item.rule] += 1
            found.examples.append(full_entry(entry))

    def _add_drift(self, entry: Entry, deviation: str) -> None:
        key = Deviation(entry.edition, entry.operation, entry.status, deviation)
        found = self.drift.get(key)
        if found is None:
            if len(self.drift) >= MAX_DRIFT:
                key = key._replace(status=0, deviation="(others)")
            found = self.drift.setdefault(key, Deviations())
        found.count += 1
        if not found.examples:
            found.examples.append(full_entry(entry))

    def _is_room(self, rule: str) -> bool:
        return self._examples[rule] < MAX_EXAMPLES and self._examples.total() < MAX_CALLS_KEPT

    def _test(self, name: str) -> str:
        if name not in self._tests:
            if len(self._tests) >= MAX_TESTS:
                return "(others)"
            self._tests.add(name)
        return name

    def _tally(self, place: TallyKey) -> Tally:
        tally = self.tallies.get(place)
        if tally is None:
            tally = self.tallies[place] = Tally()
        return tally

    def applicable_rules(self, edition: str, group: str) -> ApplicableRules | None:
        """Return the rules of a group in an edition; None if this contract has no such edition."""
        key = (edition, group)
        found = self._applicable.get(key)
        if found is None and edition in self.contract.entries:
            found = ApplicableRules(self.contract.edition(edition).rules_of(group))
            self._applicable[key] = found
        return found

    def rules(self, place: TallyKey) -> dict[str, Counts]:
        """Return the counts of a place by rule."""
        return self.tallies[place].rules(self.applicable_rules(place.edition, place.group))

    def without(self, test: str) -> Coverage:
        """Return what all other tests have covered, to count on with; it takes over the counts."""
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
            "unexpected": [
                {
                    **at._asdict(),
                    "severity": item.severity,
                    "isRule": item.is_rule,
                    "count": item.count,
                    "examples": item.examples,
                }
                for at, item in self.unexpected.items()
            ],
            "unmetExpectations": [
                {**at._asdict(), "count": count} for at, count in self.unmet_expectations.items()
            ],
            "drift": [
                {**at._asdict(), "count": item.count, "examples": item.examples}
                for at, item in self.drift.items()
            ],
        }

    def _rows(self) -> Iterator[JsonObject]:
        for place, tally in self.tallies.items():
            applicable = self.applicable_rules(place.edition, place.group)
            yield {
                **place._asdict(),
                "calls": tally.calls,
                "statuses": {str(status): times for status, times in tally.statuses.items()},
                "rules": dict(tally.rows(applicable)),
            }

    def merge(self, other: Any) -> None:
        """Add what another coverage wrote down as JSON.

        Raises:
            CoverageError: It is not what `to_json` returns.
        """
        if not isinstance(other, dict) or other.get("format") != FORMAT:
            raise CoverageError(f"not of the format {FORMAT!r}")
        try:
            self._merge(other)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CoverageError(f"damaged: {type(error).__name__}: {error}") from error

    def _merge(self, other: JsonObject) -> None:
        for row in other["rows"]:
            place = TallyKey(self._test(row["test"]), row["edition"], row["group"])
            # What has been counted by keys becomes counts by rule first, so that these can add.
            tally = self._tally(place)
            tally.rules(self.applicable_rules(place.edition, place.group))
            tally.merge(row)
        for row in other["unexpected"]:
            key = _finding_key(row)
            found = self.unexpected.setdefault(
                key, UnexpectedFindings(row["severity"], row["isRule"])
            )
            found.count += row["count"]
            for example in row["examples"]:
                if self._is_room(key.rule):
                    self._examples[key.rule] += 1
                    found.examples.append(example)
        for row in other["unmetExpectations"]:
            self.unmet_expectations[_finding_key(row)] += row["count"]
        for row in other.get("drift", ()):
            drift = Deviation(row["edition"], row["operation"], row["status"], row["deviation"])
            deviations = self.drift.setdefault(drift, Deviations())
            deviations.count += row["count"]
            deviations.examples.extend(row["examples"][: 1 - len(deviations.examples)])


def _finding_key(row: JsonObject) -> FindingKey:
    return FindingKey(row["test"], row["edition"], row["operation"], row["rule"])
