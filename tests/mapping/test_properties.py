"""Whatever is thrown at it: nothing but mapping errors, and records that are JSON."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as some

from emulator.mapping import compile_mapping_set, validate
from emulator.mapping.functions import functions
from tests.mapping.language import CLOCK
from tests.mapping.test_mapping import SCHEMA
from tests.properties.effort import EXAMPLES, IS_LONG

SCALARS = (
    some.none()
    | some.booleans()
    | some.integers(-(2**63), 2**63 - 1)
    | some.floats(allow_nan=False, allow_infinity=False)
    | some.text(max_size=12)
    | some.sampled_from(
        ["2020-01-01", "12112020", "5", "-1.5", "yes", "a,b;c", "https://x.y/z?q=1"]
    )
)
NAMES = some.sampled_from(["a", "b", "c.d", "First Name"])
VALUES = some.recursive(
    SCALARS,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
ROWS = some.dictionaries(NAMES, VALUES, max_size=4)
PIECES = some.sampled_from(
    [
        *"()[]{},.:?!~&|^<>=+-*/%'\"\\$ \n1aéx",
        "->",
        "${",
        "and",
        "null",
        "upper(",
        "a.b",
        "[*]",
        "'x'",
    ]
)
ATOMS = some.sampled_from(
    "a b ${c.d} a.b a[0] a[*].b a[*] 1 2.5 'x' '' null true [1,null] {'a':1} now()".split()
)
OPERATORS = some.sampled_from("+ - * / % == != < >= && || =~ !~ & ?:".split())
CALLS = some.sampled_from(sorted(name for name in functions() if "Array" not in name))


def compound(inner: some.SearchStrategy[str]) -> some.SearchStrategy[str]:
    binary = some.builds(lambda left, op, right: f"({left} {op} {right})", inner, OPERATORS, inner)
    arguments = some.lists(inner, max_size=4)
    called = some.builds(lambda name, parts: f"{name}({', '.join(parts)})", CALLS, arguments)
    choice = some.builds("({} ? {} : {})".format, inner, inner, inner)
    unary = some.builds("{}{}".format, some.sampled_from(["-", "!", "~"]), inner)
    mapped = some.builds("transformArray({}, a -> {})".format, inner, inner)
    return binary | called | choice | unary | mapped


EXPRESSIONS = some.recursive(ATOMS, compound, max_leaves=6)
DESTINATIONS = some.sampled_from(
    [
        *SCHEMA["properties"],
        "addr.zip",
        "list[*].n",
        "list[1].n",
        "x",
        "x.y",
        "x.y[*]",
        "z[0]",
        "z[*].q",
    ]
)
KINDS = some.sampled_from(["ATTRIBUTE", "EXPRESSION", "STATIC"])
MAPPINGS = some.builds(
    lambda kind, source, destination: {
        "sourceType": kind,
        "source": source,
        "destination": destination,
    },
    KINDS,
    EXPRESSIONS,
    DESTINATIONS,
)

EFFORT = settings(max_examples=100 * EXAMPLES, derandomize=not IS_LONG, deadline=None)
"""Always the same in `make test`, far more in `make fuzz`."""


@given(some.text(max_size=40) | some.lists(PIECES, max_size=15).map("".join))
@EFFORT
def test_the_parser_fails_with_mapping_errors_only(text: str) -> None:
    error = validate(text)
    if error is not None:
        assert error.reason
        assert error.position is not None
        assert 0 <= error.position <= len(text)


@given(
    mappings=some.lists(MAPPINGS, min_size=1, max_size=4),
    row=ROWS,
    nulls=some.booleans(),
    schema=some.sampled_from([None, SCHEMA]),
)
@EFFORT
def test_a_row_is_always_mapped(
    mappings: list[dict[str, Any]], row: dict[str, Any], nulls: bool, schema: dict[str, Any] | None
) -> None:
    before = orjson.dumps(row)
    compiled = compile_mapping_set(mappings, clock=CLOCK, schema=schema, nulls=nulls)
    result = compiled.apply(row)
    assert orjson.loads(orjson.dumps(result.record)) == result.record
    assert orjson.dumps(row) == before
    assert compiled.apply(row) == result
    assert all(failure.reason for failure in result.errors)
