"""The rule catalogue as Markdown pages, one for each service."""

from __future__ import annotations

import re

from emulator.contract.loader import Contract, ServiceEntry
from emulator.contract.model import BODY, GATE, Document, Operation, Rule

DOCUMENTS = "documents"
PLATFORM = "platform"
_HEAD = "| Rule | What it states | Documents | Evidence | Severity | Editions |"
_COLUMNS = """| Column | Meaning |
| --- | --- |
| Evidence | `stated` in prose or a definition, `shown` in a sample only, `observed` in a public \
client, `assumed` by this emulator |
| Severity | an `error` refuses, a `warning` does with `--enforce strict`, a `note` never does; \
what is `structural` refuses in any case |
| Editions | where the rule is in force; others have another rule on its topic, or none |"""
_OF_PLATFORM = {
    GATE: "The gate: what every call of a gated service carries",
    BODY: "The body: what every request with one holds to",
}


def pages(contract: Contract) -> dict[str, str]:
    """Return the pages by file name: an index, the documents, the platform, and each service."""
    in_force = _in_force(contract)
    made = {
        "README.md": _index(contract),
        f"{DOCUMENTS}.md": _documents(contract),
        f"{PLATFORM}.md": _platform(contract, in_force),
    }
    for service in contract.services.values():
        made[f"{service.name}.md"] = _page(contract, service, in_force)
    return made


def _in_force(contract: Contract) -> dict[str, list[str]]:
    """Return the editions in which each rule is in force, by its id."""
    found: dict[str, list[str]] = {}
    for name in contract.entries:
        for rule in contract.edition(name).rules:
            found.setdefault(rule.id, []).append(name)
    return found


def _index(contract: Contract) -> str:
    rows = [(PLATFORM, "Every service", GATE.partition(".")[0])]
    rows += [(item.name, item.title, item.name) for item in contract.services.values()]
    lines = ["| Service | Operations | Rules |", "| --- | --- | --- |"]
    for file, title, service in rows:
        operations = sum(item.service == service for item in contract.operations.values())
        rules = sum(rule.operation.startswith(f"{service}.") for rule in contract.rules.values())
        lines.append(f"| [{title}]({file}.md) | {operations} | {rules} |")
    return _joined(
        "# The rules",
        "These pages are written by `make tables` from `contracts/`; do not edit them.",
        f"A rule is one statement of dated, public [documents]({DOCUMENTS}.md).\n"
        "Its full id is its operation, a dot and the name that stands in the table; "
        "`aep-emulator contracts explain ID` shows its check and its cases.",
        _COLUMNS,
        "\n".join(lines),
    )


def _documents(contract: Contract) -> str:
    lines = ["| Document | Title | Publisher | Date | Kind |", "| --- | --- | --- | --- | --- |"]
    for item in sorted(contract.documents.values(), key=lambda item: item.id):
        cells = (f'<a id="{item.id}"></a>`{item.id}`', item.title, item.publisher, item.date)
        lines.append(_row(*cells, item.kind))
    return _joined("# The documents", "\n".join(lines))


def _platform(contract: Contract, in_force: dict[str, list[str]]) -> str:
    parts = ["# Rules of every service"]
    for operation, title in _OF_PLATFORM.items():
        rules = [rule for rule in contract.rules.values() if rule.operation == operation]
        parts += [f"## {title}", _table(contract, rules, in_force)]
    return _with_links(contract, parts)


def _page(contract: Contract, service: ServiceEntry, in_force: dict[str, list[str]]) -> str:
    by_operation: dict[str, list[Rule]] = {}
    for rule in contract.rules.values():
        by_operation.setdefault(rule.operation, []).append(rule)
    # Operations with the very same rules share a table: each list of the Schema Registry, for one.
    by_table: dict[str, list[Operation]] = {}
    for operation in contract.operations.values():
        if operation.service == service.name:
            rules = by_operation.get(operation.id, [])
            table = _table(contract, rules, in_force) if rules else "No rules of its own."
            by_table.setdefault(table, []).append(operation)
    parts = [f"# Rules of the {service.title}", f"Base path: `{service.base_path or '/'}`"]
    for table, operations in by_table.items():
        names = [operation.id.removeprefix(f"{service.name}.") for operation in operations]
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        parts += [f"## {names[0]}{more}", "\n".join(map(_line, operations)), table]
    return _with_links(contract, parts)


def _line(operation: Operation) -> str:
    line = f"- `{operation.id}`, {operation.method} `{operation.path}`: {operation.states}"
    return line if operation.emulated else f"{line} Not emulated: {operation.reason}"


def _with_links(contract: Contract, parts: list[str]) -> str:
    text = _joined(*parts)
    named = sorted(id for id in contract.documents if f"[{id}]" in text)
    return "\n".join((text, *(f"[{id}]: {DOCUMENTS}.md#{id}" for id in named))) + "\n"


def _table(contract: Contract, rules: list[Rule], in_force: dict[str, list[str]]) -> str:
    lines = [_HEAD, "| --- " * _HEAD.count(" | ") + "| --- |"]
    for rule in rules:
        sources = [_source(contract.documents[id]) for id in rule.documents]
        editions = in_force.get(rule.id, [])
        everywhere = len(editions) == len(contract.entries)
        lines.append(
            _row(
                f"`{rule.id.removeprefix(rule.operation + '.')}`",
                _plain(rule.states),
                "<br>".join(sources),
                rule.evidence,
                rule.severity if not rule.structural else f"{rule.severity}, structural",
                "all" if everywhere else ", ".join(editions) or "none",
            )
        )
    return "\n".join(lines)


def _source(document: Document) -> str:
    return f"[{document.id}] {document.date}"


def _plain(text: str) -> str:
    """Return a text in which Markdown finds no markup."""
    return re.sub(r"([*_<>\[\]`])", r"\\\1", text)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _joined(*parts: str) -> str:
    return "\n\n".join(parts) + "\n"
