"""`aep-emulator state`: saves the state of a running emulator to a file, or loads it."""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path

from emulator.commands import CommandError
from emulator.commands.answers import add_json, print_json, show
from emulator.commands.parsers import add_commands
from emulator.commands.remote import add_remote, ask, remote_asked
from emulator.output import write_file

HELP = "save or load the whole state of a running emulator"
PATH = "/_emulator/state"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands."""
    commands = add_commands(parser)
    for name, run, help in (
        ("save", save, "write the state to a file"),
        ("load", load, "replace the state by that of a file"),
    ):
        command = commands.add_parser(name, help=help, description=help)
        command.add_argument("file", type=Path, help="a state file, JSON")
        add_remote(command)
        command.set_defaults(run=run)
        if run is save:
            command.add_argument(
                "--with-secrets",
                action="store_true",
                help="write passwords, keys and tokens of connections, in place of masks",
            )
    help = "print the JSON Schema of state files"
    schemas = commands.add_parser("schema", help=help, description=help)
    add_json(schemas)
    schemas.set_defaults(run=schema)


def save(arguments: argparse.Namespace) -> int:
    """Write the state of the emulator into a file, indented."""
    import orjson

    path = f"{PATH}?secrets=true" if arguments.with_secrets else PATH
    state = ask(remote_asked(arguments), "GET", path)
    try:
        write_file(arguments.file, orjson.dumps(state, option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as error:
        raise CommandError(f"{arguments.file}: {error.strerror}") from error
    return show(arguments, {"saved": str(arguments.file)}, f"{arguments.file}: saved")


def load(arguments: argparse.Namespace) -> int:
    """Replace the state of the emulator by that of a file."""
    try:
        content = arguments.file.read_bytes()
    except OSError as error:
        raise CommandError(f"{arguments.file}: {error.strerror}") from error
    try:
        # The limit on bodies applies to the compressed size, so large states fit.
        loaded = ask(remote_asked(arguments), "PUT", PATH, gzip.compress(content, 6), "gzip")
    except CommandError as error:
        raise CommandError(f"{arguments.file}: {error}") from error
    return show(arguments, loaded, f"{arguments.file}: loaded, {loaded['documents']} documents")


def schema(_: argparse.Namespace) -> int:
    """Print the JSON Schema of a state file."""
    from emulator.state.model import StateFile

    return print_json(StateFile.model_json_schema())
