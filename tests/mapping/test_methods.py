"""Methods of values in mapping expressions, and what they say of values that have none."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.mapping.errors import MappingError, reason_of
from tests.mapping.language import evaluated

ROW: dict[str, Any] = {
    "text": "Ada Lovelace ",
    "list": ["a", "b", 3],
    "map": {"key": "value", "none": None},
    "number": 12,
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("map.get('key')", "value"),
        ("map.get('other')", None),
        ("list.get(1)", "b"),
        ("list.get(3)", None),
        ("list.contains('a')", True),
        ("list.contains('c')", False),
        ("list.contains(3)", True),
        ("text.contains('Love')", True),
        ("text.contains('love')", False),
        ("map.containsKey('none')", True),
        ("map.containsKey('other')", False),
        ("text.containsKey('Ada')", False),
        ("text.startsWith('Ada')", True),
        ("text.endsWith('lace')", False),
        ("text.trim().endsWith('lace')", True),
        ("list.size()", 3),
        ("map.size()", 2),
        ("text.length()", 13),
        ("number.length()", 2),
        ("list.isEmpty()", False),
        ("missing.isEmpty()", True),
        ("missing.contains('a')", False),
        ("missing.get('a')", None),
        ("text.toUpperCase()", "ADA LOVELACE "),
        ("text.toLowerCase()", "ada lovelace "),
        ("number.toString()", "12"),
    ],
)
def test_a_method_has_a_value(expression: str, value: Any) -> None:
    assert evaluated(expression, ROW) == value


def test_a_value_without_parts_has_nothing_to_get() -> None:
    with pytest.raises(MappingError, match="has nothing to get by"):
        evaluated("number.get('key')", ROW)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (MappingError("it is too long"), "it is too long"),
        (RecursionError("maximum recursion depth exceeded"), "the value is nested too deeply"),
        (ValueError("bad digits"), "bad digits"),
        (OverflowError(), "OverflowError"),
    ],
)
def test_a_failure_has_a_reason_in_words(failure: Exception, reason: str) -> None:
    assert reason_of(failure) == reason
