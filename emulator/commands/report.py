"""`aep-emulator report`: what a client's tests tried of the contract, for people and for CI."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from emulator.commands import CommandError, add_settings, edition_name, load_contract_of
from emulator.commands.remote import add_url, ask, url_asked
from emulator.commands.reporting import add_report, add_save, finish, listed_operations, save

if TYPE_CHECKING:
    from emulator.coverage.coverage import Coverage
    from emulator.json_types import JsonObject

HELP = "report which rules a client's calls cover and which they broke"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the calls be chosen: those of a running emulator, or those counted in files."""
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="coverage of former runs, as --save writes it; several are added up",
    )
    add_url(parser)
    parser.add_argument("--test", action="append", metavar="ID", help="only the calls of this test")
    add_save(parser)
    add_settings(parser, "contracts", "edition")
    add_report(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the report; 1 if it does not reach what is demanded.

    Raises:
        CommandError: A file cannot be used, or no emulator answers.
    """
    report = _of_files(arguments) if arguments.files else _of_emulator(arguments)
    return finish(report, arguments)


def _of_emulator(arguments: argparse.Namespace) -> JsonObject:
    """Return the report that a running emulator makes, by its own contract."""
    url = url_asked(arguments)
    if arguments.save is not None:
        save(ask(url, "GET", "/_emulator/coverage"), arguments.save)
    asked = [("test", test) for test in arguments.test or ()]
    asked += [("operation", id) for id in sorted(listed_operations(arguments) or ())]
    query = f"?{urlencode(asked)}" if asked else ""
    report: JsonObject = ask(url, "GET", f"/_emulator/report{query}")
    return report


def _of_files(arguments: argparse.Namespace) -> JsonObject:
    """Return the report on what files have counted, and an emulator too where one is named."""
    from emulator.coverage.coverage import Coverage
    from emulator.reports.report import build
    from emulator.reports.scope import ReportScope, ReportScopeError

    contract = load_contract_of(arguments)
    coverage = Coverage(contract)
    for path in arguments.files:
        _merge(coverage, str(path), _read(path))
    if arguments.url:
        _merge(coverage, arguments.url, ask(arguments.url, "GET", "/_emulator/coverage"))
    if arguments.save is not None:
        save(coverage.to_json(), arguments.save)
    if arguments.test:
        coverage = coverage.only(arguments.test)
    edition = edition_name(contract, arguments.edition)
    try:
        scope = ReportScope.of(contract, listed_operations(arguments), edition=edition)
    except ReportScopeError as error:
        raise CommandError(f"{arguments.operations}: {error}") from error
    return build(contract, coverage, scope)


def _read(path: Path) -> Any:
    from emulator.json_types import loads

    try:
        return loads(path.read_bytes())
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(f"{path}: is not JSON: {error}") from error


def _merge(coverage: Coverage, source: str, content: Any) -> None:
    from emulator.coverage.coverage import CoverageError

    try:
        coverage.merge(content)
    except CoverageError as error:
        raise CommandError(f"{source}: {error}") from error
