"""Which rules apply to a request, found without looking anything up.

A rule applies to a request when the place that it judges is there and its condition holds. Many
rules share both, so a group of rules (an operation's, the gate's, the body's) asks each question
once; the answers are the bits of a key, and the rules that apply are remembered by key.
"""

from __future__ import annotations

from collections.abc import Iterable

import jsonschema_rs

from emulator.contract import Rule
from emulator.json_types import Json, JsonObject, dumps, pointer_steps

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


class _Condition:
    """A rule's condition, validated against only those members of a request that it looks at.

    The validator first copies what it is given, a long body too.
    """

    __slots__ = ("_is_valid", "_members", "_of_nothing")

    def __init__(self, schema: Json) -> None:
        self._is_valid = jsonschema_rs.validator_for(schema).is_valid
        self._members = _members(schema)
        self._of_nothing: dict[tuple[str, ...], bool] = {}

    def holds(self, request: JsonObject) -> bool:
        """Tell whether it holds for a request document."""
        if self._members is None:
            return self._is_valid(request)
        seen = {name: request[name] for name in self._members if name in request}
        if any(value != {} for value in seen.values()):
            return self._is_valid(seen)
        # Mostly these members are empty; then the answer depends on their names alone.
        names = tuple(seen)
        known = self._of_nothing.get(names)
        if known is None:
            known = self._of_nothing[names] = self._is_valid(seen)
        return known


_WITHIN = ("allOf", "anyOf", "oneOf")
_ABOUT = ("not", "if", "then", "else")


def _members(schema: Json) -> frozenset[str] | None:
    """Return the members of an object that a schema looks at; None if that is unknown."""
    if not isinstance(schema, dict):
        return frozenset()
    found: set[str] = set()
    for keyword, value in schema.items():
        if keyword in ("properties", "required"):
            found.update(value)
        elif keyword in _WITHIN or keyword in _ABOUT:
            for part in value if keyword in _WITHIN else (value,):
                below = _members(part)
                if below is None:
                    return None
                found |= below
        elif keyword != "type":
            return None
    return frozenset(found)


class ApplicableRules:
    """The rules of one group in one edition, and which of them apply to a request."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._places: dict[tuple[str, ...], int] = {}
        self._conditions: dict[bytes, tuple[int, _Condition]] = {}
        self._needs = [
            (rule.id, self._bit_of_place(rule) | self._bit_of_condition(rule))
            for rule in rules
            if "nothing" not in rule.check
        ]
        self.all = frozenset(id for id, _ in self._needs)
        self._tree = PlaceTree(self._places)
        self._root = self._places.get((), 0)
        self._asked = tuple(self._conditions.values())
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
        key = dumps(rule.when)
        if key not in self._conditions:
            self._conditions[key] = (self._next_bit(), _Condition(rule.when))
        return self._conditions[key][0]

    def _next_bit(self) -> int:
        return 1 << (len(self._places) + len(self._conditions))

    def key(self, request: JsonObject) -> int:
        """Return the key that decides which rules apply to a request document."""
        key = self._root | self._tree.found(request)
        for bit, condition in self._asked:
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
