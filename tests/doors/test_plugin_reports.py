"""The reports of a run of pytest: several at once, with the places and times of its tests."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from emulator.cli import COMMANDS
from tests.doors.pytest_runs import Finished, run_pytest, section

NO_ORGANIZATION = "platform.gate.organization_is_sent"

TESTS = """
import time
import pytest

CONNECTIONS = "/data/foundation/flowservice/connections"


def test_good(aep):
    time.sleep(0.2)
    aep.session.get(CONNECTIONS)


class TestOfClass:
    @pytest.mark.parametrize("number", [1, 2])
    def test_bad(self, aep, number):
        aep.session.get(CONNECTIONS, headers={"x-gw-ims-org-id": None})


def test_without_calls():
    time.sleep(0.2)
"""
ENDS = """
import unittest
import pytest
from aep_emulator.testing import Aep

RULE = "platform.gate.organization_is_sent"


def fail(aep):
    url = "/data/foundation/flowservice/connections"
    aep.session.get(url, headers={"x-gw-ims-org-id": None}).raise_for_status()

def skip(aep):
    with pytest.raises(OSError):
        fail(aep)
    pytest.skip("midway")


def test_broke_and_raised(aep):
    fail(aep)

@pytest.mark.xfail
def test_broke_and_was_to_fail(aep):
    fail(aep)

def test_broke_and_skipped(aep):
    skip(aep)

@pytest.fixture
def fails(aep):
    fail(aep)

def test_broke_before(fails):
    pass

@pytest.fixture
def skips(aep):
    skip(aep)

def test_broke_and_skipped_before(skips):
    pass

@pytest.fixture
def fails_at_its_end(aep):
    yield
    fail(aep)

def test_broke_at_its_end(fails_at_its_end):
    pass

def test_broke_another_rule_in_a_block(aep):
    with aep.expects_refusal("flow_service.create_connection.connection_spec_is_sent"):
        url = "/data/foundation/flowservice/connections"
        aep.session.post(url, json={"name": 7}).raise_for_status()

def test_broke_no_rule_in_a_block(aep):
    with aep.expects(RULE):
        aep.session.get("/data/foundation/flowservice/flows")

def test_as_expected_in_a_block(aep):
    with aep.expects_refusal(RULE):
        fail(aep)

class TestCase(unittest.TestCase):
    def test_broke_with_unittest(self):
        with Aep() as own:
            fail(own)

@pytest.mark.aep(expects=RULE)
def test_expected(aep):
    fail(aep)

@pytest.mark.aep(fail_on="nothing")
def test_may_break_all(aep):
    fail(aep)

def test_calls_and_fails(aep):
    aep.session.get("/data/foundation/flowservice/connections")
    assert 1 == 2
"""
BROKE = 2 + ENDS.count("def test_broke")

REPORTS = tuple(f"report.{ending}" for ending in ("xml", "sarif", "json", "md", "txt", "html"))


@pytest.fixture(scope="module", params=[(), ("-p", "xdist", "-n", "2")], ids=["alone", "xdist"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("run")
    (made / "tests").mkdir()
    (made / "tests" / "test_it.py").write_text(TESTS, "utf-8")
    (made / "tests" / "test_ends.py").write_text(ENDS, "utf-8")
    flags = [flag for name in REPORTS for flag in ("--aep-report", name)]
    found = run_pytest(made, *request.param, "--aep-summary", "--aep-fail-on", "violations", *flags)
    (made / "output").write_text(found.output, "utf-8")
    assert found.status == 1, found.output
    return made


def test_each_is_written_in_the_form_of_its_name(folder: Path) -> None:
    output = (folder / "output").read_text("utf-8")
    for name in REPORTS:
        assert f"aep-emulator: wrote {name}" in output
        assert (folder / name).stat().st_size > 500


def test_junit_has_the_times_of_the_tests(folder: Path) -> None:
    root = ET.parse(folder / "report.xml").getroot()
    cases = list(root.iter("testcase"))
    times = [float(case.get("time", "0")) for case in cases]
    # No call is the one that did not break a rule.
    without = [case.get("name") for case in cases if case.get("time") == "0"]
    assert without == ["--aep-fail-on violations", "platform.gate.organization_is_sent"]
    # What the tests took that called the emulator, and not the other one.
    report = json.loads((folder / "report.json").read_text("utf-8"))
    took = sum(test["seconds"] for test in report["tests"])
    assert took >= 0.2
    assert sum(times) == pytest.approx(took, abs=0.001)
    assert float(root.get("time", "0")) == pytest.approx(took, abs=0.001)
    for suite in (root, *root.iter("testsuite")):
        # As junit-10.xsd has it.
        assert re.fullmatch(r"\d{1,3}(\.\d{1,3})?", suite.get("time", ""))
    for suite in root.iter("testsuite"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", ""))


def test_json_lists_the_tests_that_called(folder: Path) -> None:
    report = json.loads((folder / "report.json").read_text("utf-8"))
    path = "tests/test_it.py"
    tests = [test for test in report["tests"] if test["id"].startswith(path)]
    ids = [test["id"].partition("[")[0] for test in tests]
    assert sorted(ids) == [f"{path}::TestOfClass::test_bad"] * 2 + [f"{path}::test_good"]
    told = [(row["violations"], row["outcome"], row["calls"]) for row in tests]
    assert told == [(1, "failed", 1), (1, "failed", 1), (0, "passed", 1)]


def test_the_verdict_knows_which_tests_broke_rules_however_they_ended(folder: Path) -> None:
    verdict = json.loads((folder / "report.json").read_text("utf-8"))["verdict"]
    assert verdict["state"] == "failed"
    assert verdict["found"].startswith("1 rule violated (")
    (demand,) = verdict["demands"]
    assert demand["by"] == "--aep-fail-on violations"
    assert demand["failures"] == [f"{BROKE} tests did otherwise"]
    for name in REPORTS:
        assert f"{BROKE} tests did otherwise" in (folder / name).read_text("utf-8"), name


def test_a_failure_of_its_own_is_told_like_one_for_a_broken_rule(folder: Path) -> None:
    output = (folder / "output").read_text("utf-8")
    for test in ("test_broke_and_raised", "TestOfClass.test_bad[1]"):
        said = section(output, test)
        assert "      fix: Send x-gw-ims-org-id" in said, test
        assert "      see: https://" in said, test
        assert said.count(f"to read more: aep-emulator contracts explain {NO_ORGANIZATION}") == 1
    raised = section(output, "test_broke_and_raised")
    assert "raise_for_status()\nE " in raised, "the traceback ends where the client asks"
    assert (folder / "report.txt").read_text("utf-8").startswith("Failed: 1 rule violated")


def test_sarif_points_to_file_and_line_of_the_test(folder: Path) -> None:
    sarif = json.loads((folder / "report.sarif").read_text("utf-8"))
    places = [
        result["locations"][0]["physicalLocation"]
        for result in sarif["runs"][0]["results"]
        if result["ruleId"] == NO_ORGANIZATION
    ]
    path = "tests/test_it.py"
    found = [place for place in places if place["artifactLocation"]["uri"] == path]
    assert len(found) == 2
    for place in found:
        line = TESTS.splitlines()[place["region"]["startLine"] - 1]
        assert "def test_bad" in line or "parametrize" in line


def test_the_summary_names_flags_and_commands_that_exist(folder: Path, tmp_path: Path) -> None:
    output = (folder / "output").read_text("utf-8")
    summary = output.rpartition("= aep-emulator =")[2]
    assert "more; --aep-report report.json has them all" in summary
    helped: Finished = run_pytest(tmp_path, "--help")
    for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]+", summary):
        assert flag in helped.output, flag
    for command in re.findall(r"aep-emulator ([a-z]+) [A-Z]", output):
        assert command in COMMANDS
