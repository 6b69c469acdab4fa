"""Where rules stand among those of their operation."""

from __future__ import annotations

from emulator.contract.model import Rule
from emulator.contract.order import in_order
from emulator.json_types import JsonObject


def rule(name: str, operation: str = "a.read", before: str = "", after: str = "") -> Rule:
    check: JsonObject = {"nothing": {}}
    id = f"{operation}.{name}"
    return Rule(id, operation, name, "", "error", check, "", before=before, after=after)


def names(rules: list[Rule]) -> list[str]:
    return [item.id.removeprefix("a.") for item in rules]


def test_rules_stand_as_they_are_read_by_operation() -> None:
    read = [rule("one"), rule("one", "a.list"), rule("two")]
    assert names(in_order(read)) == ["read.one", "read.two", "list.one"]


def test_a_rule_stands_before_or_after_another() -> None:
    read = [rule("one"), rule("two"), rule("three", after="one"), rule("four", before="one")]
    assert names(in_order(read)) == ["read.four", "read.one", "read.three", "read.two"]


def test_rules_behind_the_same_one_keep_their_order() -> None:
    read = [rule("one"), rule("two"), rule("three", after="one"), rule("four", after="one")]
    assert names(in_order(read)) == ["read.one", "read.three", "read.four", "read.two"]


def test_a_place_may_be_behind_a_rule_that_has_one_itself() -> None:
    read = [rule("one"), rule("two"), rule("three", after="four"), rule("four", after="one")]
    assert names(in_order(read)) == ["read.one", "read.four", "read.three", "read.two"]


def test_without_the_other_rule_a_rule_stays() -> None:
    assert names(in_order([rule("one", after="missing"), rule("two")])) == ["read.one", "read.two"]


def test_rules_that_wait_for_one_another_come_last() -> None:
    read = [rule("one", after="two"), rule("two", after="one"), rule("three")]
    assert names(in_order(read)) == ["read.three", "read.one", "read.two"]
