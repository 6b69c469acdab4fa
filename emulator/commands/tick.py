"""`aep-emulator tick`: has the runs carried out that are due in a running emulator."""

from __future__ import annotations

import argparse

from emulator.commands.answers import show
from emulator.commands.remote import add_place, add_remote, ask, place_given, remote_asked

HELP = "carry out the flow runs that are due in a running emulator"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the runs be limited."""
    add_place(parser, "of the runs (default: all)")
    add_remote(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print how many runs ended."""
    answer = ask(remote_asked(arguments), "POST", "/_emulator/tick", place_given(arguments))
    return show(arguments, answer, f"{answer['runs']} runs carried out")
