"""`aep-emulator reset`: forgets what is in a running emulator."""

from __future__ import annotations

import argparse

from emulator.commands.answers import show
from emulator.commands.remote import add_place, add_remote, ask, place_given, remote_asked

HELP = "delete all state of a running emulator, or that of an organization or a sandbox"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the reset be limited."""
    add_place(parser, "to reset (default: all)")
    add_remote(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Reset, and say what."""
    place = place_given(arguments)
    ask(remote_asked(arguments), "POST", "/_emulator/reset", place)
    said = " of ".join(place[name] for name in ("sandbox", "organization") if name in place)
    return show(arguments, {"reset": place or "all"}, f"reset: {said or 'all'}")
