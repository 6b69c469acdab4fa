"""What the command init writes works, and is what the documentation shows."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from emulator.commands.init import RECIPES
from tests.doors.pytest_runs import run_pytest
from tests.doors.test_cli import assert_one_line, run

SHOWN = Path(__file__).resolve().parents[2] / "examples" / "ci"
FILES = {
    "compose": "compose.yaml",
    "pytest": "conftest.py",
    "github": ".github/workflows/contract.yml",
    "gitlab": ".gitlab-ci.yml",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", FILES)
def test_a_flag_writes_the_recipe_that_is_shown(name: str, folder: Path) -> None:
    done = run("init", f"--{name}")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{FILES[name]}: written; next: ")
    assert written(folder) == {FILES[name]}
    (source,) = [recipe.source for recipe in RECIPES if recipe.name == name]
    assert (folder / FILES[name]).read_bytes() == (SHOWN / source).read_bytes()


def test_every_recipe_can_be_written() -> None:
    """Those that are shown are tried by tests/test_ci_recipes.py."""
    assert {recipe.source for recipe in RECIPES} == {path.name for path in SHOWN.iterdir()}


def test_yes_writes_all_and_json_tells_them(folder: Path) -> None:
    (folder / "tests").mkdir()
    told = json.loads(run("init", "--yes", "--json").stdout)["written"]
    expected = {*FILES.values(), "tests/conftest.py"} - {"conftest.py"}
    assert {row["file"] for row in told} == written(folder) == expected


def test_nothing_is_overwritten_unless_forced(folder: Path) -> None:
    (folder / "compose.yaml").write_text("mine")
    assert_one_line(run("init", "--github", "--compose"), "compose.yaml", "--force")
    assert written(folder) == {"compose.yaml"}
    assert (folder / "compose.yaml").read_text() == "mine"
    assert run("init", "--github", "--compose", "--force").returncode == 0
    assert "services:" in (folder / "compose.yaml").read_text()


class Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_it_asks_on_a_terminal_and_nowhere_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 4))
    assert_one_line(run("init"), "--compose, --pytest, --github, --gitlab")
    monkeypatch.setattr("sys.stdin", Keyboard("n\nY\n\nyes\n"))
    done = run("init")
    assert done.returncode == 0
    assert done.stderr.count("[y/N]") == 4
    assert written(folder) == {"conftest.py", ".gitlab-ci.yml"}
    monkeypatch.setattr("sys.stdin", Keyboard(""))
    assert run("init").stdout == "nothing written\n"


TESTS = """
import requests

HEADERS = {
    "Authorization": "Bearer any",
    "x-api-key": "any",
    "x-gw-ims-org-id": "0123456789ABCDEF01234567@AdobeOrg",
    "x-sandbox-name": "prod",
}
SETS = "https://platform.adobe.io/data/foundation/catalog/dataSets"


def test_careful():
    assert requests.get(SETS, headers=HEADERS).json() == {}


def test_careless():
    requests.get(SETS)


def test_expected(platform):
    with platform.expects_refusal(rule="platform.gate.token_is_sent"):
        without = {**HEADERS, "Authorization": None}
        assert requests.get(SETS, headers=without).status_code == 403
"""


def test_the_conftest_fails_tests_whose_calls_break_a_rule(folder: Path) -> None:
    assert run("init", "--pytest").returncode == 0
    done = run_pytest(folder, test_client=TESTS)
    assert done.results == {
        "test_careful": "passed",
        "test_careless": "error",
        "test_expected": "passed",
    }, done.output
