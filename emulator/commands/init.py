"""`aep-emulator init`: writes what a project needs to be tested against the emulator."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from emulator.commands import CommandError
from emulator.commands.answers import add_json, show
from emulator.commands.terminal import say
from emulator.output import write_file
from emulator.package_data import data_folder

HELP = "write a compose file, a pytest conftest or a CI job into the current project"


@dataclass(frozen=True, slots=True)
class Recipe:
    """A file that can be written: the flag, the recipe, where it goes, and what to do with it."""

    name: str
    source: str
    target: str
    what: str
    then: str


RECIPES = (
    Recipe(
        "compose",
        "compose.yaml",
        "compose.yaml",
        "a Docker Compose file: the emulator, your tests, the report",
        "docker compose run --rm tests; the first lines of the file say more",
    ),
    Recipe(
        "pytest",
        "conftest.py",
        "conftest.py",
        "a pytest conftest: each test has an emulator that answers for Adobe's hosts",
        "pip install 'aep-emulator[testing]', then pytest",
    ),
    Recipe(
        "github",
        "github.yml",
        ".github/workflows/contract.yml",
        "a workflow for GitHub Actions",
        "name the owner of the action, and the command of your tests",
    ),
    Recipe(
        "gitlab",
        "gitlab-ci.yml",
        ".gitlab-ci.yml",
        "a job for GitLab CI",
        "set TESTS to the command of your tests",
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let the files be chosen."""
    for recipe in RECIPES:
        parser.add_argument(f"--{recipe.name}", action="store_true", help=f"write {recipe.what}")
    parser.add_argument("--yes", action="store_true", help="do not ask: write all, or those named")
    parser.add_argument("--force", action="store_true", help="overwrite files that are there")
    add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the files that are named, or else those that are wanted when asked.

    Raises:
        CommandError: Nobody can be asked, or a file is there; then nothing is written.
    """
    chosen = [recipe for recipe in RECIPES if getattr(arguments, recipe.name)]
    if not chosen:
        chosen = [recipe for recipe in RECIPES if arguments.yes or _is_wanted(recipe)]
    targets = {recipe.name: _target(recipe) for recipe in chosen}
    there = [str(path) for path in targets.values() if path.exists()]
    if there and not arguments.force:
        raise CommandError(f"{', '.join(there)}: there already; --force overwrites")
    folder = data_folder("examples/ci")
    for recipe in chosen:
        _write(targets[recipe.name], (folder / recipe.source).read_text(encoding="utf-8"))
    written = [{"file": str(targets[one.name]), "then": one.then} for one in chosen]
    lines = [f"{row['file']}: written; next: {row['then']}" for row in written]
    return show(arguments, {"written": written}, *(lines or ["nothing written"]))


def _is_wanted(recipe: Recipe) -> bool:
    """Ask whether a file is to be written.

    Raises:
        CommandError: There is no terminal to ask on.
    """
    if not (sys.stdin is not None and sys.stdin.isatty()):
        flags = ", ".join(f"--{one.name}" for one in RECIPES)
        raise CommandError(f"say what to write: {flags}; or --yes for all")
    say(f"Write {_target(recipe)}, {recipe.what}? [y/N] ", is_error=True, end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _target(recipe: Recipe) -> Path:
    """Return where a file goes; a conftest goes to the tests, if they have a folder."""
    is_of_tests = recipe.name == "pytest" and Path("tests").is_dir()
    return Path("tests", recipe.target) if is_of_tests else Path(recipe.target)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, text)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
