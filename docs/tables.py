"""Writes the generated tables of pages below docs/ anew: `make tables`.

What they show is said in one place each: the settings in `emulator/settings.py`, the commands in
`emulator/commands/`, the editions and operations in `contracts/`, the specs in `fixtures/`. A test
compares, so that they cannot fall behind.
"""

from __future__ import annotations

import ast
import re
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

from emulator import budgets
from emulator.cli import COMMANDS
from emulator.contract import Contract, load_contract
from emulator.fixtures.library import FixtureLibrary
from emulator.json_types import JsonObject
from emulator.package_data import data_folder
from emulator.settings import SettingRow, table
from emulator.templates import render

FOLDER = Path(__file__).resolve().parent
PAGES = (
    FOLDER / "decisions.md",
    FOLDER / "explanation" / "contract.md",
    FOLDER / "explanation" / "security.md",
    FOLDER / "reference" / "commands.md",
    FOLDER / "reference" / "emulated.md",
    FOLDER / "reference" / "known-specs.md",
    FOLDER / "reference" / "settings.md",
)
TEMPLATES = FOLDER / "templates"


def tables() -> dict[str, str]:
    """Return the tables by the name that their markers have in the pages."""
    contract = load_contract(data_folder("contracts"))
    fixtures = FixtureLibrary(data_folder("fixtures")).edition("")
    specs = {kind: fixtures.all(kind) for kind in ("connection_specs", "flow_specs")}
    return {
        "settings": _render("settings", settings=table()),
        "commands": _render("commands", commands=_commands()),
        "budgets": _render("budgets", settings=_budget_settings(), budgets=_budgets()),
        "editions": _render("editions", editions=contract.entries.values()),
        "operations": _render("operations", services=_services(contract)),
        "assumed": _render("assumed", services=_assumed(contract)),
        **{kind: _render(kind, specs=_by_name(found)) for kind, found in specs.items()},
    }


def _commands() -> list[tuple[str, str]]:
    """Return the commands in the order of the help, with what each does."""
    modules = ((name, import_module(f"emulator.commands.{name}")) for name in COMMANDS)
    return [(name, module.HELP) for name, module in modules]


def _budget_settings() -> list[SettingRow]:
    """Return the settings that are budgets."""
    return [row for row in table() if row.name.startswith("max_")]


def _budgets() -> list[dict[str, Any]]:
    """Return the budgets that are no settings: value, what it limits, what happens beyond."""
    path = Path(budgets.__file__)
    statements = ast.parse(path.read_text(encoding="utf-8")).body
    rows = []
    for statement, following in pairwise(statements):
        if isinstance(statement, ast.Assign) and isinstance(following, ast.Expr):
            name = ast.unparse(statement.targets[0])
            limits, _, beyond = ast.literal_eval(following.value).partition("; ")
            value = _amount(getattr(budgets, name), name)
            rows.append({"value": value, "limits": limits, "beyond": beyond.rstrip(".")})
    return rows


def _amount(value: float, name: str) -> str:
    """Return a budget with its unit, which its name ends with."""
    if name.endswith("_BYTES"):
        return f"{value // budgets.MIB} MiB" if value >= budgets.MIB else f"{value // 1024} KiB"
    return f"{value:,} s" if name.endswith("_SECONDS") else f"{value:,}"


def _services(contract: Contract) -> list[dict[str, Any]]:
    """Return the services with their counts of operations, those with the most emulated first."""
    rows = []
    for service in contract.services.values():
        own = [item for item in contract.operations.values() if item.service == service.name]
        rows.append(
            {
                "title": service.title,
                "base_path": service.base_path,
                "documented": len(own),
                "emulated": sum(item.emulated for item in own),
            }
        )
    return sorted(rows, key=lambda row: (-row["emulated"], row["title"]))


def _assumed(contract: Contract) -> list[tuple[str, list[tuple[str, str, str, int]]]]:
    """Return the assumed rules of each service: name, severity, what they state, how often."""
    titles = {"platform": "Every service"}
    titles |= {service.name: service.title for service in contract.services.values()}
    rules: dict[str, dict[tuple[str, str, str], int]] = {}
    for rule in contract.rules.values():
        if rule.evidence == "assumed":
            service = rule.operation.partition(".")[0]
            row = (rule.id.rpartition(".")[2], rule.severity, rule.states)
            own = rules.setdefault(titles[service], {})
            own[row] = own.get(row, 0) + 1
    return [(title, [(*row, count) for row, count in own.items()]) for title, own in rules.items()]


def _by_name(specs: list[JsonObject]) -> list[JsonObject]:
    return sorted(specs, key=lambda spec: str(spec["name"]).lower())


def _code(text: str) -> str:
    return f"`{text}`"


def _render(name: str, **values: Any) -> str:
    return render(TEMPLATES / f"{name}.md.j2", {"code": _code}, **values)


def with_tables(text: str) -> str:
    """Return a text with every marked table replaced by what it has to be."""
    for name, content in tables().items():
        marked = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text = marked.sub(lambda match, new=content: f"{match[1]}{new}{match[2]}", text)
    return text


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")
