"""What fails a test without an assertion of its own: `aep_fail_on`, in runs of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.reports.thresholds import FAIL_ON
from emulator.testing import plugin_mark
from tests.doors.pytest_runs import Finished, run_pytest

NO_ORGANIZATION = "platform.gate.organization_is_sent"

TESTS = """
import unittest
import pytest
from aep_emulator import mock_aep
from aep_emulator.testing import Aep
from tests.bodies import base_connection

CONNECTIONS = "/data/foundation/flowservice/connections"
NO_ORGANIZATION = "platform.gate.organization_is_sent"
NO_AUTH = "flow_service.create_connection.auth_is_sent"


def break_gate(aep):
    aep.session.get(CONNECTIONS, headers={"x-gw-ims-org-id": None})

def warn(aep):
    body = base_connection()
    del body["auth"]
    assert aep.session.post(CONNECTIONS, json=body).status_code == 201


def test_good(aep):
    aep.session.get(CONNECTIONS)

def test_violation(aep):
    break_gate(aep)

def test_violation_of_a_server(aep_server):
    break_gate(aep_server)

def test_violation_before_a_reset(aep):
    break_gate(aep)
    aep.reset()

def test_warning(aep):
    warn(aep)

def test_expected_warning(aep):
    with aep.expects(NO_AUTH):
        aep.session.get(CONNECTIONS)
        warn(aep)

def test_expected_refusal(aep):
    with aep.expects_refusal(NO_ORGANIZATION):
        aep.session.get(CONNECTIONS)
        break_gate(aep)

@pytest.mark.aep(expects=NO_ORGANIZATION)
def test_expected_by_mark(aep):
    break_gate(aep)

@pytest.mark.aep(expects=[NO_ORGANIZATION])
def test_expected_by_mark_and_not_broken(aep):
    aep.session.get(CONNECTIONS)

@pytest.mark.aep(expects="platform.gate.organisation_is_sent")
def test_expected_by_mark_that_is_wrong(aep):
    break_gate(aep)

@mock_aep
@pytest.mark.aep(expects=NO_ORGANIZATION)
def test_expected_by_mark_without_a_fixture():
    pass

def test_unmet(aep):
    aep.session.get(CONNECTIONS, headers={"x-emulator-expects": NO_ORGANIZATION})

@pytest.mark.aep(fail_on="nothing")
def test_opted_out(aep):
    break_gate(aep)

@pytest.mark.aep(fail_on="warnings")
def test_opted_in(aep):
    warn(aep)

@pytest.mark.aep(fail_on="errors")
def test_unusable_mark(aep):
    pass

@mock_aep
def test_violation_of_the_decorator():
    import requests
    requests.get("https://platform.adobe.io" + CONNECTIONS)

def test_many_of_its_own():
    for _ in range(150):
        with Aep() as own:
            break_gate(own)

class TestCase(unittest.TestCase):
    def setUp(self):
        self.aep = self.enterContext(Aep())

    def test_violation_of_unittest(self):
        break_gate(self.aep)


@pytest.fixture(scope="module")
def shared():
    with Aep() as own:
        yield own
        break_gate(own)

def test_good_one_of_a_shared_one(shared):
    shared.session.get(CONNECTIONS)

def test_violation_of_a_shared_one(shared):
    break_gate(shared)

@pytest.mark.aep(fail_on="nothing")
def test_opted_out_of_a_shared_one(shared):
    break_gate(shared)

def test_other_good_one_of_a_shared_one(shared):
    shared.session.get(CONNECTIONS)


@pytest.fixture
def leaves(aep):
    yield
    break_gate(aep)

def test_violation_of_a_fixture_at_its_end(leaves):
    pass

@pytest.fixture
def begins(aep):
    break_gate(aep)

def test_violation_of_a_fixture_at_its_start(begins):
    pass

@pytest.fixture
def begins_wrongly(aep):
    break_gate(aep)
    1 / 0

def test_error_of_a_fixture(begins_wrongly):
    pass

def test_other_failure(aep):
    break_gate(aep)
    assert 1 == 2

@pytest.mark.xfail(strict=True)
def test_that_has_to_fail(aep):
    break_gate(aep)

def test_last_of_a_shared_one(shared):
    pass
"""

FAILED_BY_VIOLATIONS = {
    "test_violation",
    "test_violation_of_a_server",
    "test_violation_before_a_reset",
    "test_violation_of_the_decorator",
    "test_many_of_its_own",
    "test_violation_of_unittest",
    "test_violation_of_a_shared_one",
    "test_violation_of_a_fixture_at_its_start",
}
ALWAYS_FAILED = {
    "test_other_failure",
    "test_opted_in",
    "test_expected_by_mark_and_not_broken",
    "test_expected_by_mark_that_is_wrong",
    "test_expected_by_mark_without_a_fixture",
}
ALWAYS_ERRORS = {"test_error_of_a_fixture", "test_unusable_mark"}
ERRORS_BY_VIOLATIONS = {"test_violation_of_a_fixture_at_its_end", "test_last_of_a_shared_one"}


def of(found: Finished, result: str) -> set[str]:
    return {name for name, other in found.results.items() if other == result}


@pytest.fixture(scope="module")
def by_violations(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("violations")
    (folder / "pytest.ini").write_text("[pytest]\naep_fail_on = violations\n", "utf-8")
    return run_pytest(folder, test_it=TESTS)


def test_a_violation_fails_its_test(by_violations: Finished) -> None:
    assert of(by_violations, "failure") == FAILED_BY_VIOLATIONS | ALWAYS_FAILED
    assert of(by_violations, "error") == ALWAYS_ERRORS | ERRORS_BY_VIOLATIONS
    assert of(by_violations, "skipped") == {"test_that_has_to_fail"}
    assert set(by_violations.results.values()) == {"passed", "failure", "error", "skipped"}


def test_it_says_call_rule_reason_and_where_to_read_more(by_violations: Finished) -> None:
    (_, _, said) = by_violations.output.partition("_ test_violation _")
    said = said.partition("_ test_violation_of_a_server _")[0]
    assert "the test did not expect this (aep_fail_on is violations):" in said
    assert (
        f"#1 GET /data/foundation/flowservice/connections -> 400  refused by {NO_ORGANIZATION}"
        in said
    )
    assert '"x-gw-ims-org-id" is a required property' in said
    assert f"aep-emulator contracts explain {NO_ORGANIZATION}" in said
    assert f'aep.expects("{NO_ORGANIZATION}")' in said
    assert "emulator/testing" not in by_violations.output


def test_a_mark_that_cannot_be_used_is_told_in_one_line(by_violations: Finished) -> None:
    said = "the mark aep: expects: unknown rule 'platform.gate.organisation_is_sent'; did you mean"
    assert f"{said} {NO_ORGANIZATION}" in by_violations.output
    assert "the mark aep: expects is for tests that use aep, mock_aep" in by_violations.output


def test_a_flag_goes_before_the_ini_and_warnings_are_more(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naep_fail_on = violations\n", "utf-8")
    found = run_pytest(tmp_path, "--aep-fail-on=warnings", test_it=TESTS)
    more = {"test_warning", "test_unmet"}
    assert of(found, "failure") == FAILED_BY_VIOLATIONS | ALWAYS_FAILED | more
    assert f"was expected to break {NO_ORGANIZATION}, and did not" in found.output


def test_by_default_nothing_does_and_all_calls_are_reported_by_the_ids_of_tests(
    tmp_path: Path,
) -> None:
    found = run_pytest(tmp_path, "--aep-coverage", "coverage.json", test_it=TESTS)
    assert of(found, "failure") == {*ALWAYS_FAILED, "test_that_has_to_fail"}
    assert of(found, "error") == ALWAYS_ERRORS
    sections = found.output.split("aep-emulator: calls of this test")
    assert any("test_error_of_a_fixture" in before[-3000:] for before in sections[:-1])
    coverage = (tmp_path / "coverage.json").read_text("utf-8")
    assert "test_it.py::test_violation_of_the_decorator" in coverage  # it has no name of its own


@pytest.mark.parametrize("flags", [(), ("--aep-fail-on=errors",)], ids=["ini", "flag"])
def test_a_value_that_there_is_not_is_refused(tmp_path: Path, flags: tuple[str, ...]) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naep_fail_on = errors\n", "utf-8")
    found = run_pytest(tmp_path, *flags)
    assert found.status == pytest.ExitCode.USAGE_ERROR
    assert "errors" in found.output
    assert "violations" in found.output


def test_the_words_are_those_of_reports() -> None:
    assert plugin_mark.FAIL_ON == FAIL_ON


LATE = """
import threading
import requests

HAS_ENDED = threading.Event()
THREADS = []

def call(url):
    HAS_ENDED.wait()
    requests.get(url)

def test_leaves_a_thread(aep_server):
    url = aep_server.url + "/data/foundation/flowservice/flows"
    THREADS.append(threading.Thread(target=call, args=[url], daemon=True))
    THREADS[0].start()

def test_that_comes_next():
    HAS_ENDED.set()
    THREADS[0].join()
"""

CRASH = """
import os

def test_calls(aep):
    aep.session.get("/data/foundation/flowservice/flows")

def test_crashes(aep):
    os._exit(1)
"""


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "1")], ids=["alone", "xdist"])
def test_calls_that_come_too_late_are_told(tmp_path: Path, workers: tuple[str, ...]) -> None:
    found = run_pytest(tmp_path, *workers, test_late=LATE)
    assert found.status == 0, found.output
    said = "aep-emulator: 1 calls of test_late.py::test_leaves_a_thread came after its end"
    assert said in found.output


def test_a_worker_that_crashes_leaves_a_gap_in_the_report(tmp_path: Path) -> None:
    found = run_pytest(
        tmp_path, "-p", "xdist", "-n", "1", "--aep-report", "made/report.json", test_crash=CRASH
    )
    assert "has ended without its coverage; what its tests called is not reported" in found.output
    assert (tmp_path / "made" / "report.json").exists()


def test_a_report_without_calls_replaces_the_one_of_before(tmp_path: Path) -> None:
    (tmp_path / "report.md").write_text("of the last run", "utf-8")
    found = run_pytest(
        tmp_path, "--aep-report", "report.md", test_it="def test_nothing():\n    pass\n"
    )
    assert found.status == 0, found.output
    assert "aep-emulator: no test called the emulator" in found.output
    assert (tmp_path / "report.md").read_text("utf-8") != "of the last run"
