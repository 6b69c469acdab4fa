"""`aep-emulator settings`: shows the settings of a running emulator."""

from __future__ import annotations

import argparse

from emulator.commands.answers import show_table
from emulator.commands.remote import add_remote, ask, remote_asked
from emulator.commands.tables import REMARKED, styled
from emulator.json_types import JsonObject

HELP = "show the settings of a running emulator; * marks those that are not the default"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let only changed settings be shown."""
    parser.add_argument(
        "--changed", action="store_true", help="only those that are not the default"
    )
    add_remote(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each setting."""
    answer = ask(remote_asked(arguments), "GET", "/_emulator/settings")
    rows = [row for row in answer["settings"] if not (arguments.changed and row["isDefault"])]
    table = [
        (
            " " if row["isDefault"] else styled("*", REMARKED),
            row["name"],
            styled(_text(row), "" if row["isDefault"] else REMARKED),
            row["environment"],
        )
        for row in rows
    ]
    headings = ("", "setting", "value", "variable")
    return show_table(arguments, {"settings": rows}, headings, table, "no setting is changed")


def _text(row: JsonObject) -> str:
    """Return a setting's value; where it is empty by default, what that means."""
    value = row["value"]
    if isinstance(value, list):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return row["default"] if row["isDefault"] else str(value)
