"""The mapping language is a part of its own: what it may import, and what its page says."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "emulator" / "mapping"
MODULES = sorted(PACKAGE.rglob("*.py"))
OURS = {"emulator.json_types", "emulator.clock", "emulator.moments"}
PAGE = ROOT / "docs" / "reference" / "mapping-language.md"


def imported(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_imports_nothing_of_the_emulators_other_parts(path: Path) -> None:
    ours = {name for name in imported(path) if name.startswith("emulator")}
    assert {name for name in ours if not name.startswith("emulator.mapping")} <= OURS


def test_the_parsers_library_is_known_to_two_modules() -> None:
    users = {path.stem for path in MODULES if "lark" in imported(path)}
    assert users == {"parser", "builder"}


def test_what_is_not_needed_is_not_imported() -> None:
    code = (
        "import sys, emulator.mapping as m; "
        "assert not {'lark', 'emulator.mapping.functions.user_agents'} & set(sys.modules); "
        "m.compile_expression('upper(a)'); "
        "assert 'lark' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_modules_and_functions_are_short(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) < 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 40, node.name


def test_the_pages_tables_are_up_to_date() -> None:
    path = ROOT / "docs" / "mapping_functions.py"
    spec = importlib.util.spec_from_file_location("mapping_functions", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = PAGE.read_text("utf-8")
    assert module.with_tables(text) == text


def test_the_pages_program_runs() -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
