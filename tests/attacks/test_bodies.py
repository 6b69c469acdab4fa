"""Bodies of JSON that cost more than they weigh."""

from __future__ import annotations

import random

import orjson
import pytest
import requests

from emulator.budgets import BODY_VALUES, MIB
from emulator.json_types import Json, has_more_values_than
from tests.attacks.effort import size
from tests.attacks.served import HEADERS, ServedEmulator, Watch

JSON = {"Content-Type": "application/json"}
NAMES = ("", "a", '[,"', "{\\")
PATHS = ("foundation/flowservice/flows", "foundation/schemaregistry/tenant/schemas")


def values_in(value: Json) -> int:
    """How many values a value has, itself included."""
    inner = value.values() if isinstance(value, dict) else value
    return 1 + (sum(map(values_in, inner)) if isinstance(value, dict | list) else 0)


def any_value(chance: random.Random, levels: int) -> Json:
    kind = chance.randrange(7 if levels else 5)
    if kind > 4:
        items = [any_value(chance, levels - 1) for _ in range(chance.randrange(4))]
        return items if kind == 5 else dict(zip(NAMES, items, strict=False))
    return [None, "", '[,{}\\"', "\\", 1][kind]


@pytest.mark.parametrize("seed", range(200))
def test_values_are_counted_without_being_read(seed: int) -> None:
    value = any_value(random.Random(seed), 5)
    count = values_in(value)
    for text in (orjson.dumps(value), orjson.dumps(value, option=orjson.OPT_INDENT_2)):
        assert not has_more_values_than(text, count)
        assert count == 1 or has_more_values_than(text, count - 1)


@pytest.mark.parametrize("text", [b'","' * 99, b"[{" * 99, b"[,", b"[ " * 99 + b"]"])
def test_what_is_not_json_is_counted_too(text: bytes) -> None:
    assert has_more_values_than(text * 10, 10)


@pytest.mark.parametrize(
    ("start", "item", "end"),
    [
        (b'{"a": [', b"{},", b"0]}"),
        (b"[", b'"12345678",', b"0]"),
        (b'{"a": [', b"[[]],", b"0]}"),
        (b"", b'"', b""),
    ],
)
def test_many_small_values_cost_little(
    served: ServedEmulator, start: bytes, item: bytes, end: bytes
) -> None:
    room = size(2, 15) * MIB
    body = start + item * (room // len(item)) + end
    with Watch(served) as watch:
        answers = [
            requests.post(f"{served.url}/data/{path}", body, headers=HEADERS | JSON, timeout=60)
            for path in PATHS
            for _ in range(size(1, 4))
        ]
    assert {answer.status_code for answer in answers} == {400}
    assert served.peak < size(300, 1000) * MIB
    print(f"{len(body)} bytes, {BODY_VALUES} values: health within {watch.slowest:.3f} s")
