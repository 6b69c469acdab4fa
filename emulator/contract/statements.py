"""Read what the documents state: rules, error catalogues and answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from emulator.contract.case_files import cases_of
from emulator.contract.conventions import Template, expanded, read_templates, templates_for
from emulator.contract.model import Answer, Operation, ProblemEntry, Rule
from emulator.contract.order import in_order
from emulator.contract.reading import (
    arguments,
    build,
    make,
    of_the_form,
    rows_of,
    service_folders,
)
from emulator.contract.resources import Resources
from emulator.json_types import JsonObject


@dataclass(slots=True)
class Statements:
    """What the documents state: by far the larger part of the contract.

    `laid_over` holds the ids of rules that an overlay brings, `templates` the conventions.
    """

    rules: dict[str, Rule] = field(default_factory=dict)
    problems: list[ProblemEntry] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    laid_over: set[str] = field(default_factory=set)
    templates: list[Template] = field(default_factory=list)


def read_statements(
    folders: tuple[Path, ...], operations: Mapping[str, Operation], resources: Resources
) -> Statements:
    """Read the statements of contract folders, later ones over earlier ones by id.

    Raises:
        ContractError: A file is not JSON, or not of its form.
    """
    stated = Statements()
    for number, folder in enumerate(folders):
        with of_the_form(folder):
            if number == 0:
                stated.templates = read_templates(folders)
            services = {path.name: path for path in service_folders(folder)}
            names = {one.service for one in resources.by_id.values()} | services.keys()
            for name in sorted(names):
                for template, resource in templates_for(stated.templates, resources, name, number):
                    for row in expanded(template, resource, operations, number):
                        _add(stated, row, folder, number)
                if name in services:
                    _read_service(stated, services[name], number)
    stated.rules = {rule.id: rule for rule in in_order(stated.rules.values())}
    return stated


def _read_service(stated: Statements, folder: Path, number: int) -> None:
    for raw in rows_of(folder / "errors.json"):
        stated.problems.append(build(ProblemEntry, raw, folder / "errors.json"))
    for raw in rows_of(folder / "answers.json"):
        stated.answers.append(build(Answer, raw, folder / "answers.json"))
    for path in sorted((folder / "rules").glob("*.json")):
        for raw in rows_of(path):
            _add(stated, raw, path, number)


def _add(stated: Statements, row: JsonObject, path: Path, number: int) -> None:
    """Add a row's rules, those of an overlay behind the shipped ones."""
    for rule in _rules_of(row, path):
        if number:
            stated.laid_over.add(rule.id)
        stated.rules.pop(rule.id, None)
        stated.rules[rule.id] = rule


def _rules_of(raw: JsonObject, path: Path) -> Iterator[Rule]:
    """Yield one rule for each operation that a row names."""
    shared = {**arguments(Rule, raw), "cases": cases_of(raw.get("cases", {}), path)}
    operations = shared.pop("operations", None) or [shared.get("operation", "")]
    for operation in operations:
        shared["id"], shared["operation"] = raw["id"].replace("*", operation, 1), operation
        yield make(Rule, shared, path)
