"""Writes values into a record at destination paths, making the objects and arrays on the way.

`pi.name` makes objects, `piList[0]` an array up to that index with nulls in the gaps, and
`pi[*].name` gives each item of an array of values its own object. Items keep their places, so that
two mappings with `[*]` meet in the same objects; an item whose value is null is an empty object
(assumed). A path that leads through something else than an object or array is an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from emulator.json_types import Json, JsonObject
from emulator.mapping.conversion import Convert, Lost
from emulator.mapping.errors import FAILURES, MappingError, reason_of
from emulator.mapping.paths import MAX_INDEX, Each, Step, shown
from emulator.mapping.values import kind


@dataclass(frozen=True, slots=True)
class Destination:
    """A place in the record. `convert` gives a value the type that is wanted there."""

    steps: tuple[Step, ...]
    convert: Convert
    nulls: bool

    def write(self, record: JsonObject, value: Json, lost: Lost) -> None:
        """Write a value; null is written only where nulls are allowed.

        Raises:
            MappingError: The value cannot be converted, or does not fit the place. Of an array
                that is spread over `[*]`, items that fail are noted in `lost`.
        """
        _write(record, self.steps, value, self.convert, lost, nulls=self.nulls)

    def clear(self, record: JsonObject) -> None:
        """Take away what another mapping has written here, or set it to null if it may be null."""
        if Each.ITEM in self.steps:
            return
        if self.nulls:
            _write(record, self.steps, None, self.convert, [], nulls=True)
            return
        place: Json = record
        for step in self.steps[:-1]:
            if not _holds(place, step):
                return
            place = place[step]
        last = self.steps[-1]
        if isinstance(place, dict) and isinstance(last, str):
            place.pop(last, None)
        elif isinstance(last, int) and _holds(place, last):
            place[last] = None


def destination(steps: tuple[Step, ...], convert: Convert, *, nulls: bool) -> Destination:
    """Return a destination.

    Raises:
        MappingError: It begins with an index, or an index is too high.
    """
    if not isinstance(steps[0], str):
        raise MappingError(f"{shown(steps)} does not begin with a name")
    if any(isinstance(step, int) and step > MAX_INDEX for step in steps):
        raise MappingError(f"{shown(steps)} has an index beyond {MAX_INDEX}")
    return Destination(steps, convert, nulls)


def _holds(place: Json, step: Step) -> bool:
    if isinstance(step, str):
        return isinstance(place, dict) and step in place
    return isinstance(step, int) and isinstance(place, list) and step < len(place)


def _write(
    place: Json, steps: tuple[Step, ...], value: Json, convert: Convert, lost: Lost, *, nulls: bool
) -> None:
    """Write a value at steps; nothing is made on the way if there is nothing to write."""
    if Each.ITEM in steps:
        _spread(place, steps, value, convert, lost, nulls=nulls)
        return
    made = None if value is None else convert(value, lost)
    if made is None and not nulls:
        return
    place = _way(place, steps)
    last = steps[-1]
    if isinstance(last, int):
        _reach(place, last)
    place[last] = made


def _spread(
    place: Json, steps: tuple[Step, ...], value: Json, convert: Convert, lost: Lost, *, nulls: bool
) -> None:
    """Give each item of an array its own place at the first `[*]`."""
    if value is None:
        return
    if not isinstance(value, list):
        raise MappingError(f"{kind(value)} cannot be spread over [*]")
    first = steps.index(Each.ITEM)
    place, rest = _way(place, steps[: first + 1]), steps[first + 1 :]
    for index, item in enumerate(value):
        try:
            _write(place, (index, *rest), item, convert, lost, nulls=nulls)
        except FAILURES as failure:
            lost.append(f"[{index}]: {reason_of(failure)}")
        if index >= len(place):
            place.append({} if rest and isinstance(rest[0], str) else None)


def _way(place: Json, steps: tuple[Step, ...]) -> Json:
    """Return the object or array that the last step leads into; it is created if missing."""
    for step, then in pairwise(steps):
        place = _inside(place, step, then)
    return place


def _inside(place: Json, step: Step, then: Step) -> Json:
    """Return the object or array at a step; it is created if missing.

    Raises:
        MappingError: There is something else.
    """
    made: Json = {} if isinstance(then, str) else []
    if isinstance(step, int):
        _reach(place, step)
    found = place.get(step) if isinstance(step, str) else place[step]
    if found is None:
        found = place[step] = made
    if type(found) is not type(made):
        raise MappingError(f"the record holds {kind(found)} at {shown((step,))} already")
    return found


def _reach(place: list[Json], index: int) -> None:
    """Make an array long enough for an index."""
    place.extend([None] * (index + 1 - len(place)))
