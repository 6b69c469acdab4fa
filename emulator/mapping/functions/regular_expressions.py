"""Functions of regular expressions, in Java's notation."""

from __future__ import annotations

from emulator.mapping.functions.definition import Category
from emulator.mapping.regexes import regex as compiled

CATEGORY = Category("Regular expression")


@CATEGORY.function()
def extract_regex(string: str, regex: str) -> list[str | None]:
    """Find the first match of a regular expression, and what each of its groups holds.

    Without a match the array is empty (assumed).
    """
    match = compiled(regex).search(string)
    return [] if match is None else [match[0], *match.groups()]


@CATEGORY.function()
def matches_regex(string: str, regex: str) -> bool:
    """Tell whether a text matches a regular expression.

    The text has to match as a whole (assumed, as Java's matches does).
    """
    return compiled(regex).fullmatch(string) is not None
