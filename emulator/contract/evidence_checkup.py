"""Examine what rules rest on: whether each may refuse what it refuses, and says where it stands."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.contract.loader import Contract
from emulator.contract.model import EditionEntry, Rule
from emulator.contract.sources import sources_of


def check_evidence(contract: Contract) -> Iterator[str]:
    """Yield a sentence for each rule that has no sufficient ground, or does not name it.

    With an overlay only its rules are looked at.
    """
    for id in contract.house_rules or contract.rules:
        yield from rule_faults(contract, contract.rules[id])
    for subject in contract.subjects.values():
        if subject.within and subject.within not in contract.subjects:
            yield f"subject {subject.name}: within {subject.within}, which is not in subjects.json"
    for entry in contract.entries.values():
        yield from _check_age(contract, entry)
    if not contract.house_rules:
        yield from (f"{id}: no edition lists this document" for id in contract.unlisted)


def rule_faults(contract: Contract, rule: Rule) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong with a rule's ground.

    A rule refuses only what a source demands or a live platform was seen to refuse, or what cannot
    be carried out. An organization's own documents need no passage.
    """
    if rule.severity == "error" and not (rule.demands or rule.observed or rule.structural):
        yield (
            f"{rule.id}: severity error needs a document that demands it or a refusal that was "
            "observed, or a reason why it is structural; else it is a warning"
        )
    if rule.about and rule.about not in contract.subjects:
        yield f"{rule.id}: about {rule.about}, which is not in subjects.json"
    for source in sources_of(contract, rule):
        document = contract.documents[source.id]
        if not source.passage.strip() and document.kind != "house":
            yield f"{rule.id}: {source.does} {source.id}: names no passage"
        if source.does == "observed" and (document.kind != "report" or not document.address):
            yield f"{rule.id}: {source.id}: an observation is a report with an address"


def _check_age(contract: Contract, entry: EditionEntry) -> Iterator[str]:
    """In an edition of today, a rule of old documents alone says why it still holds."""
    for rule in contract.edition(entry.name).rules if entry.since else ():
        refuses = rule.severity == "error" and not rule.structural and "nothing" not in rule.check
        if rule.kept or not refuses:
            continue
        dates = [source.date for source in sources_of(contract, rule) if source.does != "against"]
        if max(dates, default="") < entry.since:
            yield (
                f"{rule.id}: refuses in {entry.name}, though its documents are older than "
                f"{entry.since}: say in kept why it holds"
            )
