"""`aep-emulator health`: whether an emulator answers, for a container's health check."""

from __future__ import annotations

import argparse
import sys

from emulator.commands.remote import NoAnswer, add_url, call, url_asked

HELP = "tell whether a running emulator answers; exit code 0 or 1"

PATIENCE = 3.0
"""Seconds to wait for an answer."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the emulator's address be given."""
    add_url(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what the emulator says of itself, or why there is no answer."""
    status, said = ask(url_asked(arguments))
    print(said, file=sys.stdout if status == 200 else sys.stderr)
    return 0 if status == 200 else 1


def ask(url: str) -> tuple[int, str]:
    """Return status and body of an emulator's health; status 0 and a reason without an answer.

    Raises:
        CommandError: This is not the URL of something that speaks HTTP.
    """
    try:
        status, content = call(url, "GET", "/_emulator/health", patience=PATIENCE)
    except NoAnswer as error:
        return 0, str(error)
    return status, content.decode("utf-8", "replace")
