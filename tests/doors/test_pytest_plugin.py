"""The pytest plugin, in runs of its own: fixtures, marks, reports, and two processes at once."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "house-rules"

CONFTEST = """
import pytest

@pytest.fixture
def aep_settings(request):
    return getattr(request.module, "SETTINGS", {})
"""

TEST_GOOD = """
import urllib.request
import httpx, pytest, requests
from emulator.settings import Settings

FLOWS = "/data/foundation/flowservice/flows"
CONNECTIONS = "/data/foundation/flowservice/connections"
SANDBOXES = "/data/foundation/sandbox-management/sandboxes"
NEW = {"name": "more", "title": "More", "type": "development"}
STARTS = []


@pytest.mark.parametrize("number", range(3))
def test_each_begins_anew(aep, number):
    names = [item["name"] for item in aep.session.get(SANDBOXES).json()["sandboxes"]]
    made = aep.session.post(SANDBOXES, json=NEW)
    STARTS.append((names, made.json(), made.headers["x-request-id"], aep.clock.now()))
    aep.clock.advance(5)
    aep.edition = "2020-03"
    assert STARTS[0] == STARTS[-1]
    assert "more" not in names


@pytest.mark.parametrize("number", range(3))
def test_behind_a_socket_too(aep_server, number):
    assert aep_server.url.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(aep_server.url + "/_emulator/health") as reply:
        assert reply.status == 200
    assert aep_server.session.post(SANDBOXES, json=NEW).status_code == 202
    assert len(aep_server.journal) == 1


def test_one_server_serves_them_all(aep_server, request):
    seen = request.config.cache.get("aep/url", aep_server.url)
    assert seen == aep_server.url


def test_hosts_are_answered_for(mock_aep):
    reply = requests.get("https://platform.adobe.io" + FLOWS, headers=mock_aep.headers)
    assert reply.status_code == 200
    assert requests.get(mock_aep.url + FLOWS, headers=mock_aep.headers).status_code == 200
    assert httpx.get("https://platform.adobe.io/data/core/x").status_code == 501


def test_both_fixtures_are_one_emulator(aep, mock_aep):
    assert aep is mock_aep


def test_bare_mock_within_the_fixture_shares_it(mock_aep):
    from emulator.testing.mock import mock_aep as mock
    with mock() as inner:
        assert inner is mock_aep


def test_process_and_server_are_apart(aep, aep_server):
    aep.session.post(SANDBOXES, json=NEW)
    assert len(aep.journal) == 1
    assert aep_server.journal == []


@pytest.mark.aep(edition="2020-03", enforce="strict")
class TestMarked:
    def test_class(self, aep):
        assert (aep.edition, aep.enforce) == ("2020-03", "strict")

    @pytest.mark.aep(edition="2020-09", faults=[429])
    def test_nearest_wins(self, aep_server):
        assert (aep_server.edition, aep_server.enforce) == ("2020-09", "strict")
        assert aep_server.session.get(FLOWS).status_code == 429


@pytest.mark.parametrize("number", range(2))
@pytest.mark.aep(scenario="tutorial-complete", edition="2020-09")
def test_a_scenario_is_there_and_left_behind(aep, number):
    (flow,) = aep.session.get(FLOWS).json()["items"]
    assert aep.edition == "2020-09"
    aep.session.delete(FLOWS + "/" + flow["id"], headers={"If-Match": flow["etag"]})
    assert aep.session.get(FLOWS).json()["items"] == []


def test_a_random_world(aep):
    assert aep.seed(flows=2)["flows"] == 2
    first = aep.session.get(FLOWS).json()
    aep.reset()
    assert aep.session.get(FLOWS).json()["items"] == []
    aep.load_scenario("tutorial-half-way")
    aep.reset()
    aep.seed(flows=2)
    assert aep.session.get(FLOWS).json() == first


def test_marks_do_not_last(aep, aep_server):
    for one in (aep, aep_server):
        assert (one.edition, one.enforce) == ("latest", "documented")
        assert one.session.get(FLOWS).status_code == 200


def test_refusal_on_purpose(aep):
    with aep.expects_refusal(rule="platform.gate.organization_is_sent"):
        aep.session.get(FLOWS, headers={"x-gw-ims-org-id": None})
    aep.assert_no_violations()


class TestOverridden:
    @pytest.fixture
    def aep_settings(self):
        return Settings(edition="2020-09", tenant="acme")

    def test_settings(self, aep, aep_server):
        assert aep.edition == aep_server.edition == "2020-09"
        assert aep.emulator.settings.tenant == "acme"
"""

TEST_SETTINGS = """
SETTINGS = {"edition": "2020-03"}

def test_a_module_has_its_own(aep):
    assert aep.edition == "2020-03"
"""

TEST_BAD = """
import urllib.request
import pytest

FLOWS = "/data/foundation/flowservice/flows"


def test_violation(aep):
    aep.session.get(FLOWS, headers={"x-gw-ims-org-id": None})
    aep.assert_no_violations()


def test_other_failure(aep_server):
    aep_server.session.get(FLOWS, params={"password": "hidden"})
    assert 1 == 2


def test_hidden_leak(aep):
    try:
        urllib.request.urlopen("https://platform.adobe.io/")
    except Exception:
        pass


@pytest.mark.aep(edition="2031")
def test_unknown_edition(aep):
    pass


@pytest.mark.aep(editon="2020-03")
def test_unknown_word(aep):
    pass


@pytest.mark.aep(scenario="nowhere")
def test_unknown_scenario(aep):
    pass


@pytest.mark.aep("2020-03")
def test_no_word(aep):
    pass


def test_without_fixtures():
    assert 1 == 2
"""

TEST_HOUSE = """
SETTINGS = {"contracts": "house-rules"}

def test_house(aep):
    aep.session.post("/data/foundation/flowservice/flows", json={"name": "my flow"})
"""
HOUSE_RULE = "so that its bill finds its payer"
"""What a rule of the house says, in the report."""


@dataclass
class Run:
    """A run of pytest: what it printed, its tests with their results, and its coverage."""

    output: str
    results: dict[str, str]
    coverage: dict[str, object]

    def of(self, outcome: str) -> set[str]:
        return {name for name, found in self.results.items() if found == outcome}


def run(folder: Path, *flags: str) -> Run:
    """Run pytest over some tests, with no plugins but those that are named."""
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "emulator.testing.pytest_plugin", *flags]
    command += ["--aep-report", "report.html", "--aep-coverage", "coverage.json"]
    command += ["--aep-summary", "--junit-xml", "results.xml"]
    done = subprocess.run(
        [*command, "-W", "error"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    results = {}
    for case in ET.parse(folder / "results.xml").iter("testcase"):
        kinds = {child.tag for child in case} & {"failure", "error"}
        results[str(case.get("name"))] = kinds.pop() if kinds else "passed"
    coverage = json.loads((folder / "coverage.json").read_text("utf-8"))
    return Run(done.stdout, results, coverage)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("suite")
    (made / "conftest.py").write_text(CONFTEST, "utf-8")
    shutil.copytree(EXAMPLE, made / "house-rules")
    suite = {"good": TEST_GOOD, "settings": TEST_SETTINGS, "bad": TEST_BAD, "house": TEST_HOUSE}
    for name, text in suite.items():
        (made / f"test_{name}.py").write_text(text, "utf-8")
    return made


@pytest.fixture(scope="module")
def plain(folder: Path) -> Run:
    return run(folder)


BAD = {"test_violation", "test_other_failure", "test_hidden_leak", "test_without_fixtures"}
UNUSABLE = {"test_unknown_edition", "test_unknown_word", "test_unknown_scenario", "test_no_word"}


def test_the_fixtures_do_what_they_say(plain: Run) -> None:
    assert plain.of("failure") == BAD, plain.output
    assert plain.of("error") == UNUSABLE
    assert len(plain.of("passed")) == 21


def test_a_failed_test_shows_its_calls(plain: Run) -> None:
    sections = plain.output.split("aep-emulator: calls of this test")
    assert len(sections) == 3
    assert "#1 GET /data/foundation/flowservice/flows -> 400" in sections[1]
    assert "platform.gate.organization_is_sent (error)" in sections[1]
    assert "flows?password=****** -> 400" in plain.output
    assert "password=hidden" not in plain.output


def test_a_failed_assertion_points_at_the_test(plain: Run) -> None:
    assert "aep.assert_no_violations()\nE   " in plain.output
    assert "emulator/testing" not in plain.output


def test_a_leak_that_the_client_hid_fails_the_test(plain: Run) -> None:
    assert "platform.adobe.io was reached for" in plain.output


def test_a_mark_that_cannot_be_used_is_explained(plain: Run) -> None:
    assert "the mark aep: edition: '2031' is not one of 2020-03" in plain.output
    assert "the mark aep: unknown argument 'editon'; did you mean edition?" in plain.output
    assert "the mark aep takes only keyword arguments, such as edition=" in plain.output


def names_in(coverage: dict[str, object]) -> set[str]:
    rows = coverage["rows"]
    assert isinstance(rows, list)
    return {row["test"] for row in rows}


def test_a_report_of_no_known_form_is_refused_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "emulator.testing.pytest_plugin"]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [*command, "--aep-report", "report.pdf"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert (
        "--aep-report: report.pdf: expected a name that ends in one of .html, .json" in done.stderr
    )


def test_the_coverage_has_what_every_test_has_tried(plain: Run, folder: Path) -> None:
    assert "test_bad.py::test_violation" in names_in(plain.coverage)
    assert "test_good.py::TestMarked::test_nearest_wins" in names_in(plain.coverage)
    assert plain.coverage["format"] == "aep-emulator coverage 2"
    report = (folder / "report.html").read_text("utf-8")
    assert report.startswith("<!DOCTYPE html>")
    assert HOUSE_RULE in report


def test_the_summary_tells_accidents_from_purpose(plain: Run) -> None:
    summary = plain.output.rpartition("= aep-emulator =")[2]
    assert "aep-emulator: wrote report.html\naep-emulator: wrote coverage.json" in plain.output
    assert "platform.gate.organization_is_sent" in summary


def test_workers_of_xdist_share_nothing_and_report_together(folder: Path, plain: Run) -> None:
    both = run(folder, "-p", "xdist", "-n", "2")
    assert both.results == plain.results, both.output
    assert names_in(both.coverage) == names_in(plain.coverage)
    end = both.output.rpartition("= aep-emulator =")[2].splitlines()
    assert end[1:3] == plain.output.rpartition("= aep-emulator =")[2].splitlines()[1:3]
    assert HOUSE_RULE in (folder / "report.html").read_text("utf-8")


def test_it_is_found_by_pytest_once_installed() -> None:
    (point,) = (
        found
        for found in importlib.metadata.entry_points(group="pytest11")
        if found.name == "aep_emulator"
    )
    assert point.value == "emulator.testing.pytest_plugin"


def test_importing_it_costs_next_to_nothing() -> None:
    """Beside pytest itself it brings little but the empty package that it lies in."""
    program = "import sys, pytest; old = set(sys.modules); import emulator.testing.pytest_plugin; "
    program += "print(*sorted(set(sys.modules) - old))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [
        "emulator",
        "emulator.testing",
        "emulator.testing.plugin_mark",
        "emulator.testing.pytest_plugin",
        "emulator.testing.run",
    ]


def test_a_run_without_fixtures_imports_nothing_more(tmp_path: Path) -> None:
    program = """
        import sys

        def test_nothing():
            heavy = {"flask", "requests", "httpx", "emulator.app", "emulator.testing.aep"}
            assert not heavy & set(sys.modules)
    """
    (tmp_path / "test_it.py").write_text("if True:" + program, "utf-8")
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "emulator.testing.pytest_plugin"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


OWN = ("", ".plugin_mark", ".pytest_plugin", ".run")
"""What the plugin imports, below its package."""


def test_a_run_without_tests_imports_a_few_small_modules(tmp_path: Path) -> None:
    program = """
        import sys, pytest

        class After:
            def pytest_unconfigure(self):
                print(*sorted(name for name in sys.modules if name.startswith("emulator")))

        flags = ["--collect-only", "-q", "-p", "emulator.testing.pytest_plugin"]
        pytest.main(flags, plugins=[After()])
    """
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-c", f"if True:{program}"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    (*_, names) = done.stdout.split("\n\n")[-1].strip().splitlines()
    own = ("emulator", *(f"emulator.testing{name}" for name in OWN))
    assert names.split() == [*own]
