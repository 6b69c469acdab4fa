"""Judges recordings call by call: what they cover, what they break, what would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.coverage.coverage import Coverage
from emulator.journal.entry import Entry
from emulator.json_types import JsonObject
from emulator.masking.texts import mask_text
from emulator.traffic.judge import PREFLIGHT, RecordingJudge
from emulator.traffic.judgement import RoutedRequest
from emulator.traffic.reading import Progress, read_traffic
from emulator.traffic.recording import RecordedCall

if TYPE_CHECKING:
    from emulator.contract.judge import Edition
    from emulator.traffic.comparison import Comparison

MAX_PLACES = 100
"""How many places of requests that were left out are counted by name."""

OTHERS = "(others)"


@dataclass(slots=True)
class LeftOut:
    """What of the recordings was not judged, and why: counts by host, and by path of an API."""

    hosts: Counter[str] = field(default_factory=Counter)
    apis: Counter[str] = field(default_factory=Counter)
    preflights: int = 0

    def add(self, place: str) -> None:
        """Count a request by its host, by the path of its API, or as a preflight."""
        if place == PREFLIGHT:
            self.preflights += 1
        elif place.startswith("/"):
            # Its first steps name an API; what follows are resources.
            _count(self.apis, "/".join(place.split("/")[:4]))
        else:
            _count(self.hosts, place)


def _count(counter: Counter[str], name: str) -> None:
    name = mask_text(name)
    counter[name if name in counter or len(counter) < MAX_PLACES else OTHERS] += 1


@dataclass(slots=True)
class Counts:
    """How much was read, judged and left out."""

    read: int = 0
    judged: int = 0
    unanswered: int = 0
    undecided: int = 0
    left_out: LeftOut = field(default_factory=LeftOut)

    def route(self, judge: RecordingJudge, recorded: RecordedCall) -> RoutedRequest | None:
        """Count a call; return it with its operation, or None if it is not to be judged."""
        self.read += 1
        routed = judge.route(recorded)
        if isinstance(routed, RoutedRequest):
            return routed
        self.left_out.add(routed)
        return None

    def add(self, recorded: RecordedCall, entry: Entry) -> None:
        """Count a call that was judged."""
        self.judged += 1
        self.unanswered += recorded.reply is None
        self.undecided += bool(entry.undecided)

    def to_json(self) -> JsonObject:
        """Return the counts."""
        return {
            "read": self.read,
            "judged": self.judged,
            "unanswered": self.unanswered,
            "undecided": self.undecided,
            "skipped": {
                "hosts": dict(self.left_out.hosts.most_common()),
                "apis": dict(self.left_out.apis.most_common()),
                "preflights": self.left_out.preflights,
            },
        }


class Verification:
    """What has been found so far. Its size does not depend on how much has been read."""

    def __init__(
        self, judge: RecordingJudge, edition: Edition, comparison: Comparison | None = None
    ) -> None:
        self._judge = judge
        self._edition = edition
        self.comparison = comparison
        self.coverage = Coverage(judge.contract)
        self.counted = Counts()

    def add(self, recorded: RecordedCall) -> None:
        """Judge one exchange and learn from it."""
        routed = self.counted.route(self._judge, recorded)
        if routed is None:
            return
        judged = self._judge.judge(routed, self._edition)
        entry = self._judge.entry(routed, judged)
        self.counted.add(recorded, entry)
        self.coverage.add(entry)
        if self.comparison is not None:
            other = self._judge.judge(routed, self.comparison.other)
            self.comparison.add(routed, judged, other)
        self._judge.learn(routed, judged)


def verification(judge: RecordingJudge, edition: str, against: str = "") -> Verification:
    """Return an empty verification by an edition, compared with another one if that is named.

    Raises:
        KeyError: There is no edition of that name.
    """
    one = judge.contract.edition(edition)
    if not against:
        return Verification(judge, one)
    from emulator.traffic.comparison import Comparison

    other = judge.contract.edition(against)
    return Verification(judge, one, Comparison(judge.contract, one, other))


def verify(
    made: Verification,
    recordings: Iterable[Path],
    environment: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> None:
    """Judge every exchange of recordings, one after the other.

    Raises:
        TrafficError: A recording cannot be read; what stands before the broken place is judged.
    """
    for path in recordings:
        for recorded in read_traffic(path, environment, progress):
            made.add(recorded)
