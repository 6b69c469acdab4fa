"""The order of refusal: which rule of an operation speaks first.

Files are read by service: `conventions.json`, then `rules/*.json` by name. Rules stand in the order
in which they are read, unless one says `before` or `after` which other rule of its operation it
stands. Without that other rule in the operation it keeps its place.
"""

from __future__ import annotations

from collections.abc import Iterable

from emulator.contract.model import Rule


def name_of(rule: Rule) -> str:
    """Return the part of a rule's id behind its operation."""
    return rule.id.removeprefix(f"{rule.operation}.")


def in_order(rules: Iterable[Rule]) -> list[Rule]:
    """Return rules by operation, in the order of refusal."""
    by_operation: dict[str, list[Rule]] = {}
    for rule in rules:
        by_operation.setdefault(rule.operation, []).append(rule)
    return [rule for same in by_operation.values() for rule in _of_one(same)]


def _of_one(rules: list[Rule]) -> list[Rule]:
    if not any(rule.before or rule.after for rule in rules):
        return rules
    names = {name_of(rule) for rule in rules}
    moved = [rule for rule in rules if not names.isdisjoint((rule.before, rule.after))]
    ordered = [rule for rule in rules if names.isdisjoint((rule.before, rule.after))]
    inserted: dict[str, int] = {}
    while moved:
        left = [rule for rule in moved if not _insert(rule, ordered, inserted)]
        if len(left) == len(moved):  # they wait for one another; `contract.checkup` says so
            return [*ordered, *left]
        moved = left
    return ordered


def _insert(rule: Rule, ordered: list[Rule], inserted: dict[str, int]) -> bool:
    """Put a rule to its place, and tell whether the other rule was there already."""
    for index, other in enumerate(ordered):
        if name_of(other) == rule.before:
            ordered.insert(index, rule)
            return True
        if name_of(other) == rule.after:
            # Several rules behind the same one keep their own order.
            inserted[rule.after] = inserted.get(rule.after, 0) + 1
            ordered.insert(index + inserted[rule.after], rule)
            return True
    return False
