"""String functions."""

from __future__ import annotations

import re
from typing import Any

from emulator.mapping.functions.definition import Category
from emulator.mapping.methods import equals, equals_ignore_case
from emulator.mapping.regexes import regex
from emulator.mapping.values import bounded, text

CATEGORY = Category("String")


@CATEGORY.function()
def concat(*string: Any) -> str:
    """Join texts.

    Null counts as an empty text (assumed).
    """
    joined = "".join([text(part) for part in string if part is not None])
    bounded(len(joined))
    return joined


@CATEGORY.function()
def explode(string: str, regex: str | None = ",") -> list[str]:
    """Split a text at every match of a regular expression, keeping empty parts.

    Trailing empty parts are kept too; the newest page only says that empty positions are (assumed).
    """
    return split_at(string, regex or ",")


def split_at(string: str, delimiter: str) -> list[str]:
    """Return the parts between the matches of a regular expression."""
    parts, start = [], 0
    for match in regex(delimiter).finditer(string):
        if match.end() > match.start():
            parts.append(string[start : match.start()])
            start = match.end()
    return [*parts, string[start:]]


@CATEGORY.function()
def instr(input: str, substring: str, start_position: int = 0, occurrence: int = 1) -> int:
    """Find where a part begins in a text, counted from 0.

    If there is none the answer is -1 (assumed).
    """
    position = max(start_position, 0) - 1
    for _ in range(max(occurrence, 1)):
        position = input.find(substring, position + 1)
        if position < 0:
            break
    return position


@CATEGORY.function()
def replacestr(input: str, to_find: str, to_replace: str) -> str:
    """Replace a part of a text by another.

    Every occurrence is replaced, and an empty part replaces nothing (assumed).
    """
    if not to_find:
        return input
    bounded(len(input) + input.count(to_find) * (len(to_replace) - len(to_find)))
    return input.replace(to_find, to_replace)


@CATEGORY.function()
def substr(input: str, start_index: int, length: int) -> str:
    """Cut a number of characters out of a text, from a place counted from 0.

    What lies outside of the text is left out instead of being an error (assumed).
    """
    start = max(start_index, 0)
    return input[start : start + max(length, 0)]


@CATEGORY.function("lcase")
def lower(input: str) -> str:
    """Turn all letters into lower case."""
    return input.lower()


@CATEGORY.function("ucase")
def upper(input: str) -> str:
    """Turn all letters into upper case."""
    return input.upper()


@CATEGORY.function()
def split(input: str, separator: str) -> list[str]:
    """Split a text at any of the characters given, dropping empty parts.

    The characters are taken as they are, and a backslash before one does not count (assumed from
    the page's word that only the backslash has to be escaped).
    """
    if not separator:
        return [input] if input else []
    characters = re.escape(re.sub(r"\\(.)", r"\1", separator))
    return [part for part in re.split(f"[{characters}]", input) if part]


@CATEGORY.function()
def join(separator: str, objects: list[Any]) -> str:
    """Join the items of an array, with a separator between them.

    Null items are left out (assumed).
    """
    parts = [text(item) for item in objects if item is not None]
    bounded(sum(map(len, parts)) + len(parts) * len(separator))
    return separator.join(parts)


@CATEGORY.function()
def lpad(input: str | None, count: int, padding: str | None) -> str:
    """Fill a text up to a length on its left side.

    A missing padding is a space. A null text counts as an empty one, and a text that is longer than
    the length stays as it is (assumed).
    """
    return _filling(input or "", count, padding) + (input or "")


@CATEGORY.function()
def rpad(input: str | None, count: int, padding: str | None) -> str:
    """Fill a text up to a length on its right side.

    A missing padding is a space. A null text counts as an empty one, and a text that is longer than
    the length stays as it is (assumed).
    """
    return (input or "") + _filling(input or "", count, padding)


def _filling(input: str, count: int, padding: str | None) -> str:
    missing = max(bounded(count) - len(input), 0)
    filling = padding or " "
    return (filling * (missing // len(filling) + 1))[:missing]


@CATEGORY.function()
def left(string: str, count: int) -> str:
    """Take a number of characters from the beginning of a text."""
    return string[: max(count, 0)]


@CATEGORY.function()
def right(string: str, count: int) -> str:
    """Take a number of characters from the end of a text."""
    return string[max(len(string) - max(count, 0), 0) :]


@CATEGORY.function()
def ltrim(string: str) -> str:
    """Remove the blanks at the beginning of a text."""
    return string.lstrip()


@CATEGORY.function()
def rtrim(string: str) -> str:
    """Remove the blanks at the end of a text."""
    return string.rstrip()


@CATEGORY.function()
def trim(string: str) -> str:
    """Remove the blanks at both ends of a text."""
    return string.strip()


@CATEGORY.function(name="equals")
def equals_function(string1: Any, string2: Any) -> bool:
    """Compare two texts, upper and lower case being different.

    The documents call it as a method, `a.equals(b)`; as a function it does the same (assumed).
    """
    return string1 is not None and equals(string1, string2)


@CATEGORY.function(name="equalsIgnoreCase")
def equals_ignore_case_function(string1: Any, string2: Any) -> bool:
    """Compare two texts, upper and lower case being the same.

    The documents call it as a method, `a.equalsIgnoreCase(b)`; as a function it does the same
    (assumed).
    """
    return string1 is not None and equals_ignore_case(string1, string2)
