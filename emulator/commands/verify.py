"""`aep-emulator verify`: judge recorded traffic by an edition, without a running emulator."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.commands import (
    CommandError,
    add_settings,
    build_emulator,
    edition_name,
    settings_of,
)
from emulator.commands.answers import add_json
from emulator.commands.progress import ProgressBar
from emulator.commands.reporting import add_report, add_save, build_report, finish

if TYPE_CHECKING:
    from emulator.emulator import Emulator
    from emulator.json_types import JsonObject
    from emulator.reports.thresholds import Demand
    from emulator.traffic.verify import Verification

HELP = "judge recorded traffic: requests by the rules, responses by the documents"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the recordings, the editions, and the arguments of a report."""
    parser.add_argument(
        "traffic",
        nargs="+",
        type=Path,
        metavar="TRAFFIC",
        help="a HAR file, a journal export, a folder of exchanges, or a Postman collection",
    )
    add_settings(parser, "edition")
    parser.add_argument(
        "--against",
        metavar="EDITION",
        help="also report which calls another edition would treat differently",
    )
    add_traffic_arguments(parser)
    add_settings(parser, "enforce", "default_sandbox", "contracts", "fixtures")
    add_report(parser, fail_on="violations")
    add_save(parser)
    add_json(parser)
    parser.add_argument(
        "--fail-on-drift",
        action="store_true",
        help="exit with 1 if responses differ from the documents",
    )
    parser.add_argument(
        "--fail-on-breaks",
        action="store_true",
        help="exit with 1 if the edition of --against refuses calls that --edition accepts",
    )
    parser.set_defaults(run=run)


def add_traffic_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments for reading recordings."""
    parser.add_argument(
        "--base-url",
        action="append",
        default=[],
        metavar="URL",
        help="treat requests to this URL as requests to the platform; may be repeated",
    )
    parser.add_argument(
        "--environment",
        type=Path,
        metavar="FILE",
        help="Postman environment of the collection",
    )
    parser.add_argument("--quiet", action="store_true", help="do not show a progress bar")


def run(arguments: argparse.Namespace) -> int:
    """Write the report; return 1 if it misses a threshold.

    Raises:
        CommandError: A recording cannot be read, or an edition does not exist.
    """
    from emulator.reports.recording import with_recording

    if arguments.fail_on_breaks and not arguments.against:
        raise CommandError("--fail-on-breaks needs --against")
    emulator = build_emulator(settings_of(arguments))
    edition = edition_name(emulator.contract, arguments.edition)
    made = verified(emulator, edition, arguments.against, arguments.traffic, arguments)
    report = build_report(emulator.contract, made.coverage, arguments, edition)
    comparison = made.comparison.to_json() if made.comparison else None
    report = with_recording(report, made.counted.to_json(), comparison)
    return finish(report, arguments, tuple(_demands(report, arguments)))


def verified(
    emulator: Emulator,
    edition: str,
    against: str | None,
    recordings: list[Path],
    arguments: argparse.Namespace,
) -> Verification:
    """Judge recordings, with a progress bar.

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
        with ProgressBar(sum(map(size_of, recordings)), quiet=arguments.quiet) as bar:
            verify(made, recordings, environment, bar.advance)
    except TrafficError as error:
        raise CommandError(str(error)) from error
    return made


def _demands(report: JsonObject, arguments: argparse.Namespace) -> Iterator[Demand]:
    """Yield what is demanded of recordings besides what is of any calls."""
    from emulator.plurals import counted
    from emulator.reports.thresholds import Demand

    if not report["recording"]["judged"]:
        said = "the recordings have no call to the platform"
        yield Demand("verify", "the recordings have calls to the platform", (said,))
    if arguments.fail_on_drift:
        ways = len(report["drift"])
        said = f"responses differ from the documents in {counted(ways, 'way')}"
        states = "responses are as the documents say"
        yield Demand("--fail-on-drift", states, (said,) if ways else ())
    if arguments.fail_on_breaks:
        calls = report["comparison"]["counts"]["nowRefused"]
        said = f"{counted(calls, 'call')} would break in edition {arguments.against}"
        states = f"no call would break in edition {arguments.against}"
        yield Demand("--fail-on-breaks", states, (said,) if calls else ())
