"""`aep-emulator seed`: adds a random world to a running emulator."""

from __future__ import annotations

import argparse
from typing import Any

from emulator.commands.remote import add_url, ask, url_asked

HELP = "add a random but coherent world to a running emulator"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let every member of a wish be given, and where the world is to be."""
    for flag, text in (
        ("datasets", "how many data sets (default: half as many as flows)"),
        ("flows", "how many flows, each with source, target, mapping and schedule"),
        ("schemas", "how many schemas (default: a quarter of the data sets)"),
        ("connections", "how many base connections (default: a fifth of the flows)"),
        ("days", "let the flows have run for so many days"),
        ("every-days", "days between two runs of a flow (default: 7)"),
    ):
        parser.add_argument(f"--{flag}", type=int, metavar="N", help=text)
    parser.add_argument("--failing", type=float, metavar="SHARE", help="share of runs that failed")
    parser.add_argument("--word", metavar="TEXT", help="another word, another world")
    parser.add_argument("--organization", help="whose world (default: that of the demo)")
    parser.add_argument("--sandbox", help="in which sandbox (default: prod)")
    add_url(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Ask for the world, and tell how much of what was made."""
    answer = ask(url_asked(arguments), "POST", "/_emulator/seed", _wish(arguments))
    print(f"in sandbox {answer['sandbox']} of {answer['organization']}:")
    for kind, count in answer["created"].items():
        print(f"  {kind:<12} {count}")
    return 0


def _wish(arguments: argparse.Namespace) -> dict[str, Any]:
    names = ("datasets", "flows", "schemas", "connections", "organization", "sandbox")
    given = {name: getattr(arguments, name) for name in names}
    past = {
        "days": arguments.days,
        "everyDays": arguments.every_days,
        "failing": arguments.failing,
    }
    runs = {name: value for name, value in past.items() if value is not None}
    wish = {**given, "seed": arguments.word, "runs": runs or None}
    return {name: value for name, value in wish.items() if value is not None}
