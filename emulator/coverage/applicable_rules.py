"""Which rules apply to a request, found without looking anything up.

A rule applies to a request when the place that it judges is there and its condition holds. Many
rules share both, so a group of rules (an operation's, the gate's, the body's) asks each question
once; the answers are the bits of a key, and the rules that apply are remembered by key.
"""

from __future__ import annotations

from collections.abc import Iterable

from emulator.contract import Rule
from emulator.contract.conditions import Condition, condition_of
from emulator.json_types import Json, JsonObject, pointer_steps

MAX_REMEMBERED = 1000
"""For how many keys of a group the rules are remembered."""

Branch = tuple[str, int, "PlaceTree"]


class PlaceTree:
    """Places in a document, as a tree of steps; `bits` has the bits of all places below."""

    __slots__ = ("bits", "branches")

    def __init__(self, pointers: dict[tuple[str, ...], int]) -> None:
        """Arrange places, given as steps, with the bit of each."""
        grouped: dict[str, dict[tuple[str, ...], int]] = {}
        self.bits = 0
        for steps, bit in pointers.items():
            if steps:
                self.bits |= bit
                grouped.setdefault(steps[0], {})[steps[1:]] = bit
        self.branches: list[Branch] = [
            (step, below.get((), 0), PlaceTree(below)) for step, below in grouped.items()
        ]

    def found(self, value: Json) -> int:
        """Return the bits of the places that a document has."""
        found = 0
        if isinstance(value, dict):
            for step, bit, below in self.branches:
                if step in value:
                    found |= bit
                    if below.branches:
                        found |= below.found(value[step])
        elif isinstance(value, list):
            for step, bit, below in self.branches:
                found |= _found_in_list(value, step, bit, below)
        return found


def _found_in_list(value: list[Json], step: str, bit: int, below: PlaceTree) -> int:
    if step == "*":
        items = value
    elif step.isdecimal() and len(step) < 10 and int(step) < len(value):
        items = [value[int(step)]]
    else:
        return 0
    found = bit if items else 0
    if below.branches:
        for item in items:
            found |= below.found(item)
            if found & below.bits == below.bits:
                break
    return found


class ApplicableRules:
    """The rules of one group in one edition, and which of them apply to a request."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._places: dict[tuple[str, ...], int] = {}
        self._conditions: dict[Condition, int] = {}
        self._needs = [
            (rule.id, self._bit_of_place(rule) | self._bit_of_condition(rule))
            for rule in rules
            if "nothing" not in rule.check
        ]
        self.all = frozenset(id for id, _ in self._needs)
        self._tree = PlaceTree(self._places)
        self._root = self._places.get((), 0)
        self._asked = tuple(self._conditions.items())
        self._remembered: dict[int, tuple[str, ...]] = {}

    def _bit_of_place(self, rule: Rule) -> int:
        steps = pointer_steps(rule.at)
        if rule.check == {"schema": False}:
            # What must be absent: the rule applies where the place around it is present.
            steps = steps[:-1]
        return self._places.setdefault(steps, self._next_bit())

    def _bit_of_condition(self, rule: Rule) -> int:
        if not rule.when:
            return 0
        return self._conditions.setdefault(condition_of(rule.when), self._next_bit())

    def _next_bit(self) -> int:
        return 1 << (len(self._places) + len(self._conditions))

    def key(self, request: JsonObject) -> int:
        """Return the key that decides which rules apply to a request document."""
        key = self._root | self._tree.found(request)
        for condition, bit in self._asked:
            if condition.holds(request):
                key |= bit
        return key

    def rules(self, key: int) -> tuple[str, ...]:
        """Return the ids of the rules that apply to requests of this key."""
        found = self._remembered.get(key)
        if found is None:
            found = tuple(id for id, needs in self._needs if needs & key == needs)
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            self._remembered[key] = found
        return found
