"""Every example in `examples/` is run as its page says, where the machine can."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from emulator.serving.server import Server
from examples.make_reports import CLIENTS, make
from tests.emulators import new_emulator

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def run(*command: str, **environment: str) -> str:
    """Run a command in the folder of the examples and return what it says; it has to succeed."""
    ran = subprocess.run(
        command,
        cwd=EXAMPLES,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


@pytest.fixture(autouse=True)
def without_heavy_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plugins that are on this machine for other tests take seconds to import."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p emulator.testing.pytest_plugin")


@pytest.fixture
def url() -> Iterator[str]:
    with Server(new_emulator().application) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.mark.parametrize("folder", ["with_pytest", "with_mock_aep"])
def test_pytest_runs(folder: str) -> None:
    said = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder)
    assert " passed" in said
    assert "skipped" not in said


def test_unittest_runs() -> None:
    assert "OK" in run(sys.executable, "-m", "unittest", "with_unittest/test_leads.py")


def test_the_tests_of_the_container_run_against_a_server(url: str) -> None:
    """There need not be a container engine here; the command is the one of `compose.yaml`."""
    command = [sys.executable, "-m", "unittest", "with_docker_compose/test_leads.py"]
    assert "OK" in run(*command, AEP_URL=url)


def test_the_compose_file_waits_for_the_emulator_and_hands_it_to_the_tests() -> None:
    folder = EXAMPLES / "with_docker_compose"
    services = yaml.safe_load((folder / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert services["aep"]["build"].startswith("${EMULATOR_SOURCE:-")
    assert (folder / "../.." / "Dockerfile").is_file()  # the source that its first line names
    assert services["tests"]["depends_on"] == {"aep": {"condition": "service_healthy"}}
    assert services["tests"]["environment"]["AEP_URL"] == "http://aep:8080"
    mounted, _, inside = services["tests"]["volumes"][0].removesuffix(":ro").partition(":")
    assert (folder / mounted / "leads").is_dir()
    assert services["tests"]["working_dir"].startswith(inside)


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not on this machine")
def test_node_runs(url: str) -> None:
    said = run("node", "--test", "with_node/", AEP_EMULATOR_URL=url)
    assert "# pass 2" in said or "pass 2" in said
    assert "fail 0" in said


VIOLATIONS = {
    "careful": [],
    "careless": [
        ("flow_service.create_source_connection.compression_type_is_known", 2),
        ("flow_service.update_flow.if_match_is_sent", 1),
        ("platform.gate.organization_is_sent", 1),
    ],
}


@pytest.mark.parametrize("client", CLIENTS)
def test_the_reports_that_are_shown_are_exactly_these(client: str, tmp_path: Path) -> None:
    """`make tables` writes them."""
    make(client, tmp_path / "report.md")
    shown = (EXAMPLES / "reports" / f"{client}.md").read_text(encoding="utf-8")
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == shown
    rows = re.findall(r"^\| `([\w.]+)` \| `[\w.]+` \| (\d+) \|", shown, re.MULTILINE)
    assert [(rule, int(count)) for rule, count in rows] == VIOLATIONS[client]
    assert f"| Rules broken as expected | {2 if client == 'careful' else 0} |" in shown


def test_every_example_is_on_the_page() -> None:
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    assert {name for name in folders if f"| `{name}` |" not in page} <= {
        "__pycache__",
        ".pytest_cache",
    }
