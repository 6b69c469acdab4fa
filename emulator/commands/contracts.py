"""`aep-emulator contracts`: read the contract, examine it, compare its editions."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.commands import (
    CommandError,
    add_settings,
    build_emulator,
    edition_name,
    exports,
    load_contract_of,
    settings_of,
)
from emulator.commands.terminal import say
from emulator.commands.verify import add_traffic_arguments, verified
from emulator.output import write_file

if TYPE_CHECKING:
    from emulator.contract import Contract, Rule
    from emulator.contract.reply_cases import ReplyCase

HELP = "check, list, explain and compare the rules"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the commands of the contract."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    check = commands.add_parser("check", help="examine the shipped contract or a folder over it")
    check.add_argument("folder", nargs="?", type=Path, help="a folder such as for --contracts")
    check.set_defaults(run=run_check)

    listing = commands.add_parser("list", help="list the rules in force")
    add_settings(listing, "edition", "contracts")
    listing.add_argument("--operation", metavar="ID", help="only the rules of this operation")
    listing.set_defaults(run=run_list)

    explain = commands.add_parser("explain", help="explain a rule, a reply or an error")
    explain.add_argument("rule", metavar="RULE", help="id, as in the header x-emulator-rule")
    add_settings(explain, "contracts")
    explain.set_defaults(run=run_explain)

    diff = commands.add_parser("diff", help="tell where two editions differ")
    diff.add_argument("one", metavar="EDITION")
    diff.add_argument("other", metavar="EDITION")
    add_settings(diff, "contracts")
    diff.add_argument(
        "--for",
        dest="traffic",
        action="append",
        type=Path,
        metavar="TRAFFIC",
        help="only what changes for these recorded calls: a HAR, a journal's export and others",
    )
    add_traffic_arguments(diff)
    diff.set_defaults(run=run_diff)

    schemas = commands.add_parser("schemas", help="write the JSON Schemas of contract files")
    schemas.add_argument("folder", type=Path, help="where to write them")
    schemas.set_defaults(run=run_schemas)

    formatting = commands.add_parser("format", help="give contract files their one form")
    formatting.add_argument("folder", type=Path, help="a folder of contract files")
    formatting.add_argument("--check", action="store_true", help="change nothing, only tell")
    formatting.set_defaults(run=run_format)

    exports.add_commands(commands.add_parser)


def run_check(arguments: argparse.Namespace) -> int:
    """Examine a contract; 1 if something does not hold together."""
    from emulator.contract import ContractError, load_contract
    from emulator.contract.checkup import check_contract
    from emulator.contract.files import check_files
    from emulator.contract.second_opinion import disagreements
    from emulator.package_data import data_folder

    shipped = data_folder("contracts")
    folders = [shipped]
    if arguments.folder is not None and arguments.folder.resolve() != shipped:
        if not arguments.folder.is_dir():
            raise CommandError(f"{str(arguments.folder)!r} is not a folder")
        folders.append(arguments.folder)
    complaints = list(check_files(folders[-1]))
    if not complaints:
        try:
            contract = load_contract(*folders)
        except ContractError as error:
            complaints.append(str(error))
        else:
            complaints += [*check_contract(contract), *disagreements(contract)]
    for complaint in complaints:
        say(complaint)
    if complaints:
        say(f"{len(complaints)} complaint{'s' if len(complaints) > 1 else ''}")
        return 1
    say(_counted(contract))
    return 0


def _counted(contract: Contract) -> str:
    rules = contract.rules.values()
    cases = sum(len(rule.cases.accepts) + len(rule.cases.refuses) for rule in rules)
    return (
        f"All is well: {len(contract.rules)} rules with {cases} cases, "
        f"{len(contract.reply_cases.by_id)} reply cases, "
        f"{len(contract.operations)} operations, {len(contract.documents)} documents, "
        f"{len(contract.entries)} editions.{_muted(contract)}"
    )


def _muted(contract: Contract) -> str:
    """Return a line for each muted rule: a check that passes must not hide them."""
    lines = []
    for mute in contract.mutes:
        limits = (f" for {mute.operation}" if mute.operation else "") + (
            f" until {mute.until}" if mute.until else ""
        )
        lines.append(f"\nmuted{limits}: {mute.rule}: {mute.reason}")
    return "".join(lines)


def run_list(arguments: argparse.Namespace) -> int:
    """Print a line for each rule in force, by operation, in the order of refusal."""
    contract = load_contract_of(arguments)
    edition = contract.edition(edition_name(contract, arguments.edition))
    wanted = arguments.operation
    by_operation: dict[str, list[Rule]] = {}
    for rule in edition.rules:
        if wanted in (None, rule.operation):
            by_operation.setdefault(rule.operation, []).append(rule)
    if wanted is not None and not by_operation:
        known = {rule.operation: rule for rule in edition.rules}
        raise CommandError(f"no rule of {wanted!r} is in force{_hint(wanted, known)}")
    for operation, rules in by_operation.items():
        say(operation)
        for rule in rules:
            short = rule.id.removeprefix(operation + ".")
            muted = "  (muted)" if any(mute.rule == rule.id for mute in contract.mutes) else ""
            say(f"  {rule.severity:<7}  {short}{muted}\n{'':11}{rule.states}")
    total = sum(map(len, by_operation.values()))
    say(f"{total} rules in force in edition {edition.name}")
    return 0


def run_explain(arguments: argparse.Namespace) -> int:
    """Print all that is known of a rule, of a reply case, or of an entry of an error catalogue."""
    from emulator.admin import describe

    contract = load_contract_of(arguments)
    if case := contract.reply_cases.by_id.get(arguments.rule):
        say("\n".join(_explain_reply(contract, case)))
        return 0
    explained = describe.rule(contract, arguments.rule)
    if explained is None:
        hint = _hint(arguments.rule, contract.rules)
        raise CommandError(f"there is no rule {arguments.rule!r}{hint}")
    lines = _explain_rule(explained) if "states" in explained else _explain_problem(explained)
    say("\n".join(lines))
    return 0


def _explain_reply(contract: Contract, case: ReplyCase) -> Iterator[str]:
    from emulator.contract.sources import describe_sources
    from emulator.journal.text import document_lines
    from emulator.json_types import dumps

    yield case.id
    yield f"  {case.states}"
    yield ""
    yield f"operation  {case.operation}"
    for document in describe_sources(contract, case):
        yield from document_lines(document, "", 10)
    fulfils = {**({"reply": case.reply} if case.reply else {}), **case.values}
    yield f"fulfils    {dumps(fulfils).decode()}"
    entries = contract.entries.values()
    names = [entry.name for entry in entries if case in contract.reply_cases.in_force(entry)]
    yield f"editions   {', '.join(names)}"


def _explain_rule(rule: dict[str, Any]) -> Iterator[str]:
    from emulator.journal.text import document_lines
    from emulator.json_types import dumps

    yield rule["id"]
    yield f"  {rule['states']}"
    yield ""
    yield f"operation  {rule['operation']}"
    yield f"severity   {rule['severity']}"
    yield f"evidence   {rule['evidence']}"
    for document in rule["documents"]:
        yield from document_lines(document, "", 10)
    yield f"judges     {rule['at'] or 'the whole request'}"
    yield f"check      {dumps(rule['check']).decode()}"
    if "fix" in rule:
        yield f"fix        {rule['fix']}"
    for mute in rule["mutes"]:
        where = f" ({mute['operation']})" if "operation" in mute else ""
        until = f" until {mute['until']}" if "until" in mute else ""
        yield f"muted      {mute['reason']}{where}{until}"
    yield ""
    yield "In the editions:"
    for name, said in rule["editions"].items():
        yield f"  {name:<9}{_said(said)}"
    if rule["problem"]:
        yield ""
        yield from _explain_problem(rule["problem"])


def _said(said: dict[str, Any] | None) -> str:
    if said is None:
        return "says nothing about it"
    return "has this rule" if said["same"] else f"{said['rule']}: {said['states']}"


def _explain_problem(problem: dict[str, Any]) -> Iterator[str]:
    yield f"A refusal answers {problem['id']}:"
    for entry in problem["entries"]:
        sources = ", ".join(document["id"] for document in entry["documents"])
        words = " - ".join(part for part in (entry["code"], entry["title"]) if part)
        yield f"  {entry['status']}  {words}  ({entry['evidence']}: {sources})"
        yield f"       {entry['detail']}"


def run_diff(arguments: argparse.Namespace) -> int:
    """Print, by operation, what one of two editions says and the other does not, or otherwise.

    With recorded calls, print what changes for them.
    """
    if arguments.traffic:
        return _diff_for(arguments)
    contract = load_contract_of(arguments)
    one, other = (edition_name(contract, name) for name in (arguments.one, arguments.other))
    left, right = _by_topic(contract, one), _by_topic(contract, other)
    differences = 0
    previous = ""
    for place in sorted(left.keys() | right.keys()):
        first, second = left.get(place, []), right.get(place, [])
        if _said_by(first) == _said_by(second):
            continue
        operation, topic = place
        if operation != previous:
            say(operation)
            previous = operation
        say(f"  {topic}")
        for name, rules in ((one, first), (other, second)):
            for said in sorted(_said_by(rules)) or ["-"]:
                say(f"    {name:<9}{said}")
        differences += 1
    say(f"{differences} topics differ between {one} and {other}")
    return 0


def _said_by(rules: list[Rule]) -> set[str]:
    return {f"{rule.severity}: {rule.states}" for rule in rules}


def _diff_for(arguments: argparse.Namespace) -> int:
    from emulator.reports.recording import comparison_lines

    emulator = build_emulator(settings_of(arguments))
    one = edition_name(emulator.contract, arguments.one)
    made = verified(emulator, one, arguments.other, arguments.traffic, arguments)
    say(f"From {one} to {arguments.other}")
    if made.comparison is not None:
        say("\n".join(f"  {line}" for line in comparison_lines(made.comparison.to_json())))
    return 0


def run_schemas(arguments: argparse.Namespace) -> int:
    """Write a JSON Schema for each kind of contract file."""
    from emulator.contract.files import schemas

    for name, text in schema_files(schemas()).items():
        exports.write(arguments.folder / name, text)
        say(f"{arguments.folder / name}")
    return 0


def run_format(arguments: argparse.Namespace) -> int:
    """Rewrite files that are not in the one form; with `--check` name them, and return 1."""
    from emulator.contract import ContractError
    from emulator.contract.formatting import format_folder

    if not arguments.folder.is_dir():
        raise CommandError(f"{str(arguments.folder)!r} is not a folder")
    try:
        changed = dict(format_folder(arguments.folder))
    except ContractError as error:
        raise CommandError(str(error)) from error
    for path, text in changed.items():
        say(f"{path}: not formatted" if arguments.check else f"{path}")
        if not arguments.check:
            write_file(path, text)
    return 1 if arguments.check and changed else 0


def schema_files(schemas: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Return the texts of the schema files by name."""
    return {name: exports.json_text(schema) for name, schema in schemas.items()}


def _by_topic(contract: Contract, edition: str) -> dict[tuple[str, str], list[Rule]]:
    """Return the rules in force by operation and topic; several speak about a subject each."""
    found: dict[tuple[str, str], list[Rule]] = {}
    for rule in contract.edition(edition).rules:
        found.setdefault((rule.operation, rule.topic), []).append(rule)
    return found


def _hint(wanted: str, known: dict[str, Any]) -> str:
    close = difflib.get_close_matches(wanted, known, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(close)}?" if close else ""
