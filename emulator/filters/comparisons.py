"""What the query languages of lists compare with: order, and regular expressions."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from functools import lru_cache

import jsonschema_rs

from emulator import budgets
from emulator.json_types import Json
from emulator.store import Hint
from emulator.xdm.identity import is_spelling

ORDERINGS: dict[str, Callable[[Json, Json], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
"""By the operator of a filter; both values have to be of one type."""

_UNCERTAIN = re.compile(
    r"-?[0-9.]+(e[+-]?[0-9]+)?|true|false|none|null|-?inf|nan|.*[\[\]{}'\"\\].*",
    re.IGNORECASE | re.DOTALL,
)
"""Texts that equal values whose JSON is another one: numbers, truth values, nothing, structures."""


def certain_texts(wanted: str) -> tuple[str, ...]:
    """Return what is in the JSON of everything that equals a text of a query, if that is certain.

    It is not of what has several spellings: numbers, truth values, ids of XDM resources.
    """
    if not wanted or _UNCERTAIN.fullmatch(wanted) or is_spelling(wanted):
        return ()
    return (wanted,)


def hint_for(
    fields: Iterable[str],
    equal: Iterable[tuple[str, str]] = (),
    texts: Iterable[str] = (),
) -> Hint:
    """Return what filters need.

    Args:
        fields: What they look at: a member's name or a dotted path; a member may have the whole
            path for its name.
        equal: Stored fields, and the text of a query that each has to equal.
        texts: What has to be somewhere in a document.
    """
    found, certain = dict.fromkeys(texts), dict[tuple[str, str], None]()
    for field, wanted in equal:
        for text in certain_texts(wanted):
            if "." in field or "[" in field:
                found[text] = None
            else:
                certain[(field, text)] = None
    members = {name for field in fields for name in (field, field.partition(".")[0])}
    plain = {name.removesuffix("[]") for name in members}
    return Hint(frozenset(members | plain), tuple(found), tuple(certain))


Search = Callable[[str], bool]
"""Tells whether an expression is found in a text."""


def regular_expression(pattern: str) -> Search | None:
    """Return a search for a regular expression, or None if it is not a supported one.

    The engine takes linear time whatever the expression, which Python's own does not; but how much
    for each character follows from the size of the compiled expression. So a large one is looked
    for in short texts only, and none in very long ones: they do not match.
    """
    return _search(pattern) if len(pattern) <= budgets.PATTERN_CHARACTERS else None


@lru_cache(maxsize=64)
def _search(pattern: str) -> Search | None:
    longest = budgets.SEARCHED_CHARACTERS
    found = _compiled(pattern, budgets.PATTERN_BYTES)
    if found is None:
        longest = budgets.SHORT_TEXT_CHARACTERS
        found = _compiled(pattern, budgets.LARGE_PATTERN_BYTES)
    if found is None:
        return None
    is_found: Search = found
    return lambda text: len(text) <= longest and is_found(text)


def _compiled(pattern: str, size: int) -> Search | None:
    try:
        options = jsonschema_rs.RegexOptions(size_limit=size)
        validator = jsonschema_rs.validator_for({"pattern": pattern}, pattern_options=options)
    except ValueError:
        return None
    search: Search = validator.is_valid
    return search


def literally(text: str) -> str:
    """Return the regular expression of a text that stands for itself."""
    return "".join(f"\\u{{{ord(character):x}}}" for character in text)
