"""Requests to the control API of a running emulator. Not a command."""

from __future__ import annotations

import argparse
import http.client
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from emulator.commands import CommandError, add_settings, settings_of, url_of
from emulator.commands.terminal import say
from emulator.settings import TOKEN_HEADER

if TYPE_CHECKING:
    from emulator.json_types import Json

TIMEOUT = 300.0
"""Seconds to wait for a response: much random data takes a while to create."""


class NoAnswer(CommandError):
    """No server answers at a URL."""


def add_remote(parser: argparse.ArgumentParser) -> None:
    """Add the emulator's URL, by default the address that `serve` listens on, and its token."""
    parser.add_argument("--url", help="base URL of the emulator (default: by the settings)")
    add_settings(parser, "admin_token")


@dataclass(frozen=True, slots=True)
class Remote:
    """A running emulator: its URL, and the token that its control API asks for, if any."""

    url: str
    token: str = field(default="", repr=False)


def remote_asked(arguments: argparse.Namespace) -> Remote:
    """Return the emulator that the arguments name, or else the settings in the environment."""
    settings = settings_of(argparse.Namespace(admin_token=arguments.admin_token))
    url = str(arguments.url) if arguments.url else url_of(settings.host, settings.port)
    return Remote(url, settings.admin_token)


def call(
    remote: Remote,
    method: str,
    path: str,
    body: bytes | None = None,
    encoding: str = "",
    timeout: float = TIMEOUT,
) -> tuple[int, bytes]:
    """Send one request to the control API; return status and body.

    Raises:
        NoAnswer: No server answers at the URL within `timeout` seconds.
        CommandError: The URL cannot be used.
    """
    try:
        parts = urlsplit(remote.url)
        port = parts.port
    except ValueError as error:
        raise CommandError(f"--url: {remote.url!r}: {error}") from error
    if parts.scheme != "http" or not parts.hostname:
        raise CommandError(f"--url: {remote.url!r} is not a URL such as http://127.0.0.1:8080")
    connection = http.client.HTTPConnection(parts.hostname, port, timeout=timeout)
    try:
        headers = {"Content-Encoding": encoding} if encoding else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if remote.token:
            headers[TOKEN_HEADER] = remote.token
        connection.request(method, parts.path.rstrip("/") + path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(f"no emulator answers at {remote.url}: {error}") from error
    finally:
        connection.close()


def ask(
    remote: Remote, method: str, path: str, body: Json | bytes = None, encoding: str = ""
) -> Json:
    """Send JSON to the control API; return the JSON of its response, None if it has no body.

    Args:
        body: A JSON value, or bytes as they are.
        encoding: The content encoding of the bytes, if any.

    Raises:
        CommandError: No server answers, or it reports an error; the message says why.
    """
    from emulator.json_types import dumps, loads

    content = body if isinstance(body, bytes | None) else dumps(body)
    status, content = call(remote, method, path, content, encoding)
    try:
        answer = loads(content) if content else None
    except ValueError as error:
        raise CommandError(f"the server at {remote.url} is not an aep-emulator") from error
    if status >= http.HTTPStatus.BAD_REQUEST:
        reason = answer.get("detail") if isinstance(answer, dict) else None
        raise CommandError(reason or f"{method} {path}: {status}")
    return answer


def print_json(value: Json) -> int:
    """Print a JSON value, indented, and return the exit code of success."""
    import orjson

    say(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
    return 0
