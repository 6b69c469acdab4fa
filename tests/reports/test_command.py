"""`aep-emulator report`: from a running emulator or from files, and its exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from emulator.emulator import Emulator
from tests.doors.test_cli import Done, run
from tests.journal.conftest import control_of
from tests.reports.conftest import NAME, TEST


def undated(text: str) -> str:
    """A report without the moment at which it was made."""
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:]+Z", "", text)


def report(*arguments: str | Path) -> Done:
    return run("report", *map(str, arguments))


def test_from_a_running_emulator(url: str) -> None:
    done = report("--url", url)
    assert (done.returncode, done.stderr) == (0, "")
    first, demanded, *more = done.stdout.splitlines()
    assert first.startswith("2 rules violated (3 times), 1 warning, ")
    assert demanded.startswith("  nothing was demanded, so this has neither passed nor failed;")
    (coverage,) = (line for line in more if line.startswith("Contract coverage of"))
    assert coverage.startswith("Contract coverage of 6 calls, 2020-09-13T12:26:40Z, edition latest")
    assert NAME in done.stdout


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (("--fail-on", "nothing"), 0, ""),
        (("--fail-on", "violations"), 1, "2 rules violated"),
        (("--fail-on", "warnings"), 1, "1 expectation not met"),
        (("--min-rule-coverage", "0.01"), 0, ""),
        (("--min-rule-coverage", "0.99"), 1, "of the rules covered, at least 99 % required"),
        (("--min-operation-coverage", "0.99"), 1, "of the operations called"),
        (("--min-rule-coverage", "2"), 2, "'2' is not a share from 0 to 1"),
        (("--min-rule-coverage", "much"), 2, "'much' is not a share"),
        (("--fail-on", "everything"), 2, "invalid choice"),
        (("--format", "pdf"), 2, "invalid choice"),
        (("--operations", "nowhere.txt"), 2, "nowhere.txt: No such file"),
        (
            ("--format", "json", "--output", "a", "--output", "b"),
            2,
            "--output: given more often than --format",
        ),
        (("--output", "a.foo"), 2, "--output: a.foo: expected a name that ends in one of .html"),
        (("--output", "/nowhere/a.txt"), 2, "/nowhere/a.txt: No such file"),
    ],
)
def test_exit_codes(url: str, flags: tuple[str, ...], code: int, said: str) -> None:
    done = report("--url", url, *flags)
    assert done.returncode == code
    assert said in done.stderr


def test_several_forms_at_once(url: str, tmp_path: Path) -> None:
    page, suites = tmp_path / "report.html", tmp_path / "report.xml"
    forms = ("--format", "html", "--format", "junit", "--format", "markdown")
    done = report("--url", url, *forms, "--output", page, "--output", suites)
    assert done.returncode == 0
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert ET.parse(suites).getroot().tag == "testsuites"
    assert "## 2 rules violated" in done.stdout


def test_listed_operations(url: str, tmp_path: Path) -> None:
    listed = tmp_path / "operations.txt"
    listed.write_text("# ours\nflow_service.create_connection  # used daily\n\n", "utf-8")
    done = report("--url", url, "--operations", listed, "--min-operation-coverage", "1")
    assert done.returncode == 0
    assert "operations  1 of 1 listed (100 %) called" in done.stdout
    listed.write_text("flow_service.fly\n", "utf-8")
    unknown = report("--url", url, "--operations", listed)
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "unknown operation flow_service.fly" in unknown.stderr
    listed.write_text("# nothing\n", "utf-8")
    assert "lists no operations" in report("--url", url, "--operations", listed).stderr


def test_files_add_up(url: str, tmp_path: Path) -> None:
    one, both = tmp_path / "one.json", tmp_path / "both.json"
    assert report("--url", url, "--save", one).returncode == 0
    added = report(one, one, "--save", both)
    assert "\nContract coverage of 12 calls" in added.stdout
    assert undated(report(both).stdout) == undated(added.stdout)
    with_url = report(both, "--url", url)
    assert "\nContract coverage of 18 calls" in with_url.stdout
    listed = tmp_path / "operations.txt"
    listed.write_text("flow_service.fly\n", "utf-8")
    assert report(one, "--operations", listed).returncode == 2


def test_the_same_from_a_file_as_from_the_emulator(url: str, tmp_path: Path) -> None:
    file = tmp_path / "coverage.json"
    live = report("--url", url, "--format", "json", "--save", file)
    saved = report(file, "--format", "json")
    assert {**json.loads(saved.stdout), "date": ""} == {**json.loads(live.stdout), "date": ""}


def test_one_test_alone(url: str, tmp_path: Path) -> None:
    file = tmp_path / "coverage.json"
    live = report("--url", url, "--test", TEST, "--save", file)
    assert "\nContract coverage of 1 call," in live.stdout
    assert undated(report(file, "--test", TEST).stdout) == undated(live.stdout)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ("[]", "not a coverage file"),
        ('{"format": "x"}', "not a coverage file"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "coverage.json"
    file.write_text(content, "utf-8")
    done = report(file)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{file}: {said}" in done.stderr.replace("is: ", "is ")
    assert report(tmp_path / "nowhere.json").returncode == 2


def test_nobody_answers() -> None:
    assert report("--url", "http://127.0.0.1:1").returncode == 2


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("json", "application/json"),
        ("html", "text/html"),
        ("junit", "application/xml"),
        ("sarif", "application/sarif+json"),
        ("markdown", "text/markdown"),
        ("terminal", "text/plain"),
    ],
)
def test_over_http(called: Emulator, form: str, media_type: str) -> None:
    client = called.wsgi_app.test_client()
    reply = client.get(f"/_emulator/report?format={form}")
    assert (reply.status_code, reply.mimetype) == (200, media_type)
    assert NAME.encode() in reply.data


def test_over_http_with_filters(called: Emulator) -> None:
    control = control_of(called)
    one = control("report?operation=flow_service.create_connection")
    assert one["totals"]["operations"]["total"] == 1
    assert {row["name"] for row in control("report?service=catalog")["services"]} == {
        "platform",
        "catalog",
    }
    assert control(f"report?test={TEST}")["totals"]["calls"] == 1
    assert {row["test"] for row in control(f"coverage?test={TEST}")["rows"]} == {TEST}
    for query in ("operation=x", "service=x", "format=x"):
        assert control(f"report?{query}", status=400)["error"] == "invalid query"
