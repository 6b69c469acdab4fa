"""The order of refusal: which rule of an operation speaks first.

Files are read by service: `conventions.json`, then `rules/*.json` by name. Rules stand in the order
in which they are read, unless one says `before` or `after` which other rule of its operation it
stands. Without that other rule in the operation it keeps its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from emulator.contract.model import Place, Rule


def name_of(rule: Rule) -> str:
    """Return the part of a rule's id behind its operation."""
    return rule.id.removeprefix(f"{rule.operation}.")


def in_order(rules: Iterable[Rule], places: Mapping[str, Place]) -> list[Rule]:
    """Return rules by operation, in the order of refusal; `places` are by the rules' ids."""
    by_operation: dict[str, list[Rule]] = {}
    for rule in rules:
        by_operation.setdefault(rule.operation, []).append(rule)
    return [rule for same in by_operation.values() for rule in _of_one(same, places)]


def _of_one(rules: list[Rule], places: Mapping[str, Place]) -> list[Rule]:
    if not any(rule.id in places for rule in rules):
        return rules
    names = {name_of(rule) for rule in rules}
    waiting = {
        rule.id: place
        for rule in rules
        if (place := places.get(rule.id)) and (place.after in names or place.before in names)
    }
    ordered = [rule for rule in rules if rule.id not in waiting]
    moved = [rule for rule in rules if rule.id in waiting]
    inserted: dict[str, int] = {}
    while moved:
        left = [rule for rule in moved if not _insert(rule, waiting[rule.id], ordered, inserted)]
        if len(left) == len(moved):  # they wait for one another; `contract.checkup` says so
            return [*ordered, *left]
        moved = left
    return ordered


def _insert(rule: Rule, place: Place, ordered: list[Rule], inserted: dict[str, int]) -> bool:
    """Put a rule to its place, and tell whether the other rule was there already."""
    for index, other in enumerate(ordered):
        if name_of(other) == place.before:
            ordered.insert(index, rule)
            return True
        if name_of(other) == place.after:
            # Several rules behind the same one keep their own order.
            inserted[place.after] = inserted.get(place.after, 0) + 1
            ordered.insert(index + inserted[place.after], rule)
            return True
    return False
