"""The errors that pydantic finds in a file or body, a line for each place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


def form_errors(error: ValidationError, whole: str = "") -> list[str]:
    """Return the errors, each with its place.

    Args:
        error: What pydantic raised.
        whole: The name of the value as a whole, for errors that are about no part of it.
    """
    lines = []
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        place = ".".join(map(str, fault["loc"])) or whole
        text = fault["msg"].removeprefix("Value error, ")
        lines.append(f"{place}: {text}" if place else text)
    return lines
