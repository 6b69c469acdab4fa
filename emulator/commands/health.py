"""`aep-emulator health`: checks that an emulator answers, for a container's health check."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from emulator.commands import CommandError, add_settings, settings_of, url_of
from emulator.commands.remote import (
    NoAnswer,
    Remote,
    add_remote,
    call,
    is_another,
    remote_asked,
)
from emulator.commands.terminal import say

HELP = "check that an emulator answers; the exit code is 0 or 1"

TIMEOUT = 3.0
"""Seconds to wait for a response."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the emulator's URL."""
    add_remote(parser)
    parser.add_argument(
        "--of-process",
        type=int,
        metavar="PID",
        help="ask where a serve of this machine listens, by the flags of its process; a"
        " certificate is taken as it is",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the emulator's health, or why there is none."""
    process = arguments.of_process
    status, content = ask(remote_asked(arguments) if process is None else served_by(process))
    say(content, is_error=status != 200)
    return 0 if status == 200 else 1


def served_by(process: int) -> Remote:
    """Return the emulator that a process serves: by its command line, as Linux shows it.

    Environment variables are taken to be those of this process; in a container both have the
    same. Nothing secret is sent, so nobody has to prove who answers.

    Raises:
        CommandError: There is no such process.
    """
    try:
        words = Path("/proc", str(process), "cmdline").read_text("utf-8").split("\0")[:-1]
    except OSError as error:
        raise CommandError(f"--of-process: {process}: {error.strerror}") from error
    parser = argparse.ArgumentParser()
    add_settings(parser)
    flags = words[words.index("serve") + 1 :] if "serve" in words else []
    settings = settings_of(parser.parse_args(flags))
    return Remote(url_of(settings.host, settings.port, settings.scheme), is_verified=False)


def ask(remote: Remote) -> tuple[int, str]:
    """Return status and body of the health check; status 0 and a reason if none answers.

    Raises:
        CommandError: The URL is not an HTTP URL.
    """
    try:
        status, content = call(remote, "GET", "/_emulator/health", timeout=TIMEOUT)
    except NoAnswer as error:
        return 0, str(error)
    text = content.decode("utf-8", "replace")
    return (status, text) if is_health(text) else (0, is_another(remote))


def is_health(text: str) -> bool:
    """Tell whether a text is what an emulator says of its health, good or bad."""
    try:
        answer = json.loads(text)
    except ValueError:
        return False
    return isinstance(answer, dict) and ("status" in answer or {"error", "detail"} <= set(answer))
