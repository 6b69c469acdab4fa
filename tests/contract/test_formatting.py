"""The one form of contract files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emulator.cli import main
from emulator.contract.formatting import WIDTH, format_folder, formatted
from emulator.package_data import data_folder

SHIPPED = data_folder("contracts")
LONGEST_CASES = 8

ROW = {
    "check": {"schema": {"type": "string"}},
    "id": "a.read.name",
    "states": "A name is text.",
    "operation": "a.read",
    "cases": {"accepts": [{"body": "x" * 40}] * 3, "refuses": []},
}


def test_the_shipped_files_are_in_it() -> None:
    assert [str(path) for path, _ in format_folder(SHIPPED)] == []


def test_long_cases_lie_apart_from_their_rules() -> None:
    """What a reader of the rules need not see: more than eight lines of cases."""
    for path in (*SHIPPED.glob("*/rules/*.json"), *SHIPPED.glob("*/conventions.json")):
        inside = 0
        for line in path.read_text(encoding="utf-8").splitlines():
            starts, ends = line.startswith('    "cases": {'), line.startswith("    }")
            inside = (
                1 if starts and not line.endswith("}") else 0 if ends else inside and inside + 1
            )
            assert inside <= LONGEST_CASES, (path.name, line)


def test_it_changes_white_space_and_order_only() -> None:
    text = formatted([ROW])
    assert json.loads(text) == [ROW]
    assert max(map(len, text.splitlines())) <= WIDTH
    assert text.splitlines()[:4] == [
        "[",
        "  {",
        '    "id": "a.read.name", "operation": "a.read",',
        '    "states": "A name is text.", "check": {"schema": {"type": "string"}},',
    ]
    assert formatted(json.loads(text)) == text


def test_the_members_of_a_json_schema_keep_their_order() -> None:
    text = formatted({"200": {"type": "object", "properties": {}}}, keeps_order=True)
    assert text == '{"200": {"type": "object", "properties": {}}}\n'


def test_the_command_tells_and_repairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a" / "rules" / "name.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps([ROW]), encoding="utf-8")
    assert main(["contracts", "format", "--check", str(tmp_path)]) == 1
    assert capsys.readouterr().out == f"{path}: not formatted\n"
    assert main(["contracts", "format", str(tmp_path)]) == 0
    assert main(["contracts", "format", "--check", str(tmp_path)]) == 0
    assert json.loads(path.read_text(encoding="utf-8")) == [ROW]


def test_the_command_names_what_is_no_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mutes.json").write_text("[", encoding="utf-8")
    assert main(["contracts", "format", str(tmp_path)]) != 0
    assert "mutes.json" in capsys.readouterr().err
