"""How a command prints its answer: as text, as a table, or as JSON. Not a command."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from emulator.commands.tables import Row, Styled, say_row, say_table
from emulator.commands.terminal import say

if TYPE_CHECKING:
    from emulator.json_types import Json


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the flag that has a command print JSON."""
    parser.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="print JSON, for programs"
    )


def wants_json(arguments: argparse.Namespace) -> bool:
    """Tell whether a command prints JSON."""
    return bool(getattr(arguments, "json", False))


def show(arguments: argparse.Namespace, answer: Json, *lines: str) -> int:
    """Print an answer as lines, or as JSON if asked for; return the exit code of success."""
    if wants_json(arguments):
        return print_json(answer)
    for line in lines:
        say_row((line,)) if isinstance(line, Styled) else say(line)
    return 0


def show_table(
    arguments: argparse.Namespace,
    answer: Json,
    headings: Sequence[str],
    rows: Sequence[Row],
    none: str = "",
) -> int:
    """Print an answer as a table, or as JSON if asked for; return the exit code of success."""
    if wants_json(arguments):
        return print_json(answer)
    say_table(headings, rows, none)
    return 0


def print_json(value: Json) -> int:
    """Print a JSON value, indented, and return the exit code of success."""
    import orjson

    say(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
    return 0


def say_json(value: Json) -> None:
    """Print a JSON value in a line."""
    from emulator.json_types import dumps

    say(dumps(value).decode(), flush=True)
