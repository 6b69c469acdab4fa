"""What the commands that end with a report share: its flags, writing it, and the exit code.

No command itself.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from emulator.commands import CommandError

FORMATS = ("terminal", "html", "json", "junit", "sarif", "markdown")
FAIL_ON = ("nothing", "violations", "warnings")


def add_report(parser: argparse.ArgumentParser, fail_on: str = "nothing") -> None:
    """Give a command the flags of a report."""
    parser.add_argument(
        "--format",
        choices=FORMATS,
        action="append",
        help="form of the report (default: terminal); may be given several times, each with its "
        "own --output",
    )
    parser.add_argument(
        "--output",
        type=Path,
        action="append",
        metavar="FILE",
        help="write the report into this file; without it, or as -, to stdout",
    )
    parser.add_argument(
        "--fail-on",
        choices=FAIL_ON,
        default=fail_on,
        help=f"exit with 1 if rules were violated (default: {fail_on})",
    )
    parser.add_argument(
        "--min-rule-coverage",
        type=_share,
        default=0.0,
        metavar="SHARE",
        help="exit with 1 if a smaller share of the rules is covered, from 0 to 1",
    )
    parser.add_argument(
        "--min-operation-coverage",
        type=_share,
        default=0.0,
        metavar="SHARE",
        help="exit with 1 if a smaller share of the operations was called, from 0 to 1",
    )
    parser.add_argument(
        "--operations",
        type=Path,
        metavar="FILE",
        help="only the operations count whose ids this file lists, one a line; # begins a comment",
    )


def add_save(parser: argparse.ArgumentParser) -> None:
    """Let what was counted be kept, to be added up with others' counts."""
    parser.add_argument(
        "--save", type=Path, metavar="FILE", help="write what was counted into a file, too"
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
    """Return the ids that the file of operations lists, None without one.

    Raises:
        CommandError: The file cannot be read, or lists nothing.
    """
    if arguments.operations is None:
        return None
    try:
        lines = arguments.operations.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is not text in UTF-8"
        raise CommandError(f"{arguments.operations}: {reason}") from error
    ids = frozenset(id for line in lines if (id := line.partition("#")[0].strip()))
    if not ids:
        raise CommandError(f"{arguments.operations}: lists no operations")
    return ids


def finish(
    report: dict[str, Any], arguments: argparse.Namespace, failed_besides: Sequence[str] = ()
) -> int:
    """Write a report in all forms that were asked for; 1 if it does not reach what is demanded.

    Args:
        failed_besides: Demands of the command's own that the report does not reach.

    Raises:
        CommandError: A file cannot be written.
    """
    from emulator.reports.rendering import FORMATS as RENDER
    from emulator.reports.thresholds import Thresholds, failures

    demanded = Thresholds(
        arguments.fail_on, arguments.min_rule_coverage, arguments.min_operation_coverage
    )
    failed = [*failures(report, demanded), *failed_besides]
    formats, outputs = arguments.format or ["terminal"], arguments.output or []
    if len(outputs) > len(formats):
        raise CommandError("there are more --output than --format")
    for index, name in enumerate(formats):
        output = outputs[index] if index < len(outputs) else None
        _write(RENDER[name](report, failed), output)
    for failure in failed:
        print(f"aep-emulator: {failure}", file=sys.stderr)
    return 1 if failed else 0


def save(coverage: Any, path: Path) -> None:
    """Write what was counted into a file, for `aep-emulator report`.

    Raises:
        CommandError: The file cannot be written.
    """
    from emulator.json_types import dumps

    try:
        path.write_bytes(dumps(coverage) + b"\n")
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error


def _write(text: str, output: Path | None) -> None:
    if output is None or str(output) == "-":
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{output}: {error.strerror}") from error
