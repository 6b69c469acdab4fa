"""`aep-emulator explain`: why a call was refused, with the place in the request marked."""

from __future__ import annotations

import argparse

from emulator.commands import CommandError
from emulator.commands.remote import add_url, ask, url_asked

HELP = "explain a call that a running emulator refused or remarked on"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the call be chosen."""
    parser.add_argument(
        "call",
        nargs="?",
        default="last",
        metavar="CALL",
        help="its number in the journal; last, the default, is the latest that broke a rule",
    )
    add_url(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the call with its explanation.

    Raises:
        CommandError: There is no such call, or no emulator answers.
    """
    from emulator.journal.text import explanation_lines

    if arguments.call != "last" and not arguments.call.isdecimal():
        raise CommandError(f"{arguments.call!r} is neither a number nor last")
    entry = ask(url_asked(arguments), "GET", f"/_emulator/journal/{arguments.call}")
    print("\n".join(explanation_lines(entry)))
    return 0
