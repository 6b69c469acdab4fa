"""`aep-emulator doctor`: says what is in the way between a client and an emulator."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

from emulator.commands.answers import show_table
from emulator.commands.doctor.client import examine_client, library
from emulator.commands.doctor.client_settings import (
    environment_of_client,
    find_files,
    read_file,
    settings_in,
)
from emulator.commands.doctor.emulator import examine
from emulator.commands.doctor.findings import Finding, warning
from emulator.commands.remote import add_remote, remote_asked
from emulator.commands.tables import BAD, GOOD, REMARKED, Row, styled
from emulator.settings import mistaken_variables

HELP = "say what a client's settings lack to call an emulator; the exit code is 1 for an error"
STYLES = {"ok": GOOD, "warning": REMARKED, "error": BAD}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the client's settings be named."""
    parser.add_argument(
        "--file",
        type=Path,
        action="append",
        metavar="FILE",
        help="the client's settings: a .env file, JSON such as aepp's, or an environment of"
        " Postman; may be repeated (default: those in this folder, and the environment)",
    )
    add_remote(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each thing that was looked at; return 1 if one is in the way.

    Raises:
        CommandError: A named file cannot be read, or the URL is none.
    """
    found = list(_findings(arguments))
    counts = {level: sum(one.level == level for one in found) for level in STYLES}
    answer = {
        "findings": [
            {"level": one.level, "about": one.about, "says": one.says, "do": one.do}
            for one in found
        ],
        "errors": counts["error"],
        "warnings": counts["warning"],
    }
    show_table(arguments, answer, ("", "about", "what is the case"), [_row(one) for one in found])
    return 1 if counts["error"] else 0


def _findings(arguments: argparse.Namespace) -> Iterator[Finding]:
    remote = remote_asked(arguments)
    named: list[Path] = arguments.file or []
    files = [read_file(path) for path in named] or list(find_files(Path()))
    emulator = examine(remote, os.environ)
    yield from emulator.findings
    for remark in mistaken_variables(os.environ):
        yield warning("variable", remark, "rename or unset it")
    settings = [one for file in files for one in settings_in(file.values, str(file.path))]
    variables = environment_of_client(os.environ)
    settings += settings_in(variables, "the environment")
    yield from examine_client(remote.url, settings, files, emulator)
    yield from library()


def _row(one: Finding) -> Row:
    said = f"{one.says}; {one.do}" if one.do else one.says
    return styled(one.level, STYLES[one.level]), one.about, said
