"""What commands share that list what happens in a running emulator. Not a command."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlencode

from emulator.commands.answers import say_json, show_table, wants_json
from emulator.commands.remote import Remote, add_place, add_remote, ask, place_given, remote_asked
from emulator.commands.tables import Row, say_row
from emulator.json_types import JsonObject

INTERVAL = 1.0
"""Seconds between two looks."""

MAX_PAGE = 1000
"""How many items the control API gives at a time, at most."""

MAX_SHOWN = 100_000
"""How many items are remembered as shown."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of the control API that grows while somebody looks.

    Args:
        what: The word for what is in it.
        path: Its path.
        member: The member of the answer that has the items.
        filters: The parameters that select, each with what is left by it.
        page: How many are looked at at a time while they are followed.
        headings: Of the table.
        row: Returns the cells of an item.
        state: Returns what tells an item that was shown from one that is new or has changed.
    """

    what: str
    path: str
    member: str
    filters: dict[str, str]
    page: int
    headings: tuple[str, ...]
    row: Callable[[JsonObject], Row]
    state: Callable[[JsonObject], str]


def add_listing(parser: argparse.ArgumentParser, listing: Listing) -> None:
    """Let the items be selected, limited, and followed."""
    for name, text in listing.filters.items():
        parser.add_argument(f"--{name}", help=f"only {text}")
    parser.add_argument(
        "--limit", type=count, default=50, metavar="N", help="how many (default: 50)"
    )
    add_place(parser, f"of the {listing.what} (default: all)")
    parser.add_argument(
        "--follow",
        action="store_true",
        help=f"show the latest {listing.what} and then new ones as they come, until Ctrl-C; with "
        "--json an object a line",
    )
    add_remote(parser)


def count(text: str) -> int:
    """Read a number of items."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 0 or more")
    return int(text)


def run_listing(arguments: argparse.Namespace, listing: Listing) -> int:
    """Print the items, or follow them."""
    remote = remote_asked(arguments)
    asked = place_given(arguments)
    asked |= {name: value for name in listing.filters if (value := getattr(arguments, name))}
    if arguments.follow:
        for found in followed(remote, asked, arguments.limit, listing):
            say_json(found) if wants_json(arguments) else say_row(listing.row(found))
        return 0
    answer = ask_page(remote, listing, asked, arguments.limit)
    rows = [listing.row(found) for found in answer[listing.member]]
    return show_table(
        arguments, answer, listing.headings, rows, answer.get("remark") or f"no {listing.what}"
    )


def ask_page(remote: Remote, listing: Listing, asked: dict[str, str], limit: int) -> JsonObject:
    """Return a page of a list as the control API answers it."""
    query = urlencode({**asked, "limit": limit})
    answer: JsonObject = ask(remote, "GET", f"{listing.path}?{query}")
    return answer


def pages(
    remote: Remote, listing: Listing, asked: dict[str, str], limit: int
) -> Iterator[list[JsonObject]]:
    """Yield what a query selects, the newest first, so many at a time."""
    place: dict[str, str] = {}
    while True:
        answer = ask_page(remote, listing, {**asked, **place}, limit)
        yield answer[listing.member]
        if "nextCursor" not in answer:
            return
        place = {"cursor": str(answer["nextCursor"])}


def followed(
    remote: Remote, asked: dict[str, str], limit: int, listing: Listing
) -> Iterator[JsonObject]:
    """Yield the latest items, the oldest first, and then each that has come or changed.

    Of several processes one may write its calls later than another: a new call then stands behind
    some that have been shown. So each look goes back until a whole page has been shown before.
    """
    shown: dict[str, None] = {}
    for number, _ in enumerate(every_second()):
        fresh: list[JsonObject] = []
        for page in pages(remote, listing, asked, listing.page if number else MAX_PAGE):
            new = [found for found in page if listing.state(found) not in shown]
            fresh += new
            if not new:
                break
        shown |= dict.fromkeys(listing.state(found) for found in reversed(fresh))
        for state in list(islice(shown, max(0, len(shown) - MAX_SHOWN))):
            del shown[state]
        yield from reversed(fresh if number else fresh[:limit])


def every_second() -> Iterator[None]:
    """Yield at once and then once a second, for ever."""
    while True:
        yield
        time.sleep(INTERVAL)
