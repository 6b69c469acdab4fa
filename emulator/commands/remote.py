"""Requests to the control API of a running emulator. Not a command."""

from __future__ import annotations

import argparse
import http.client
import os
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from emulator.commands import CommandError, add_settings, settings_of, url_of
from emulator.commands.answers import add_json
from emulator.commands.progress import waiting
from emulator.environment import URL_VARIABLE
from emulator.settings import TOKEN_HEADER, Settings

if TYPE_CHECKING:
    from emulator.json_types import Json

_ANOTHER = f"--url or {URL_VARIABLE} names another one"

TIMEOUT = 300.0
"""Seconds to wait for a response: much random data takes a while to create."""
LOOK_TIMEOUT = 60.0
"""Seconds to wait where something is only looked at."""


class NoAnswer(CommandError):
    """No server answers at a URL."""


def add_remote(parser: argparse.ArgumentParser) -> None:
    """Add the emulator's URL, its token, and `--json`.

    What is not given stays out of the namespace, so that `clock --url URL advance P1D` is as good
    as `clock advance P1D --url URL`.
    """
    parser.add_argument(
        "--url",
        default=argparse.SUPPRESS,
        help=f"base URL of the emulator (default: {URL_VARIABLE}, or else by the settings)",
    )
    add_settings(parser, "admin_token", "tls_ca", default=argparse.SUPPRESS)
    add_json(parser)


def add_place(parser: argparse.ArgumentParser, of: str) -> None:
    """Add organization and sandbox, by which a command is limited or finds what it is about."""
    for name, text in (
        ("organization", f"id of the organization {of}"),
        ("sandbox", f"name of the sandbox {of}"),
    ):
        parser.add_argument(f"--{name}", default=argparse.SUPPRESS, help=text)


def place_given(arguments: argparse.Namespace) -> dict[str, str]:
    """Return organization and sandbox as far as they are given."""
    given = {name: getattr(arguments, name, "") for name in ("organization", "sandbox")}
    return {name: value for name, value in given.items() if value}


@dataclass(frozen=True, slots=True)
class Remote:
    """A running emulator.

    Args:
        url: Where it is.
        token: What its control API asks for, if anything.
        ca: The file with what is trusted of its TLS certificates, in place of the system's.
        source: The flag or the variable that named the URL.
        is_verified: Whether its certificate has to be one that is trusted.
    """

    url: str
    token: str = field(default="", repr=False)
    ca: Path | None = None
    source: str = "--url"
    is_verified: bool = True


def remote_asked(arguments: argparse.Namespace) -> Remote:
    """Return the emulator that the arguments, the environment or the settings name."""
    if named := remote_named(arguments):
        return named
    settings = _settings(arguments)
    url = url_of(settings.host, settings.port, settings.scheme)
    return Remote(url, settings.admin_token, settings.tls_ca or settings.tls_cert)


def remote_named(arguments: argparse.Namespace) -> Remote | None:
    """Return the emulator whose URL the arguments give, or else the environment."""
    settings = _settings(arguments)
    if url := url_given(arguments):
        return Remote(url, settings.admin_token, settings.tls_ca)
    if url := os.environ.get(URL_VARIABLE, ""):
        return Remote(url, settings.admin_token, settings.tls_ca, URL_VARIABLE)
    return None


def _settings(arguments: argparse.Namespace) -> Settings:
    given = {name: getattr(arguments, name, None) for name in ("admin_token", "tls_ca")}
    return settings_of(argparse.Namespace(**given))


def url_given(arguments: argparse.Namespace) -> str:
    """Return the URL of the flag, empty without it."""
    return str(getattr(arguments, "url", "") or "")


def connection_to(remote: Remote, timeout: float = TIMEOUT) -> http.client.HTTPConnection:
    """Return a connection that is opened by its first request.

    Raises:
        CommandError: The URL cannot be used.
    """
    try:
        parts = urlsplit(remote.url)
        port = parts.port
    except ValueError as error:
        raise CommandError(f"{remote.source}: {remote.url!r}: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        expected = "is not a URL such as http://127.0.0.1:8080"
        raise CommandError(f"{remote.source}: {remote.url!r} {expected}")
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname, port, timeout=timeout)
    return http.client.HTTPSConnection(
        parts.hostname, port, timeout=timeout, context=_trust(remote)
    )


def call(
    remote: Remote,
    method: str,
    path: str,
    body: bytes | None = None,
    encoding: str = "",
    timeout: float | None = None,
) -> tuple[int, bytes]:
    """Send one request to the control API; return status and body.

    Args:
        timeout: How long to wait, in seconds, if it is not `LOOK_TIMEOUT` for a GET and `TIMEOUT`
            for others.

    Raises:
        NoAnswer: No server answers at the URL in time.
        CommandError: The URL cannot be used.
    """
    seconds = timeout or (LOOK_TIMEOUT if method == "GET" else TIMEOUT)
    connection = connection_to(remote, seconds)
    headers = {TOKEN_HEADER: remote.token} if remote.token else {}
    headers |= {"Content-Encoding": encoding} if encoding else {}
    headers |= {} if body is None else {"Content-Type": "application/json"}
    try:
        with waiting(f"waiting for {remote.url}"):
            connection.request(method, urlsplit(remote.url).path.rstrip("/") + path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
    except ssl.SSLCertVerificationError as error:
        reason = error.verify_message or error.reason
        raise NoAnswer(
            f"{remote.url} is not trusted: {reason}; --tls-ca names the file to trust"
        ) from error
    except TimeoutError as error:
        said = f"{remote.url} has not answered {method} {path} within {seconds:g} s"
        raise NoAnswer(f"{said}; {_ANOTHER}") from error
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(f"no emulator answers at {remote.url}: {error}; {_ANOTHER}") from error
    finally:
        connection.close()


def _trust(remote: Remote) -> ssl.SSLContext:
    """Return how the certificate of an emulator is verified.

    Raises:
        CommandError: The file with what to trust cannot be used.
    """
    if not remote.is_verified:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context
    try:
        context = ssl.create_default_context(cafile=remote.ca)
    except OSError as error:
        reason = "no PEM certificates" if isinstance(error, ssl.SSLError) else error.strerror
        raise CommandError(f"--tls-ca: {remote.ca}: {reason}") from error
    # What the file names is trusted itself, whoever has signed it.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def fetch(
    remote: Remote, method: str, path: str, body: Json | bytes = None, encoding: str = ""
) -> bytes:
    """Send JSON to the control API; return the body of its response.

    Args:
        body: A JSON value, or bytes as they are.
        encoding: The content encoding of the bytes, if any.

    Raises:
        CommandError: No server answers, or it reports an error; the message says why.
    """
    from emulator.json_types import dumps

    sent = body if isinstance(body, bytes | None) else dumps(body)
    status, content = call(remote, method, path, sent, encoding)
    if status >= http.HTTPStatus.BAD_REQUEST:
        answer = _read(remote, content)
        if not isinstance(answer, dict) or not {"error", "detail"} <= set(answer):
            raise CommandError(is_another(remote))
        raise CommandError(answer["detail"] or f"{method} {path}: {status}")
    return content


def ask(
    remote: Remote, method: str, path: str, body: Json | bytes = None, encoding: str = ""
) -> Json:
    """Return the JSON of a response, None if it has no body; see `fetch`."""
    return _read(remote, fetch(remote, method, path, body, encoding))


def _read(remote: Remote, content: bytes) -> Json:
    from emulator.json_types import loads

    try:
        return loads(content) if content else None
    except ValueError as error:
        raise CommandError(is_another(remote)) from error


def is_another(remote: Remote) -> str:
    """Return that what answers at a URL has no control API, or has it at another path."""
    return f"the server at {remote.url} is not an aep-emulator; {_ANOTHER}"
