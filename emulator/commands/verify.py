"""`aep-emulator verify`: judge recorded traffic by an edition, without a running emulator."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.commands import (
    CommandError,
    add_settings,
    build_emulator,
    edition_name,
    settings_of,
)
from emulator.commands.progress import Bar
from emulator.commands.reporting import add_report, add_save, finish, listed_operations, save

if TYPE_CHECKING:
    from emulator.emulator import Emulator
    from emulator.traffic.verify import Verification

HELP = "judge recorded traffic: requests by the rules, replies by the documents"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let recordings, editions and the report be chosen."""
    parser.add_argument(
        "traffic",
        nargs="+",
        type=Path,
        metavar="TRAFFIC",
        help="a HAR, a journal's export, a folder of exchanges, or a Postman collection",
    )
    add_settings(parser, "edition")
    parser.add_argument(
        "--against", metavar="EDITION", help="tell which calls another edition would take otherwise"
    )
    add_traffic_arguments(parser)
    add_settings(parser, "enforce", "default_sandbox", "contracts", "fixtures")
    add_report(parser, fail_on="violations")
    add_save(parser)
    parser.add_argument(
        "--fail-on-drift",
        action="store_true",
        help="exit with 1 if replies differ from the documents",
    )
    parser.add_argument(
        "--fail-on-breaks",
        action="store_true",
        help="exit with 1 if --against refuses what the edition accepts",
    )
    parser.set_defaults(run=run)


def add_traffic_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a command what reading recordings can be told."""
    parser.add_argument(
        "--base-url",
        action="append",
        default=[],
        metavar="URL",
        help="take requests to this URL for requests to the platform; may be given several times",
    )
    parser.add_argument(
        "--environment", type=Path, metavar="FILE", help="variables of a Postman collection"
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def run(arguments: argparse.Namespace) -> int:
    """Write the report; 1 if it does not reach what is demanded.

    Raises:
        CommandError: A recording cannot be read, or an edition does not exist.
    """
    from emulator.reports.recording import with_recording
    from emulator.reports.report import build
    from emulator.reports.scope import ReportScope, ReportScopeError

    if arguments.fail_on_breaks and not arguments.against:
        raise CommandError("--fail-on-breaks needs --against")
    emulator = build_emulator(settings_of(arguments))
    edition = edition_name(emulator.contract, arguments.edition)
    made = verified(emulator, edition, arguments.against, arguments.traffic, arguments)
    try:
        scope = ReportScope.of(emulator.contract, listed_operations(arguments), edition=edition)
    except ReportScopeError as error:
        raise CommandError(f"{arguments.operations}: {error}") from error
    if arguments.save is not None:
        save(made.coverage.to_json(), arguments.save)
    report = build(emulator.contract, made.coverage, scope)
    comparison = made.comparison.to_json() if made.comparison else None
    report = with_recording(report, made.counted.to_json(), comparison)
    return finish(report, arguments, _failures(report, arguments))


def verified(
    emulator: Emulator,
    edition: str,
    against: str | None,
    recordings: list[Path],
    arguments: argparse.Namespace,
) -> Verification:
    """Judge recordings, with a bar while they are read.

    Raises:
        CommandError: A recording cannot be read, or the other edition does not exist.
    """
    from emulator.traffic.judge import RecordingJudge
    from emulator.traffic.postman import read_environment
    from emulator.traffic.reading import size_of
    from emulator.traffic.recording import TrafficError
    from emulator.traffic.verify import verification, verify

    judge = RecordingJudge(
        emulator.contract,
        emulator.platform,
        enforce=emulator.settings.enforce,
        base_urls=arguments.base_url,
    )
    other = edition_name(emulator.contract, against) if against else ""
    made = verification(judge, edition, other)
    try:
        file = arguments.environment
        environment = read_environment(file) if file is not None else {}
        with Bar(sum(map(size_of, recordings)), quiet=arguments.quiet) as bar:
            verify(made, recordings, environment, bar.advance)
    except TrafficError as error:
        raise CommandError(str(error)) from error
    return made


def _failures(report: dict[str, Any], arguments: argparse.Namespace) -> list[str]:
    from emulator.reports.thresholds import counted

    failed = []
    if not report["recording"]["judged"]:
        failed.append("no call to the platform was found")
    if arguments.fail_on_drift and report["drift"]:
        failed.append(
            f"replies differ from the documents in {counted(len(report['drift']), 'way')}"
        )
    if arguments.fail_on_breaks and (calls := report["comparison"]["counts"]["nowRefused"]):
        failed.append(f"{counted(calls, 'call')} would break in edition {arguments.against}")
    return failed
