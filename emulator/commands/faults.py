"""`aep-emulator faults`: sets, lists and clears the faults of a running emulator."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from emulator.commands import CommandError
from emulator.commands.remote import add_url, ask, print_json, url_asked

HELP = "make a running emulator misbehave: errors, delays, lost connections"
PATH = "/_emulator/faults"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give the command its verbs."""
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    help = "set a fault"
    add = verbs.add_parser("add", help=help, description=help)
    add.add_argument(
        "fault",
        help="429, 500, 502, 503, 504, the id of an error, reset, lostReply, truncate, "
        "expiredToken, notVisible, a definition in JSON, or @FILE with one or a list of them",
    )
    for flag, kind, text in (
        ("operations", str, "ids of operations, with commas between; * stands for any text"),
        ("services", str, "services, with commas between"),
        ("sandboxes", str, "sandboxes, with commas between"),
        ("probability", float, "how likely a call is hit, above 0 to 1"),
        ("count", int, "how many calls are hit at most"),
        ("after", int, "how many calls pass before"),
    ):
        add.add_argument(f"--{flag}", type=kind, metavar=flag.upper(), help=text)
    add_url(add)
    add.set_defaults(run=_add)
    for name, run, help in (
        ("list", _list, "list the faults that are set"),
        ("clear", _clear, "take faults away"),
        ("schema", _schema, "print the JSON Schema of a definition"),
    ):
        verb = verbs.add_parser(name, help=help, description=help)
        if name == "clear":
            verb.add_argument("id", nargs="?", help="one fault (default: all)")
        if name != "schema":
            add_url(verb)
        verb.set_defaults(run=run)


def _add(arguments: argparse.Namespace) -> int:
    sent = _definitions(arguments)
    answer = ask(url_asked(arguments), "POST", PATH, sent)
    print("\n".join(_line(fault) for fault in answer["faults"]))
    return 0


def _definitions(arguments: argparse.Namespace) -> Any:
    from emulator.faults.fault import FaultError, from_word
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
            read = from_word(word)
    except FaultError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{word[1:]}: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(f"{word[1:]}: {error}") from error
    if not isinstance(read, dict):
        raise CommandError("a fault's definition is an object")
    return read | _narrowed(arguments)


def _narrowed(arguments: argparse.Namespace) -> dict[str, Any]:
    lists = ("operations", "services", "sandboxes")
    given: dict[str, Any] = {
        name: [item.strip() for item in value.split(",")]
        for name in lists
        if (value := getattr(arguments, name))
    }
    for name in ("probability", "count", "after"):
        if (value := getattr(arguments, name)) is not None:
            given[name] = value
    return given


def _list(arguments: argparse.Namespace) -> int:
    faults = ask(url_asked(arguments), "GET", PATH)["faults"]
    print("\n".join(_line(fault) for fault in faults) or "no faults are set")
    return 0


def _line(fault: dict[str, Any]) -> str:
    from emulator.json_types import dumps

    rest = {n: v for n, v in fault.items() if n not in ("id", "kind", "matched", "fired")}
    told = f"  {dumps(rest).decode()}" if rest else ""
    return f"{fault['id']}  {fault['kind']}  fired {fault['fired']} of {fault['matched']}{told}"


def _clear(arguments: argparse.Namespace) -> int:
    path = f"{PATH}/{arguments.id}" if arguments.id else PATH
    ask(url_asked(arguments), "DELETE", path)
    return 0


def _schema(_: argparse.Namespace) -> int:
    from emulator.faults.model import schema

    return print_json(schema())
