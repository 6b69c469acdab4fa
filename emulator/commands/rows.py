"""`aep-emulator rows`: shows the first rows of a data set of a running emulator."""

from __future__ import annotations

import argparse
import sys
from urllib.parse import quote, urlencode

from emulator.commands.answers import show_table
from emulator.commands.listing import count
from emulator.commands.remote import add_place, add_remote, ask, place_given, remote_asked
from emulator.commands.tables import is_for_people
from emulator.json_types import Json, JsonObject, flattened

HELP = "show the first rows of a data set of a running emulator"
PATH = "/_emulator/rows"
_WIDEST = 60
"""Characters of a cell that are shown."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the data set be named."""
    parser.add_argument("dataset", metavar="DATASET", help="its id or its name")
    parser.add_argument(
        "--limit", type=count, default=10, metavar="N", help="how many (default: 10)"
    )
    add_place(parser, "of the data set, where several have it")
    add_remote(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the rows: a column for each value, by its path in the schema."""
    query = urlencode({**place_given(arguments), "limit": arguments.limit})
    path = f"{PATH}/{quote(arguments.dataset, safe='')}?{query}"
    found: JsonObject = ask(remote_asked(arguments), "GET", path)
    flat = [flattened(row) for row in found["rows"]]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    rows = [[_cell(row.get(name)) for name in columns] for row in flat]
    if rows and not is_for_people(sys.stdout):
        rows.insert(0, columns)  # a row says nothing without them
    return show_table(arguments, found, columns, rows, "no rows")


def _cell(value: Json) -> str:
    from emulator.json_types import dumps

    if value is None:
        return ""
    text = value if isinstance(value, str) else dumps(value).decode()
    text = " ".join(text.splitlines())
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
