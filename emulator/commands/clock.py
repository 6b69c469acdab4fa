"""`aep-emulator clock`: shows the clock of a running emulator, or moves it."""

from __future__ import annotations

import argparse

from emulator.commands.answers import show
from emulator.commands.remote import add_remote, ask, remote_asked

HELP = "show or move the clock of a running emulator"
PATH = "/_emulator/clock"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands; without one the clock is shown."""
    add_remote(parser)
    parser.set_defaults(run=tell)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    help = "move the clock to a time, and carry out the runs that come due"
    command = commands.add_parser("set", help=help, description=help)
    command.add_argument("now", help="the time, such as 2026-01-01T00:00:00Z")
    add_remote(command)
    command.set_defaults(run=set_to)
    help = "move the clock forward, and carry out the runs that come due"
    command = commands.add_parser("advance", help=help, description=help)
    command.add_argument("by", help="how far, such as P1D or PT30M")
    add_remote(command)
    command.set_defaults(run=advance)


def tell(arguments: argparse.Namespace) -> int:
    """Print what time it is."""
    return _print(arguments, ask(remote_asked(arguments), "GET", PATH))


def set_to(arguments: argparse.Namespace) -> int:
    """Move the clock to a time."""
    return _print(arguments, ask(remote_asked(arguments), "PUT", PATH, {"now": arguments.now}))


def advance(arguments: argparse.Namespace) -> int:
    """Move the clock forward."""
    return _print(arguments, ask(remote_asked(arguments), "POST", PATH, {"advance": arguments.by}))


def _print(arguments: argparse.Namespace, shown: dict[str, object]) -> int:
    """Print a clock in a line, with the number of runs that its move has carried out."""
    runs = f", {shown['runs']} runs carried out" if "runs" in shown else ""
    return show(arguments, shown, f"{shown['now']} ({shown['kind']}){runs}")
