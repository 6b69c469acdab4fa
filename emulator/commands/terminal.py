"""Everything that commands print: names of requests and recordings cannot command the terminal."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import IO

from emulator.output import plain


def say(text: str, *, is_error: bool = False, end: str = "\n", flush: bool = False) -> None:
    """Print a text to standard output, or to standard error."""
    stream = sys.stderr if is_error else sys.stdout
    stream.write(plain(text) + end)
    if flush:
        stream.flush()


def columns(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table, its columns as wide as what is in them."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    widths[-1] = 0
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (headings, *rows)
    ]


class Parser(argparse.ArgumentParser):
    """A parser whose messages quote arguments harmlessly, and whose help has an example."""

    def format_help(self) -> str:
        """Return the help, with the example of this command if there is one."""
        from emulator.commands.examples import EXAMPLES

        example = EXAMPLES.get(self.prog.partition(" ")[2])
        said = super().format_help()
        return f"{said}\nexample:\n  {self.prog.partition(' ')[0]} {example}\n" if example else said

    def _print_message(self, message: str, file: IO[str] | None = None) -> None:  # type: ignore[override]
        super()._print_message(plain(message), file)
