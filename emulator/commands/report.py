"""`aep-emulator report`: which rules of the contract a client's calls cover, for people and CI."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from emulator.commands import CommandError, add_settings, edition_name, load_contract_of
from emulator.commands.remote import add_remote, ask, remote_asked, url_given
from emulator.commands.reporting import (
    add_report,
    add_save,
    build_report,
    finish,
    listed_operations,
    save,
)

if TYPE_CHECKING:
    from emulator.coverage.coverage import Coverage
    from emulator.json_types import Json, JsonObject

HELP = "report which rules a client's calls cover and which they broke"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the sources of the coverage, and the arguments of a report."""
    parser.add_argument(
        "coverage_files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="coverage files written by --save, added up (default: ask the emulator at --url)",
    )
    add_remote(parser)
    parser.add_argument(
        "--test", action="append", metavar="ID", help="only calls of this test; may be repeated"
    )
    add_save(parser)
    add_settings(parser, "contracts", "edition")
    add_report(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the report; return 1 if it misses a threshold.

    Raises:
        CommandError: A file cannot be used, or no emulator answers.
    """
    report = _of_files(arguments) if arguments.coverage_files else _of_emulator(arguments)
    return finish(report, arguments)


def _of_emulator(arguments: argparse.Namespace) -> JsonObject:
    """Return the report that a running emulator makes, by its own contract."""
    remote = remote_asked(arguments)
    if arguments.save is not None:
        save(ask(remote, "GET", "/_emulator/coverage"), arguments.save)
    asked = [("test", test) for test in arguments.test or ()]
    asked += [("operation", id) for id in sorted(listed_operations(arguments) or ())]
    query = f"?{urlencode(asked)}" if asked else ""
    report: JsonObject = ask(remote, "GET", f"/_emulator/report{query}")
    return report


def _of_files(arguments: argparse.Namespace) -> JsonObject:
    """Return the report on coverage files, and on an emulator too if one is named."""
    from emulator.coverage.coverage import Coverage

    contract = load_contract_of(arguments)
    coverage = Coverage(contract)
    for path in arguments.coverage_files:
        _merge(coverage, str(path), _read(path))
    if url := url_given(arguments):
        sent = ask(remote_asked(arguments), "GET", "/_emulator/coverage")
        _merge(coverage, url, sent)
    return build_report(
        contract, coverage, arguments, edition_name(contract, arguments.edition), arguments.test
    )


def _read(path: Path) -> Json:
    from emulator.json_types import loads

    try:
        return loads(path.read_bytes())
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(f"{path}: not JSON: {error}") from error


def _merge(coverage: Coverage, source: str, content: Json) -> None:
    from emulator.coverage.coverage import CoverageError

    try:
        coverage.merge(content)
    except CoverageError as error:
        raise CommandError(f"{source}: {error}") from error
