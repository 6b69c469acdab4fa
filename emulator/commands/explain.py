"""`aep-emulator explain`: why a call was refused, with the findings marked in the request."""

from __future__ import annotations

import argparse

from emulator.commands import CommandError
from emulator.commands.remote import add_remote, ask, remote_asked, show

HELP = "explain why a running emulator refused a call or warned of it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the call be chosen."""
    parser.add_argument(
        "call",
        nargs="?",
        default="last",
        metavar="CALL",
        help="its number in the journal (default: last, the latest call that broke a rule)",
    )
    add_remote(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the call with its explanation.

    Raises:
        CommandError: The call is not in the journal, or no emulator answers.
    """
    from emulator.journal.text import explanation_lines

    if arguments.call != "last" and not arguments.call.isdecimal():
        raise CommandError(f"{arguments.call!r} is not a number or last")
    entry = ask(remote_asked(arguments), "GET", f"/_emulator/journal/{arguments.call}")
    return show(arguments, entry, *explanation_lines(entry))
