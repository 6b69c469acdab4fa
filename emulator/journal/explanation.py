"""An entry explained: the place in the request, the rule and its documents, accepted values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from emulator.contract import Contract, Rule
from emulator.contract.enforcement import refuses
from emulator.contract.mutes import mute_of
from emulator.contract.sources import describe_sources
from emulator.journal.accepted import accepted_values
from emulator.journal.annotation import annotate
from emulator.journal.entry import SHARED, Entry
from emulator.journal.entry_json import full_entry
from emulator.journal.masked import masked
from emulator.json_types import JsonObject

if TYPE_CHECKING:
    from emulator.contract.judge import Edition
    from emulator.contract.lookup import Lookup

LookupOf = Callable[["Edition"], "Lookup"]


def explain(contract: Contract, entry: Entry, lookup_of: LookupOf | None = None) -> JsonObject:
    """Return all of an entry with its request annotated and every finding explained.

    With `lookup_of` the verdicts of all editions are added.
    """
    explained = full_entry(masked(entry))
    for item in explained["findings"]:
        item.update(describe_rule(contract, item["rule"], entry.edition))
    explained["annotatedRequest"] = [line.to_json() for line in annotate(explained)]
    if lookup_of is not None and entry.document is not None:
        explained["editions"] = {
            name: edition_verdict(contract, name, entry, lookup_of) for name in contract.entries
        }
    return explained


def describe_rule(contract: Contract, id: str, edition: str) -> JsonObject:
    """Return what a rule states, its documents, what it accepts and how to fix a request.

    `accepts` has the place, values that an edition accepts there, and the rule's schema if it has
    one. Of an entry of an error catalogue there are only `states` and `fix`; of what is neither,
    nothing.
    """
    rule = contract.rules.get(id)
    if rule is None:
        said = {"states": states_of(contract, id), "fix": fix_of(contract, id)}
        return {name: text for name, text in said.items() if text}
    schema = rule.check.get("schema")
    values = accepted_values(contract, rule, edition)
    accepts = {"at": rule.at, "values": values, **({"schema": schema} if schema else {})}
    return {
        "states": rule.states,
        "evidence": rule.evidence,
        "documents": describe_sources(contract, rule),
        "accepts": accepts,
        **({"structural": rule.structural} if rule.structural else {}),
        **({"fix": rule.fix} if rule.fix else {}),
    }


def states_of(contract: Contract, id: str) -> str:
    """Return what a rule states, or an entry of an error catalogue or its title; else nothing."""
    rule = contract.rules.get(id)
    if rule is not None:
        return rule.states
    entries = [entry for entry in contract.problems if entry.id == id]
    return next((said for entry in entries if (said := entry.states or entry.title)), "")


def fix_of(contract: Contract, id: str) -> str:
    """Return how to mend a request that a rule, or an entry of an error catalogue, refuses."""
    rule = contract.rules.get(id)
    if rule is not None:
        return rule.fix
    return next((entry.fix for entry in contract.problems if entry.id == id and entry.fix), "")


def edition_verdict(contract: Contract, name: str, entry: Entry, lookup_of: LookupOf) -> JsonObject:
    """Return how an edition judges an entry's request: its outcome, and the rules broken.

    For rules that were in force when the request came, the findings of then count, because the
    request may have changed what they look up. Only the others are judged now.
    """
    edition = contract.edition(name)
    known = _judged_then(contract, entry)
    broken: list[Rule] = []
    for group in _groups(entry):
        fired = [
            rule
            for rule in _fired(edition, group, entry, known, lookup_of)
            if not mute_of(rule, edition.mutes, entry.operation, entry.time)
        ]
        broken += fired
        refusing = next((rule for rule in fired if refuses(rule, entry.enforce)), None)
        if refusing is not None:
            return {"outcome": "refused", **_first(refusing), "brokenRules": _ids(broken)}
    if not broken:
        return {"outcome": "accepted", "brokenRules": []}
    return {"outcome": "warned", **_first(broken[0]), "brokenRules": _ids(broken)}


def _judged_then(contract: Contract, entry: Entry) -> dict[str, bool]:
    """Return the rules that judged the request when it came, and whether it broke them."""
    if entry.edition not in contract.entries:
        return {}
    edition = contract.edition(entry.edition)
    fired = {item.rule for item in entry.findings}
    return {rule.id: rule.id in fired for group in entry.judged for rule in edition.rules_of(group)}


def _groups(entry: Entry) -> Iterator[str]:
    gate, body = SHARED
    if gate in entry.judged:
        yield gate
    if entry.document is not None and entry.document["content"]:
        yield body
    yield entry.operation


def _fired(
    edition: Edition, group: str, entry: Entry, known: dict[str, bool], lookup_of: LookupOf
) -> Iterator[Rule]:
    from emulator.contract.judge import JudgedRule

    lookup: Lookup | None = None
    for rule in edition.rules_of(group):
        if rule.id in known:
            fired = known[rule.id]
        else:
            lookup = lookup or lookup_of(edition)
            judged = JudgedRule(rule, edition.limits_of(rule))
            fired = bool(judged.judge(entry.document or {}, lookup))
        if fired:
            yield rule


def _first(rule: Rule) -> JsonObject:
    return {"rule": rule.id, "states": rule.states}


def _ids(rules: list[Rule]) -> list[str]:
    return [rule.id for rule in rules]
