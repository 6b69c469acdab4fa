"""The wheel: what is tracked of contracts and fixtures, no more and no less, and the package."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import __version__
from emulator.commands.contracts import schema_files
from emulator.contract.files import schemas

ROOT = Path(__file__).resolve().parent.parent
DATA = ("contracts", "examples/ci", "fixtures")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """The wheel as it is built from a checkout, with the build backend that is installed here."""
    folder = tmp_path_factory.mktemp("dist")
    building = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    done = subprocess.run([*building, str(ROOT)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = folder.glob("*.whl")
    assert made.name == f"aep_emulator-{__version__}-py3-none-any.whl"
    with zipfile.ZipFile(made) as opened:
        yield opened


def tracked(folder: str) -> set[str]:
    """The files of a folder that belong to the project: tracked, or new and not ignored."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", folder]
    done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git checkout: there is nothing to compare the wheel with")
    return {name for name in done.stdout.splitlines() if (ROOT / name).is_file()}


@pytest.mark.parametrize("folder", DATA)
def test_the_wheel_has_the_tracked_data(wheel: zipfile.ZipFile, folder: str) -> None:
    prefix = "emulator/_data/"
    packed = {name.removeprefix(prefix) for name in wheel.namelist() if name.startswith(prefix)}
    assert {name for name in packed if name.startswith(f"{folder}/")} == tracked(folder)


def test_the_wheels_data_is_the_checkouts(wheel: zipfile.ZipFile) -> None:
    for name in sorted(set().union(*map(tracked, DATA))):
        assert wheel.read(f"emulator/_data/{name}") == (ROOT / name).read_bytes(), name


def test_the_wheel_has_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    ours = tracked("emulator") | tracked("aep_emulator")
    modules = {name for name in ours if name.endswith((".py", "py.typed"))}
    assert modules <= names
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"aep_emulator", "emulator", f"aep_emulator-{__version__}.dist-info"}
    assert not [name for name in names if "__pycache__" in name]


def test_the_wheel_has_command_licence_and_requirements(wheel: zipfile.ZipFile) -> None:
    info = f"aep_emulator-{__version__}.dist-info"
    assert "aep-emulator = emulator.cli:main" in wheel.read(f"{info}/entry_points.txt").decode()
    assert "Apache License" in wheel.read(f"{info}/licenses/LICENSE").decode()
    metadata = wheel.read(f"{info}/METADATA").decode()
    assert "Requires-Python: >=3.11" in metadata
    needed = re.findall(r"^Requires-Dist: ([\w-]+)[^;\n]*$", metadata, re.MULTILINE)
    assert sorted(needed) == sorted(declared())


def declared() -> list[str]:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [re.split(r"[><=\[]", line)[0] for line in project["dependencies"]]


def optional() -> list[str]:
    """What the extras for users bring; those for working on the project do not count."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = [
        line for name in extras if name not in ("test", "dev", "bench") for line in extras[name]
    ]
    return [re.split(r"[><=\[]", line)[0] for line in lines]


def test_every_import_is_a_declared_dependency() -> None:
    imported: set[str] = set()
    for path in (ROOT / "emulator").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    own = set(sys.stdlib_module_names) | {"emulator", "_typeshed"}
    provided = {name.replace("-", "_") for name in (*declared(), *optional())}
    # Flask's other half, that of requests, what adlfs is made on, and clients that are answered for
    # where they are used.
    assert imported - own <= provided | {"werkzeug", "urllib3", "azure", "httpx", "aiohttp"}


def test_the_schemas_of_contract_files_are_up_to_date() -> None:
    """`make schemas` writes them."""
    folder = ROOT / "contracts" / "schema"
    written = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    assert written == schema_files(schemas())
