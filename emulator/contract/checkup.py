"""Examine contract files thoroughly: form, references, schemas, cases. For authors and tests.

The start trusts the shipped files and skips this; an overlay's files are examined at every start.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from emulator.contract.cases import failing_cases
from emulator.contract.checks import CHECKS
from emulator.contract.loader import Contract, ContractError, read_json
from emulator.contract.model import (
    Answer,
    Cases,
    Document,
    EditionEntry,
    Operation,
    ProblemEntry,
    Rule,
)
from emulator.json_types import JsonObject

FILES: dict[str, Any] = {
    "documents.json": Document,
    "editions.json": EditionEntry,
    "errors.json": ProblemEntry,
    "answers.json": Answer,
    "operations.json": Operation,
    "rules": Rule,
}
"""What each file (or the files of the folder `rules`) holds a list of."""

PSEUDO_OPERATIONS = ("platform.gate", "platform.body")
HEAD = ("service", "basePath")
"""What an `operations.json` says before its operations."""


def check_overlay(folder: Path) -> None:
    """Examine the form of an overlay's files.

    Raises:
        ContractError: With one line for each thing that is wrong.
    """
    _refuse(check_files(folder))


def check_overlaid(contract: Contract) -> None:
    """Examine whether a contract with an overlay holds together.

    Raises:
        ContractError: With one line for each thing that is wrong.
    """
    _refuse(check_contract(contract))


def _refuse(found: Iterator[str]) -> None:
    complaints = list(found)
    if complaints:
        raise ContractError("\n".join(complaints))


def check_files(folder: Path) -> Iterator[str]:
    """Yield a sentence for each file of a contract folder that is not of its form."""
    for path in sorted(folder.rglob("*.json")):
        if "schema" in path.relative_to(folder).parts[:-1]:
            continue
        kind = FILES.get("rules" if path.parent.name == "rules" else path.name)
        if kind is None:
            if path.parent.name != "responses":
                yield f"{path}: a contract folder has no such file"
            continue
        yield from _check_file(path, kind)


def _check_file(path: Path, kind: Any) -> Iterator[str]:
    try:
        rows = read_json(path)
    except ContractError as error:
        yield str(error)
        return
    if kind is Operation:
        if not isinstance(rows, dict) or not all(isinstance(rows.get(n), str) for n in HEAD):
            yield f"{path}: expected an object with the texts {' and '.join(HEAD)}"
            return
        rows = rows.get("operations")
    if not isinstance(rows, list):
        yield f"{path}: expected a list"
        return
    adapter = TypeAdapter(kind)
    for number, row in enumerate(rows):
        try:
            adapter.validate_python(_single(row) if kind is Rule else row)
        except ValidationError as error:
            for fault in error.errors():
                place = ".".join(str(step) for step in fault["loc"])
                name = row.get("id", number) if isinstance(row, dict) else number
                yield f"{path}: {name}: {place}: {fault['msg']}"


def _single(row: Any) -> Any:
    """Return a rule row of several operations as one of its rules."""
    if not isinstance(row, dict) or "operations" not in row:
        return row
    rest = {name: value for name, value in row.items() if name != "operations"}
    return {**rest, "operation": (row["operations"] or [""])[0]}


def check_contract(contract: Contract) -> Iterator[str]:
    """Yield a sentence for each thing in a loaded contract that does not hold together."""
    yield from _check_references(contract)
    for rule in contract.rules.values():
        yield from _check_rule(contract, rule)
    yield from _check_use(contract)


def _check_references(contract: Contract) -> Iterator[str]:
    stated: list[Any] = [
        *contract.rules.values(),
        *contract.problems,
        *contract.answers,
        *contract.operations.values(),
    ]
    for item in stated:
        name = getattr(item, "id", None) or getattr(item, "aspect", "")
        for id in item.documents:
            if id not in contract.documents:
                yield f"{name}: unknown document {id}"
        if not item.documents:
            yield f"{name}: names no document"
    for entry in contract.entries.values():
        for id in entry.documents:
            if id not in contract.documents:
                yield f"edition {entry.name}: unknown document {id}"
    if sum(entry.default for entry in contract.entries.values()) != 1:
        yield "editions: exactly one is the default"


def _check_rule(contract: Contract, rule: Rule) -> Iterator[str]:
    if rule.operation not in contract.operations and rule.operation not in PSEUDO_OPERATIONS:
        yield f"{rule.id}: unknown operation {rule.operation}"
    if not rule.id.startswith(rule.operation + "."):
        yield f"{rule.id}: a rule's id starts with its operation"
    if set(rule.check) - set(CHECKS) or len(rule.check) != 1:
        yield f"{rule.id}: one check of {', '.join(CHECKS)}"
        return
    if "nothing" not in rule.check and not (rule.cases.accepts and rule.cases.refuses):
        yield f"{rule.id}: a rule has cases that it accepts and cases that it refuses"
    try:
        yield from failing_cases(rule)
    except Exception as error:  # noqa: BLE001 - a check may fail in any way on foreign arguments
        reason = str(error).partition("\n")[0]
        yield f"{rule.id}: the check cannot be carried out: {type(error).__name__}: {reason}"


def _check_use(contract: Contract) -> Iterator[str]:
    """Every problem that a rule names exists in every edition in which the rule is in force."""
    for name in contract.entries:
        edition = contract.edition(name)
        for rule in edition.rules:
            if rule.problem not in edition.problems:
                yield f"{rule.id}: problem {rule.problem} does not exist in edition {name}"


def schemas() -> dict[str, JsonObject]:
    """Return the JSON Schemas of the contract's files, derived from their definitions."""
    made: dict[str, JsonObject] = {}
    for file, kind in FILES.items():
        rows = TypeAdapter(list[kind]).json_schema()  # type: ignore[valid-type]
        definitions = rows.pop("$defs")
        row = definitions[kind.__name__]
        if kind is Rule:
            _let_rules_name_several_operations(row)
        if kind is Operation:
            for name in ("service", "base_path"):  # said once, in the head
                del row["properties"][name]
            rows = _under_a_head(rows)
        made[f"{file.removesuffix('.json')}.schema.json"] = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": f"{file} of a contract folder",
            **rows,
            "$defs": definitions,
        }
    return made


def _let_rules_name_several_operations(row: JsonObject) -> None:
    row["properties"]["operations"] = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    row["required"].remove("operation")
    row["oneOf"] = [{"required": ["operation"]}, {"required": ["operations"]}]


def _under_a_head(rows: JsonObject) -> JsonObject:
    return {
        "type": "object",
        "properties": {
            "service": {"type": "string"},
            "title": {"type": "string"},
            "basePath": {"type": "string"},
            "pathAliases": {"type": "object", "additionalProperties": {"type": "string"}},
            "operations": rows,
        },
        "required": [*HEAD, "operations"],
        "additionalProperties": False,
    }


__all__ = ["Cases", "check_contract", "check_files", "check_overlaid", "check_overlay", "schemas"]
