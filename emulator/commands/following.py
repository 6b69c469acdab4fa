"""What commands share that follow what happens in a running emulator. Not a command."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

from emulator.commands.terminal import say
from emulator.json_types import Json

INTERVAL = 1.0
"""Seconds between two looks."""


def add_follow(parser: argparse.ArgumentParser, what: str) -> None:
    """Add the flag `--follow`."""
    parser.add_argument(
        "--follow",
        action="store_true",
        help=f"show the latest {what} and then new ones as they come, until Ctrl-C; with --json an "
        "object a line",
    )


def every_second() -> Iterator[None]:
    """Yield at once and then once a second, for ever."""
    while True:
        yield
        time.sleep(INTERVAL)


def say_json(value: Json) -> None:
    """Print a JSON value in a line."""
    from emulator.json_types import dumps

    say(dumps(value).decode(), flush=True)
