"""Everything that commands print: names of requests and recordings cannot command the terminal."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import IO, NoReturn

from emulator.output import plain


def say(text: str, *, is_error: bool = False, end: str = "\n", flush: bool = False) -> None:
    """Print a text to standard output, or to standard error."""
    stream = sys.stderr if is_error else sys.stdout
    stream.write(plain(text) + end)
    if flush:
        stream.flush()


NEAR = "; did you mean"


def columns(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table, its columns as wide as what is in them."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    widths[-1] = 0
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (headings, *rows)
    ]


class Parser(argparse.ArgumentParser):
    """A parser whose messages quote arguments harmlessly and say what was probably meant.

    Its help has an example.
    """

    _given: Sequence[str] = ()

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse arguments; end with the nearest flag of this command where one is mistaken."""
        self._given = list(sys.argv[1:] if args is None else args)
        parsed, unknown = super().parse_known_args(args, namespace)
        if said := self._mistaken_flag(unknown):
            self.error(said)
        return parsed, unknown

    def error(self, message: str) -> NoReturn:
        """End with a message; a mistaken flag explains what its value was taken for."""
        said = "" if NEAR in message else self._mistaken_flag(self._given)
        super().error(said or message)

    def _mistaken_flag(self, words: Sequence[str]) -> str:
        """Return what is wrong with the first flag that resembles one of this command."""
        known = self._option_string_actions
        for word in words:
            flag = word.partition("=")[0]
            if flag.startswith("--") and not any(name.startswith(flag) for name in known):
                for near in get_close_matches(flag, known, n=1):
                    return f"unrecognized argument {flag}{NEAR} {near}?"
        return ""

    def _check_value(self, action: argparse.Action, value: object) -> None:
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            near = get_close_matches(str(value), map(str, action.choices or ()), n=1)
            if not near:
                raise
            said = f"invalid choice: {value!r}{NEAR} {near[0]}?"
            raise argparse.ArgumentError(action, said) from error

    def format_help(self) -> str:
        """Return the help, with the example of this command if there is one."""
        from emulator.commands.examples import EXAMPLES

        example = EXAMPLES.get(self.prog.partition(" ")[2])
        said = super().format_help()
        return f"{said}\nexample:\n  {self.prog.partition(' ')[0]} {example}\n" if example else said

    def _print_message(self, message: str, file: IO[str] | None = None) -> None:  # type: ignore[override]
        super()._print_message(plain(message), file)
