"""Methods of values: `marketing_type.equals("phyMail")`.

Documented are `equals`, `equalsIgnoreCase` and `get`. The others are methods of Java's strings,
lists and maps under the same names, which a language after JEXL offers too (assumed).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from emulator.json_types import Json
from emulator.mapping.errors import MappingError
from emulator.mapping.operators import equal
from emulator.mapping.values import Found, key, kind, text


@dataclass(frozen=True, slots=True)
class Method:
    """A method: what it takes besides its receiver, and what it answers for a null receiver."""

    call: Callable[..., Json]
    arguments: int = 0
    of_null: Json = None


def equals(of: Json, other: Json) -> bool:
    """Compare, upper and lower case being different. Texts equal texts only.

    Null equals nothing (assumed: an absent field is then simply no match).
    """
    if isinstance(of, str | Found) or isinstance(other, str | Found):
        return other is not None and isinstance(other, str | Found) and text(of) == text(other)
    return equal(of, other)


def equals_ignore_case(of: Json, other: Json) -> bool:
    """Compare texts, upper and lower case being the same."""
    return other is not None and text(of).lower() == text(other).lower()


def get(of: Json, place: Json) -> Json:
    """Return a map's value by key, or an array's item by index; null if it is missing."""
    if isinstance(of, dict):
        return of.get(key(place))
    if isinstance(of, list) and isinstance(place, int):
        return of[place] if 0 <= place < len(of) else None
    raise MappingError(f"{kind(of)} has nothing to get by {kind(place)}")


def contains(of: Json, part: Json) -> bool:
    """Return whether a text has a part, or an array an item."""
    if isinstance(of, list):
        return any(equal(item, part) for item in of)
    return part is not None and text(part) in text(of)


def size(of: Json) -> int:
    """Return the number of items, entries or characters."""
    return len(of) if isinstance(of, list | dict) else len(text(of))


METHODS = {
    "equals": Method(equals, 1, of_null=False),
    "equalsIgnoreCase": Method(equals_ignore_case, 1, of_null=False),
    "get": Method(get, 1),
    "contains": Method(contains, 1, of_null=False),
    "containsKey": Method(
        lambda of, name: isinstance(of, dict) and key(name) in of, 1, of_null=False
    ),
    "startsWith": Method(lambda of, part: text(of).startswith(text(part)), 1, of_null=False),
    "endsWith": Method(lambda of, part: text(of).endswith(text(part)), 1, of_null=False),
    "isEmpty": Method(lambda of: size(of) == 0, of_null=True),
    "length": Method(size),
    "size": Method(size),
    "toLowerCase": Method(lambda of: text(of).lower()),
    "toUpperCase": Method(lambda of: text(of).upper()),
    "toString": Method(text),
    "trim": Method(lambda of: text(of).strip()),
}
"""The methods by name."""
