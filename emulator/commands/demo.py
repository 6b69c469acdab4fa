"""`aep-emulator demo`: plays a tutorial's journey, call by call, against an emulator."""

from __future__ import annotations

import argparse
import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from emulator.commands import CommandError, add_settings, build_emulator, settings_of, url_of
from emulator.commands.answers import add_json, print_json, wants_json
from emulator.commands.health import ask
from emulator.commands.remote import Remote, connection_to, is_another, remote_named
from emulator.commands.terminal import say
from emulator.environment import URL_VARIABLE
from emulator.settings import TOKEN_HEADER

if TYPE_CHECKING:
    from emulator.fixtures.journey import Answer, Played, Request
    from emulator.json_types import Json, JsonObject

HELP = "play a tutorial call by call; --bodies shows what each call sends and is answered"

TIMEOUT = 30.0
"""Seconds to wait for a response."""
_MAX_WIDTH = 96


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the emulator and the edition be chosen."""
    parser.add_argument(
        "--url", help=f"base URL of a running emulator (default: {URL_VARIABLE}, or else start one)"
    )
    add_settings(parser, "edition", "admin_token", "tls_ca")
    parser.add_argument(
        "--bodies",
        action="store_true",
        help="show the body of every request and response; --json has them, and the headers",
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Play the journey; return 1 if a response differs from the tutorial.

    Raises:
        CommandError: No emulator answers at the URL, or none can be started.
    """
    remote = remote_named(arguments)
    if remote:
        from emulator.clock import SystemClock

        # Titles of schemas have to be unique, and a demo may be repeated.
        name = f"run {SystemClock().now()}"
        return _play(remote, arguments, name)
    with _own_emulator(arguments) as url:
        return _play(Remote(url), arguments, "run 1")


@contextmanager
def _own_emulator(arguments: argparse.Namespace) -> Iterator[str]:
    from emulator.serving.server import Server

    emulator = build_emulator(replace(settings_of(arguments), admin_token=""))
    try:
        with Server(emulator.application) as server:
            yield url_of(server.host, server.port)
    finally:
        emulator.close()


def _play(remote: Remote, arguments: argparse.Namespace, name: str) -> int:
    from emulator.fixtures.journey import journey_of, play

    tell = _tell_nothing if wants_json(arguments) else say
    url = remote.url.rstrip("/")
    edition = _edition(remote, arguments.edition)
    journey = journey_of(edition)
    tell(f"{journey.title}\nagainst {url}, edition {edition}\n")
    connection = connection_to(remote, TIMEOUT)
    sender = _Sender(connection, urlsplit(url).path)
    played: list[Played] = []
    try:
        asked = {"x-emulator-edition": edition}
        for number, call in enumerate(
            play(journey, sender.send, given={"run": name}, headers=asked), start=1
        ):
            played.append(call)
            tell("\n".join(_call_lines(number, call, arguments.bodies)), flush=True)
        if not played[-1].accepted:
            tell("\n".join(_refusal_lines(remote, sender, played[-1].answer)))
    except BrokenPipeError:
        raise  # by the reader of stdout; a connection that the server closes raises another error
    except (OSError, http.client.HTTPException) as error:
        raise CommandError(f"{url} stopped answering: {error}") from error
    finally:
        connection.close()
    if wants_json(arguments):
        print_json({"title": journey.title, "edition": edition, "calls": _calls_json(played)})
    elif played[-1].accepted:
        say("\n".join(_summary(played)))
    return 0 if played[-1].accepted else 1


def _tell_nothing(text: str, *, flush: bool = False) -> None:
    """Stand for `say` where JSON is printed at the end."""


def _calls_json(played: list[Played]) -> list[JsonObject]:
    return [
        {
            "title": call.step.title,
            "method": call.request.method,
            "path": call.request.target,
            "status": call.answer.status,
            "isAsInTheTutorial": call.accepted,
            "request": {"headers": call.request.headers, "body": _sent(call.request)},
            "response": {"headers": call.answer.headers, "body": call.answer.body},
        }
        for call in played
    ]


def _edition(remote: Remote, wanted: str | None) -> str:
    """Return the edition to play: the one asked for, or else the one in force."""
    from emulator.json_types import loads

    status, content = ask(remote)
    try:
        answer = loads(content) if status == http.HTTPStatus.OK else {}
    except ValueError:
        answer = {}
    if "edition" not in answer:
        raise CommandError(content if status == 0 else is_another(remote))
    return wanted or str(answer["edition"])


class _Sender:
    """Sends a journey's requests over one connection."""

    def __init__(self, connection: http.client.HTTPConnection, prefix: str) -> None:
        self._connection = connection
        self._prefix = prefix

    def send(self, request: Request) -> Answer:
        from emulator.fixtures.journey import Answer
        from emulator.json_types import loads

        target = self._prefix + request.target
        self._connection.request(request.method, target, request.body, request.headers)
        response = self._connection.getresponse()
        content = response.read()
        headers = {name.lower(): value for name, value in response.getheaders()}
        try:
            body = loads(content) if content else None
        except ValueError:
            body = content.decode("utf-8", "replace")
        return Answer(response.status, headers, body)


def _sent(request: Request) -> Json:
    """Return the body of a request: JSON, or the text of a form."""
    from emulator.json_types import loads

    try:
        return None if request.body is None else loads(request.body)
    except ValueError:
        return (request.body or b"").decode("utf-8", "replace")


def _call_lines(number: int, played: Played, shows_bodies: bool) -> Iterator[str]:
    request, answer = played.request, played.answer
    yield f"{number:2}. {played.step.title}"
    target = _short(f"{request.method} {request.target}")
    yield f"    {target}"
    if shows_bodies:
        yield from _body_lines("sends", _sent(request))
    yield f"    {answer.status} in {played.seconds * 1000:.1f} ms"
    if warning := answer.headers.get("x-emulator-warning"):
        yield f"    warning   {warning}"
    if shows_bodies:
        yield from _body_lines("answers", answer.body)
    if played.accepted:
        for name, value in played.excerpt.items():
            if value is not None:
                yield f"    {name:<9} {_short(_text(value))}"


def _body_lines(title: str, body: Json) -> Iterator[str]:
    import orjson

    if body is None:
        return
    indented = orjson.OPT_INDENT_2
    shown = body if isinstance(body, str) else orjson.dumps(body, option=indented).decode()
    yield f"    {title}"
    yield from (f"      {line}" for line in shown.splitlines())


def _refusal_lines(remote: Remote, sender: _Sender, answer: Answer) -> Iterator[str]:
    """Yield the response, the rule that refused the request, and where to read about it."""
    from emulator.fixtures.journey import Request

    yield f"\nThe response differs from the tutorial: {_text(answer.body)}"
    rule = answer.headers.get("x-emulator-rule")
    if rule is None:
        yield "No rule refused the request; see the emulator's log."
        return
    yield f"rule       {rule}"
    headers = {TOKEN_HEADER: remote.token} if remote.token else {}
    explained = sender.send(Request("GET", f"/_emulator/rules/{rule}", headers, None)).body
    if isinstance(explained, dict) and "states" in explained:
        yield f"states     {explained['states']}"
        for document in explained["documents"]:
            yield f"document   {document['title']}, {document['publisher']} {document['date']}"
    yield f"read more  aep-emulator contracts explain {rule}"
    yield f"       or  {remote.url.rstrip('/')}/_emulator/rules/{rule}"


def _summary(played: list[Played]) -> Iterator[str]:
    created = [call.created for call in played if call.created]
    width = max((len(what) for what, _ in created), default=0)
    known = played[-1].kept
    yield f"\nCreated in sandbox {known['sandbox']} of {known['organization']}:"
    for what, id in created:
        yield f"  {what:<{width}}  {id}"
    seconds = sum(call.seconds for call in played)
    yield f"{len(played)} calls, {seconds * 1000:.0f} ms."


def _text(value: Json) -> str:
    from emulator.json_types import dumps

    return value if isinstance(value, str) else dumps(value).decode()


def _short(text: str) -> str:
    return text if len(text) <= _MAX_WIDTH else text[: _MAX_WIDTH - 1] + "…"
