"""`aep-emulator runs`: lists the flow runs of a running emulator, and follows them."""

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
    wants_json,
)
from emulator.commands.terminal import say
from emulator.json_types import JsonObject
from emulator.moments import from_milliseconds

HELP = "list the flow runs of a running emulator, those that changed last first"
PATH = "/_emulator/runs"
FOLLOWED = 1000
"""How many of the latest runs are looked at each second."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the runs be selected, or followed."""
    parser.add_argument("--flow", help="only the runs of this flow, by id or name")
    parser.add_argument("--state", help="only those in this state, such as failed")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="how many (default: 50)")
    add_place(parser, "of the runs (default: all)")
    add_follow(parser, "runs")
    add_remote(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the runs."""
    remote = remote_asked(arguments)
    asked = place_given(arguments)
    asked |= {name: value for name in ("flow", "state") if (value := getattr(arguments, name))}
    if not arguments.follow:
        answer = ask(remote, "GET", f"{PATH}?{urlencode({**asked, 'limit': arguments.limit})}")
        if wants_json(arguments):
            return print_json(answer)
        say("\n".join(map(line, answer["runs"])) or "no runs")
        return 0
    for changed in _changes(remote, asked, arguments.limit):
        say_json(changed) if wants_json(arguments) else say(line(changed), flush=True)
    return 0


def _changes(remote: Remote, asked: dict[str, str], limit: int) -> Iterator[JsonObject]:
    """Yield the latest runs, the oldest first, and then each when its state has changed."""
    known: dict[str, str] = {}
    for _ in every_second():
        count = FOLLOWED if known else limit
        query = urlencode({**asked, "limit": count})
        found = ask(remote, "GET", f"{PATH}?{query}")["runs"]
        yield from (each for each in reversed(found) if known.get(each["id"]) != each["state"])
        known |= {each["id"]: each["state"] for each in found}


def line(found: JsonObject) -> str:
    """Return a run in a line, and what went wrong in others."""
    counts = (f"{name} {found[name]}" for name in ("in", "out", "failed", "warnings"))
    known = [text for text in counts if not text.endswith((" None", "failed 0", "warnings 0"))]
    moment = from_milliseconds(found["started"] or 0)
    started = "-" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"
    rows = f"  {', '.join(known)}" if known else ""
    place = f"{found['sandbox']}  {found['name']}"
    first = f"{started}  {found['state']:<14}  {place}{rows}  {found['id']}"
    return "\n".join([first, *(f"    {text}" for text in _reasons(found))])


def _reasons(found: JsonObject) -> list[str]:
    errors = [str(each.get("message") or each.get("code") or each) for each in found["errors"]]
    return [*errors, *([found["message"]] if found["message"] else [])]
