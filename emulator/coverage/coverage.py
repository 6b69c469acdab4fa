"""Adds up entries: which rules of the contract they kept, broke on purpose, broke by accident."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from emulator.contract import Contract
from emulator.coverage.exercise import Exercise
from emulator.coverage.tally import Counts, Tally
from emulator.journal.entry import EXPECTS, SHARED, Broken, Entry
from emulator.journal.shown import shown
from emulator.json_types import JsonObject

FORMAT = "aep-emulator coverage 1"
"""What a file of coverage calls itself."""

MOST_TESTS = 10_000
"""So many tests are told apart; what others send is counted under the name `(others)`."""

MOST_EXAMPLES = 3
"""So many calls are kept for each rule that is broken by accident."""

MOST_DRIFT = 1000
"""So many ways in which replies differ from the documents are told apart."""

MOST_LANES = 1000
"""So many kinds of calls are remembered with the places where they are counted."""

MOST_CALLS_KEPT = 2000
"""So many calls are kept in all."""


class CoverageError(ValueError):
    """A file is not one of coverage; the message says why."""


class Place(NamedTuple):
    """Where something is counted: test, edition, and group of rules (an operation, or the gate)."""

    test: str
    edition: str
    group: str


class Accident(NamedTuple):
    """What is counted of rules that are broken by accident, and of expectations not met."""

    test: str
    edition: str
    operation: str
    rule: str


@dataclass(slots=True)
class Accidents:
    """How often it happened, how severe it is, and some calls that show it, masked."""

    severity: str
    is_rule: bool
    count: int = 0
    examples: list[JsonObject] = field(default_factory=list)


class Drift(NamedTuple):
    """A way in which recorded replies differ from what the documents show."""

    edition: str
    operation: str
    status: int
    deviation: str


@dataclass(slots=True)
class Drifted:
    """How often replies differed so, and a call that shows it, masked."""

    count: int = 0
    examples: list[JsonObject] = field(default_factory=list)


@dataclass(slots=True)
class Lane:
    """Where calls of one kind are counted: their own tally, and one for each group of rules."""

    test: str
    tally: Tally
    groups: list[tuple[Exercise, Tally]]


class Coverage:
    """What a stream of entries covers of one contract. Its size depends on the contract alone."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.tallies: dict[Place, Tally] = {}
        self.accidents: dict[Accident, Accidents] = {}
        self.unmet: Counter[Accident] = Counter()
        self.drift: dict[Drift, Drifted] = {}
        self._exercises: dict[tuple[str, str], Exercise] = {}
        self._lanes: dict[tuple[str, str, str, tuple[str, ...]], Lane] = {}
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
        lane = self.count(
            entry.test,
            entry.edition,
            entry.operation,
            entry.judged,
            entry.status,
            entry.document,
        )
        if entry.broken or entry.undecided or entry.complaints:
            self._add_findings(lane, entry)
        if EXPECTS in entry.headers:
            for rule in entry.unmet:
                self.unmet[Accident(lane.test, entry.edition, entry.operation, rule)] += 1

    def count(
        self,
        test: str,
        edition: str,
        operation: str,
        judged: tuple[str, ...],
        status: int,
        document: JsonObject | None,
    ) -> Lane:
        """Count an exchange of which there is no more to say; see `Entry` for the arguments."""
        key = (test, edition, operation, judged)
        lane = self._lanes.get(key) or self._lane(key)
        lane.tally.calls += 1
        lane.tally.statuses[status] += 1
        if document is not None:
            for exercise, tally in lane.groups:
                tally.exercised(exercise.key(document))
                if tally is not lane.tally:
                    tally.calls += 1
        return lane

    def _lane(self, key: tuple[str, str, str, tuple[str, ...]]) -> Lane:
        """Return where calls of one kind are counted, found once for all of them."""
        test, edition, operation, judged = key
        name = self._test(test)
        groups = [
            (exercise, self._tally(Place(name, edition, group)))
            for group in judged
            if (exercise := self.exercise(edition, group)) is not None
        ]
        lane = Lane(name, self._tally(Place(name, edition, operation)), groups)
        if len(self._lanes) >= MOST_LANES:
            self._lanes.clear()
        self._lanes[key] = lane
        return lane

    def _add_findings(self, lane: Lane, entry: Entry) -> None:
        fired = entry.intents()
        if entry.document is not None:
            for exercise, tally in lane.groups:
                for rule in exercise.all.intersection(fired):
                    tally.broken(rule, fired[rule])
                for rule in exercise.all.intersection(entry.undecided):
                    tally.undecided(rule)
        for item in entry.broken:
            if fired[item.rule] == "unexpected":
                self._add_accident(lane.test, entry, item)
        for complaint in entry.complaints:
            self._add_drift(entry, complaint)

    def _add_accident(self, test: str, entry: Entry, item: Broken) -> None:
        key = Accident(test, entry.edition, entry.operation, item.rule)
        found = self.accidents.get(key)
        if found is None:
            found = self.accidents[key] = Accidents(item.severity, item.is_rule)
        found.count += 1
        if self._is_room(item.rule):
            self._examples[item.rule] += 1
            found.examples.append(shown(entry))

    def _add_drift(self, entry: Entry, complaint: str) -> None:
        key = Drift(entry.edition, entry.operation, entry.status, complaint)
        found = self.drift.get(key)
        if found is None:
            if len(self.drift) >= MOST_DRIFT:
                key = key._replace(status=0, deviation="(others)")
            found = self.drift.setdefault(key, Drifted())
        found.count += 1
        if not found.examples:
            found.examples.append(shown(entry))

    def _is_room(self, rule: str) -> bool:
        return self._examples[rule] < MOST_EXAMPLES and self._examples.total() < MOST_CALLS_KEPT

    def _test(self, name: str) -> str:
        if name not in self._tests:
            if len(self._tests) >= MOST_TESTS:
                return "(others)"
            self._tests.add(name)
        return name

    def _tally(self, place: Place) -> Tally:
        tally = self.tallies.get(place)
        if tally is None:
            tally = self.tallies[place] = Tally()
        return tally

    def exercise(self, edition: str, group: str) -> Exercise | None:
        """Return the rules of a group in an edition; None if this contract has no such edition."""
        key = (edition, group)
        found = self._exercises.get(key)
        if found is None and edition in self.contract.entries:
            found = Exercise(self.contract.edition(edition).rules_of(group))
            self._exercises[key] = found
        return found

    def rules(self, place: Place) -> dict[str, Counts]:
        """Return the counts of a place by rule."""
        return self.tallies[place].rules(self.exercise(place.edition, place.group))

    def without(self, test: str) -> Coverage:
        """Return what all other tests have covered, to count on with; it takes over the counts."""
        part = self.only(self._tests - {test})
        part._tests = self._tests - {test}
        part.drift = self.drift
        for at, item in part.accidents.items():
            part._examples[at.rule] += len(item.examples)
        return part

    def only(self, tests: Iterable[str]) -> Coverage:
        """Return what these tests alone have covered; it shares the counts with this one."""
        wanted = set(tests)
        part = Coverage(self.contract)
        part._exercises = self._exercises
        part.tallies = {at: item for at, item in self.tallies.items() if at.test in wanted}
        part.accidents = {at: item for at, item in self.accidents.items() if at.test in wanted}
        part.unmet = Counter({at: item for at, item in self.unmet.items() if at.test in wanted})
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
                for at, item in self.accidents.items()
            ],
            "unmetExpectations": [
                {**at._asdict(), "count": count} for at, count in self.unmet.items()
            ],
            "drift": [
                {**at._asdict(), "count": item.count, "examples": item.examples}
                for at, item in self.drift.items()
            ],
        }

    def _rows(self) -> Iterator[JsonObject]:
        for place, tally in self.tallies.items():
            exercise = self.exercise(place.edition, place.group)
            yield {
                **place._asdict(),
                "calls": tally.calls,
                "statuses": {str(status): times for status, times in tally.statuses.items()},
                "rules": dict(tally.rows(exercise)),
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
            place = Place(self._test(row["test"]), row["edition"], row["group"])
            # What has been counted by keys becomes counts by rule first, so that these can add.
            tally = self._tally(place)
            tally.rules(self.exercise(place.edition, place.group))
            tally.merge(row)
        for row in other["unexpected"]:
            key = _accident(row)
            found = self.accidents.setdefault(key, Accidents(row["severity"], row["isRule"]))
            found.count += row["count"]
            for example in row["examples"]:
                if self._is_room(key.rule):
                    self._examples[key.rule] += 1
                    found.examples.append(example)
        for row in other["unmetExpectations"]:
            self.unmet[_accident(row)] += row["count"]
        for row in other.get("drift", ()):
            drift = Drift(row["edition"], row["operation"], row["status"], row["deviation"])
            drifted = self.drift.setdefault(drift, Drifted())
            drifted.count += row["count"]
            drifted.examples.extend(row["examples"][: 1 - len(drifted.examples)])


def _accident(row: JsonObject) -> Accident:
    return Accident(row["test"], row["edition"], row["operation"], row["rule"])
