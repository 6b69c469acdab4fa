"""`aep-emulator health`: whether an emulator answers, for a container's health check."""

from __future__ import annotations

import argparse
import http.client
import sys
from urllib.parse import urlsplit

from emulator.commands import CommandError, settings_of, url_of

HELP = "tell whether a running emulator answers; exit code 0 or 1"

PATIENCE = 3.0
"""Seconds to wait for an answer."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the emulator's address be given; else it is the one that `serve` would listen on."""
    parser.add_argument("--url", help="base URL of the emulator (default: what the settings say)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what the emulator says of itself, or why there is no answer."""
    url = arguments.url
    if url is None:
        settings = settings_of(argparse.Namespace())
        url = url_of(settings.host, settings.port)
    status, said = ask(url)
    print(said, file=sys.stdout if status == 200 else sys.stderr)
    return 0 if status == 200 else 1


def ask(url: str) -> tuple[int, str]:
    """Return status and body of an emulator's health; status 0 and a reason without an answer.

    Raises:
        CommandError: This is not the URL of something that speaks HTTP.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise CommandError(f"--url: {url!r}: {error}") from error
    if parts.scheme != "http" or not parts.hostname:
        raise CommandError(f"--url: {url!r} is not a URL such as http://127.0.0.1:8080")
    connection = http.client.HTTPConnection(parts.hostname, port, timeout=PATIENCE)
    try:
        connection.request("GET", "/_emulator/health")
        response = connection.getresponse()
        return response.status, response.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, f"no emulator answers at {url}: {error}"
    finally:
        connection.close()
