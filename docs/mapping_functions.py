"""Writes the functions of docs/reference/mapping-language.md: `python docs/mapping_functions.py`.

Meaning and assumptions come from the docstrings of `emulator/mapping/functions`, calls and examples
from `fixtures/data_prep/functions.json`. A test compares, so that they cannot fall behind.
"""

from __future__ import annotations

import json
import re
from itertools import groupby
from pathlib import Path
from typing import Any

from emulator.mapping.functions import functions
from emulator.package_data import data_folder
from emulator.templates import render

FOLDER = Path(__file__).resolve().parent
PAGE = FOLDER / "reference" / "mapping-language.md"
TEMPLATE = FOLDER / "templates" / "mapping_functions.md.j2"


def tables() -> str:
    """Return a table for each category, in the documents' order."""
    rows = json.loads((data_folder("fixtures") / "data_prep/functions.json").read_text("utf-8"))
    categories = [
        {"name": name, "calls": [_call(entry) for entry in entries]}
        for name, entries in groupby(rows, key=lambda row: str(row["category"]))
    ]
    return render(TEMPLATE, {"code": _code}, categories=categories)


def _call(entry: dict[str, Any]) -> dict[str, Any]:
    function = functions()[entry["name"]]
    notes = [entry["description"], *function.assumptions]
    if entry.get("aliases"):
        notes.append(f"Also {', '.join(f'`{name}`' for name in entry['aliases'])}.")
    if entry.get("availability"):
        notes.append(f"Documented for {entry['availability'].replace(' only', '')}.")
    result = json.dumps(entry["result"], ensure_ascii=False) if entry["example"] else ""
    return {**entry, "notes": notes, "result": result}


def _code(text: str) -> str:
    """Return a text as code in a table's cell, shortened where it is long."""
    short = text if len(text) <= 90 else f"{text[:87]}…"
    return f"`{short.replace('|', chr(92) + '|')}`" if text else ""


def with_tables(text: str) -> str:
    """Return the page with the tables as they have to be."""
    marked = re.compile(r"(<!-- functions -->\n).*?(<!-- /functions -->)", re.DOTALL)
    return marked.sub(lambda match: f"{match[1]}\n{tables()}{match[2]}", text)


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
