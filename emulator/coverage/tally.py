"""Counts of calls and rules, of one group of rules in one edition, for one test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field, replace

from emulator.coverage.applicable_rules import ApplicableRules
from emulator.json_types import JsonObject

MAX_KEYS = 64
"""How many keys are counted before they become counts by rule."""

MIN_COUNTS = 3
"""How many counts of a rule are always written."""


@dataclass(slots=True)
class Counts:
    """How often a rule passed, and was broken as expected and unexpectedly.

    Besides: how often it was broken while an overlay had muted it, and how often a recording could
    not decide.
    """

    passed: int = 0
    expected: int = 0
    unexpected: int = 0
    muted: int = 0
    undecided: int = 0

    @property
    def covered(self) -> int:
        """How often the rule was judged and decided."""
        return self.passed + self.expected + self.unexpected

    @property
    def state(self) -> str:
        """The worst that happened: `unexpected`, `expected`, `passed`, `muted` or `uncovered`."""
        if self.unexpected:
            return "unexpected"
        if self.expected:
            return "expected"
        if self.passed:
            return "passed"
        return "muted" if self.muted else "uncovered"

    def add(self, other: Counts) -> None:
        """Add another's counts to these."""
        self.passed += other.passed
        self.expected += other.expected
        self.unexpected += other.unexpected
        self.muted += other.muted
        self.undecided += other.undecided


@dataclass(slots=True)
class Tally:
    """What happened to the rules of one group.

    While calls are answered they are counted by the key that decides which rules apply, which is
    quick; counts by rule are made from these when they are read.

    Args:
        enforce: The ways of enforcement under which there were calls.
    """

    calls: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    _keys: Counter[int] = field(default_factory=Counter)
    _rules: dict[str, Counts] = field(default_factory=dict)
    enforce: set[str] = field(default_factory=set)

    def exercised(self, key: int, applicable: ApplicableRules) -> None:
        """Count a call to whose request the rules of this key apply."""
        self._keys[key] += 1
        if len(self._keys) > MAX_KEYS:
            self._rules = self.rules(applicable)
            self._keys.clear()

    def broken(self, rule: str, classification: str) -> None:
        """Correct the count of a call: it broke a rule that applied to it."""
        counts = self._rules.setdefault(rule, Counts())
        counts.passed -= 1
        if classification == "expected":
            counts.expected += 1
        elif classification == "unexpected":
            counts.unexpected += 1
        elif classification == "muted":
            counts.muted += 1

    def undecided(self, rule: str) -> None:
        """Correct the count of a call: whether it broke a rule cannot be decided."""
        counts = self._rules.setdefault(rule, Counts())
        counts.passed -= 1
        counts.undecided += 1

    def rules(self, applicable: ApplicableRules | None) -> dict[str, Counts]:
        """Return the counts by rule; `applicable` resolves the keys.

        They are made anew each time, because they take far more memory than the keys.
        """
        counted = {rule: replace(counts) for rule, counts in list(self._rules.items())}
        if applicable is not None:
            for key, times in list(self._keys.items()):
                for rule in applicable.rules(key):
                    counted.setdefault(rule, Counts()).passed += times
        return counted

    def rows(self, applicable: ApplicableRules | None) -> Iterator[tuple[str, list[int]]]:
        """Yield each rule with its counts; trailing zeros beyond the first three are left out."""
        for rule, counts in self.rules(applicable).items():
            row = list(astuple(counts))
            while len(row) > MIN_COUNTS and not row[-1]:
                del row[-1]
            yield rule, row

    def merge(self, row: JsonObject) -> None:
        """Add another tally's row of a coverage file."""
        self.calls += row["calls"]
        self.enforce.update(row.get("enforce", ()))
        for status, times in row["statuses"].items():
            self.statuses[int(status)] += times
        for rule, counts in row["rules"].items():
            self._rules.setdefault(rule, Counts()).add(Counts(*counts))
