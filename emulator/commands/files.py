"""`aep-emulator files`: lists, puts, gets and removes files that connections reach."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from urllib.parse import quote, urlencode

from emulator.commands import CommandError
from emulator.commands.answers import show, show_table
from emulator.commands.remote import (
    Remote,
    add_place,
    add_remote,
    ask,
    fetch,
    place_given,
    remote_asked,
)
from emulator.commands.tables import BAD, Row, styled
from emulator.commands.terminal import say
from emulator.json_types import JsonObject
from emulator.output import write_file

HELP = "list, put, get and remove the files that connections of a running emulator reach"
PATH = "/_emulator/files"
LANDING_ZONE = "dlz-user-container"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CONNECTION = f"id or name of a base connection, or {LANDING_ZONE} for the landing zone"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands; without one the connections are listed."""
    _add_where(parser)
    parser.set_defaults(run=run_ls, connection=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    help = "list connections with the place of their files, or the files of one"
    ls = commands.add_parser("ls", help=help, description=help)
    ls.add_argument("connection", nargs="?", metavar="CONNECTION", help=CONNECTION)
    ls.set_defaults(run=run_ls)
    help = "put a file where a connection reaches it; - is standard input"
    put = commands.add_parser("put", help=help, description=help)
    put.add_argument("connection", metavar="CONNECTION", help=CONNECTION)
    put.add_argument("file", metavar="FILE", help="a file of this machine, or -")
    put.add_argument("path", nargs="?", metavar="PATH", help="its place (default: the file's name)")
    put.set_defaults(run=run_put)
    help = "print a file, or write it to one of this machine"
    get = commands.add_parser("get", help=help, description=help)
    get.add_argument("connection", metavar="CONNECTION", help=CONNECTION)
    get.add_argument("path", metavar="PATH", help="its place")
    get.add_argument("--output", type=Path, metavar="FILE", help="file to write (default: stdout)")
    get.set_defaults(run=run_get)
    help = "remove a file"
    rm = commands.add_parser("rm", help=help, description=help)
    rm.add_argument("connection", metavar="CONNECTION", help=CONNECTION)
    rm.add_argument("path", metavar="PATH", help="its place")
    rm.set_defaults(run=run_rm)
    for command in (ls, put, get, rm):
        _add_where(command)


def _add_where(parser: argparse.ArgumentParser) -> None:
    add_place(parser, "of the connection (default: the only one, or prod)")
    add_remote(parser)


def run_ls(arguments: argparse.Namespace) -> int:
    """List connections with the place of their files, or the files of one."""
    remote, where = remote_asked(arguments), _where(arguments)
    if arguments.connection:
        answer = ask(remote, "GET", _area(remote, where, arguments.connection))
        listed = [(f"{file['size']:>12,}", file["path"]) for file in answer["files"]]
        return show_table(arguments, answer, ("       bytes", "path"), listed, "no files")
    answer = _connections(remote, where)
    rows = [_row(one) for one in answer["connections"]]
    return show_table(arguments, answer, ("id", "connection", "place"), rows)


def _row(one: JsonObject) -> Row:
    has = one.get("error") or f"{one['files']:,} files, {one['bytes']:,} bytes"
    described = styled(f"{one['name']}: {has}", BAD if "error" in one else "")
    return one["container"], described, f"({one.get('place', 'nowhere')})"


def run_put(arguments: argparse.Namespace) -> int:
    """Store a file."""
    name = arguments.path or Path(arguments.file).name
    if arguments.file == "-" and not arguments.path:
        raise CommandError("name the PATH of what standard input has")
    try:
        is_input = arguments.file == "-"
        content = sys.stdin.buffer.read() if is_input else Path(arguments.file).read_bytes()
    except OSError as error:
        raise CommandError(f"{arguments.file}: {error.strerror}") from error
    remote, where = remote_asked(arguments), _where(arguments)
    put = ask(remote, "PUT", _area(remote, where, arguments.connection, name), content)
    return show(arguments, put, f"{put['path']}: {put['size']:,} bytes in {put['container']}")


def run_get(arguments: argparse.Namespace) -> int:
    """Print a file as it is, or write it to one of this machine; to a terminal as text."""
    remote, where = remote_asked(arguments), _where(arguments)
    content = fetch(remote, "GET", _area(remote, where, arguments.connection, arguments.path))
    if arguments.output is not None:
        try:
            write_file(arguments.output, content)
        except OSError as error:
            raise CommandError(f"{arguments.output}: {error.strerror}") from error
        written = {"written": str(arguments.output), "size": len(content)}
        return show(arguments, written, f"{arguments.output}: {len(content):,} bytes")
    text = content.decode("utf-8", "backslashreplace")
    out = getattr(sys.stdout, "buffer", None)
    if out is None or sys.stdout.isatty():
        say(text, end="")
    else:
        sys.stdout.flush()
        out.write(content)
        out.flush()
    return 0


def run_rm(arguments: argparse.Namespace) -> int:
    """Remove a file."""
    remote, where = remote_asked(arguments), _where(arguments)
    ask(remote, "DELETE", _area(remote, where, arguments.connection, arguments.path))
    return show(arguments, {"removed": arguments.path}, f"{arguments.path}: removed")


def _where(arguments: argparse.Namespace) -> dict[str, str]:
    """Return organization and sandbox: as given, or those of the only sandbox that holds anything.

    Raises:
        CommandError: Neither; the message names the sandboxes that hold something.
    """
    given = place_given(arguments)
    if len(given) == 2:
        return given
    found = [
        place
        for place in ask(remote_asked(arguments), "GET", "/_emulator/sandboxes")["sandboxes"]
        if given.items() <= place.items()
    ]
    if len(found) == 1:
        return dict(found[0])
    if "organization" in given:
        return {**given, "sandbox": "prod"}
    listed = ", ".join(f"{place['sandbox']} of {place['organization']}" for place in found[:10])
    said = f"several sandboxes hold something: {listed}" if found else "no sandbox holds anything"
    raise CommandError(f"{said}; name one by --organization and --sandbox")


def _connections(remote: Remote, where: dict[str, str]) -> JsonObject:
    answer: JsonObject = ask(remote, "GET", f"{PATH}?{urlencode(where)}")
    return answer


def _area(remote: Remote, where: dict[str, str], connection: str, path: str = "") -> str:
    """Return the control API's path of a connection's files, or of one of them.

    Raises:
        CommandError: No connection has this id or name, or several have the name.
    """
    id = connection
    if connection != LANDING_ZONE and not _ID.fullmatch(connection):
        id = _id_of(_connections(remote, where)["connections"], connection)
    file = f"/{quote(path, safe='/')}" if path else ""
    return f"{PATH}/{quote(id, safe='')}{file}?{urlencode(where)}"


def _id_of(connections: list[JsonObject], name: str) -> str:
    from emulator.near_names import unknown_name

    for member in ("container", "name"):
        found = [str(one["container"]) for one in connections if one[member] == name]
        if len(found) > 1:
            raise CommandError(f"several connections are named {name!r}: {', '.join(found)}")
        if found:
            return found[0]
    raise CommandError(unknown_name("connection", name, (str(one["name"]) for one in connections)))
