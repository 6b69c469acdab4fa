"""What commands that end with a report share: arguments, output, and exit code. Not a command."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.commands import CommandError
from emulator.commands.answers import wants_json
from emulator.commands.terminal import say
from emulator.output import write_file
from emulator.reports.rendering import FORMATS, format_of
from emulator.reports.thresholds import FAIL_ON

if TYPE_CHECKING:
    from emulator.contract import Contract
    from emulator.coverage.coverage import Coverage
    from emulator.json_types import JsonObject
    from emulator.reports.thresholds import Demand


def add_report(parser: argparse.ArgumentParser, fail_on: str = "nothing") -> None:
    """Add the arguments of a report."""
    parser.add_argument(
        "--format",
        choices=FORMATS,
        action="append",
        help="format of the report (default: by the name of the output, else terminal); may be "
        "repeated, each with its own --output",
    )
    parser.add_argument(
        "--output",
        type=Path,
        action="append",
        metavar="FILE",
        help="file to write the report to (default: stdout, as with -)",
    )
    parser.add_argument(
        "--operations",
        type=Path,
        metavar="FILE",
        help="count only the operations in this file: an id a line, comments begin with #",
    )
    _add_thresholds(parser, fail_on)


def _add_thresholds(parser: argparse.ArgumentParser, fail_on: str) -> None:
    parser.add_argument(
        "--fail-on",
        choices=FAIL_ON,
        default=fail_on,
        help=f"exit with 1 if rules were violated (default: {fail_on})",
    )
    for name, what in (("rule", "rules are covered"), ("operation", "operations are called")):
        parser.add_argument(
            f"--min-{name}-coverage",
            type=_share,
            default=0.0,
            metavar="SHARE",
            help=f"exit with 1 if a smaller share of the {what}, from 0 to 1",
        )


def add_save(parser: argparse.ArgumentParser) -> None:
    """Add the argument to save the coverage, which can be added to others'."""
    parser.add_argument(
        "--save", type=Path, metavar="FILE", help="file to save the coverage to, for later reports"
    )


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share from 0 to 1")
    return value


def listed_operations(arguments: argparse.Namespace) -> frozenset[str] | None:
    """Return the ids in the file of `--operations`, None without one.

    Raises:
        CommandError: The file cannot be read, or has no ids.
    """
    if arguments.operations is None:
        return None
    try:
        lines = arguments.operations.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text in UTF-8"
        raise CommandError(f"{arguments.operations}: {reason}") from error
    ids = frozenset(id for line in lines if (id := line.partition("#")[0].strip()))
    if not ids:
        raise CommandError(f"{arguments.operations}: lists no operations")
    return ids


def build_report(
    contract: Contract,
    coverage: Coverage,
    arguments: argparse.Namespace,
    edition: str,
    tests: Sequence[str] | None = None,
) -> JsonObject:
    """Return the report on a coverage, which is saved too if the arguments ask for that.

    Args:
        contract: That of the coverage.
        coverage: What calls have covered.
        arguments: Those of the command.
        edition: The edition in force, for a report on no calls.
        tests: Only the calls of these tests are reported.

    Raises:
        CommandError: A file cannot be used.
    """
    from emulator.clock import SystemClock
    from emulator.reports.report import build
    from emulator.reports.scope import ReportScope, ReportScopeError

    try:
        scope = ReportScope.of(contract, listed_operations(arguments), edition=edition)
    except ReportScopeError as error:
        raise CommandError(f"{arguments.operations}: {error}") from error
    if arguments.save is not None:
        save(coverage.to_json(), arguments.save)
    counted = coverage.only(tests) if tests else coverage
    return build(contract, counted, scope, SystemClock().now())


def finish(
    report: JsonObject, arguments: argparse.Namespace, other_demands: Sequence[Demand] = ()
) -> int:
    """Write a report in all formats asked for; return 1 if it does not fulfil what is demanded.

    Args:
        report: The report.
        arguments: Those of the command.
        other_demands: What the command itself demands.

    Raises:
        CommandError: A file cannot be written, or its name says no format and no option does.
    """
    from emulator.reports.thresholds import Thresholds, demands
    from emulator.reports.verdict import judged

    thresholds = Thresholds(
        arguments.fail_on, arguments.min_rule_coverage, arguments.min_operation_coverage
    )
    report = judged(report, [*demands(report, thresholds), *other_demands])
    outputs = arguments.output or []
    formats = arguments.format or [_form_of(path) for path in outputs] or ["terminal"]
    if wants_json(arguments):
        formats = ["json", *(arguments.format or ())]
    if len(outputs) > len(formats):
        raise CommandError("--output: given more often than --format")
    for index, name in enumerate(formats):
        output = outputs[index] if index < len(outputs) else None
        _write(FORMATS[name](report), output)
    for failure in report["failures"]:
        say(f"aep-emulator: {failure}", is_error=True)
    return 1 if report["failures"] else 0


def _form_of(output: Path) -> str:
    if not output.suffix:
        return "terminal"
    try:
        return format_of(str(output))
    except ValueError as error:
        raise CommandError(f"--output: {error}, or --format") from error


def save(coverage: JsonObject, path: Path) -> None:
    """Write a coverage file, for `aep-emulator report`.

    Raises:
        CommandError: The file cannot be written.
    """
    from emulator.coverage.files import write_coverage

    try:
        write_coverage(coverage, path)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error


def _write(text: str, output: Path | None) -> None:
    if output is None or str(output) == "-":
        say(text, end="")
        return
    try:
        write_file(output, text)
    except OSError as error:
        raise CommandError(f"{output}: {error.strerror}") from error
