"""The language itself: rank of operators, names, texts, and errors that say where they are."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.mapping import MappingError, compile_expression, validate
from emulator.mapping.parser import MAX_LENGTH, RESERVED, RESERVED_2020, RESERVED_2021
from tests.mapping.language import evaluated

ROW = {
    "a": 1,
    "b": 2,
    "text": "abc",
    "First Name": "Ann",
    "First.Name": "Bea",
    "android": "yes",
    "straße": "ä",
    "obj": {"x": {"y": 3}, "street.name": "Elm", "list": [{"v": 1}, {"v": 2}], "new": 5, "size": 6},
    "csv.column": "flat",
    "date": "taken",
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 2 - 3", 5),
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("7.0 div 2", 3.5),
        ("7 % 4 + 1", 4),
        ("-7 mod 4", -3),
        ("2 - -3", 5),
        ("~44", -45),
        ("6 & 3 | 8 ^ 1", 11),
        ("1 < 2 == true", True),
        ("1 lt 2 and 2 ge 2 or false", True),
        ("true or true and false", True),
        ("not false and false", False),
        ("!(a == 1) || b ne 2", False),
        ("a eq 1 ? 'one' : 'other'", "one"),
        ("false ? 1 : true ? 2 : 3", 2),
        ("missing ?: 'fallback'", "fallback"),
        ("text ?: 'fallback'", "abc"),
        ("'abc' =~ 'a.c'", True),
        ("'abcd' =~ 'a.c'", False),
        ("'abc' !~ 'a.c'", False),
        ("2 =~ [1, 2]", True),
        ("'k' =~ {'k': 1}", True),
        ("a == '1'", True),
        ("'10' > 9", True),
        ("'b' > 'a'", True),
        ("missing == null", True),
        ("missing < 1", False),
        ("a == 'x'", False),
        ("'x' + 1", "x1"),
        ("5L + 1", 6),
        ("1.5e1", 15.0),
    ],
)
def test_operators(expression: str, expected: Any) -> None:
    value = evaluated(expression, ROW)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("obj.x.y", 3),
        ("obj['x']['y']", 3),
        ("obj.list[1].v", 2),
        ("obj.list[a].v", 2),
        ("obj.list[*].v", [1, 2]),
        ("obj.list[7].v", None),
        ("obj.nothing.at.all", None),
        (r"obj.street\.name", "Elm"),
        ("${First Name}", "Ann"),
        ("${First.Name}", "Bea"),
        (r"${First\.Name}", "Bea"),
        ("csv.column", "flat"),
        ("android", "yes"),
        ("straße", "ä"),
        ("obj.new + obj.size", 11),
        ("${date}", "taken"),
        ("{'k': [1, {'l': null}]}", {"k": [1, {"l": None}]}),
        ("[]", []),
        ("{}", {}),
        ("upper(concat(text, lower('D')))", "ABCD"),
        ("filterArray([1, 2, 3], x -> x > a)", [2, 3]),
        ("transformArray([1], x -> transformArray([10], y -> x + y + a))", [[12]]),
        ("transformArray(obj.list, x -> x.v)", [1, 2]),
        ("obj.get('x').get('y')", 3),
        ("missing.equals('a')", False),
        ("text.equalsIgnoreCase('ABC')", True),
    ],
)
def test_values(expression: str, expected: Any) -> None:
    assert evaluated(expression, ROW) == expected


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        (r'"a\"b"', 'a"b'),
        (r"'it\'s'", "it's"),
        (r"'a\\b'", r"a\b"),
        (r"'\d+\.'", r"\d+\."),
        (r"'\u00e4\t'", "ä\t"),
        (r"'\ud83d\ude00'", "😀"),
        ("'a\nb'", "a\nb"),
    ],
)
def test_escapes(literal: str, expected: str) -> None:
    assert evaluated(literal) == expected


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_a_reserved_word_has_to_be_wrapped(word: str) -> None:
    assert evaluated(f"${{{word}}}", {word: "value"}) == "value"
    if word not in ("true", "false", "null"):
        assert validate(word) is not None


def test_the_lists_of_reserved_words_grow() -> None:
    assert (len(RESERVED_2020), len(RESERVED_2021), len(RESERVED)) == (23, 24, 28)
    assert validate("size", RESERVED_2020) is None
    assert validate("date", RESERVED_2020) is None
    assert validate("date") is None
    assert validate("date", names_are_reserved=True) is not None


@pytest.mark.parametrize(
    ("expression", "position", "reason"),
    [
        ("", 0, "empty"),
        ("1 +", 3, "ends too early"),
        ("concat('a", 7, "not closed"),
        ("${a", 0, "not closed by }"),
        ("a b", 2, "'b' is not expected"),
        ("1 < 2 < 3", 6, "'<' is not expected"),
        ("upper(nope(1))", 6, "unknown function nope"),
        ("UPPER('a')", 0, "did you mean upper?"),
        ("substr('a')", 0, "takes 3 arguments, not 1"),
        ("now(1)", 0, "takes no arguments, not 1"),
        ("first('a').nope()", 11, "unknown method nope"),
        ("'a'.equals()", 4, "equals takes 1 argument"),
        ("1 + while", 4, "reserved word: an attribute is called ${while}"),
        ("lower(date)", 6, "name of a function: an attribute is ${date}"),
        ("upper(x -> x)", 0, "takes no lambda"),
        ("filterArray([1], 2)", 0, "takes a lambda here"),
        ("x -> x", 2, "not expected"),
        (r"'\ud83d'", 0, "surrogate"),
        ("1e999", 0, "too large"),
        ("!" * 200 + "a", 100, "nested deeper"),
        ("'" + "x" * MAX_LENGTH + "'", MAX_LENGTH, "more than 4096"),
    ],
)
def test_an_error_says_where_it_is_and_why(expression: str, position: int, reason: str) -> None:
    error = validate(expression, names_are_reserved=True)
    assert isinstance(error, MappingError)
    assert reason in error.reason
    assert error.position == position


def test_a_valid_expression_has_no_error() -> None:
    assert validate("iif(marketing_type.equals('phyMail'), nullify(), marketing_type)") is None
    assert validate("'" + "x" * (MAX_LENGTH - 2) + "'") is None


def test_an_expression_knows_what_it_reads() -> None:
    read = compile_expression("concat(a.b[0].c, ${d e}, a.b[0].c, transformArray(f, x -> x))")
    assert read.attributes == ("a.b[0].c", "d e", "f")


@pytest.mark.parametrize(
    "expression",
    [
        "1 / 0",
        "5 % 0.0",
        "'a' * 2",
        "null + 1",
        "[1] < 2",
        "a =~ '('",
        "lpad('a', 9999999999, 'x')",
    ],
)
def test_what_has_no_value_is_an_error(expression: str) -> None:
    with pytest.raises(MappingError):
        evaluated(expression, ROW)
