"""What goes wrong in the mapping language, and it is always this."""

from __future__ import annotations


class MappingError(Exception):
    """An expression cannot be understood, or a value cannot be made.

    Attributes:
        reason: What is wrong, as a sentence without a full stop.
        position: Where in the expression, counted in characters from 0; None if it is nowhere.
    """

    def __init__(self, reason: str, position: int | None = None) -> None:
        super().__init__(reason, position)
        self.reason = reason
        self.position = position

    def __str__(self) -> str:
        where = "" if self.position is None else f" (at character {self.position + 1})"
        return f"{self.reason}{where}"


FAILURES = (MappingError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError)
"""What may come out of a value's making; anything else is a mistake of ours."""


def reason_of(failure: Exception) -> str:
    """Return the reason of a failure, in terms of the mapping language."""
    if isinstance(failure, MappingError):
        return str(failure)
    if isinstance(failure, RecursionError):
        return "the value is nested too deeply"
    return str(failure) or type(failure).__name__
