"""No regular expression of the emulator takes more than linear time, whatever the text."""

from __future__ import annotations

import ast
import json
import subprocess
import sys

import pytest

from tests.attacks import growth

SLOW = (
    "(a+)+$",
    r"\s+$",
    "a*a*b",
    r"<(\w+)>.*</x>",
    "(a|aa)+b",
    r"(.*),(.*),(.*)z",
    r"\beyJ[\w-]{8,}\.[\w-]+",
)
LINEAR = ("^a+$", "a+b?", r"\d{1,3}", "[^<]+")


@pytest.fixture(scope="module")
def told() -> dict[str, list[str]]:
    command = [sys.executable, "-m", "tests.attacks.growth", *SLOW, *LINEAR]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=500)
    found: dict[str, list[str]] = json.loads(answer.stdout)
    return found


def test_slow_expressions_are_seen(told: dict[str, list[str]]) -> None:
    assert told["seen"] == list(SLOW)


def test_no_expression_of_the_code_grows_too_fast(told: dict[str, list[str]]) -> None:
    assert told["code"] == []


def test_no_pattern_of_the_contract_grows_too_fast(told: dict[str, list[str]]) -> None:
    assert told["contract"] == []


def test_no_expression_escapes_the_search() -> None:
    """Engines are called by the names that the search knows, and what it lists is there."""
    places = set()
    for name, tree in growth.modules():
        places |= {f"{name}.{function}" for function, _ in growth.calls_in(tree) if function}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert node.module not in ("re", "regex"), name
            elif isinstance(node, ast.Import):
                known = [(alias.name, alias.asname) for alias in node.names]
                assert ("re", None) in known or "re" not in dict(known), name
                assert ("regex", "engine") in known or "regex" not in dict(known), name
    assert set(growth.MADE) <= places
    assert len(list(growth.expressions())) > 100
    assert len(growth.contract_patterns()) > 100
