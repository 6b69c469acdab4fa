"""`aep-emulator run`: runs a flow of a running emulator now."""

from __future__ import annotations

import argparse

from emulator.commands.answers import show_table
from emulator.commands.remote import add_place, add_remote, ask, place_given, remote_asked
from emulator.commands.runs import PATH, RUNS

HELP = "run a flow now and show its run; the exit code is 1 if the run failed"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the flow be named."""
    parser.add_argument("flow", metavar="FLOW", help="its id or its name")
    add_place(parser, "of the flow, where several have it")
    add_remote(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the flow; print its run when it has ended."""
    sent = {"flow": arguments.flow, **place_given(arguments)}
    found = ask(remote_asked(arguments), "POST", PATH, sent)
    show_table(arguments, found, RUNS.headings, [RUNS.row(found)])
    return 1 if found["state"] == "failed" else 0
