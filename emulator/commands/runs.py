"""`aep-emulator runs`: lists the flow runs of a running emulator, and follows them."""

from __future__ import annotations

import argparse

from emulator.commands import CommandError
from emulator.commands.listing import MAX_PAGE, Listing, add_listing, run_listing
from emulator.commands.tables import BAD, GOOD, QUIET, REMARKED, Row, styled
from emulator.json_types import JsonObject
from emulator.moments import from_milliseconds

HELP = "list the flow runs of a running emulator, those that changed last first"
PATH = "/_emulator/runs"
STYLES = {"success": GOOD, "partialSuccess": REMARKED, "failed": BAD}


def row(found: JsonObject) -> Row:
    """Return a run's cells; what went wrong is in lines of the last one."""
    counts = (f"{name} {found[name]}" for name in ("in", "out", "failed", "warnings"))
    known = [text for text in counts if not text.endswith((" None", "failed 0", "warnings 0"))]
    moment = from_milliseconds(found["started"] or 0)
    started = "-" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"
    reasons = [f"    {text}" for text in _reasons(found)]
    return (
        styled(started, QUIET),
        styled(f"{found['state']:<14}", STYLES.get(found["state"], "")),
        found["sandbox"],
        found["name"],
        ", ".join(known),
        "\n".join([found["id"], *reasons]),
    )


def _reasons(found: JsonObject) -> list[str]:
    errors = [str(each.get("message") or each.get("code") or each) for each in found["errors"]]
    return [*errors, *(found[name] for name in ("remark", "message") if found[name])]


RUNS = Listing(
    what="runs",
    path=PATH,
    member="runs",
    filters={
        "flow": "the runs of this flow, by id or name",
        "state": "those in this state, such as failed",
    },
    page=MAX_PAGE,
    headings=("started", "state", "sandbox", "flow", "rows", "run"),
    row=row,
    state=lambda found: f"{found['id']} {found['state']} {found['started']}",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the runs be selected, or followed."""
    parser.add_argument(
        "of", nargs="?", metavar="FLOW", help="id or name of a flow, as --flow (default: all)"
    )
    add_listing(parser, RUNS)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the runs.

    Raises:
        CommandError: Two flows are named, or no emulator answers.
    """
    if arguments.of and arguments.flow and arguments.of != arguments.flow:
        raise CommandError(f"name one flow: {arguments.of!r} or --flow {arguments.flow!r}")
    arguments.flow = arguments.of or arguments.flow
    return run_listing(arguments, RUNS)
