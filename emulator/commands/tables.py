"""Tables: in colour and fitted to the width on a terminal, plain lines elsewhere. Not a command."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from emulator.commands.terminal import say
from emulator.output import plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

Row = Sequence[str]
"""The cells of a row; the last one may have several lines."""

GOOD, REMARKED, BAD, QUIET = "green", "yellow", "bold red", "dim"
"""Styles of what is as it should be, stands out, is wrong, and matters less."""


class Styled(str):
    """A text with the style in which a terminal shows it."""

    __slots__ = ("style",)

    style: str


def styled(text: str, style: str) -> Styled:
    """Return a text with a style."""
    made = Styled(text)
    made.style = style
    return made


def is_for_people(stream: TextIO) -> bool:
    """Tell whether a stream is a terminal, and nobody has asked for plain text."""
    is_plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not is_plain and stream.isatty()


def say_table(headings: Sequence[str], rows: Sequence[Row], none: str = "") -> None:
    """Print a table; where that is no terminal, a line for each row and no headings.

    Args:
        headings: Of the columns.
        rows: What is in them.
        none: What is printed if there are no rows.
    """
    if not rows:
        say(none)
    elif is_for_people(sys.stdout):
        _say_for_people(headings, rows)
    else:
        for line in aligned(rows):
            say(line)


def say_row(row: Row) -> None:
    """Print one row at once, in colour on a terminal."""
    if not is_for_people(sys.stdout):
        say(_line(row), flush=True)
        return
    from rich.text import Text

    _console().print(Text("  ").join(map(_text, row)), soft_wrap=True)


def aligned(rows: Sequence[Row]) -> list[str]:
    """Return rows as lines, their columns as wide as what is in them."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    widths[-1] = 0
    return [
        _line([f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)]) for row in rows
    ]


def _line(row: Row) -> str:
    return "  ".join(row).rstrip()


def _say_for_people(headings: Sequence[str], rows: Sequence[Row]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(_text, row))
    _console().print(table)


def _text(cell: str) -> Text:
    from rich.text import Text

    return Text(plain(cell.rstrip()), getattr(cell, "style", ""))


def _console() -> Console:
    from rich.console import Console

    return Console(file=sys.stdout, highlight=False, emoji=False, markup=False)
