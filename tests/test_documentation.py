"""What the documents say is true: commands run, examples answer as shown, tables and links hold."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from emulator import __version__
from emulator.cli import main
from emulator.serving.server import Server

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
USE_IT_WITH = ROOT / "docs" / "how-to" / "use-it-with.md"
PAGES = [
    README,
    ROOT / "CHANGELOG.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if page.parent.name != "rules"),
    *sorted((ROOT / "benchmarks").glob("*.md")),
]
FIRST_STEPS = ROOT / "docs" / "tutorials" / "first-steps.md"
"""Its test fails first; `tests/journeys/test_first_steps.py` plays it."""

ADDRESS = "http://127.0.0.1:8080"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
TIMEOUT = 180
INTERPRETERS = {
    "python": (sys.executable, ".py"),
    "javascript": ("node", ".mjs"),
    "java": ("java", ".java"),
}
"""What runs the programs of a language, and how their files end."""

ELSEWHERE = ("newman", "openssl")
"""Programs of others, which a page's commands may call and a machine may not have."""


def blocks(page: Path, language: str) -> list[str]:
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [content for name, content in found if name == language]


def commands(page: Path) -> list[str]:
    """The commands of a page's shell blocks, each with its continuation lines joined."""
    joined = "".join(blocks(page, "bash")).replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip()]


COMMANDS = [
    pytest.param(command, id=f"{page.name}: {' '.join(command.split())[:60]}")
    for page in PAGES
    for command in commands(page)
]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def program_of_docs(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tables() -> ModuleType:
    return program_of_docs("tables")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where commands of ours run, one after the other: some leave files for the next."""
    made = tmp_path_factory.mktemp("commands")
    shutil.copytree(ROOT / "examples", made / "examples")
    return made


def run(command: list[str], folder: Path = ROOT) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


SITE_CHECKS = program_of_docs("site_checks")


@pytest.fixture
def run_ours(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[list[str]], str]:
    """Return a function that runs a command of ours in this process.

    Most take longer to be started than to run; `tests/doors/test_cli.py` starts processes.
    """

    def call(words: list[str]) -> str:
        monkeypatch.chdir(folder)
        code = main(words)
        said = capsys.readouterr()
        assert code == 0, said.out + said.err
        return said.out

    return call


def extras() -> set[str]:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return set(project["optional-dependencies"])


def shown_tests(folder: Path) -> Path:
    """Write the tests that pages show into a folder, a file for each block."""
    made = folder / "tests"
    made.mkdir(exist_ok=True)
    for page in PAGES:
        for number, program in enumerate(blocks(page, "python")):
            if "def test_" in program and ADDRESS not in program and page != FIRST_STEPS:
                (made / f"test_{page.stem}_{number}.py").write_text(program, "utf-8")
    return made


def run_pytest(words: list[str], tests: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run pytest with the plugins that the tests need: others take seconds to import.

    One worker shows what several do; each takes its time to start.
    """
    if "-n" in words:
        words[words.index("-n") + 1] = "1"
    plugins = ("pytest_asyncio.plugin", "xdist", "emulator.testing.pytest_plugin")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", " ".join(f"-p {name}" for name in plugins))
    run([sys.executable, "-m", *words], tests)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_runs(
    command: str,
    server: Server,
    folder: Path,
    run_ours: Callable[[list[str]], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = shlex.split(command.replace(ADDRESS, f"http://127.0.0.1:{server.port}"))
    if words[0] == "make":
        assert words[1] in make_targets()
    elif words[0] == "docker":
        assert words[1] in ("build", "run")
        assert (ROOT / "Dockerfile").is_file()
    elif words[0] == "aep-emulator":
        run_ours(words[1:])
    elif words[0] in ELSEWHERE:
        if shutil.which(words[0]) is None:
            pytest.skip(f"there is no {words[0]} on this machine")
        run(words, folder)
    elif words[0] == "pip":
        assert words[1] == "install"
        assert set(re.findall(r"\[(.*)\]", words[2])) <= extras()
    elif words[0] == "pytest":
        run_pytest(words, shown_tests(folder), monkeypatch)
    elif words[0] == "curl":
        if shutil.which("curl") is None:
            pytest.skip("there is no curl on this machine")
        answer = run([*words, "--silent", "--show-error", "--write-out", "\n%{http_code}"])
        body, _, status = answer.rpartition("\n")
        assert body or status == "204"
        refused = "-i" in words and "x-gw-ims-org-id" not in command
        assert status == "400" if refused else status in ("200", "201", "204")
    else:
        pytest.fail(f"no test knows how to try {words[0]}")


def test_the_refusal_is_as_shown(server: Server) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl on this machine")
    first = next(command for command in commands(README) if command.startswith("curl"))
    words = shlex.split(first.replace(ADDRESS, f"http://127.0.0.1:{server.port}"))
    answer = run([*words, "--silent"])
    (shown,) = (block for block in blocks(README, "text") if block.startswith("HTTP"))
    for line in shown.splitlines():
        for part in line.strip("{").removesuffix("…").split(","):
            assert part.strip() in answer


PROGRAMS = [
    pytest.param(language, program, id=f"{page.name}: {language}")
    for page in (README, USE_IT_WITH)
    for language in INTERPRETERS
    for program in blocks(page, language)
    if ADDRESS in program
]


@pytest.mark.parametrize(("language", "program"), PROGRAMS)
def test_a_program_runs(language: str, program: str, server: Server, tmp_path: Path) -> None:
    interpreter, suffix = INTERPRETERS[language]
    if shutil.which(interpreter) is None:
        pytest.skip(f"there is no {interpreter} on this machine")
    script = tmp_path / f"program{suffix}"
    script.write_text(program.replace(ADDRESS, f"http://127.0.0.1:{server.port}"), "utf-8")
    assert "9753525b-82c7-4dce-8a9b-5ccfce2b9876" in run([interpreter, str(script)])


def test_the_collection_has_the_script_of_the_page() -> None:
    text = (ROOT / "examples" / "postman" / "tour.postman_collection.json").read_text("utf-8")
    (event,) = json.loads(text)["event"]
    (shown,) = (block for block in blocks(USE_IT_WITH, "javascript") if "pm.request" in block)
    assert event["script"]["exec"] == shown.splitlines()


def test_the_page_on_ingesting_does_what_it_says(server: Server, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl on this machine")
    script = tmp_path / "ingest.sh"
    text = "\n".join(["set -eu", *blocks(ROOT / "docs" / "how-to" / "ingesting.md", "sh")])
    script.write_text(text.replace(ADDRESS, f"http://127.0.0.1:{server.port}"), "utf-8")
    said = run(["sh", str(script)])
    assert '"recordsWritten":1' in said
    assert "from string to date (person.birthDate)" in said
    ann = '{"_id":"1","person":{"name":{"firstName":"Ann"},"birthDate":"2001-02-03"}}'
    assert f'{{"data":[{ann}]}}' in said
    assert said.endswith(f"{ann}\n{ann[:10]}")


def test_the_two_commands_come_first() -> None:
    assert commands(README)[:2] == ["make serve", "make test"]


def test_the_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) < 150


def test_make_serve_takes_port_and_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "of-the-shell")
    for given, flags in (("", ""), ("PORT=9000 HOST=::1", "--host ::1 --port 9000 ")):
        said = run(["make", "--dry-run", "serve", *given.split(), "ARGS=--seed x"])
        assert f"aep-emulator serve {flags}--seed x" in " ".join(said.split())


def test_every_make_target_that_a_page_names_exists() -> None:
    for page in PAGES:
        named = set(re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8")))
        assert named <= make_targets(), page.name


def test_the_tables_are_up_to_date(tables: ModuleType) -> None:
    """`make tables` writes them."""
    texts = [page.read_text(encoding="utf-8") for page in tables.PAGES]
    for name in tables.tables():
        assert any(f"<!-- {name} -->\n" in text for text in texts)
    assert [tables.with_tables(text) for text in texts] == texts


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tables_are_whole(page: Path) -> None:
    assert not list(SITE_CHECKS.broken_tables(page.read_text(encoding="utf-8")))


def test_every_page_has_its_place_in_the_site() -> None:
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = [page.relative_to(ROOT / "docs") for page in PAGES if ROOT / "docs" in page.parents]
    assert not [str(page) for page in pages if f" {page.as_posix()}\n" not in site]


WRONG_MARKDOWN = {
    "| a | b |\n| --- | --- |\n| 1 |\n": "line 3: a row of 1 cells, where the head has 2",
    "| a |\n| --- |\n| 1 |\n- x\n": "line 4: a table goes on in a line that is not of it",
    "| a |\n| 1 |\n": "line 1: a table without a head",
}
WRONG_HTML = {
    "<p>Either:\n- one</p>": "not rendered: Either: - one",
    "<p>| a | b |</p>": "not rendered: | a | b |",
    "<ul><li>See [it](x.md)</li></ul>": "not rendered: See [it](x.md)",
}


@pytest.mark.parametrize("source", WRONG_MARKDOWN)
def test_a_table_that_falls_apart_is_found(source: str) -> None:
    assert list(SITE_CHECKS.broken_tables(source)) == [WRONG_MARKDOWN[source]]


@pytest.mark.parametrize("html", WRONG_HTML)
def test_markdown_that_is_left_over_is_found(html: str) -> None:
    assert list(SITE_CHECKS.raw_markdown(html)) == [WRONG_HTML[html]]
    assert not list(SITE_CHECKS.raw_markdown(f"<pre>{html}</pre><p><code>a | b</code> or - c</p>"))


def test_what_a_page_loads_from_elsewhere_is_found() -> None:
    html = (
        '<script src="//cdn.example/a.js"></script><a href="https://b.example">b</a><img src="c">'
    )
    (found,) = SITE_CHECKS.loaded_from_elsewhere(html)
    assert found == "loaded from elsewhere: //cdn.example/a.js"


def test_every_file_that_the_design_names_exists() -> None:
    named = re.findall(r"`((?:emulator|tests|contracts|fixtures|docs)/[^`]*)`", design())
    for name in named:
        pattern = re.sub(r"<\w+>", "*", name).rstrip("/")
        assert list(ROOT.glob(pattern)), name


def design() -> str:
    return (ROOT / "docs" / "design.md").read_text(encoding="utf-8")


def test_the_design_gives_a_reason_for_every_dependency() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    reasons = design().partition("## Dependencies")[2].partition("\n## ")[0]
    needed, _, extras = reasons.partition("\n| Extra |")
    rows = [line.split("|")[1] for line in needed.splitlines() if line.startswith("| ")][2:]
    explained = {name.strip() for row in rows for name in row.split(",")}
    assert explained == {line.partition(">")[0] for line in project["dependencies"]}
    cells = [line.split("|") for line in extras.splitlines() if line.startswith("| `")]
    of_extras = {(row[1].strip(" `"), name.strip()) for row in cells for name in row[2].split(",")}
    assert of_extras == {
        (extra, line.partition(">")[0])
        for extra, lines in project["optional-dependencies"].items()
        for line in lines
        if extra not in ("test", "bench", "dev")
    }


def test_the_changelog_has_the_version() -> None:
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_checks_can_be_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
