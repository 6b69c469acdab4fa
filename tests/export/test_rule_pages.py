"""The pages of the rule catalogue say what the contract says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emulator.cli import main
from emulator.contract import Contract
from emulator.export.rule_pages import pages


def test_every_operation_and_rule_is_on_its_page(contract: Contract) -> None:
    made = pages(contract)
    for operation in contract.operations.values():
        assert f"- `{operation.id}`, " in made[f"{operation.service}.md"]
    for rule in contract.rules.values():
        service, _, name = rule.operation.partition(".")
        assert f"| `{rule.id.removeprefix(f'{service}.{name}.')}` |" in made[f"{service}.md"]


def test_a_row_says_statement_sources_severity_and_editions(contract: Contract) -> None:
    page = pages(contract)["sandbox_management.md"]
    rows = [line for line in page.splitlines() if line.startswith("| `limit_is_a_number` |")]
    assert rows
    for row in rows:
        assert re.match(r"\| `\w+` \| limit is a number from 1. \| \w+ \[[\w-]+\] \d{4}", row)
        assert row.endswith("| all |")
    assert "[sandbox-openapi]: documents.md#sandbox-openapi" in page


def test_a_rule_that_some_editions_do_not_have_says_which(contract: Contract) -> None:
    in_force = {
        name: {rule.id for rule in contract.edition(name).rules} for name in contract.entries
    }
    wanted = {id: [name for name in in_force if id in in_force[name]] for id in contract.rules}
    id, editions = next(
        (id, names) for id, names in wanted.items() if 0 < len(names) < len(contract.entries)
    )
    operation = contract.rules[id].operation
    row = next(
        line
        for line in pages(contract)[f"{operation.partition('.')[0]}.md"].splitlines()
        if line.startswith(f"| `{id.removeprefix(operation + '.')}` |")
        and line.endswith(f"| {', '.join(editions)} |")
    )
    assert row.count(" | ") == 4


def test_a_page_tells_what_replies_are_like(contract: Contract) -> None:
    page = pages(contract)["flow_service.md"]
    row = next(line for line in page.splitlines() if line.startswith("| `most_recent_first` |"))
    assert "What was created or updated last comes first." in row
    assert "demands [flow-service-destinations-openapi]" in row


def test_no_markup_comes_from_a_statement(contract: Contract) -> None:
    for text in pages(contract).values():
        for line in text.splitlines():
            if line.startswith("| "):
                assert len(re.findall(r"(?<!\\)\|", line)) in (3, 4, 5, 6), line


def test_they_are_written(
    contract: Contract, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["contracts", "pages", str(tmp_path / "rules")]) == 0
    written = {path.name: path.read_text("utf-8") for path in (tmp_path / "rules").iterdir()}
    assert written == pages(contract)
    assert capsys.readouterr().out == f"{len(written)} pages in {tmp_path / 'rules'}\n"
