"""JSON Patches that make much of little, or take long."""

from __future__ import annotations

import pytest

from emulator.budgets import MIB, PATCH_INSTRUCTIONS
from emulator.json_patch import PatchError, apply
from emulator.json_types import Json, JsonObject, dumps

ADD = {"op": "add", "path": "/a", "value": {"b": []}}


def nested(levels: int) -> Json:
    value: Json = 1
    for _ in range(levels):
        value = {"a": value}
    return value


ATTACKS: dict[str, tuple[JsonObject, list[JsonObject]]] = {
    "instructions": ({}, [ADD] * (PATCH_INSTRUCTIONS + 1)),
    "copies of copies": ({"a": "x"}, [{"op": "copy", "from": "", "path": "/b"}] * 250),
    "copies of a large value": (
        {"a": "x" * MIB},
        [{"op": "copy", "from": "/a", "path": f"/b{n}"} for n in range(99)],
    ),
    "copies to one place": (
        {"a": ["x"] * 99_999},
        [{"op": "copy", "from": "/a", "path": "/b"}] * PATCH_INSTRUCTIONS,
    ),
    "moves to and fro": (
        {"a": ["x"] * 99_999},
        [
            {"op": "move", "from": f"/{a}", "path": f"/{b}"}
            for a, b in [("a", "b"), ("b", "a")] * (PATCH_INSTRUCTIONS // 2)
        ],
    ),
    "a copy into itself": (
        {"a": {}},
        [{"op": "copy", "from": "", "path": "/a" * (n + 1)} for n in range(99)],
    ),
    "a deep path": (nested(190), [{"op": "add", "path": "/a" * 150, "value": nested(90)}]),
    "a deep move": (
        {"a": nested(90), "b": nested(90)},
        [
            {"op": "move", "from": "/b", "path": "/a" * 80 + "/b"},
            {"op": "copy", "from": "/a", "path": "/a" * 80 + "/c"},
        ],
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_patch_beyond_its_budget_is_refused(attack: str) -> None:
    document, patch = ATTACKS[attack]
    sent = dumps([document, patch])
    with pytest.raises(PatchError, match=r"more than|too large"):
        apply(document, patch)
    assert dumps([document, patch]) == sent


def test_as_many_instructions_as_may_be_are_carried_out() -> None:
    document = {"a": {"b": list(range(20_000))}}
    patch = [{"op": "add", "path": "/a/b/0", "value": n} for n in range(PATCH_INSTRUCTIONS)]
    assert len(apply(document, patch)["a"]["b"]) == 20_000 + PATCH_INSTRUCTIONS


def test_what_one_instruction_adds_the_next_may_change() -> None:
    patch = [ADD, {"op": "add", "path": "/a/b/-", "value": 1}]
    assert apply({}, patch) == apply({}, patch) == {"a": {"b": [1]}}
    assert patch[0] == {"op": "add", "path": "/a", "value": {"b": []}}
