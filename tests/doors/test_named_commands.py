"""Commands that messages name exist: each is read out of the source, and parsed."""

from __future__ import annotations

import ast
import re
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import redirect_stderr
from functools import cache
from io import StringIO
from pathlib import Path

from emulator.cli import COMMANDS, make_parser

EMULATOR = Path(__file__).resolve().parents[2] / "emulator"
VALUE = "1"
"""What stands for a part of a message that is put in when it is made."""

NAMED = re.compile(r"aep-emulator ((?:[\w.=:/*-]+ ?)+)")
FORMATS = {"coverage 2", "report 1"}
"""The formats of files, which begin as commands do."""


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
    texts: list[str] = []
    for path in (*EMULATOR.rglob("*.py"), *EMULATOR.rglob("*.j2")):
        source = path.read_text(encoding="utf-8")
        if "aep-emulator " in source:
            texts += messages(ast.parse(source)) if path.suffix == ".py" else [source]
    found = {match[1].strip(" .:") for text in texts for match in NAMED.finditer(text)}
    return {said for said in found - FORMATS if said.split()[0] in COMMANDS}


def exists(said: str) -> bool:
    """Tell whether a command parses as far as it goes: prose may follow, without flags and values.

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
    return said in COMMANDS or max(known, default=0) >= max(needed, default=1)


def parses(words: list[str]) -> bool:
    try:
        with redirect_stderr(StringIO()):
            parser().parse_args(words)
    except SystemExit:
        return False
    return True


@cache
def parser() -> ArgumentParser:
    return make_parser()


def test_each_exists() -> None:
    found = named_commands()
    assert {f"contracts explain {VALUE}", "scenarios list"} <= found
    assert len(found) > 20
    assert [said for said in sorted(found) if not exists(said)] == []


def test_what_does_not_exist_is_told_from_what_does() -> None:
    assert exists("contracts explain 1")
    assert not any(map(exists, ("contracts frob 1", "runs --nope", "report --fail-on much")))
