"""Rows against schemas: the conversions that are documented, and what is wrong with the rest."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.data_plane.conform import (
    CONSTRAINT_CODE,
    MISSING_CODE,
    TYPE_CODE,
    RowError,
    conformer,
)


def conform(schema: dict[str, Any], row: dict[str, Any]) -> tuple[dict[str, Any], list[RowError]]:
    faults: list[RowError] = []
    return conformer(schema)(row, faults), faults


def field(value: Any, **node: Any) -> tuple[Any, list[RowError]]:
    """Conform one value to a field."""
    landed, faults = conform({"properties": {"f": node}}, {"f": value})
    return landed.get("f"), faults


STRING = {"type": "string"}
DAY = {"type": "string", "format": "date"}
MOMENT = {"type": "string", "format": "date-time"}
LONG = {"type": "integer", "meta:xdmType": "long"}
INT = {"type": "integer", "meta:xdmType": "int"}
SHORT = {"type": "integer", "meta:xdmType": "short"}
BYTE = {"type": "integer", "meta:xdmType": "byte"}
DOUBLE = {"type": "number"}
BOOLEAN = {"type": "boolean"}
OBJECT = {"type": "object", "properties": {"a": STRING}}
MAP = {"type": "object", "meta:xdmType": "map", "additionalProperties": LONG}
ARRAY = {"type": "array", "items": LONG}


@pytest.mark.parametrize(
    ("value", "node", "landed"),
    [
        ("text", STRING, "text"),
        (7, STRING, "7"),
        (1.5, STRING, "1.5"),
        ("7", LONG, 7),
        ("-7", INT, -7),
        (7.0, LONG, 7),
        (7.9, LONG, 7),
        (2**40, LONG, 2**40),
        (127, BYTE, 127),
        ("1.5e3", DOUBLE, 1500.0),
        (7, DOUBLE, 7),
        (1.25, DOUBLE, 1.25),
        ("true", BOOLEAN, True),
        ("FALSE", BOOLEAN, False),
        (True, BOOLEAN, True),
        ("2024-02-29", DAY, "2024-02-29"),
        (1_709_164_800_000, DAY, "2024-02-29"),
        ("2024-02-29T01:02:03Z", MOMENT, "2024-02-29T01:02:03Z"),
        ("2024-02-29T01:02:03.123456+05:30", MOMENT, "2024-02-29T01:02:03.123456+05:30"),
        ("2024-02-29T01:02:03+0000", MOMENT, "2024-02-29T01:02:03+0000"),
        (1_709_164_800_001, MOMENT, "2024-02-29T00:00:00.001Z"),
        ({"a": 1}, OBJECT, {"a": "1"}),
        ({"x": "1", "y": 2}, MAP, {"x": 1, "y": 2}),
        (["1", 2], ARRAY, [1, 2]),
        ({"x": [1]}, {"type": "object"}, {"x": [1]}),
        ({"x": [1]}, {}, {"x": [1]}),
    ],
)
def test_converts(value: Any, node: dict[str, Any], landed: Any) -> None:
    found, faults = field(value, **node)
    assert faults == []
    assert (found, type(found)) == (landed, type(landed))


@pytest.mark.parametrize(
    ("value", "node"),
    [
        (True, STRING),
        ({}, STRING),
        (["x"], STRING),
        (True, LONG),
        ("1.5", LONG),
        ("x", LONG),
        (2**31, INT),
        (40_000, SHORT),
        (128, BYTE),
        (10**30, LONG),
        (float("nan"), LONG),
        ("1,5", DOUBLE),
        (False, DOUBLE),
        (1, BOOLEAN),
        ("yes", BOOLEAN),
        ("2023-02-29", DAY),
        ("2023-02-28T00:00:00Z", DAY),
        ("28.02.2023", DAY),
        (True, DAY),
        ("2023-02-28", MOMENT),
        ("2023-02-28T00:00:00", MOMENT),
        ("2023-02-30T00:00:00Z", MOMENT),
        ("2023-02-28T25:00:00Z", MOMENT),
        (1.5, MOMENT),
        (10**18, MOMENT),
        ("x", OBJECT),
        ([{}], OBJECT),
        ("x", MAP),
        ({"x": "y"}, MAP),
        ("[1]", ARRAY),
        (1, ARRAY),
        (["x"], ARRAY),
    ],
)
def test_does_not_convert(value: Any, node: dict[str, Any]) -> None:
    _, (fault,) = field(value, **node)
    assert (fault.code, fault.keyword) == (TYPE_CODE, "type")
    assert fault.column in ("f", "f.*", "f[*]")


@pytest.mark.parametrize(
    ("good", "bad", "constraint"),
    [
        ("a", "b", {"enum": ["a"]}),
        ("ab", "b", {"pattern": "^a"}),
        ("ab", "a", {"minLength": 2}),
        ("a", "ab", {"maxLength": 1}),
        ("a@b.c", "a.b.c", {"format": "email"}),
        ("urn:x", "no uri", {"format": "uri"}),
        ("1.2.3.4", "1.2.3", {"format": "ipv4"}),
        ("::1", "1.2.3.4", {"format": "ipv6"}),
    ],
)
def test_texts_meet_their_constraints(good: str, bad: str, constraint: dict[str, Any]) -> None:
    assert field(good, **STRING, **constraint) == (good, [])
    _, (fault,) = field(bad, **STRING, **constraint)
    assert (fault.code, fault.keyword, fault.column) == (CONSTRAINT_CODE, *constraint, "f")


@pytest.mark.parametrize(
    ("good", "bad", "constraint"),
    [
        (1, 0, {"minimum": 1}),
        (1, 2, {"maximum": 1}),
        (2, 1, {"exclusiveMinimum": 1}),
        (0, "1", {"exclusiveMaximum": 1}),
    ],
)
def test_numbers_keep_their_bounds(good: Any, bad: Any, constraint: dict[str, Any]) -> None:
    assert field(good, **LONG, **constraint) == (good, [])
    _, (fault,) = field(bad, **LONG, **constraint)
    assert (fault.code, fault.keyword) == (CONSTRAINT_CODE, *constraint)


NESTED = {
    "required": ["_id"],
    "properties": {
        "_id": STRING,
        "person": {"type": "object", "required": ["name"], "properties": {"name": STRING}},
        "list": {"type": "array", "items": {"type": "object", "properties": {"n": LONG}}},
    },
}


def test_required_fields_are_there_and_not_null() -> None:
    assert conform(NESTED, {"_id": "1"}) == ({"_id": "1"}, [])
    for row in ({}, {"_id": None}):
        _, (fault,) = conform(NESTED, row)
        assert (fault.code, fault.column) == (MISSING_CODE, "_id")
    _, (fault,) = conform(NESTED, {"_id": "1", "person": {}})
    assert fault.column == "person.name"
    faults: list[RowError] = []
    assert conformer(NESTED, requires=False)({"person": {}}, faults) == {"person": {}}
    assert faults == []


def test_nulls_count_as_missing_and_unknown_fields_do_not_land() -> None:
    row = {"_id": "1", "person": {"name": "Ann", "age": 3}, "list": None, "more": {"x": 1}}
    assert conform(NESTED, row) == ({"_id": "1", "person": {"name": "Ann"}}, [])


def test_every_fault_of_a_row_is_told_with_its_place() -> None:
    row = {"person": {"name": True}, "list": [{"n": 1}, {"n": "x"}, 3]}
    _, faults = conform(NESTED, row)
    assert [(fault.column, fault.keyword) for fault in faults] == [
        ("person.name", "type"),
        ("list[*].n", "type"),
        ("list[*]", "type"),
        ("_id", "required"),
    ]
    assert faults[0].message == "Cannot convert True from boolean to string (person.name)"


def test_without_a_schema_rows_land_as_they_are() -> None:
    row = {"a": None, "b": [1]}
    for schema in (None, {}, {"type": "object"}):
        faults: list[RowError] = []
        assert conformer(schema)(row, faults) is row
        assert faults == []


def test_the_row_that_came_is_not_changed() -> None:
    row = {"_id": 7, "person": {"name": 1}}
    conform(NESTED, row)
    assert row == {"_id": 7, "person": {"name": 1}}
