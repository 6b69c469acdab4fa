"""Mapping sets: where values go, what type they get, what becomes of nulls and of failures."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.mapping import compile_mapping_set
from emulator.mapping.conversion import FALSE, TRUE
from tests.mapping.language import CLOCK, mapped

A, E, S = "ATTRIBUTE", "EXPRESSION", "STATIC"
ROW: dict[str, Any] = {
    "customerInfo": {
        "name": "John Smith",
        "emails": [{"name": "home", "email": "a@b"}, {"name": "work"}],
    },
    "address": {"line1": "1 Elm", "line2": None, "zip": "12345"},
    "First Name": "Ann",
    "Full.Name": "Ann Bee",
    "nothing": None,
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "byte": {"type": "integer", "meta:xdmType": "byte"},
        "int": {"type": "integer", "meta:xdmType": "int"},
        "long": {"type": "integer", "meta:xdmType": "long"},
        "number": {"type": "number", "meta:xdmType": "number"},
        "flag": {"type": "boolean"},
        "day": {"type": "string", "format": "date", "meta:xdmType": "date"},
        "moment": {"type": "string", "meta:xdmType": "date-time"},
        "addr": {
            "type": "object",
            "properties": {"line1": {"type": "string"}, "zip": {"type": "integer"}},
        },
        "list": {
            "type": "array",
            "items": {"type": "object", "properties": {"n": {"type": "integer"}}},
        },
        "map": {"type": "object", "additionalProperties": {"type": "integer"}},
    },
}


@pytest.mark.parametrize(
    ("mapping", "record"),
    [
        ((A, "customerInfo.name", "pi.name"), {"pi": {"name": "John Smith"}}),
        ((A, "customerInfo.emails[0].email", "pi.email"), {"pi": {"email": "a@b"}}),
        ((A, "customerInfo.name", "piList[0]"), {"piList": ["John Smith"]}),
        ((A, "customerInfo.name", "l[1].n"), {"l": [None, {"n": "John Smith"}]}),
        (
            (A, "customerInfo.emails[*].name", "pi[*].names"),
            {"pi": [{"names": "home"}, {"names": "work"}]},
        ),
        ((A, "customerInfo.emails[*].email", "e[*].m"), {"e": [{"m": "a@b"}, {}]}),
        ((A, "customerInfo.emails[*].name", "names"), {"names": ["home", "work"]}),
        ((A, "customerInfo.emails", "l"), {"l": ROW["customerInfo"]["emails"]}),
        ((E, "explode('a,b')", "tags[*].t.u"), {"tags": [{"t": {"u": "a"}}, {"t": {"u": "b"}}]}),
        ((S, "CUSTOMER", "userType"), {"userType": "CUSTOMER"}),
        ((A, "First Name", "f"), {"f": "Ann"}),
        ((A, "${First Name}", "f"), {"f": "Ann"}),
        ((A, "Full.Name", "f"), {"f": "Ann Bee"}),
        ((A, r"Full\.Name", "f"), {"f": "Ann Bee"}),
        ((E, "upper(Full.Name)", "f"), {"f": "ANN BEE"}),
        ((A, "customerInfo.name", r"a\.b.${c d}"), {"a.b": {"c d": "John Smith"}}),
        (("text/x.aep-xl", '"Eloqua"', "source"), {"source": "Eloqua"}),
        ((E, "date('2020-01-01')", "d"), {"d": "2020-01-01T00:00:00Z"}),
        ((A, "nothing", "n.m"), {}),
        ((E, "nullify()", "n"), {}),
    ],
)
def test_a_value_goes_to_its_destination(
    mapping: tuple[str, str, str], record: dict[str, Any]
) -> None:
    assert mapped(ROW, mapping).record == record


def test_mappings_with_wildcards_meet_in_the_same_objects() -> None:
    result = mapped(
        ROW,
        (A, "customerInfo.emails[*].name", "pi[*].label"),
        (A, "customerInfo.emails[*].email", "pi[*].address"),
    )
    assert result.record == {"pi": [{"label": "home", "address": "a@b"}, {"label": "work"}]}


def test_nested_wildcards_keep_their_places() -> None:
    row = {"a": [{"b": [{"c": 1}, {"c": 2}]}, {"b": []}]}
    result = mapped(row, (A, "a[*].b[*].c", "x[*].y[*].z"))
    assert result.record == {"x": [{"y": [{"z": 1}, {"z": 2}]}, {"y": []}]}
    assert not result.errors


@pytest.mark.parametrize("turn", [1, -1])
def test_a_copied_object_and_explicit_children_coexist(turn: int) -> None:
    mappings = [(A, "address", "addr"), (A, "First Name", "addr.line1"), (S, "x", "addr.more")]
    result = mapped(ROW, *mappings[::turn], (E, "nullify()", "addr.zip"))
    assert result.record == {"addr": {"line1": "Ann", "more": "x"}}


def test_the_row_is_not_changed_and_shares_nothing() -> None:
    row = {"o": {"l": [1]}}
    result = mapped(row, (A, "o", "p"), (S, "x", "p.m"))
    result.record["p"]["l"].append(2)
    assert row == {"o": {"l": [1]}}


def test_a_failure_nulls_its_attribute_and_the_row_goes_on() -> None:
    result = mapped(
        ROW,
        (A, "First Name", "a"),
        (E, "to_integer(address.line1)", "b"),
        (A, "First Name", "c"),
    )
    assert result.record == {"a": "Ann", "c": "Ann"}
    (failure,) = result.errors
    assert failure.destination == "b"
    assert failure.column == "address.line1"
    assert failure.expression == "to_integer(address.line1)"
    assert failure.source_type == "text/x.aep-xl"
    assert failure.reason == '"1 Elm" is not a number'


def test_nulls_are_written_where_they_are_allowed() -> None:
    mappings = (
        (A, "nothing", "a.b"),
        (E, "1 / 0", "c"),
        (A, "address", "d"),
        (A, "nothing", "e[1]"),
    )
    dropped, written = mapped(ROW, *mappings), mapped(ROW, *mappings, nulls=True)
    assert dropped.record == {"d": {"line1": "1 Elm", "zip": "12345"}}
    assert written.record == {
        "a": {"b": None},
        "c": None,
        "d": ROW["address"],
        "e": [None, None],
    }


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        ((E, "nope(1)", "a"), "unknown function nope (at character 1)"),
        ((A, "x", "a..b"), "is not a path"),
        ((A, "x", "[0]"), "is not a path"),
        ((A, "x", "a[99999]"), "beyond 9999"),
        ((A, "", "a"), "has no source"),
        ((A, "x", ""), "has no destination"),
        (("text/other", "x", "a"), "is not a type of source"),
    ],
)
def test_a_broken_mapping_is_a_fault_and_the_others_work(
    mapping: tuple[str, str, str], reason: str
) -> None:
    names = ("sourceType", "source", "destination")
    stored = [dict(zip(names, one, strict=True)) for one in (mapping, (S, "y", "b"))]
    compiled = compile_mapping_set(stored, clock=CLOCK)
    broken, whole = compiled.faults
    assert whole is None
    assert broken is not None
    assert reason in broken.reason
    assert compiled.apply({}).record == {"b": "y"}
    assert compiled.apply({}).errors == [broken]


def test_a_place_that_is_taken_is_an_error() -> None:
    result = mapped(ROW, (S, "x", "a"), (S, "y", "a.b"), (S, "z", "c[*]"))
    assert result.record == {"a": "x"}
    assert {failure.destination for failure in result.errors} == {"a.b", "c[*]"}


@pytest.mark.parametrize(
    ("destination", "source", "value"),
    [
        ("text", 1234, "1234"),
        ("text", 1.5, "1.5"),
        ("text", True, "true"),
        ("text", "", ""),
        ("byte", "127", 127),
        ("int", 3.0, 3),
        ("long", "9007199254740993", 9007199254740993),
        ("number", "2.50", 2.5),
        ("number", 3, 3),
        ("number", "", None),
        ("flag", False, False),
        ("day", "12112020", "2020-12-11"),
        ("day", "2020-12-11T23:00:00-08:00", "2020-12-11"),
        ("moment", "2020-12-11 10:00:00.5", "2020-12-11T10:00:00.500Z"),
        ("moment", 1571829875000, "2019-10-23T11:24:35Z"),
        ("addr", {"line1": 5, "zip": "7", "unknown": 1}, {"line1": "5", "zip": 7}),
        ("list", [{"n": "1"}, {"m": 2}], [{"n": 1}, {}]),
        ("list[1].n", "4", [None, {"n": 4}]),
        ("map", {"k": "5"}, {"k": 5}),
        *[("flag", text, True) for text in sorted(TRUE)],
        *[("flag", text, False) for text in sorted(FALSE)],
    ],
)
def test_a_value_gets_the_type_of_its_field(destination: str, source: Any, value: Any) -> None:
    result = mapped({"s": source}, (A, "s", destination), schema=SCHEMA)
    found = result.record.get(destination.partition("[")[0])
    assert not result.errors
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("destination", "source"),
    [
        ("text", {"a": 1}),
        ("text", [1]),
        ("byte", 128),
        ("int", "1.5"),
        ("int", "1_0"),
        ("int", True),
        ("number", "abc"),
        ("number", "nan"),
        ("number", "1e999"),
        ("flag", "Yes"),
        ("flag", "True"),
        ("flag", 1),
        ("day", "soon"),
        ("addr", "text"),
        ("list", "text"),
    ],
)
def test_what_cannot_be_converted_is_an_error(destination: str, source: Any) -> None:
    result = mapped({"s": source}, (A, "s", destination), schema=SCHEMA)
    assert result.record == {}
    assert [failure.destination for failure in result.errors] == [destination]


def test_a_failure_leaves_no_empty_object_behind() -> None:
    result = mapped({"s": "x"}, (A, "s", "addr.zip"), (A, "s", "list[*].n"), schema=SCHEMA)
    assert result.record == {}
    assert len(result.errors) == 2


def test_of_an_object_only_what_fails_is_lost() -> None:
    row = {"o": {"line1": "x", "zip": "none"}, "l": [{"n": 1}, {"n": "x"}]}
    result = mapped(row, (A, "o", "addr"), (A, "l", "list"), schema=SCHEMA)
    assert result.record == {"addr": {"line1": "x"}, "list": [{"n": 1}, {}]}
    assert [failure.reason for failure in result.errors] == [
        'zip: "none" is not a number',
        '[1].n: "x" is not a number',
    ]


def test_a_map_of_one_key_is_its_value_where_text_is_wanted() -> None:
    row = {"m": {"k": "V"}}
    lower = (E, "lower(map_get_values(m, 'k'))", "a")
    result = mapped(row, lower, (E, "map_get_values(m, 'k')", "text"), schema=SCHEMA)
    assert result.record == {"a": "v", "text": "V"}


def test_the_same_seed_and_rows_give_the_same_records() -> None:
    stored = [
        {"sourceType": E, "source": "concat(uuid(), guid(), now())", "destination": "id"},
        {"sourceType": A, "source": "n", "destination": "n"},
    ]
    rows = [{"n": number} for number in range(20)]

    def records(seed: str) -> list[Any]:
        return [
            one.record for one in compile_mapping_set(stored, clock=CLOCK, seed=seed).over(rows)
        ]

    assert records("a") == records("a")
    assert records("a") != records("b")
    assert len({record["id"] for record in records("a")}) == 20
    alone = compile_mapping_set(stored, clock=CLOCK, seed="a").apply(rows[7], 7)
    assert alone.record == records("a")[7]
