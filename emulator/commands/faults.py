"""`aep-emulator faults`: adds, lists and clears the faults of a running emulator."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.commands import CommandError
from emulator.commands.answers import add_json, print_json, show, show_table
from emulator.commands.parsers import add_commands
from emulator.commands.remote import add_remote, ask, remote_asked
from emulator.commands.tables import Row
from emulator.plurals import counted

if TYPE_CHECKING:
    from emulator.json_types import JsonObject

HELP = "inject faults into a running emulator: errors, delays, lost connections"
PATH = "/_emulator/faults"
HEADINGS = ("id", "fault", "hits", "definition")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = add_commands(parser)
    help = "add a fault"
    add = commands.add_parser("add", help=help, description=help)
    add.add_argument(
        "fault",
        help="429, 500, 502, 503, 504, the id of an error, a kind of fault such as reset, "
        "a definition in JSON, or @FILE with one or more definitions",
    )
    for flag, kind, text in (
        ("operations", str, "comma-separated operation ids; * matches any text"),
        ("services", str, "comma-separated services"),
        ("sandboxes", str, "comma-separated sandboxes"),
        ("probability", float, "probability that a matching call is hit, above 0 up to 1"),
        ("count", int, "maximum number of calls that are hit"),
        ("after", int, "number of matching calls that pass first"),
    ):
        add.add_argument(f"--{flag}", type=kind, metavar=flag.upper(), help=text)
    add_remote(add)
    add.set_defaults(run=_add)
    for name, run, help in (
        ("list", _list, "list the active faults"),
        ("clear", _clear, "remove faults"),
        ("schema", _schema, "print the JSON Schema of fault definitions"),
    ):
        command = commands.add_parser(name, help=help, description=help)
        if name == "clear":
            command.add_argument("id", nargs="?", help="id of the fault to remove (default: all)")
        if name == "schema":
            add_json(command)
        else:
            add_remote(command)
        command.set_defaults(run=run)


def _add(arguments: argparse.Namespace) -> int:
    sent = _definitions(arguments)
    answer = ask(remote_asked(arguments), "POST", PATH, sent)
    return show_table(arguments, answer, HEADINGS, [_row(fault) for fault in answer["faults"]])


def _definitions(arguments: argparse.Namespace) -> JsonObject:
    from emulator.faults.fault import FaultError, read_definition
    from emulator.json_types import loads

    word = arguments.fault
    try:
        if word.startswith("@"):
            read = loads(Path(word[1:]).read_bytes())
            if isinstance(read, list):
                return {"faults": read}
            if isinstance(read, dict) and set(read) == {"faults"}:
                return read
        else:
            read = read_definition(word)
    except FaultError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{word[1:]}: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(f"{word[1:]}: {error}") from error
    if not isinstance(read, dict):
        raise CommandError("expected a fault definition as a JSON object")
    return read | _selection(arguments)


def _selection(arguments: argparse.Namespace) -> JsonObject:
    lists = ("operations", "services", "sandboxes")
    given: JsonObject = {
        name: [item.strip() for item in value.split(",")]
        for name in lists
        if (value := getattr(arguments, name))
    }
    for name in ("probability", "count", "after"):
        if (value := getattr(arguments, name)) is not None:
            given[name] = value
    return given


def _list(arguments: argparse.Namespace) -> int:
    answer = ask(remote_asked(arguments), "GET", PATH)
    rows = [_row(fault) for fault in answer["faults"]]
    return show_table(arguments, answer, HEADINGS, rows, "no active faults")


def _row(fault: JsonObject) -> Row:
    from emulator.json_types import dumps

    rest = {n: v for n, v in fault.items() if n not in ("id", "kind", "matched", "fired")}
    most = f" of at most {fault['count']}" if "count" in fault else ""
    fired = f"fired {fault['fired']}{most}, matched {counted(fault['matched'], 'call')}"
    return fault["id"], fault["kind"], fired, dumps(rest).decode() if rest else ""


def _clear(arguments: argparse.Namespace) -> int:
    path = f"{PATH}/{arguments.id}" if arguments.id else PATH
    ask(remote_asked(arguments), "DELETE", path)
    return show(arguments, {"cleared": arguments.id or "all"})


def _schema(_: argparse.Namespace) -> int:
    from emulator.faults.model import schema

    return print_json(schema())
