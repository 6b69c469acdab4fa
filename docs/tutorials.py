"""Writes docs/reference/tutorial-statements.md anew: `make tables`.

`docs/tutorials.json` has every statement of the two tutorials that the editions of 2020 are made
of, in our own words, and what carries it there. `tests/test_tutorial_statements.py` compares.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from emulator.contract import Contract, load_contract
from emulator.package_data import data_folder
from emulator.templates import render

FOLDER = Path(__file__).resolve().parent
PAGE = FOLDER / "reference" / "tutorial-statements.md"
STATEMENTS = FOLDER / "tutorials.json"
TEMPLATE = FOLDER / "templates" / "tutorials.md.j2"


def tutorials() -> list[dict[str, Any]]:
    """Return the tutorials: document, edition, and the statements of each section.

    A statement has `states`, and what carries it: ids of `rules`, `answers` (the shape of each
    aspect), ids of reply cases in `replies` and of `operations`, `tests`, or the reason `without`.
    """
    read: list[dict[str, Any]] = json.loads(STATEMENTS.read_text(encoding="utf-8"))
    return read


def page() -> str:
    """Return the text of the page."""
    contract = load_contract(data_folder("contracts"))
    found = [{**tutorial, **_shown(tutorial, contract)} for tutorial in tutorials()]
    return render(TEMPLATE, {}, tutorials=found).rstrip() + "\n"


def _shown(tutorial: dict[str, Any], contract: Contract) -> dict[str, Any]:
    """Return the tutorial's document, and its sections with each statement and its carriers."""
    severities = {rule.id: rule.severity for rule in contract.edition(tutorial["edition"]).rules}
    sections = [
        (
            section["section"],
            [(row["states"], _carriers(row, severities)) for row in section["statements"]],
        )
        for section in tutorial["sections"]
    ]
    return {"about": contract.documents[tutorial["document"]], "sections": sections}


def _carriers(statement: dict[str, Any], severities: dict[str, str]) -> list[str]:
    rules = [f"`{id}` ({severities[id]})" for id in statement.get("rules", ())]
    shapes = statement.get("answers", {}).items()
    answers = [f"answer `{aspect}`: `{shape}`" for aspect, shape in shapes]
    others = {"replies": "reply", "operations": "operation", "tests": "test"}
    named = [f"{word} `{id}`" for key, word in others.items() for id in statement.get(key, ())]
    return [*rules, *answers, *named, *filter(None, [statement.get("without")])]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
