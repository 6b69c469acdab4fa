"""Schemas put together say what they said apart."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.export.combining import as_sent_in_text, combined, member_of

NAMES = st.sampled_from(["a", "b"])
LEAVES: st.SearchStrategy[Any] = st.sampled_from(
    [
        True,
        False,
        {},
        {"type": "string"},
        {"type": ["string", "null"]},
        {"type": ["object", "null"]},
        {"type": "integer"},
        {"type": "number"},
        {"minLength": 1},
        {"minLength": 2},
        {"const": "x"},
        {"enum": ["x", "y", 1]},
        {"required": ["a"]},
        {"required": ["b", "a"]},
    ]
)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    members = st.dictionaries(NAMES, inner, max_size=2)
    return st.one_of(
        st.builds(lambda value: {"properties": value}, members),
        st.builds(
            lambda value: {"type": "object", "properties": value, "required": ["a"]}, members
        ),
        st.builds(lambda value: {"properties": value, "additionalProperties": False}, members),
        st.builds(lambda value: {"items": value}, inner),
        st.builds(lambda value: {"not": value}, inner),
        st.builds(lambda one, two: {"anyOf": [one, two]}, inner, inner),
        st.builds(lambda one, two: {"allOf": [one, two]}, inner, inner),
        st.builds(lambda one, two: {"if": one, "then": two}, inner, inner),
    )


SCHEMAS = st.recursive(LEAVES, containers, max_leaves=6)
VALUES = st.recursive(
    st.sampled_from([None, 1, 1.5, "", "x", "yy"]),
    lambda inner: st.one_of(st.dictionaries(NAMES, inner, max_size=2), st.lists(inner, max_size=2)),
    max_leaves=5,
)


def fits(schema: Any, value: Any) -> bool:
    return bool(jsonschema_rs.validator_for(schema).is_valid(value))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(SCHEMAS, max_size=4), st.lists(VALUES, min_size=1, max_size=4))
def test_together_they_accept_what_each_accepts(schemas: list[Any], values: list[Any]) -> None:
    whole = combined(schemas)
    for value in values:
        assert fits(whole, value) == all(fits(schema, value) for schema in schemas)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(SCHEMAS, max_size=4), st.dictionaries(NAMES, VALUES, min_size=1, max_size=2))
def test_what_is_said_of_a_member_refuses_nothing_that_the_whole_accepts(
    schemas: list[Any], value: dict[str, Any]
) -> None:
    whole = combined(schemas)
    if fits(whole, value):
        for name, member in value.items():
            assert fits(member_of(whole, name), member)


def test_members_are_merged_and_conditions_gathered() -> None:
    condition = {"required": ["kind"], "properties": {"kind": {"const": "a"}}}
    made = combined(
        [
            {"type": "object", "required": ["kind"]},
            {"properties": {"kind": {"type": ["string", "null"]}}},
            {"properties": {"kind": {"type": "string"}}, "required": ["name"]},
            {"if": condition, "then": {"required": ["one"]}},
            {"if": condition, "then": {"required": ["two"]}},
        ]
    )
    assert made == {
        "type": "object",
        "required": ["kind", "name"],
        "properties": {"kind": {"type": "string"}},
        "allOf": [{"if": condition, "then": {"required": ["one", "two"]}}],
    }


def test_a_condition_on_one_member_is_said_of_it() -> None:
    whole = {
        "allOf": [
            {
                "if": {"properties": {"body": {"required": ["kind"]}}},
                "then": {"properties": {"body": {"required": ["name"]}}},
            },
            {
                "if": {"required": ["query"]},
                "then": {"properties": {"body": {"required": ["other"]}}},
            },
        ]
    }
    assert member_of(whole, "body") == {
        "if": {"required": ["kind"]},
        "then": {"required": ["name"]},
    }
    assert member_of(whole, "query") == {}


@pytest.mark.parametrize(
    ("schema", "parameter"),
    [
        ({}, {"type": "string"}),
        ({"const": "draft"}, {"type": "string", "const": "draft"}),
        (
            {"contentMediaType": "application/json", "contentSchema": {"type": "integer"}},
            {"type": "integer"},
        ),
    ],
)
def test_a_parameter_is_text_unless_it_is_read(schema: Any, parameter: Any) -> None:
    assert as_sent_in_text(schema) == parameter
