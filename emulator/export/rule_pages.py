"""The rule catalogue as Markdown pages, one for each service."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from emulator.contract.loader import Contract, ServiceEntry
from emulator.contract.model import BODY, GATE, Operation, Rule
from emulator.contract.sources import Source, sources_of
from emulator.templates import render

TEMPLATES = Path(__file__).parent / "templates"
PLATFORM = "platform"
_OF_PLATFORM = {
    GATE: "The gate: what every call of a gated service carries",
    BODY: "The body: what every request with one holds to",
}


class _Row(NamedTuple):
    """A rule as a row of a table; operations whose rows are equal share one."""

    name: str
    states: str
    documents: tuple[Source, ...]
    about: str
    severity: str
    editions: str


class _Section(NamedTuple):
    """A heading, the operations that it is about, their rules, and what their replies are like."""

    title: str
    operations: list[Operation]
    rules: tuple[_Row, ...]
    replies: tuple[_Row, ...] = ()


def pages(contract: Contract) -> dict[str, str]:
    """Return the pages by file name: an index, the documents, the platform, and each service."""
    rows = _rows(contract)
    platform = [
        _Section(title, [], tuple(rows.get(operation, ())))
        for operation, title in _OF_PLATFORM.items()
    ]
    documents = sorted(contract.documents.values(), key=lambda document: document.id)
    made = {
        "README.md": _render("index", services=_services(contract)),
        "documents.md": _render("documents", documents=documents),
        f"{PLATFORM}.md": _rules_page("Rules of every service", "", platform),
    }
    for service in contract.services.values():
        made[f"{service.name}.md"] = _rules_page(
            f"Rules of the {service.title}",
            service.base_path or "/",
            _sections(contract, service, rows),
        )
    return made


def _services(contract: Contract) -> Iterable[dict[str, str | int]]:
    names = [(PLATFORM, "Every service", GATE.partition(".")[0])]
    names += [(item.name, item.title, item.name) for item in contract.services.values()]
    for file, title, name in names:
        operations = sum(item.service == name for item in contract.operations.values())
        rules = sum(rule.operation.startswith(f"{name}.") for rule in contract.rules.values())
        yield {"file": file, "title": title, "operations": operations, "rules": rules}


def _rows(contract: Contract) -> dict[str, list[_Row]]:
    """Return the rows of all rules by operation."""
    editions: dict[str, list[str]] = {}
    for name in contract.entries:
        for rule in contract.edition(name).rules:
            editions.setdefault(rule.id, []).append(name)
    rows: dict[str, list[_Row]] = {}
    for rule in contract.rules.values():
        rows.setdefault(rule.operation, []).append(_row(contract, rule, editions.get(rule.id, [])))
    return rows


def _row(contract: Contract, rule: Rule, editions: list[str]) -> _Row:
    return _Row(
        name=rule.id.removeprefix(f"{rule.operation}."),
        states=rule.states,
        documents=tuple(sources_of(contract, rule)),
        about=contract.subjects[rule.about].states if rule.about else "",
        severity=f"{rule.severity}, structural" if rule.structural else rule.severity,
        editions=_editions(contract, editions),
    )


def _reply_rows(contract: Contract) -> dict[str, list[_Row]]:
    """Return the rows of all reply cases by operation."""
    cases = contract.reply_cases
    editions: dict[str, list[str]] = {}
    for name, entry in contract.entries.items():
        for case in cases.in_force(entry):
            editions.setdefault(case.id, []).append(name)
    rows: dict[str, list[_Row]] = {}
    for case in cases.by_id.values():
        row = _Row(
            name=case.id.removeprefix(f"{case.operation}."),
            states=case.states,
            documents=tuple(sources_of(contract, case)),
            about="",
            severity="",
            editions=_editions(contract, editions.get(case.id, [])),
        )
        rows.setdefault(case.operation, []).append(row)
    return rows


def _editions(contract: Contract, editions: list[str]) -> str:
    everywhere = len(editions) == len(contract.entries)
    return "all" if everywhere else ", ".join(editions) or "none"


def _sections(
    contract: Contract, service: ServiceEntry, rows: dict[str, list[_Row]]
) -> list[_Section]:
    """Return a service's operations; those with the very same rows share a section."""
    replies = _reply_rows(contract)
    by_rows: dict[tuple[tuple[_Row, ...], ...], list[Operation]] = {}
    for operation in contract.operations.values():
        if operation.service == service.name:
            key = (tuple(rows.get(operation.id, ())), tuple(replies.get(operation.id, ())))
            by_rows.setdefault(key, []).append(operation)
    sections = []
    for (rules, answers), operations in by_rows.items():
        name = operations[0].id.removeprefix(f"{service.name}.")
        more = f" and {len(operations) - 1} more" if len(operations) > 1 else ""
        sections.append(_Section(name + more, operations, rules, answers))
    return sections


def _rules_page(title: str, base_path: str, sections: list[_Section]) -> str:
    shown = (row for section in sections for row in (*section.rules, *section.replies))
    documents = sorted({document.id for row in shown for document in row.documents})
    return _render(
        "rules", title=title, base_path=base_path, sections=sections, documents=documents
    )


def _render(name: str, **values: Any) -> str:
    filters = {"cell": _cell, "plain": _plain}
    return render(TEMPLATES / f"{name}.md.j2", filters, **values)


def _plain(text: str) -> str:
    """Return a text in which Markdown finds no markup."""
    return re.sub(r"([*_<>\[\]`])", r"\\\1", text)


def _cell(text: str) -> str:
    """Return a text that can stand in a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")
