"""`aep-emulator health`: checks that an emulator answers, for a container's health check."""

from __future__ import annotations

import argparse

from emulator.commands.remote import NoAnswer, Remote, add_remote, call, remote_asked
from emulator.commands.terminal import say

HELP = "check that an emulator answers; the exit code is 0 or 1"

TIMEOUT = 3.0
"""Seconds to wait for a response."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the emulator's URL."""
    add_remote(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the emulator's health, or why there is none."""
    status, content = ask(remote_asked(arguments))
    say(content, is_error=status != 200)
    return 0 if status == 200 else 1


def ask(remote: Remote) -> tuple[int, str]:
    """Return status and body of the health check; status 0 and a reason if nothing answers.

    Raises:
        CommandError: The URL is not an HTTP URL.
    """
    try:
        status, content = call(remote, "GET", "/_emulator/health", timeout=TIMEOUT)
    except NoAnswer as error:
        return 0, str(error)
    return status, content.decode("utf-8", "replace")
