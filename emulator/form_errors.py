"""What pydantic finds wrong with a file or body, as its author is told: a line for each place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


def form_errors(error: ValidationError, whole: str = "") -> list[str]:
    """Return the complaints, each with the place that it is about.

    Args:
        error: What pydantic raised.
        whole: How a complaint about the value as a whole names it; without, it names no place.
    """
    lines = []
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        place = ".".join(map(str, fault["loc"])) or whole
        said = fault["msg"].removeprefix("Value error, ")
        lines.append(f"{place}: {said}" if place else said)
    return lines
