"""Writes the generated tables of README.md anew: `python docs/tables.py`, or `make tables`.

What they show is said in one place each: the settings in `emulator/settings.py`, the editions and
operations in `contracts/`. A test compares, so that they cannot fall behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from emulator.contract import Contract, load_contract
from emulator.package_data import data_folder
from emulator.settings import table

README = Path(__file__).resolve().parent.parent / "README.md"


def tables() -> dict[str, str]:
    """Return the tables by the name that their markers have in README.md."""
    contract = load_contract(data_folder("contracts"))
    return {
        "settings": settings_table(),
        "editions": editions_table(contract),
        "operations": operations_table(contract),
    }


def settings_table() -> str:
    """Return a row for each setting."""
    rows = (
        (f"`{row.flag}`", f"`{row.environment}`", _code(row.default), row.help) for row in table()
    )
    return _table(("Flag", "Environment", "Default", "Meaning"), rows)


def editions_table(contract: Contract) -> str:
    """Return a row for each edition."""
    rows = (
        (
            f"`{entry.name}`" + (" (default)" if entry.default else ""),
            entry.title,
        )
        for entry in contract.entries.values()
    )
    return _table(("Edition", "What it is"), rows)


def operations_table(contract: Contract) -> str:
    """Return a row for each service: how many operations are documented and emulated."""
    rows = []
    for service in contract.services.values():
        own = [item for item in contract.operations.values() if item.service == service.name]
        emulated = sum(item.emulated for item in own)
        rows.append((service.title, f"`{service.base_path}`", str(len(own)), str(emulated)))
    rows.sort(key=lambda row: (-int(row[3]), row[0]))
    return _table(("Service", "Base path", "Documented", "Emulated"), rows)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def with_tables(text: str) -> str:
    """Return a text with every marked table replaced by what it has to be."""
    for name, content in tables().items():
        marked = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text = marked.sub(lambda match, new=content: f"{match[1]}{new}\n{match[2]}", text)
    return text


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
