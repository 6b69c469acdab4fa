"""`aep-emulator seed`: adds random data to a running emulator."""

from __future__ import annotations

import argparse

from emulator.commands.answers import show
from emulator.commands.remote import add_remote, ask, remote_asked
from emulator.json_types import JsonObject

HELP = "add random but coherent data to a running emulator"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add an argument for each member of a seed specification, and for the sandbox."""
    for flag, text in (
        ("datasets", "how many data sets (default: half as many as flows)"),
        ("flows", "how many flows, each with source, target, mapping and schedule"),
        ("schemas", "how many schemas (default: a quarter of the data sets)"),
        ("connections", "how many base connections (default: a fifth of the flows)"),
        ("days", "for how many days the flows have run already"),
        ("every-days", "days between two runs of a flow (default: 7)"),
    ):
        parser.add_argument(f"--{flag}", type=int, metavar="N", help=text)
    parser.add_argument(
        "--failing", type=float, metavar="SHARE", help="share of runs that failed, from 0 to 1"
    )
    parser.add_argument("--word", metavar="TEXT", help="another text gives other random data")
    parser.add_argument("--organization", help="organization to add to (default: that of the demo)")
    parser.add_argument("--sandbox", help="sandbox to add to (default: prod)")
    add_remote(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Add the data, and print how many resources were created."""
    answer = ask(remote_asked(arguments), "POST", "/_emulator/seed", _spec(arguments))
    lines = (f"  {kind:<12} {count}" for kind, count in answer["created"].items())
    return show(
        arguments, answer, f"in sandbox {answer['sandbox']} of {answer['organization']}:", *lines
    )


def _spec(arguments: argparse.Namespace) -> JsonObject:
    names = ("datasets", "flows", "schemas", "connections", "organization", "sandbox")
    given = {name: getattr(arguments, name) for name in names}
    past = {
        "days": arguments.days,
        "everyDays": arguments.every_days,
        "failing": arguments.failing,
    }
    runs = {name: value for name, value in past.items() if value is not None}
    spec = {**given, "seed": arguments.word, "runs": runs or None}
    return {name: value for name, value in spec.items() if value is not None}
