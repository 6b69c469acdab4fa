"""Values that a rule accepts, as examples: out of its cases, without those that are refused."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.contract import Contract, Rule
from emulator.contract.cases import CaseLookup
from emulator.contract.conditions import condition_of
from emulator.contract.judge import JudgedRule
from emulator.json_types import MISSING, Json, JsonObject, as_object, at, copy, pointer_steps

MAX_VALUES = 5
"""How many accepted objects and lists are shown."""

MAX_WORDS = 16
"""How many accepted texts, numbers and the like are shown."""

_Known = dict[tuple[str, str], list[Json]]
"""What has been found, by edition and rule."""


def accepted_values(contract: Contract, rule: Rule, edition: str) -> list[Json]:
    """Return values that a rule accepts at its place, and that nothing else in force objects to.

    Its cases are about this rule alone: what one accepts another rule may refuse, or remark on.
    Values of cases that set up resources of their own are left out too, because their ids mean
    nothing here.
    """
    known, key = contract.once(_nothing_known), (edition, rule.id)
    if key not in known:
        known[key] = _found(contract, rule, edition)
    return known[key]


def _nothing_known(_: Contract) -> _Known:
    return {}


def _found(contract: Contract, rule: Rule, edition: str) -> list[Json]:
    others = list(_others(contract, rule, edition))
    refused = [at(case, rule.at) for case in rule.cases.refuses if _is_alone(case)]
    values: list[Json] = []
    for case in rule.cases.accepts:
        value = at(case, rule.at) if _is_alone(case) else MISSING
        if value is MISSING or value in refused or value in values:
            continue
        if _applies(rule, case) and not any(_objects(one, rule, case, value) for one in others):
            values.append(value)
            if len(values) == (MAX_VALUES if isinstance(value, dict | list) else MAX_WORDS):
                break
    return values


def _others(contract: Contract, rule: Rule, edition: str) -> Iterator[JudgedRule]:
    """Yield the rules in force at a rule's place, around it and below it."""
    named = edition if edition in contract.entries else contract.default_edition
    in_force = contract.edition(named)
    for one in in_force.rules_of(rule.operation):
        if one.id != rule.id and (_is_within(one.at, rule.at) or _is_within(rule.at, one.at)):
            yield JudgedRule(one, in_force.limits_of(one))


def _is_alone(case: JsonObject) -> bool:
    return "given" not in case and "facts" not in case


def _is_within(pointer: str, place: str) -> bool:
    return f"{pointer}/".startswith(f"{place}/")


def _applies(rule: Rule, case: JsonObject) -> bool:
    return not rule.when or condition_of(rule.when).holds(CaseLookup(case).request)


def _objects(other: JudgedRule, rule: Rule, case: JsonObject, value: Json) -> bool:
    """Tell whether another rule objects to what is at the place of a rule.

    Not if it objects to less as well: a case has only as much of a request as it needs.
    """
    if not _judges(other, rule, case):
        return False
    empty: Json = {} if isinstance(value, dict) else [] if isinstance(value, list) else None
    if not value or empty is None:
        return True
    return not _judges(other, rule, as_object(_with(case, rule.at, empty)))


def _judges(other: JudgedRule, rule: Rule, case: JsonObject) -> bool:
    """Tell whether a rule finds fault with what is at the place of another; nothing is there yet.

    So an id that would have to be known is a fault: it would mean nothing to a reader.
    """
    seen = CaseLookup(case)
    return any(_is_within(item.at, rule.at) for item in other.judge(seen.request, seen))


def _with(case: JsonObject, pointer: str, value: Json) -> Json:
    """Return a copy of a case with another value at a place that it has."""
    if not pointer:
        return value
    above, _, step = pointer.rpartition("/")
    changed = copy(case)
    around = at(changed, above)
    if isinstance(around, list):
        around[int(step) if step.isdecimal() else 0] = value
    else:
        around["".join(pointer_steps(f"/{step}"))] = value
    return changed
