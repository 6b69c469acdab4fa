"""Which rules an edition puts in force, about what, and how severely: its documents decide.

Of the rules of an operation and topic, that of the edition's first document speaks for its subject,
and the next one for what is left. A rule refuses where something demands it, or a live platform was
seen to refuse, and where nothing that comes before this in the edition shows the opposite.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from emulator.contract.model import Rule, Severity, Subject


class Stated(Protocol):
    """Anything that documents state."""

    @property
    def documents(self) -> tuple[str, ...]:
        """The ids of the documents."""


_Stated = TypeVar("_Stated", bound=Stated)
Rank = Mapping[str, int]
"""The place of each document in an edition: 0 is the first, which decides."""


@dataclass(frozen=True, slots=True)
class RuleInForce:
    """A rule as an edition has it.

    Args:
        rule: The rule, with the severity that the edition's documents give it.
        about: The subject that it speaks about; None for all.
        besides: The subjects of which rules of earlier documents speak in its place.
    """

    rule: Rule
    about: Subject | None = None
    besides: tuple[Subject, ...] = ()

    @property
    def limited(self) -> bool:
        """Whether it speaks about a part of the requests to its operation only."""
        return bool(self.about or self.besides)

    def speaks(self, subjects: Collection[str]) -> bool:
        """Tell whether it speaks about a request that is about these subjects, by name."""
        if self.about and self.about.name not in subjects:
            return False
        return not any(other.name in subjects for other in self.besides)


def by_document(stated: Iterable[_Stated], rank: Rank) -> list[_Stated]:
    """Order what is stated by the first of its documents in an edition; drop what has none."""
    ranked = []
    for item in stated:
        places = [rank[id] for id in item.documents if id in rank]
        if places:
            ranked.append((min(places), item))
    return [item for _, item in sorted(ranked, key=lambda pair: pair[0])]


def rules_in_force(
    rules: Mapping[str, Rule], subjects: Mapping[str, Subject], rank: Rank
) -> list[RuleInForce]:
    """Return the rules of an edition.

    What is in force is decided document by document; the order of refusal is that of `rules`.
    """
    topics: dict[tuple[str, str], list[RuleInForce]] = {}
    for rule in by_document(rules.values(), rank):
        same = topics.setdefault((rule.operation, rule.topic), [])
        spoken_of = tuple(earlier.about for earlier in same if earlier.about) if same else ()
        about = subjects.get(rule.about)
        if len(spoken_of) == len(same) and not _is_part(about, spoken_of):
            severity = severity_in(rule, rank)
            ours = rule if severity == rule.severity else replace(rule, severity=severity)
            same.append(RuleInForce(ours, about, spoken_of))
    order = {id: index for index, id in enumerate(rules)}
    found = (item for same in topics.values() for item in same)
    return sorted(found, key=lambda item: order[item.rule.id])


def _is_part(about: Subject | None, spoken_of: tuple[Subject, ...]) -> bool:
    """Tell whether rules of earlier documents speak about all of a subject."""
    return about is not None and any(
        about.name == of.name or about.within == of.name for of in spoken_of
    )


def severity_in(rule: Rule, rank: Rank) -> Severity:
    """Return how severe a rule is where documents have these ranks."""
    if rule.severity != "error" or rule.structural:
        return rule.severity
    answering = [rank[id] for id in (*rule.demands, *rule.observed) if id in rank]
    opposing = [rank[id] for id in rule.against if id in rank]
    answers_for_it = answering and min(answering) < min(opposing, default=len(rank))
    return "error" if answers_for_it else "warning"
