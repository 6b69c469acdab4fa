"""`aep-emulator files`: lists the files that the connections of a running emulator reach."""

from __future__ import annotations

import argparse
from urllib.parse import quote, urlencode

from emulator.commands.remote import add_remote, ask, remote_asked
from emulator.commands.terminal import say

HELP = "list the files that the connections of a running emulator reach"
PATH = "/_emulator/files"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "connection",
        nargs="?",
        help="id of a base connection, or dlz-user-container for the landing zone: its files",
    )
    parser.add_argument("--organization", required=True, help="its id, such as …@AdobeOrg")
    parser.add_argument("--sandbox", default="prod", help="name of the sandbox (default: prod)")
    add_remote(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List connections with the place of their files, or the files of one."""
    remote, where = remote_asked(arguments), _where(arguments)
    if arguments.connection:
        path = f"{PATH}/{quote(arguments.connection, safe='')}"
        for file in ask(remote, "GET", f"{path}?{where}")["files"]:
            say(f"{file['size']:>12,}  {file['path']}")
        return 0
    for one in ask(remote, "GET", f"{PATH}?{where}")["connections"]:
        found = one.get("error") or f"{one['files']:,} files, {one['bytes']:,} bytes"
        say(f"{one['container']}  {one['name']}: {found} ({one.get('place', 'nowhere')})")
    return 0


def _where(arguments: argparse.Namespace) -> str:
    return urlencode({"organization": arguments.organization, "sandbox": arguments.sandbox})
