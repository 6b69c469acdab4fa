"""What a coverage counts, and under which keys."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from emulator.json_types import JsonObject, loads


class TallyKey(NamedTuple):
    """What a tally is about: a test, an edition, and a group of rules.

    A group is that of an operation, by its id, or one that all operations share, such as
    `platform.gate`.
    """

    test: str
    edition: str
    group: str


class FindingKey(NamedTuple):
    """What unexpected findings and unmet expectations are counted by."""

    test: str
    edition: str
    operation: str
    rule: str

    @classmethod
    def of(cls, row: JsonObject) -> FindingKey:
        """Return the key of a row that a coverage wrote."""
        return cls(row["test"], row["edition"], row["operation"], row["rule"])


@dataclass(slots=True)
class UnexpectedFindings:
    """How often a rule was broken unexpectedly, how severe it is, and some calls, masked.

    Args:
        places: Of requests that belong to no operation, such as those for an unknown path: how
            often each was sent, as `METHOD path`, masked.
    """

    severity: str
    is_rule: bool
    count: int = 0
    kept: list[bytes] = field(default_factory=list)
    places: Counter[str] = field(default_factory=Counter)

    @property
    def examples(self) -> list[JsonObject]:
        """The calls, as `format=full` of the journal shows them."""
        return [loads(example) for example in self.kept]

    def to_json(self, key: FindingKey) -> JsonObject:
        """Return a row of a coverage file."""
        row: JsonObject = {
            **key._asdict(),
            "severity": self.severity,
            "isRule": self.is_rule,
            "count": self.count,
            "examples": self.examples,
        }
        return {**row, "places": dict(self.places)} if self.places else row


class DeviationKey(NamedTuple):
    """A way in which recorded responses differ from the documents."""

    edition: str
    operation: str
    status: int
    deviation: str

    @classmethod
    def of(cls, row: JsonObject) -> DeviationKey:
        """Return the key of a row that a coverage wrote."""
        return cls(row["edition"], row["operation"], row["status"], row["deviation"])


@dataclass(slots=True)
class Deviations:
    """How often responses differed in one way, and a call that shows it, masked."""

    count: int = 0
    kept: list[bytes] = field(default_factory=list)

    @property
    def examples(self) -> list[JsonObject]:
        """The call, as `format=full` of the journal shows it."""
        return [loads(example) for example in self.kept]

    def to_json(self, key: DeviationKey) -> JsonObject:
        """Return a row of a coverage file."""
        return {**key._asdict(), "count": self.count, "examples": self.examples}
