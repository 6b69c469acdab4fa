"""What the operators do. Ranks are in the grammar; meanings follow Apache Commons JEXL (assumed).

Arithmetic takes numbers and texts of digits; null is refused, as JEXL's strict mode does. `+` joins
as soon as one side is a text. Whole numbers stay whole: `7 / 2` is 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime

from emulator.json_types import Json
from emulator.mapping.errors import MappingError
from emulator.mapping.regexes import regex
from emulator.mapping.values import bounded, flag, kind, moment, number, text, whole

_WIDEST = 2**1024


def add(left: Json, right: Json) -> Json:
    """Add numbers, or join texts."""
    if isinstance(left, str) or isinstance(right, str):
        if left is None or right is None:
            raise MappingError("null cannot be added")
        joined = text(left) + text(right)
        bounded(len(joined))
        return joined
    return _kept(number(left) + number(right))


def subtract(left: Json, right: Json) -> Json:
    return _kept(number(left) - number(right))


def multiply(left: Json, right: Json) -> Json:
    return _kept(number(left) * number(right))


def divide(left: Json, right: Json) -> Json:
    """Divide; the fraction of two whole numbers is cut off."""
    upper, lower = number(left), number(right)
    if lower == 0:
        raise MappingError("division by 0")
    if isinstance(upper, float) or isinstance(lower, float):
        return _kept(upper / lower)
    return abs(upper) // abs(lower) * (1 if (upper < 0) == (lower < 0) else -1)


def remainder(left: Json, right: Json) -> Json:
    """Return the remainder of a division, with the sign of the dividend."""
    upper, lower = number(left), number(right)
    if lower == 0:
        raise MappingError("division by 0")
    if isinstance(upper, float) or isinstance(lower, float):
        return math.fmod(upper, lower)
    return abs(upper) % abs(lower) * (-1 if upper < 0 else 1)


def _kept(value: int | float) -> int | float:
    """Return a result that is still a finite number of a sensible size."""
    if value - value != 0 or (isinstance(value, int) and abs(value) >= _WIDEST):
        raise MappingError("the number is too large")
    return value


def equal(left: Json, right: Json) -> bool:
    """Return whether two values are equal; a number equals the text of its digits.

    Null equals null alone; values that cannot be compared are not equal.
    """
    if left is None or right is None:
        return left is right
    if type(left) is type(right):
        return bool(left == right)
    if isinstance(left, bool) or isinstance(right, bool):
        return flag(left) == flag(right)
    try:
        return order(left, right) == 0
    except MappingError:
        return bool(left == right)


def order(left: Json, right: Json) -> int:
    """Return -1, 0 or 1 as the left value is less than, equal to or greater than the right one.

    Raises:
        MappingError: The two cannot be compared.
    """
    if isinstance(left, str) and isinstance(right, str):
        return (left > right) - (left < right)
    if isinstance(left, datetime) or isinstance(right, datetime):
        first, second = moment(left), moment(right)
        return (first > second) - (first < second)
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        raise MappingError(f"{kind(left)} and {kind(right)} cannot be compared")
    one, other = _comparable(left), _comparable(right)
    return (one > other) - (one < other)


def _comparable(value: Json) -> int | float:
    return int(value) if isinstance(value, bool) else number(value)


def _ordering(holds: Callable[[int], bool]) -> Callable[[Json, Json], bool]:
    """Return a comparison; with null on one side it does not hold (assumed, after JEXL)."""

    def compare(left: Json, right: Json) -> bool:
        return left is not None and right is not None and holds(order(left, right))

    return compare


def matches(left: Json, right: Json) -> bool:
    """`left =~ right`: a text fits a regular expression whole, or a value is in an array or map."""
    if right is None:
        return left is None
    if isinstance(right, list):
        return any(equal(left, item) for item in right)
    if isinstance(right, dict):
        return left is not None and text(left) in right
    if left is None:
        return False
    return regex(text(right)).fullmatch(text(left)) is not None


def negate(value: Json) -> Json:
    return -number(value)


def positive(value: Json) -> Json:
    return number(value)


def complement(value: Json) -> Json:
    return ~whole(value)


def invert(value: Json) -> bool:
    return not flag(value)


BINARY: dict[str, Callable[[Json, Json], Json]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": remainder,
    "==": equal,
    "!=": lambda left, right: not equal(left, right),
    "<": _ordering(lambda order: order < 0),
    "<=": _ordering(lambda order: order <= 0),
    ">": _ordering(lambda order: order > 0),
    ">=": _ordering(lambda order: order >= 0),
    "=~": matches,
    "!~": lambda left, right: not matches(left, right),
    "&": lambda left, right: whole(left) & whole(right),
    "|": lambda left, right: whole(left) | whole(right),
    "^": lambda left, right: whole(left) ^ whole(right),
}
UNARY: dict[str, Callable[[Json], Json]] = {
    "-": negate,
    "+": positive,
    "~": complement,
    "!": invert,
}
