"""The parsers of the command line: names near a mistaken one, an example in each help."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import IO, TYPE_CHECKING, NoReturn

from emulator import __version__
from emulator.output import plain

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

COMMANDS = (
    "serve",
    "init",
    "doctor",
    "demo",
    "contracts",
    "open",
    "calls",
    "explain",
    "runs",
    "run",
    "rows",
    "tick",
    "clock",
    "files",
    "reset",
    "edition",
    "settings",
    "worlds",
    "health",
    "report",
    "verify",
    "proxy",
    "state",
    "faults",
    "seed",
    "scenarios",
    "completion",
)


def make_parser(asked: str = "") -> argparse.ArgumentParser:
    """Return the parser of all commands, or of the one asked for; only its module is imported."""
    parser: argparse.ArgumentParser = Parser(
        prog="aep-emulator",
        description="A local emulator and contract tester of the Adobe Experience Platform APIs.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in (asked,) if asked in COMMANDS else COMMANDS:
        module = import_module(f"emulator.commands.{name}")
        command = commands.add_parser(name, help=module.HELP, description=module.HELP)
        module.add_arguments(command)
    return parser


def add_commands(parser: argparse.ArgumentParser) -> Commands:
    """Let a command have further ones; without one of them its help is printed."""

    def show_help(_: argparse.Namespace) -> int:
        parser.print_help()
        return 0

    parser.set_defaults(run=show_help)
    return parser.add_subparsers(title="commands", metavar="COMMAND")


NEAR = "; did you mean"


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
