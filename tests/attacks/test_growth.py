"""No regular expression of the emulator takes more than linear time, whatever the text."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

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
def told() -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.attacks.growth", *SLOW, *LINEAR]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=500)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def test_slow_expressions_are_seen(told: dict[str, Any]) -> None:
    assert told["seen"] == list(SLOW)


def test_no_expression_of_the_code_grows_too_fast(told: dict[str, Any]) -> None:
    assert told["code"] == []


def test_no_pattern_of_the_contract_grows_too_fast(told: dict[str, Any]) -> None:
    assert told["contract"] == []


def test_no_expression_escapes_the_search(told: dict[str, Any]) -> None:
    """Engines are called by the names that the search knows, and what it lists is there."""
    assert told["escapes"] == []
    assert min(told["searched"]) > 100
