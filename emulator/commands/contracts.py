"""`aep-emulator contracts`: read the contract, examine it, compare its editions."""

from __future__ import annotations

import argparse
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
from emulator.commands.answers import add_json, show
from emulator.commands.contract_text import problem_lines, reply_json, reply_lines, rule_lines
from emulator.commands.parsers import add_commands
from emulator.commands.progress import waiting
from emulator.commands.verify import add_traffic_arguments, verified
from emulator.near_names import near_ids
from emulator.output import write_file
from emulator.plurals import counted

if TYPE_CHECKING:
    from emulator.commands.parsers import Commands
    from emulator.contract import Contract, Rule
    from emulator.json_types import JsonObject

HELP = "check, list, explain and compare the rules"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the commands of the contract."""
    commands = add_commands(parser)

    check = commands.add_parser("check", help="examine the shipped contract or a folder over it")
    check.add_argument("folder", nargs="?", type=Path, help="a folder such as for --contracts")
    add_json(check)
    check.set_defaults(run=run_check)

    listing = commands.add_parser("list", help="list the rules in force")
    add_settings(listing, "edition", "contracts")
    listing.add_argument("--operation", metavar="ID", help="only the rules of this operation")
    add_json(listing)
    listing.set_defaults(run=run_list)

    explain = commands.add_parser("explain", help="explain a rule, a reply or an error")
    explain.add_argument("rule", metavar="RULE", help="id, as in the header x-emulator-rule")
    add_settings(explain, "contracts")
    add_json(explain)
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
    add_json(diff)
    diff.set_defaults(run=run_diff)

    _add_writers(commands)
    exports.add_commands(commands.add_parser)


def _add_writers(commands: Commands) -> None:
    schemas = commands.add_parser("schemas", help="write the JSON Schemas of contract files")
    schemas.add_argument("folder", type=Path, help="where to write them")
    add_json(schemas)
    schemas.set_defaults(run=run_schemas)

    formatting = commands.add_parser("format", help="give contract files their one form")
    formatting.add_argument("folder", type=Path, help="a folder of contract files")
    formatting.add_argument("--check", action="store_true", help="change nothing, only tell")
    add_json(formatting)
    formatting.set_defaults(run=run_format)


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
            with waiting("examining the contract"):
                complaints += [*check_contract(contract), *disagreements(contract)]
    if complaints:
        said = counted(len(complaints), "complaint")
        show(arguments, {"complaints": complaints}, *complaints, said)
        return 1
    counts = _counts(contract)
    words = ", ".join(f"{count} {name}" for name, count in counts.items())
    said = f"All is well: {words.replace(' rules, ', ' rules with ', 1)}.{_muted(contract)}"
    return show(arguments, {"complaints": [], "counts": counts}, said)


def _counts(contract: Contract) -> dict[str, int]:
    rules = contract.rules.values()
    return {
        "rules": len(contract.rules),
        "cases": sum(len(rule.cases.accepts) + len(rule.cases.refuses) for rule in rules),
        "reply cases": len(contract.reply_cases.by_id),
        "operations": len(contract.operations),
        "documents": len(contract.documents),
        "editions": len(contract.entries),
    }


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
    from emulator.admin import describe

    contract = load_contract_of(arguments)
    edition = contract.edition(edition_name(contract, arguments.edition))
    wanted = arguments.operation
    by_operation: dict[str, list[Rule]] = {}
    for rule in edition.rules:
        if wanted in (None, rule.operation):
            by_operation.setdefault(rule.operation, []).append(rule)
    if wanted is not None and not by_operation:
        known = {rule.operation: rule for rule in edition.rules}
        raise CommandError(f"no rule of {wanted!r} is in force{near_ids(wanted, known)}")
    muted = {mute.rule for mute in contract.mutes}
    listed = [rule for rules in by_operation.values() for rule in rules]
    rows = [{**describe.rule_line(rule), "isMuted": rule.id in muted} for rule in listed]
    lines = [
        *_rule_lines(by_operation, muted),
        f"{len(rows)} rules in force in edition {edition.name}",
    ]
    return show(arguments, {"edition": edition.name, "rules": rows}, *lines)


def _rule_lines(by_operation: dict[str, list[Rule]], muted: set[str]) -> Iterator[str]:
    for operation, rules in by_operation.items():
        yield operation
        for rule in rules:
            short = rule.id.removeprefix(operation + ".")
            mark = "  (muted)" if rule.id in muted else ""
            yield f"  {rule.severity:<7}  {short}{mark}\n{'':11}{rule.states}"


def run_explain(arguments: argparse.Namespace) -> int:
    """Print all that is known of a rule, of a reply case, or of an entry of an error catalogue."""
    from emulator.admin import describe

    contract = load_contract_of(arguments)
    if case := contract.reply_cases.by_id.get(arguments.rule):
        described = reply_json(contract, case)
        return show(arguments, described, *reply_lines(described))
    explained = describe.rule(contract, arguments.rule)
    if explained is None:
        hint = near_ids(
            arguments.rule, [*describe.explained_ids(contract), *contract.reply_cases.by_id]
        )
        raise CommandError(f"there is no rule {arguments.rule!r}{hint}")
    lines = rule_lines(explained) if "states" in explained else problem_lines(explained)
    return show(arguments, explained, *lines)


def run_diff(arguments: argparse.Namespace) -> int:
    """Print, by operation, what one of two editions says and the other does not, or otherwise.

    With recorded calls, print what changes for them.
    """
    if arguments.traffic:
        return _diff_for(arguments)
    contract = load_contract_of(arguments)
    one, other = (edition_name(contract, name) for name in (arguments.one, arguments.other))
    left, right = _by_topic(contract, one), _by_topic(contract, other)
    found = [
        {"operation": place[0], "topic": place[1], one: first, other: second}
        for place in sorted(left.keys() | right.keys())
        if (first := _said_by(left.get(place, []))) != (second := _said_by(right.get(place, [])))
    ]
    lines = [*_diff_lines(found, one, other)]
    said = f"{len(found)} topics differ between {one} and {other}"
    return show(arguments, {"from": one, "to": other, "differences": found}, *lines, said)


def _diff_lines(found: list[JsonObject], one: str, other: str) -> Iterator[str]:
    previous = ""
    for row in found:
        if row["operation"] != previous:
            previous = row["operation"]
            yield previous
        yield f"  {row['topic']}"
        for name in (one, other):
            for said in row[name] or ["-"]:
                yield f"    {name:<9}{said}"


def _said_by(rules: list[Rule]) -> list[str]:
    return sorted({f"{rule.severity}: {rule.states}" for rule in rules})


def _diff_for(arguments: argparse.Namespace) -> int:
    from emulator.reports.recording import comparison_lines

    emulator = build_emulator(settings_of(arguments))
    one = edition_name(emulator.contract, arguments.one)
    made = verified(emulator, one, arguments.other, arguments.traffic, arguments)
    comparison = made.comparison.to_json() if made.comparison is not None else {}
    lines = [f"  {line}" for line in comparison_lines(comparison)] if comparison else []
    return show(arguments, comparison, f"From {one} to {arguments.other}", *lines)


def run_schemas(arguments: argparse.Namespace) -> int:
    """Write a JSON Schema for each kind of contract file."""
    from emulator.contract.files import schemas

    written = []
    for name, text in schema_files(schemas()).items():
        exports.write(arguments.folder / name, text)
        written.append(str(arguments.folder / name))
    return show(arguments, {"written": written}, *written)


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
    paths = [str(path) for path in changed]
    if arguments.check:
        show(arguments, {"notFormatted": paths}, *(f"{path}: not formatted" for path in paths))
        return 1 if paths else 0
    for path, text in changed.items():
        write_file(path, text)
    return show(arguments, {"written": paths}, *paths)


def schema_files(schemas: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Return the texts of the schema files by name."""
    return {name: exports.json_text(schema) for name, schema in schemas.items()}


def _by_topic(contract: Contract, edition: str) -> dict[tuple[str, str], list[Rule]]:
    """Return the rules in force by operation and topic; several speak about a subject each."""
    found: dict[tuple[str, str], list[Rule]] = {}
    for rule in contract.edition(edition).rules:
        found.setdefault((rule.operation, rule.topic), []).append(rule)
    return found
