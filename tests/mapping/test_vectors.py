"""Every documented example gives the documented result; those that cannot are listed with why."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from emulator.mapping import MappingError
from emulator.mapping.functions import functions
from tests.mapping.language import evaluated

FOLDER = Path(__file__).resolve().parent
LISTED = json.loads((FOLDER / "vectors.json").read_text("utf-8"))
VECTORS, MALFORMED = LISTED["vectors"], LISTED["malformed"]
DOCUMENTED = json.loads(
    (FOLDER.parent.parent / "fixtures/data_prep/functions.json").read_text("utf-8")
)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["expression"][:70])
def test_an_example_has_its_result(vector: dict[str, Any]) -> None:
    value = evaluated(vector["expression"], vector["row"], vector.get("clock"))
    if "pattern" in vector:
        assert re.fullmatch(vector["pattern"], value)
    else:
        assert value == vector["expected"]
        assert type(value) is type(vector["expected"])


@pytest.mark.parametrize("example", MALFORMED, ids=lambda example: example["expression"][:70])
def test_a_malformed_example_has_a_reason_and_does_not_hold(example: dict[str, Any]) -> None:
    assert example["reason"].endswith(".")
    value = None
    with contextlib.suppress(MappingError):
        value = evaluated(example["expression"])
    assert value != example["documented"]


def test_every_documented_example_is_a_vector_or_is_listed() -> None:
    listed = {one["expression"] for one in (*VECTORS, *MALFORMED)}
    assert {row["example"] for row in DOCUMENTED if row["example"]} <= listed


def test_every_documented_function_is_there_and_no_other() -> None:
    documented = {row["name"] for row in DOCUMENTED}
    aliases = {alias for row in DOCUMENTED for alias in row.get("aliases", [])}
    assert set(functions()) == documented | aliases
    assert len(DOCUMENTED) == 104
    assert len(documented) == 99


def test_every_function_has_a_vector() -> None:
    tried = {one["function"] for one in VECTORS}
    assert {row["name"] for row in DOCUMENTED} - tried == {"fpid_to_ecid"}


@pytest.mark.parametrize("row", DOCUMENTED, ids=lambda row: row["syntax"])
def test_the_fixture_says_what_the_function_says(row: dict[str, Any]) -> None:
    function = functions()[row["name"]]
    assert row["description"] == function.description
    assert row.get("aliases", []) == list(function.aliases)


@pytest.mark.parametrize("function", sorted(set(functions())))
def test_null_arguments_give_a_value_or_a_mapping_error(function: str) -> None:
    known = functions()[function]
    count = max(known.required, 1 if known.rest else 0)
    for literal in ("null", '""', "0", "[]", "{}", '"x"', "true"):
        with contextlib.suppress(MappingError):
            evaluated(f"{function}({', '.join([literal] * count)})")
