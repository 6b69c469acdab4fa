"""`aep-emulator calls`: lists the calls that a running emulator answered, and follows them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from urllib.parse import urlencode

from emulator.commands.following import add_follow, every_second, say_json
from emulator.commands.remote import (
    Remote,
    add_place,
    add_remote,
    ask,
    place_given,
    print_json,
    remote_asked,
    show,
    wants_json,
)
from emulator.commands.terminal import say
from emulator.json_types import Json, JsonObject

HELP = "list the calls that a running emulator has answered, the newest first"
PATH = "/_emulator/journal"
FILTERS = {
    "operation": "of this operation, by its id",
    "service": "of this service",
    "status": "with this status, such as 404 or 4xx",
    "outcome": "that were accepted, warned or refused",
    "rule": "that broke this rule",
    "test": "of this test",
    "client": "whose user agent contains this, or whose API key it is",
    "since": "from this time on, such as 2026-01-01T00:00:00Z",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the calls be selected, followed, or one be shown."""
    for name, text in FILTERS.items():
        parser.add_argument(f"--{name}", help=f"only calls {text}")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="how many (default: 50)")
    add_place(parser, "of the calls (default: all)")
    add_follow(parser, "calls")
    add_remote(parser)
    parser.set_defaults(run=run)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    help = "show a call, its explanation and its response"
    one = commands.add_parser("show", help=help, description=help)
    one.add_argument("call", metavar="CALL", type=_number, help="its number, or last")
    add_remote(one)
    one.set_defaults(run=show_one)


def _number(text: str) -> str:
    if text != "last" and not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number or last")
    return text


def run(arguments: argparse.Namespace) -> int:
    """Print the calls."""
    remote = remote_asked(arguments)
    asked = place_given(arguments)
    asked |= {name: value for name in FILTERS if (value := getattr(arguments, name))}
    if not arguments.follow:
        answer = _page(remote, {**asked, "limit": str(arguments.limit)})
        if wants_json(arguments):
            return print_json(answer)
        say("\n".join(map(_line, answer["entries"])) or "no calls")
        return 0
    for call in _calls(remote, asked, arguments.limit):
        say_json(call) if wants_json(arguments) else say(_line(call), flush=True)
    return 0


def _page(remote: Remote, asked: dict[str, str]) -> JsonObject:
    answer: JsonObject = ask(remote, "GET", f"{PATH}?{urlencode(asked)}")
    return answer


def _calls(remote: Remote, asked: dict[str, str], limit: int) -> Iterator[JsonObject]:
    """Yield the latest calls, the oldest first, and then each that comes."""
    found = _page(remote, {**asked, "limit": str(limit)})["entries"]
    yield from reversed(found)
    last = found[0]["id"] if found else 0
    for _ in every_second():
        while True:
            newer = {**asked, "order": "oldest"} | ({"cursor": str(last)} if last else {})
            answer = _page(remote, newer)
            yield from answer["entries"]
            last = answer["entries"][-1]["id"] if answer["entries"] else last
            if "nextCursor" not in answer:
                break


def _line(call: JsonObject) -> str:
    """Return a call in a line, with the rules that it broke."""
    head = f"#{call['id']:<5} {call['time'][11:19]}  {call['status']}  {call['method']:<6}"
    rules = dict.fromkeys(found["rule"] for found in call["findings"])
    said = f"  {call['outcome']}: {', '.join(rules)}" if rules else ""
    return f"{head} {call['path']}{said}"


def show_one(arguments: argparse.Namespace) -> int:
    """Print a call with its explanation and its response."""
    from emulator.journal.text import explanation_lines

    call = ask(remote_asked(arguments), "GET", f"{PATH}/{arguments.call}")
    return show(arguments, call, *explanation_lines(call), "", *_response(call["response"]))


def _response(response: JsonObject) -> Iterator[str]:
    yield f"Response: {response['status']}"
    for name, value in response["headers"].items():
        yield f"    {name}: {value}"
    if body := response.get("body"):
        yield ""
        yield from (f"    {line}" for line in _text(body).splitlines())


def _text(body: Json) -> str:
    import orjson

    return (
        body if isinstance(body, str) else orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()
    )
