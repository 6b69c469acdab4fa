"""Examine a contract thoroughly: references, rules and their cases. For authors and tests.

The start trusts the shipped files and skips this; an overlay's files are examined at every start.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from fnmatch import filter as filter_names
from typing import Any

from emulator.contract.cases import failing_cases
from emulator.contract.checks import CHECKS
from emulator.contract.evidence_checkup import check_evidence
from emulator.contract.loader import Contract
from emulator.contract.model import BODY, GATE, Mute, Rule
from emulator.contract.order import name_of
from emulator.contract.reading import ContractError
from emulator.contract.reply_checkup import check_replies
from emulator.contract.resource_checkup import check_resources
from emulator.json_types import Json
from emulator.moments import is_day

PSEUDO_OPERATIONS = (GATE, BODY)


def refuse(complaints: Iterable[str]) -> None:
    """Raise a ContractError with a line for each complaint; return if there are none."""
    if text := "\n".join(complaints):
        raise ContractError(text)


def unknown_names(
    contract: Contract, facts: Collection[str], kinds: Collection[str]
) -> Iterator[str]:
    """Yield a sentence for each fact or kind that an overlay's rules name and no service has."""
    for id in contract.house_rules:
        check = contract.rules[id].check
        for word, name in _named(check) if "schema" not in check else ():
            known = facts if word == "fact" else kinds
            if name not in known:
                yield f"{id}: there is no {word} {name!r}{_hint(name, known)}"


def _named(arguments: Json) -> Iterator[tuple[str, str]]:
    """Yield what a check's arguments name, however deep: a fact, or a kind of resource."""
    words = {
        "fact": "fact",
        "resolve": "fact",
        "explained": "fact",
        "kind": "kind",
        "kinds": "kind",
        "to": "kind",
    }
    if isinstance(arguments, dict):
        for member, value in arguments.items():
            if member in words:
                for name in value if isinstance(value, list) else [value]:
                    yield words[member], name
            else:
                yield from _named(value)


def check_contract(contract: Contract) -> Iterator[str]:
    """Yield a sentence for each thing in a loaded contract that does not hold together.

    With an overlay the cases of its rules are run, not again those of the shipped ones.
    """
    yield from _check_references(contract)
    for id in contract.house_rules if contract.is_overlaid else contract.rules:
        yield from _check_rule(contract, contract.rules[id])
    yield from _check_use(contract)
    yield from _check_force(contract)
    yield from check_evidence(contract)
    yield from check_resources(contract)
    yield from check_replies(contract)
    for answer in contract.answers:
        for pattern in answer.operations:
            if not filter_names(contract.operations, pattern):
                yield f"{answer.aspect}: no operation is called {pattern}"
    for mute in contract.mutes:
        yield from _check_mute(contract, mute)


def _check_references(contract: Contract) -> Iterator[str]:
    stated: list[Any] = [
        *contract.rules.values(),
        *contract.problems,
        *contract.answers,
        *contract.operations.values(),
        *contract.resources.by_id.values(),
    ]
    for item in stated:
        name = getattr(item, "id", None) or getattr(item, "aspect", "")
        for id in (*item.documents, *getattr(item, "against", ())):
            if id not in contract.documents:
                yield f"{name}: unknown document {id}{_hint(id, contract.documents)}"
        if not item.documents:
            yield f"{name}: names no document"
    for entry in contract.entries.values():
        for id in entry.documents:
            if id not in contract.documents:
                yield f"edition {entry.name}: unknown document {id}"
    if sum(entry.default for entry in contract.entries.values()) != 1:
        yield "editions: exactly one is the default"


def _check_rule(contract: Contract, rule: Rule) -> Iterator[str]:
    if rule.operation not in contract.operations and rule.operation not in PSEUDO_OPERATIONS:
        hint = _hint(rule.operation, (*contract.operations, *PSEUDO_OPERATIONS))
        yield f"{rule.id}: unknown operation {rule.operation}{hint}"
    if not rule.id.startswith(rule.operation + "."):
        yield f"{rule.id}: a rule's id starts with its operation"
    if set(rule.check) - set(CHECKS) or len(rule.check) != 1:
        yield f"{rule.id}: one check of {', '.join(CHECKS)}"
        return
    yield from _check_place(contract, rule)
    if "nothing" not in rule.check and not (rule.cases.accepts and rule.cases.refuses):
        yield f"{rule.id}: a rule has cases that it accepts and cases that it refuses"
    try:
        yield from failing_cases(rule)
    except Exception as error:  # noqa: BLE001 - a check may fail in any way on foreign arguments
        reason = str(error).partition("\n")[0]
        yield f"{rule.id}: the check cannot be carried out: {type(error).__name__}: {reason}"


def _check_place(contract: Contract, rule: Rule) -> Iterator[str]:
    """A rule stands where its row says, among the rules of an operation of that row."""
    other = rule.before or rule.after
    if not other:
        return
    if rule.before and rule.after:
        yield f"{rule.id}: it can stand before another rule or after one, not both"
    same = [name_of(item) for item in contract.rules.values() if item.operation == rule.operation]
    anywhere = (name_of(item) for item in contract.rules.values())
    if other not in same and other not in anywhere:
        yield f"{rule.id}: no rule is called {other}{_hint(other, same)}"
    elif other in same:
        mine, others = same.index(name_of(rule)), same.index(other)
        if (mine > others) != bool(rule.after):
            yield f"{rule.id}: it cannot stand {'after' if rule.after else 'before'} {other}"


def _check_use(contract: Contract) -> Iterator[str]:
    """Every problem that a rule names exists in every edition in which the rule is in force."""
    for name in contract.entries:
        edition = contract.edition(name)
        for rule in edition.rules:
            if rule.problem not in edition.problems:
                hint = _hint(rule.problem, edition.problems)
                yield f"{rule.id}: problem {rule.problem} does not exist in edition {name}{hint}"


def _check_force(contract: Contract) -> Iterator[str]:
    """Every rule is in force somewhere; one that is not waits behind another of its topic.

    With an overlay this is asked of the overlay's rules, which may take the place of shipped ones.
    """
    compiled = [contract.edition(name) for name in contract.entries]
    in_force = {rule.id for edition in compiled for rule in edition.rules}
    for id in contract.house_rules or contract.rules:
        rule = contract.rules[id]
        if id in in_force:
            continue
        same = (other for edition in compiled for other in edition.rules_of(rule.operation))
        before = next((other.id for other in same if other.topic == rule.topic), "")
        reason = f"{before} answers its topic {rule.topic} before" if before else "no edition lists"
        yield f"{rule.id}: in force in no edition: {reason} its documents"


def _check_mute(contract: Contract, mute: Mute) -> Iterator[str]:
    rule = contract.rules.get(mute.rule)
    name = f"mutes.json: {mute.rule}"
    if rule is None:
        yield f"{name}: there is no such rule{_hint(mute.rule, contract.rules)}"
        return
    if rule.structural:
        yield f"{name}: without it there is nothing to act on, so it cannot be muted"
    if not mute.reason.strip():
        yield f"{name}: a mute has a reason"
    if mute.operation and mute.operation not in contract.operations:
        hint = _hint(mute.operation, contract.operations)
        yield f"{name}: unknown operation {mute.operation}{hint}"
    elif mute.operation and rule.operation not in (mute.operation, *PSEUDO_OPERATIONS):
        yield f"{name}: it is a rule of {rule.operation}, not of {mute.operation}"
    if mute.until and not is_day(mute.until):
        yield f"{name}: until {mute.until!r} is not a day such as 2027-03-31"


def _hint(wanted: str, known: Iterable[str]) -> str:
    close = get_close_matches(wanted, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
