"""Regular expressions and wildcards of users, and lists in XML: each ends, whatever it says."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import pytest
from faker import Faker

from emulator.budgets import PATTERN_CHARACTERS, SEARCHED_CHARACTERS
from emulator.clock import ManualClock
from emulator.data_plane.conform import conformer
from emulator.data_plane.files import File
from emulator.data_plane.sources import matching
from emulator.filters.catalog import parse_condition
from emulator.filters.comparisons import regular_expression
from emulator.filters.pql import parse_row_filter
from emulator.filters.schema_registry import parse_xdm_filter
from emulator.mapping import compile_mapping_set
from emulator.mapping.errors import MappingError
from emulator.mapping.moments import read_moment
from emulator.mapping.patterns import pattern
from emulator.mapping.regexes import MAX_GIVEN_UP, regex
from emulator.services.connectors.block_list import BlockListError, read_block_list
from emulator.services.schema_registry.sample_patterns import text_matching

T = TypeVar("T")
RUNAWAYS = ("^(a+)+$", "^(a|aa)+$", "(.*)*x", r"^(\w+\s?)*$", "(a*)*(a*)*b")
LONG = "a" * 50_000 + "!"


def ends(act: Callable[[], T]) -> T:
    """Return what an act returns; fail where it does not end."""
    results: list[T] = []
    thread = threading.Thread(target=lambda: results.append(act()), daemon=True)
    thread.start()
    thread.join(60)
    assert results, "it has not ended after a minute"
    return results[0]


@pytest.mark.parametrize("path", ["*" * 7 + "x", "*a" * 20, "**/" * 20 + "x", "?*" * 40])
def test_a_wildcard_path_ends(path: str) -> None:
    files = [File("a" * 60, 1, 1, 1), File("a/" * 500 + "y", 1, 1, 1)]
    assert ends(lambda: matching(files, path, recursive=True)) is not None


def test_wildcards_mean_what_they_did() -> None:
    paths = ["a.csv", "in/a.csv", "in/deep/a.csv", "in/(b) [1].csv", "in/x\ny"]
    files = [File(path, 1, 1, 1) for path in paths]
    for path, recursive, expected in (
        ("*.csv", False, [0]),
        ("*.csv", True, [0, 1, 2, 3]),
        ("in/*", False, [1, 3, 4]),
        ("in/**", False, [1, 2, 3, 4]),
        ("**/a.csv", False, [0, 1, 2]),
        ("in/?.csv", False, [1]),
        ("in/(b) [1].*", False, [3]),
        ("*" * 5_000, False, None),
    ):
        found = matching(files, path, recursive)
        paths_found = None if found is None else [paths.index(file.path) for file in found]
        assert paths_found == expected, path


@pytest.mark.parametrize("expression", RUNAWAYS)
def test_patterns_of_fields_end(expression: str) -> None:
    node = {"properties": {"a": {"type": "string", "pattern": expression}}}
    errors: list[object] = []
    ends(lambda: conformer(node)({"a": LONG}, errors))  # type: ignore[arg-type]
    ends(lambda: text_matching(expression, Faker()))
    ends(lambda: text_matching(f"{'a' * 40}{expression}", Faker()))


@pytest.mark.parametrize("expression", RUNAWAYS)
def test_filters_of_lists_end(expression: str) -> None:
    found = parse_xdm_filter(f"title~{expression}")
    assert found is not None
    assert ends(lambda: found.matches({"title": LONG})) in (True, False)
    condition = parse_condition(f"name~{expression}")
    assert condition is not None
    assert ends(lambda: condition.holds({"name": LONG})) in (True, False)


def test_a_large_expression_is_looked_for_in_short_texts_only() -> None:
    search = regular_expression("^.{1,255}$")
    assert search is not None
    assert (search("é" * 255), search("é" * 256), search("a" * 2_000)) == (True, False, False)
    small = regular_expression("^a+$")
    assert small is not None
    assert small("a" * SEARCHED_CHARACTERS)
    assert not small("a" * (SEARCHED_CHARACTERS + 1))
    assert regular_expression("a" * (PATTERN_CHARACTERS + 1)) is None
    assert regular_expression("(?:a{1000}){1000}") is None


def test_like_ends() -> None:
    params = [
        {"nodeType": "fieldLookup", "fieldName": "a"},
        {"nodeType": "literal", "value": "%a" * 30 + "%b"},
    ]
    node = {"nodeType": "fnApply", "fnName": "like", "params": params}
    sent = {"type": "PQL", "format": "pql/json", "value": node}
    assert ends(lambda: parse_row_filter(sent).keeps({"a": LONG})) is False


@pytest.mark.parametrize(
    "expression", ["a{1000000000}", "(((((a{9}){9}){9}){9}){9}){9}", "([ab]{99}c){99}", "a" * 5_000]
)
def test_an_expression_of_a_mapping_that_repeats_too_much_is_refused(expression: str) -> None:
    with pytest.raises(MappingError, match=r"repeats too much|too long"):
        regex(expression)


@pytest.mark.parametrize(
    "expression", [r"\d{4}-\d{2}-\d{2}", "[(]{9}", r"\({9}\[{9}", "(ab{9}){9}"]
)
def test_other_repetitions_are_carried_out(expression: str) -> None:
    assert regex(expression).search("") is None


def test_a_mapping_set_gives_an_expression_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.mapping.regexes.LONGEST_SEARCH", 0.02)
    mappings = [
        {"sourceType": "EXPRESSION", "source": f"matches_regex(a, '{one}')", "destination": name}
        for name, one in (("slow", "^(a|aa)+$"), ("fast", "^a+!$"))
    ]
    compiled = compile_mapping_set(mappings, clock=ManualClock(0))
    rows = [{"a": "a" * 50 + "!"}] * (3 * MAX_GIVEN_UP) + [{"a": "a"}]
    mapped = ends(lambda: list(compiled.over(rows)))
    assert all("takes too long" in one.errors[0].reason for one in mapped)
    assert [one.record["fast"] for one in mapped] == [True] * (len(rows) - 1) + [False]


def test_dates_have_a_length() -> None:
    zones = pattern("zVO")
    for act in (
        lambda: zones.read("a/" * 50_000),
        lambda: pattern("y" * 5_000),
        lambda: read_moment(" " * 5_000 + "2020-01-01"),
    ):
        with pytest.raises(MappingError):
            ends_or_raises(act)


def ends_or_raises(act: Callable[[], object]) -> None:
    failure = ends(lambda: _failure(act))
    if failure is not None:
        raise failure


def _failure(act: Callable[[], object]) -> MappingError | None:
    try:
        act()
    except MappingError as error:
        return error
    return None


def test_a_block_list_is_read_by_a_parser() -> None:
    text = """<?xml version="1.0" encoding="utf-8"?>
        <BlockList><Latest>YQ==</Latest><!-- <Latest>no</Latest> -->
        <Committed>Yg&#61;=</Committed> <Uncommitted/></BlockList>"""
    assert read_block_list(text.encode()) == ["YQ==", "Yg==", ""]


BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "lol"}">' for n in range(10))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<BlockList>",
        "<BlockList><Other>a</Other></BlockList>",
        "<BlockList><Latest><Latest>a</Latest></Latest></BlockList>",
        "<Latest>a</Latest>",
        f"<!DOCTYPE BlockList [{BOMB}]><BlockList><Latest>&a9;</Latest></BlockList>",
        '<!DOCTYPE BlockList SYSTEM "file:///etc/passwd"><BlockList/>',
        "<BlockList" * 100_000,
        "<BlockList>" * 100_000,
        f"<BlockList><Latest>{'a' * 100_000}</Latest></BlockList>",
    ],
)
def test_what_is_no_block_list_is_refused(text: str) -> None:
    def act() -> bool:
        with pytest.raises(BlockListError):
            read_block_list(text.encode())
        return True

    assert ends(act)
