"""`aep-emulator completion`: prints a script by which a shell completes its commands and flags."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from emulator.commands.parsers import make_parser
from emulator.commands.terminal import say

HELP = "print a script that completes commands, flags and values in your shell"
SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the shell be chosen."""
    parser.add_argument("shell", choices=SHELLS, help="the shell")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the script, made of the parser of all commands."""
    import shtab

    parser, values = make_parser(), _values()
    for command, action in _actions(parser, ""):
        if action.choices is None and action.nargs != 0:
            found = values.get(f"{command} {action.dest}") or values.get(action.dest)
            if found:
                action.choices = found
            elif action.type is Path or (action.metavar or "") in ("FILE", "TRAFFIC"):
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    say(shtab.complete(parser, arguments.shell))
    return 0


def _actions(
    parser: argparse.ArgumentParser, command: str
) -> Iterator[tuple[str, argparse.Action]]:
    """Yield every argument of a command and of those below it, with the command's words."""
    for action in parser._actions:
        yield command, action
        if isinstance(action, argparse._SubParsersAction):
            for name, one in action.choices.items():
                yield from _actions(one, f"{command} {name}".strip())


def _values() -> dict[str, tuple[str, ...]]:
    """Return the values of arguments by their names, after the command's words where it matters."""
    from emulator.contract import load_contract
    from emulator.package_data import data_folder
    from emulator.seeding.scenario_files import names
    from emulator.settings import table

    contract = load_contract(data_folder("contracts"))
    editions, scenarios = tuple(contract.entries), tuple(names(None))
    settings = {row.name: row.choices for row in table() if row.choices}
    return settings | {
        "edition": editions,
        "against": editions,
        "edition name": editions,
        "contracts diff one": editions,
        "contracts diff other": editions,
        "scenario": scenarios,
        "scenarios load name": scenarios,
        "service": tuple(contract.services),
        "operation": tuple(contract.operations),
        "outcome": ("accepted", "warned", "refused"),
    }
