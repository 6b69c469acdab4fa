"""Commands that messages name exist: each is read out of the source, and parsed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

import pytest

from emulator.cli import COMMANDS, make_parser

EMULATOR = Path(__file__).resolve().parents[2] / "emulator"
VALUE = "1"
"""What stands for a part of a message that is put in when it is made."""

NAMED = re.compile(r"aep-emulator ((?:[\w.=:/*-]+ ?)+)")
FORMATS = {"coverage 2", "report 1"}
"""The formats of files, which begin as commands do."""

PARSER = make_parser()


def messages(tree: ast.AST) -> Iterator[str]:
    """Yield the texts of a module, with a word for each value that is put into them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else VALUE for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def named_commands() -> set[str]:
    texts = [
        text
        for path in EMULATOR.rglob("*.py")
        for text in messages(ast.parse(path.read_text(encoding="utf-8")))
    ]
    texts += [path.read_text(encoding="utf-8") for path in EMULATOR.rglob("*.j2")]
    found = {match[1].strip(" .:") for text in texts for match in NAMED.finditer(text)}
    return {said for said in found - FORMATS if said.split()[0] in COMMANDS}


def parses(words: list[str]) -> bool:
    try:
        with redirect_stderr(StringIO()):
            PARSER.parse_args(words)
    except SystemExit:
        return False
    return True


def test_they_are_found() -> None:
    found = named_commands()
    assert f"contracts explain {VALUE}" in found, "what the verdict on a test of pytest names"
    assert "scenarios list" in found
    assert len(found) > 20


@pytest.mark.parametrize("said", sorted(named_commands()))
def test_each_parses(said: str) -> None:
    """As far as it goes: prose may follow, which has no flags and no values.

    Arguments that it needs may be left out.
    """
    words = said.split()
    known = [
        length
        for length in range(1, len(words) + 1)
        if any(parses(words[:length] + [VALUE] * left_out) for left_out in range(3))
    ]
    needed = [
        number
        for number, word in enumerate(words, 1)
        if word.startswith("--") or word == VALUE or word.isupper()
    ]
    if said not in COMMANDS:  # some have others below them
        assert max(known, default=0) >= max(needed, default=1), f"{said} is not a command"
