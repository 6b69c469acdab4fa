"""`aep-emulator explain`: why a call was refused, or what became of a flow run or batch."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from urllib.parse import quote, urlencode

from emulator.commands import CommandError, load_contract_of
from emulator.commands.answers import show
from emulator.commands.calls import explanation
from emulator.commands.remote import add_place, add_remote, ask, place_given, remote_asked
from emulator.commands.runs import PATH as RUNS
from emulator.json_types import JsonObject
from emulator.near_names import near_ids

MAX_NEEDED = 3
"""How much of what a run would have needed is told in short."""

HELP = "explain why a running emulator refused a call, or what became of a flow run or a batch"

PATHS = {"run": RUNS, "batch": "/_emulator/batches"}
"""Where what is not a call is explained."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the call, the run or the batch be chosen."""
    parser.add_argument(
        "what",
        nargs="*",
        default=["last"],
        metavar="CALL",
        help="a call's number in the journal (default: last, the latest call that was refused, or"
        " if none was, the latest that broke a rule or was warned of);"
        " or `run ID` for a flow run, `run FLOW` for a flow's last one, by default the last of all;"
        " or `batch ID`, `batch DATASET`, in the same way",
    )
    parser.add_argument(
        "--short",
        action="store_true",
        help="in a few lines: what was sent, what the rules want and how to mend it; of a run, why"
        " it went as it did and what it would have needed; of a batch, what was left out",
    )
    add_place(parser, "of the run or batch (default: all)")
    add_remote(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the call, the run or the batch with its explanation.

    Raises:
        CommandError: It is not there, or no emulator answers.
    """
    what, *rest = arguments.what
    if what in PATHS:
        return _explain_other(arguments, what, " ".join(rest) or "last")
    if rest or (what != "last" and not what.isdecimal()):
        asked = " ".join(arguments.what)
        said = f"{asked!r} is not a call's number, last, or run or batch with an id"
        raise CommandError(said if rest else f"{said}{_rule_meant(arguments, what)}")
    return _explain_call(arguments, what)


def _rule_meant(arguments: argparse.Namespace, id: str) -> str:
    """Return the end of a sentence that leads to the rule of an id, or to rules like it."""
    from emulator.admin.describe import explained_ids

    known = explained_ids(load_contract_of(arguments))
    if id in known:
        return f"; it is a rule's: aep-emulator contracts explain {id}"
    near = near_ids(id, known)
    return f"; aep-emulator contracts explain RULE explains a rule{near}" if near else ""


def _explain_call(arguments: argparse.Namespace, number: str) -> int:
    entry = ask(remote_asked(arguments), "GET", f"/_emulator/journal/{number}")
    return show(arguments, entry, *explanation(entry, is_short=arguments.short))


def _explain_other(arguments: argparse.Namespace, what: str, id: str) -> int:
    query = urlencode(place_given(arguments))
    found = ask(remote_asked(arguments), "GET", f"{PATHS[what]}/{quote(id, safe='')}?{query}")
    short = _short_run if what == "run" else _short_batch
    return show(arguments, found, *(short(found) if arguments.short else found["text"]))


def _short_run(found: JsonObject) -> Iterator[str]:
    """Yield an explained run in a few lines."""
    run = found["run"]
    yield found["text"][0]
    read, written, failed = (run[name] or 0 for name in ("in", "out", "failed"))
    yield f"  rows      {read} read, {written} written, {failed} failed"
    errors = [str(error.get("message") or error.get("code") or "") for error in run["errors"]]
    yield from (f"  says      {text}" for text in ([run["message"]] if run["message"] else errors))
    yield from (f"  needed    {need}" for need in found["needed"][:MAX_NEEDED])


def _short_batch(found: JsonObject) -> Iterator[str]:
    """Yield an explained batch in a few lines."""
    head, _, *others = found["text"]
    yield head
    shown = [line for line in others if line.startswith(("Columns", "Says", "Needed"))]
    rows = (found["batch"][name] or 0 for name in ("records", "failed"))
    yield "  rows      {} written, {} failed".format(*rows)
    yield from (f"  {line[0].lower()}{line[1:]}" for line in shown)
