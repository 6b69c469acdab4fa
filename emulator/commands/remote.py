"""What the commands that talk to a running emulator share. No command itself."""

from __future__ import annotations

import argparse
import http.client
from typing import Any
from urllib.parse import urlsplit

from emulator.commands import CommandError, settings_of, url_of

PATIENCE = 300.0
"""Seconds to wait for an answer: much random data takes a while to create."""


class NoAnswer(CommandError):
    """Nothing answers at an address."""


def add_url(parser: argparse.ArgumentParser) -> None:
    """Let the emulator's address be given; else it is the one that `serve` would listen on."""
    parser.add_argument("--url", help="base URL of the emulator (default: what the settings say)")


def url_asked(arguments: argparse.Namespace) -> str:
    """Return the URL that was given, or that of the settings in the environment."""
    if arguments.url:
        return str(arguments.url)
    settings = settings_of(argparse.Namespace())
    return url_of(settings.host, settings.port)


def call(
    url: str,
    method: str,
    path: str,
    body: bytes | None = None,
    encoding: str = "",
    patience: float = PATIENCE,
) -> tuple[int, bytes]:
    """Send one request to the control API; return status and body.

    Raises:
        NoAnswer: Nothing answers at the URL within `patience` seconds.
        CommandError: The URL cannot be used.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise CommandError(f"--url: {url!r}: {error}") from error
    if parts.scheme != "http" or not parts.hostname:
        raise CommandError(f"--url: {url!r} is not a URL such as http://127.0.0.1:8080")
    connection = http.client.HTTPConnection(parts.hostname, port, timeout=patience)
    try:
        headers = {"Content-Encoding": encoding} if encoding else {}
        connection.request(method, parts.path.rstrip("/") + path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(f"no emulator answers at {url}: {error}") from error
    finally:
        connection.close()


def ask(url: str, method: str, path: str, body: Any = None, encoding: str = "") -> Any:
    """Send JSON to the control API and return the JSON of its answer, None where it has none.

    Args:
        body: A JSON value, or bytes as they are.
        encoding: The content encoding of the bytes, if they have one.

    Raises:
        CommandError: Nothing answers, or it refuses; the message has the reason.
    """
    from emulator.json_types import dumps, loads

    sent = body if isinstance(body, bytes | None) else dumps(body)
    status, content = call(url, method, path, sent, encoding)
    try:
        said = loads(content) if content else None
    except ValueError as error:
        raise CommandError(f"what answers at {url} is no aep-emulator") from error
    if status >= http.HTTPStatus.BAD_REQUEST:
        reason = said.get("detail") if isinstance(said, dict) else None
        raise CommandError(reason or f"{method} {path}: {status}")
    return said


def print_json(value: Any) -> int:
    """Print a JSON value, indented, and return the exit code of success."""
    import orjson

    print(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
    return 0
