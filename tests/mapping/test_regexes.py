"""Regular expressions in Java's notation."""

from __future__ import annotations

import pytest

from emulator.mapping import MappingError
from emulator.mapping.regexes import regex


@pytest.mark.parametrize(
    ("expression", "text", "fits"),
    [
        (r"\w+", "ä", False),
        (r"\p{L}+", "aä", True),
        (r"\p{L}+", "a§", False),
        (r"\P{L}", "1", True),
        (r"[\p{Alpha}\d]+", "aB3", True),
        (r"\p{Upper}\p{IsAlpha}", "Ab", True),
        (r"(?<year>\d{4})-\k<year>", "2020-2020", True),
        (r"(?<=a)b|ab", "ab", True),
        (r"\Qa.b\E+", "a.bb", True),
        (r"a\z", "a", True),
        (r"]a[b]", "]ab", True),
        (r"\h\R", " \n", True),
        (r"a++b", "aab", True),
    ],
)
def test_what_fits(expression: str, text: str, fits: bool) -> None:
    assert (regex(expression).fullmatch(text) is not None) == fits


@pytest.mark.parametrize("expression", ["(", "[a", "*", r"\p{Nope}", "a{2,1}"])
def test_what_is_no_regular_expression(expression: str) -> None:
    with pytest.raises(MappingError):
        regex(expression)


def test_a_search_that_would_take_for_ever_is_given_up() -> None:
    with pytest.raises(MappingError, match="takes too long"):
        regex("(a|aa)+$").fullmatch("a" * 60 + "!")
