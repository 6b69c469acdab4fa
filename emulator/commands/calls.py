"""`aep-emulator calls`: lists the calls that a running emulator answered, and follows them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from emulator.commands.answers import show
from emulator.commands.listing import Listing, add_listing, run_listing
from emulator.commands.remote import add_remote, ask, remote_asked
from emulator.commands.tables import BAD, GOOD, QUIET, REMARKED, Row, styled
from emulator.json_types import Json, JsonObject

HELP = "list the calls that a running emulator has answered, the newest first"
PATH = "/_emulator/journal"
STYLES = {"accepted": GOOD, "warned": REMARKED, "refused": BAD}


def _row(call: JsonObject) -> Row:
    """Return a call's cells, with the rules that it broke."""
    rules = dict.fromkeys(found["rule"] for found in call["findings"])
    style = STYLES[call["outcome"]]
    said = [f"{call['outcome']}: {', '.join(rules)}"] if rules else []
    said += [call["faulted"].partition(":")[0]] if "faulted" in call else []
    return (
        f"#{call['id']:<5}",
        styled(call["time"][11:19], QUIET),
        styled(str(call["status"]), style),
        f"{call['method']:<6}",
        call["path"],
        styled("; ".join(said), style),
    )


CALLS = Listing(
    what="calls",
    path=PATH,
    member="entries",
    filters={
        "operation": "calls of this operation, by its id",
        "service": "calls of this service",
        "status": "calls with this status, such as 404 or 4xx",
        "outcome": "calls that were accepted, warned or refused",
        "rule": "calls that broke this rule",
        "test": "calls of this test",
        "client": "calls whose user agent contains this, or whose API key it is",
        "since": "calls from this time on, such as 2026-01-01T00:00:00Z",
    },
    page=100,
    headings=("call", "time", "", "method", "path", "findings"),
    row=_row,
    state=lambda call: f"{call['id']} {call['time']} {call['method']} {call['path']}",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the calls be selected, followed, or one be shown."""
    add_listing(parser, CALLS)
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
    return run_listing(arguments, CALLS)


def show_one(arguments: argparse.Namespace) -> int:
    """Print a call with its explanation and its response."""
    call = ask(remote_asked(arguments), "GET", f"{PATH}/{arguments.call}")
    return show(arguments, call, *explanation(call), "", *_response(call["response"]))


def explanation(call: JsonObject, *, is_short: bool = False) -> Iterator[str]:
    """Yield the lines that explain a call, with styles for what stands out."""
    from emulator.journal.text import explanation_lines, short_lines

    heading, *lines = short_lines(call) if is_short else explanation_lines(call)
    yield styled(heading, STYLES[call["outcome"]])
    for line in lines:
        is_reason = line.startswith("    |") and line[5:].lstrip().startswith("^ ")
        yield styled(line, BAD if is_reason else REMARKED if line.startswith("  > |") else "")


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
