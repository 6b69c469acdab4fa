"""Counts calls: which rules of the contract they cover, and which they break."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial

from emulator.budgets import (
    COVERAGE_EXAMPLES_BYTES,
    MAX_BROKEN_RULES,
    MAX_DRIFT,
    MAX_TALLIES,
    MAX_TESTS,
)
from emulator.contract import Contract
from emulator.coverage.applicable_rules import ApplicableRules
from emulator.coverage.names import OTHERS, Places, shown_name
from emulator.coverage.records import (
    DeviationKey,
    Deviations,
    FindingKey,
    TallyKey,
    UnexpectedFindings,
)
from emulator.coverage.tally import Counts, Tally
from emulator.journal.entry import EXPECTS_HEADER, SHARED, CallKind, Entry, EntryFinding, Keys
from emulator.json_types import Json, JsonObject, dumps

FORMAT = "aep-emulator coverage 2"
"""The member `format` of a coverage file."""

MAX_EXAMPLES = 3
"""How many calls are kept as examples for each rule that is broken unexpectedly."""

MAX_COUNTERS = 1000
"""For how many kinds of calls their counters are remembered."""


class CoverageError(ValueError):
    """A file is not a coverage file; the message says why."""


@dataclass(slots=True)
class Counters:
    """Where the calls of one kind are counted.

    Args:
        test: Whose calls they are, or `OTHERS`.
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
        self._places = Places()
        self._of_rule: Counter[str] = Counter()
        self._example_bytes = 0

    @property
    def calls(self) -> int:
        """How many calls have been counted."""
        return sum(tally.calls for key, tally in self.tallies.items() if key.group not in SHARED)

    def add(self, entry: Entry, keys: Keys | None = None) -> None:
        """Count a call."""
        counters = self.count(entry.kind, entry.status, entry.document, keys)
        if entry.findings or entry.undecided or entry.deviations:
            self._add_findings(counters, entry)
        if EXPECTS_HEADER in entry.headers:
            for rule in entry.unmet_expectations:
                self._add_unmet(FindingKey(counters.test, entry.edition, entry.operation, rule))

    def count(
        self, kind: CallKind, status: int, document: JsonObject | None, keys: Keys | None = None
    ) -> Counters:
        """Count a call without findings; return the counters of calls of its kind.

        `keys` are those that `keys` returns, if they are known.
        """
        counters = self._counters.get(kind) or self._counters_of(kind)
        counters.tally.calls += 1
        counters.tally.statuses[status] += 1
        if document is not None:
            for index, (applicable, tally) in enumerate(counters.groups):
                key = applicable.key(document) if keys is None else keys[index]
                tally.exercised(key, applicable)
                if tally is not counters.tally:
                    tally.calls += 1
        return counters

    def keys(self, kind: CallKind, document: JsonObject) -> Keys:
        """Return for each group of rules that judged a request which of them apply to it.

        It changes nothing, so that what takes long of counting a large request needs no lock.
        """
        return tuple(rules.key(document) for _, rules in self._groups(kind))

    def _groups(self, kind: CallKind) -> Iterator[tuple[str, ApplicableRules]]:
        for group in kind.judged:
            if (applicable := self.applicable_rules(kind.edition, group)) is not None:
                yield group, applicable

    def _counters_of(self, kind: CallKind) -> Counters:
        """Make the counters for calls of one kind, and remember them."""
        name, edition = self._test(kind.test), kind.edition
        groups = [
            (applicable, self._tally(TallyKey(name, edition, group)))
            for group, applicable in self._groups(kind)
        ]
        counters = Counters(name, self._tally(TallyKey(name, edition, kind.operation)), groups)
        if kind.enforce:
            counters.tally.enforce.add(kind.enforce)
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
        # An example of a large call takes long to mask, and is the same for all that it broke.
        example = cache(partial(_example_of, entry))
        for item in entry.findings:
            if classes[item.rule] == "unexpected":
                self._add_unexpected(counters.test, entry, item, example)
        for deviation in entry.deviations:
            self._add_drift(entry, deviation, example)

    def _add_unexpected(
        self, test: str, entry: Entry, item: EntryFinding, example: Callable[[], bytes]
    ) -> None:
        key = FindingKey(test, entry.edition, entry.operation, item.rule)
        found = self._unexpected(key, item.severity, is_rule=item.is_rule)
        found.count += 1
        if not entry.operation:
            self._places.count(found.places, self._places.of(entry))
        if self._has_room(item.rule):
            self._keep_example(found.kept, example(), item.rule)

    def _unexpected(self, key: FindingKey, severity: str, *, is_rule: bool) -> UnexpectedFindings:
        found = self.unexpected.get(key)
        if found is None:
            if len(self.unexpected) >= MAX_BROKEN_RULES:
                key = key._replace(test=OTHERS)
            found = self.unexpected.setdefault(key, UnexpectedFindings(severity, is_rule))
        return found

    def _add_unmet(self, key: FindingKey, count: int = 1) -> None:
        """Count an expectation; which rule it names, the client says, so it may be anything."""
        key = key._replace(rule=shown_name(key.rule))
        known = self.unmet_expectations
        if key not in known and len(known) >= MAX_BROKEN_RULES:
            key = key._replace(test=OTHERS, rule=OTHERS)
        known[key] += count

    def _add_drift(self, entry: Entry, deviation: str, example: Callable[[], bytes]) -> None:
        found = self._drift(DeviationKey(entry.edition, entry.operation, entry.status, deviation))
        found.count += 1
        if not found.kept:
            self._keep_example(found.kept, example())

    def _drift(self, key: DeviationKey) -> Deviations:
        found = self.drift.get(key)
        if found is None:
            if len(self.drift) >= MAX_DRIFT:
                key = key._replace(status=0, deviation=OTHERS)
            found = self.drift.setdefault(key, Deviations())
        return found

    def _has_room(self, rule: str) -> bool:
        return self._of_rule[rule] < MAX_EXAMPLES and self._example_bytes < COVERAGE_EXAMPLES_BYTES

    def _keep_example(self, kept: list[bytes], example: bytes, rule: str = "") -> None:
        if self._example_bytes + len(example) <= COVERAGE_EXAMPLES_BYTES:
            self._example_bytes += len(example)
            self._of_rule[rule] += 1
            kept.append(example)

    def _test(self, name: str) -> str:
        name = shown_name(name)
        if name not in self._tests:
            if len(self._tests) >= MAX_TESTS:
                return OTHERS
            self._tests.add(name)
        return name

    def _tally(self, key: TallyKey) -> Tally:
        tally = self.tallies.get(key)
        if tally is None:
            if len(self.tallies) >= MAX_TALLIES:
                key = key._replace(test=OTHERS)
            tally = self.tallies.setdefault(key, Tally())
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

    def anew(self) -> Coverage:
        """Return a coverage that has counted nothing, and knows the rules as this one does."""
        return self.only(())

    def without(self, test: str) -> Coverage:
        """Return what all other tests have covered; it takes over the counts, to go on counting."""
        part = self.only(self._tests - {shown_name(test)})
        part._tests = self._tests - {shown_name(test)}
        part.drift, part._places = self.drift, self._places
        kept = [example for found in self.drift.values() for example in found.kept]
        for at, item in part.unexpected.items():
            part._of_rule[at.rule] += len(item.kept)
            kept += item.kept
        part._example_bytes = sum(map(len, kept))
        return part

    def only(self, tests: Iterable[str]) -> Coverage:
        """Return what these tests alone have covered; it shares the counts with this one."""
        wanted = {shown_name(test) for test in tests}
        part = Coverage(self.contract)
        part._applicable = self._applicable
        part.tallies = {at: item for at, item in self.tallies.items() if at.test in wanted}
        part.unexpected = {at: item for at, item in self.unexpected.items() if at.test in wanted}
        part.unmet_expectations = Counter(
            {at: item for at, item in self.unmet_expectations.items() if at.test in wanted}
        )
        return part

    def snapshot(self) -> Coverage:
        """Return a coverage that calls do not add to while it is read; it shares the counts."""
        part = Coverage(self.contract)
        part._applicable = self._applicable
        part.tallies, part.unexpected = dict(self.tallies), dict(self.unexpected)
        part.unmet_expectations, part.drift = self.unmet_expectations.copy(), dict(self.drift)
        return part

    def to_json(self) -> JsonObject:
        """Return everything as JSON, to be merged elsewhere."""
        members = {name: list(rows) for name, rows in self._members()}
        return {"format": FORMAT, **members}

    def written(self) -> Iterator[bytes]:
        """Yield everything as JSON, row by row."""
        yield b'{"format":%s' % dumps(FORMAT)
        for name, rows in self._members():
            yield b",%s:[" % dumps(name)
            for number, row in enumerate(rows):
                yield (b"," if number else b"") + dumps(row)
            yield b"]"
        yield b"}"

    def _members(self) -> Iterator[tuple[str, Iterator[JsonObject]]]:
        yield "rows", self._rows()
        yield "unexpected", (item.to_json(key) for key, item in self.unexpected.items())
        unmet = self.unmet_expectations.items()
        yield "unmetExpectations", ({**key._asdict(), "count": count} for key, count in unmet)
        yield "drift", (item.to_json(key) for key, item in self.drift.items())

    def _rows(self) -> Iterator[JsonObject]:
        for key, tally in self.tallies.items():
            applicable = self.applicable_rules(key.edition, key.group)
            yield {
                **key._asdict(),
                "calls": tally.calls,
                "statuses": {str(code): times for code, times in tally.statuses.copy().items()},
                "rules": dict(tally.rows(applicable)),
                **({"enforce": sorted(tally.enforce)} if tally.enforce else {}),
            }

    def merge(self, other: Json) -> None:
        """Add another coverage, which was written as JSON.

        Raises:
            CoverageError: It is not what `to_json` returns.
        """
        if not isinstance(other, dict) or other.get("format") != FORMAT:
            raise CoverageError(f"not a coverage file: its format is not {FORMAT!r}")
        from emulator.coverage.form import MODEL  # brings a validator, which serving does not need

        fault = MODEL.fault("", other)
        if fault is not None:
            place = fault[0].removeprefix("/body").removeprefix("/").replace("/", ".")
            raise CoverageError(f"damaged: {place or 'the file'}: {fault[1]}")
        try:
            self._merge(other)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CoverageError(f"damaged: {type(error).__name__}: {error}") from error

    def _merge(self, other: JsonObject) -> None:
        for row in other["rows"]:
            key = TallyKey(self._test(row["test"]), row["edition"], row["group"])
            self._tally(key).merge(row)
        for row in other["unexpected"]:
            found = self._unexpected(FindingKey.of(row), row["severity"], is_rule=row["isRule"])
            found.count += row["count"]
            for place, count in row.get("places", {}).items():
                self._places.count(found.places, place, count)
            for example in row["examples"]:
                if self._has_room(row["rule"]):
                    self._keep_example(found.kept, dumps(example), row["rule"])
        for row in other["unmetExpectations"]:
            self._add_unmet(FindingKey.of(row), row["count"])
        for row in other.get("drift", ()):
            deviations = self._drift(DeviationKey.of(row))
            deviations.count += row["count"]
            for example in row["examples"][: 1 - len(deviations.kept)]:
                self._keep_example(deviations.kept, dumps(example))


def _example_of(entry: Entry) -> bytes:
    from emulator.coverage.examples import example_of  # with the first broken rule

    return example_of(entry)
