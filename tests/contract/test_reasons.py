"""What is said of a value that a JSON Schema does not accept."""

from __future__ import annotations

import jsonschema_rs
import pytest

from emulator.contract.checks.values import MAX_CHOICES, schema_reasons
from emulator.json_types import Json, short_json

COMPRESSIONS: list[Json] = ["bzip2", "gzip", "deflate", "zipDeflate", "tarGzip", "tar"]
FREQUENCIES: list[Json] = ["once", "minute", "hour", "day", "week"]
FORMATS: list[Json] = ["delimited", "json", "parquet", "JSON"]


def said(choices: list[Json], value: Json) -> str:
    (reason,) = schema_reasons(jsonschema_rs.validator_for({"enum": choices}), value)
    return reason.text


@pytest.mark.parametrize(
    ("choices", "value", "near"),
    [
        (COMPRESSIONS, "gz", "gzip"),
        (COMPRESSIONS, "GZIP", "gzip"),
        (COMPRESSIONS, "zip", "zipDeflate"),
        (COMPRESSIONS, "tar.gz", "tarGzip"),
        (FREQUENCIES, "hourly", "hour"),
        (FREQUENCIES, "daily", "day"),
        (FREQUENCIES, "fortnight", ""),
        (FORMATS, "jsonl", "json"),
        (FORMATS, "csv", ""),
        (FORMATS, "x" * 400, ""),
        (FORMATS, None, ""),
        ([1, 2], 3, ""),
    ],
)
def test_the_nearest_value_is_asked_for(choices: list[Json], value: Json, near: str) -> None:
    hint = said(choices, value).partition("; did you mean ")[2]
    assert hint == (f'"{near}"?' if near else "")


def test_all_values_of_a_short_choice_are_listed() -> None:
    values: list[Json] = [f"value {number}" for number in range(MAX_CHOICES)]
    assert all(short_json(value) in said(values, 0) for value in values)
    assert said(FREQUENCIES, 0) == '0 is not one of "once", "minute", "hour", "day" or "week"'
    assert len(said([*values, *map(str, range(100))], 0)) < 100


def test_no_list_is_cut_within_a_value() -> None:
    values: list[Json] = [f"{number} {'x' * 50}" for number in range(MAX_CHOICES)]
    assert said(values, "a").endswith(f"or {MAX_CHOICES - 2} other candidates")


@pytest.mark.parametrize(
    ("schema", "value", "text"),
    [
        (False, "a", '"a" is not allowed here'),
        ({"not": {"enum": ["", "*/*"]}}, "*/*", '"*/*" is not allowed here'),
        ({"not": {"required": ["a"]}}, {"a": 1}, '"a" is not allowed here'),
        (
            {"not": {"required": ["a", "b"]}},
            {"a": 1, "b": 2},
            '"a" and "b" are not allowed together',
        ),
        (
            {"anyOf": [{"required": ["a"]}, {"required": ["b", "c"]}]},
            {"c": 1},
            'what is missing is "a" or "b"',
        ),
        ({"anyOf": [{"type": "null"}, {"pattern": "b"}]}, "x", None),
        ({"pattern": "^0*[1-9][0-9]{0,8}$"}, "0", '"0" is not a whole number from 1 on'),
        ({"pattern": "^([Aa][Dd]|[Tt])$"}, "x", '"x" is not one of "ad" or "t"'),
        ({"pattern": "^(?i:add)$"}, "x", '"x" is not "add"'),
        ({"pattern": "^a+$"}, "x", '"x" does not match "^a+$"'),
    ],
)
def test_reasons_are_plain_words(schema: Json, value: Json, text: str | None) -> None:
    (reason,) = schema_reasons(jsonschema_rs.validator_for(schema), value)
    assert reason.text == (
        text or f"{short_json(value)} has none of the forms that are allowed here"
    )
