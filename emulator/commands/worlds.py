"""`aep-emulator worlds`: lists or drops the isolated emulators of a running emulator."""

from __future__ import annotations

import argparse
from urllib.parse import quote

from emulator.commands.answers import show, show_table
from emulator.commands.remote import add_remote, ask, remote_asked

HELP = "list or drop the isolated emulators of a running emulator"
PATH = "/_emulator/worlds"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands; without one the isolated emulators are listed."""
    add_remote(parser)
    parser.set_defaults(run=_list)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    help = "drop an isolated emulator and its state, or all of them"
    drop = commands.add_parser("drop", help=help, description=help)
    which = drop.add_mutually_exclusive_group(required=True)
    which.add_argument("name", nargs="?", help="its name")
    which.add_argument("--all", action="store_true", help="drop all")
    add_remote(drop)
    drop.set_defaults(run=_drop)


def _list(arguments: argparse.Namespace) -> int:
    answer = ask(remote_asked(arguments), "GET", PATH)
    rows = [[name] for name in answer["worlds"]]
    return show_table(arguments, answer, ["isolated emulator"], rows, "no isolated emulators")


def _drop(arguments: argparse.Namespace) -> int:
    path = PATH if arguments.all else f"{PATH}/{quote(arguments.name, safe='')}"
    ask(remote_asked(arguments), "DELETE", path)
    dropped = arguments.name or "all"
    return show(arguments, {"dropped": dropped}, f"{dropped}: dropped")
