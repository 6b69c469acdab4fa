"""The command `aep-emulator`: its subcommands, and how their errors become exit codes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper

from emulator import __version__
from emulator.commands import CommandError
from emulator.commands.terminal import Parser, say
from emulator.settings import mistaken_variables

COMMANDS = (
    "serve",
    "demo",
    "contracts",
    "open",
    "calls",
    "explain",
    "runs",
    "run",
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
)
ERROR = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 for failed checks, 2 for errors."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # what it cannot encode ends no command
            stream.reconfigure(errors="backslashreplace")
    words = sys.argv[1:] if arguments is None else list(arguments)
    if not words:
        say(make_parser().format_help(), end="")
        return 0
    parsed = make_parser(*words[:1]).parse_args(words)
    for name, near in mistaken_variables(os.environ):
        say(f"aep-emulator: {name} is not a variable; did you mean {near}?", is_error=True)
    try:
        code: int = parsed.run(parsed)
        sys.stdout.flush()
    except CommandError as error:
        say(f"aep-emulator: {error}", is_error=True)
        return ERROR
    except BrokenPipeError:
        # The reader has closed the pipe, as `head` does; Python must not complain at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


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
