"""`aep-emulator edition`: shows the edition in force in a running emulator, or changes it."""

from __future__ import annotations

import argparse

from emulator.commands.answers import show, show_table
from emulator.commands.remote import add_remote, ask, remote_asked
from emulator.commands.tables import GOOD, styled

HELP = "show or change the edition of the contract in a running emulator"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let an edition be named."""
    parser.add_argument("name", nargs="?", help="the edition to put in force (default: show it)")
    add_remote(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Put an edition in force, or list all of them with the one in force marked."""
    remote = remote_asked(arguments)
    if arguments.name:
        answer = ask(remote, "PUT", "/_emulator/edition", {"edition": arguments.name})
        return show(arguments, answer, f"edition {answer['edition']} is in force")
    answer = ask(remote, "GET", "/_emulator/editions")
    rows = [
        (
            styled("*", GOOD) if each["name"] == answer["current"] else " ",
            each["name"],
            each["title"],
        )
        for each in answer["editions"]
    ]
    return show_table(arguments, answer, ("", "edition", "what it is"), rows)
