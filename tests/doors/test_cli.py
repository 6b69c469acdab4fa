"""The command as its users start it: a process of its own, with flags and environment."""

from __future__ import annotations

import http.client
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch
from urllib.request import urlopen

import pytest

from emulator import __version__
from emulator.cli import main
from emulator.settings import table

TIMEOUT = 30
EDITIONS = ("2020-03", "2020-09", "latest")
RULE = "platform.gate.api_key_is_sent"


@dataclass
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: str, **environment: str) -> Done:
    """Run a command to its end in this process, which is quicker than in one of its own."""
    out, err = io.StringIO(), io.StringIO()
    with patch.dict(os.environ, environment), redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(arguments)
        except SystemExit as end:  # argparse's own way to end
            code = int(end.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


def run_process(*arguments: str) -> Done:
    done = subprocess.run(
        [sys.executable, "-m", "emulator", *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@contextmanager
def serving(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Serve on a free port; yields the process and the port that its banner names."""
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", "serve", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "AEP_EMULATOR_PORT": "0", **environment},
    )
    with process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            found = re.search(r"http://\S+:(\d+)$", first)
            assert found, first
            yield process, int(found[1])
        finally:
            process.kill()


def get(port: int, path: str, **headers: str) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def assert_one_line(done: Done, *words: str) -> None:
    """Misuse ends with exit code 2 and one line that says what is wrong."""
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("aep-emulator: ")
    for word in words:
        assert word in done.stderr


def test_it_tells_its_version() -> None:
    assert run_process("--version").stdout == f"aep-emulator {__version__}\n"


def test_help_names_every_setting_with_flag_and_environment() -> None:
    said = run("serve", "--help", COLUMNS="200").stdout
    for row in table():
        assert row.flag in said
        assert row.environment in said


def test_serve_says_how_to_point_a_client_at_it() -> None:
    with serving("--edition", "2020-09", "--enforce", "strict") as (process, port):
        assert port > 0
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(2)]
        url = f"http://127.0.0.1:{port}"
        assert said[0].split() == [
            "base",
            "URL",
            url,
            *"instead of https://platform.adobe.io".split(),
        ]
        assert said[1].split()[:3] == ["token", "URL", f"{url}/ims/token/v3"]
        status, health = get(port, "/_emulator/health")
        assert (status, health["edition"], health["enforce"]) == (200, "2020-09", "strict")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_serve_ends_cleanly(number: signal.Signals) -> None:
    with serving() as (process, port):
        assert get(port, "/_emulator/health")[0] == 200
        process.send_signal(number)
        _, errors = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0
        assert errors == ""


def test_settings_come_from_the_environment_and_flags_win() -> None:
    with serving("--edition", "2020-03", AEP_EMULATOR_EDITION="2020-09") as (_, port):
        assert get(port, "/_emulator/edition")[1] == {"edition": "2020-03"}
    with serving(AEP_EMULATOR_EDITION="2020-09") as (_, port):
        assert get(port, "/_emulator/edition")[1] == {"edition": "2020-09"}


def test_a_busy_port_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert_one_line(run_process("serve", "--port", port), port, "in use")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--edition", "1999-12"), ("1999-12", "2020-03, 2020-09, latest")),
        (("--enforce", "gently"), ("--enforce", "gently", "documented, strict, observe")),
        (("--port", "many"), ("--port", "many", "not a number")),
        (("--port", "99999"), ("--port", "99999", "not a port")),
        (("--host", "203.0.113.7", "--port", "0"), ("203.0.113.7", "cannot listen")),
        (("--max-body", "huge"), ("--max-body", "huge")),
        (("--contracts", "nowhere"), ("contracts", "nowhere", "not a folder")),
        (("--fixtures", "nowhere"), ("fixtures", "nowhere", "not a folder")),
    ],
    ids=lambda value: value[0] if value[0].startswith("--") else "-",
)
def test_settings_that_cannot_be_used_are_one_line(
    arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    assert_one_line(run("serve", *arguments), *words)


def test_a_setting_of_the_environment_is_named_by_its_environment_name() -> None:
    assert_one_line(run("serve", AEP_EMULATOR_PORT="many"), "AEP_EMULATOR_PORT", "many")


HOUSE_RULE = {
    "id": "flow_service.create_flow.house_name",
    "operation": "flow_service.create_flow",
    "topic": "house-name",
    "states": "The names of our flows start with our own name.",
    "demands": {"aep-emulator": "Decisions"},
    "severity": "error",
    "at": "/body/name",
    "check": {"schema": {"pattern": "^house-"}},
    "problem": "flow_service.invalid_request",
    "cases": {"accepts": [{"body": {"name": "house-1"}}], "refuses": [{"body": {"name": "x"}}]},
}


def write_rule(folder: Path, **changes: object) -> None:
    rules = folder / "house" / "rules"
    rules.mkdir(parents=True)
    (rules / "house.json").write_text(json.dumps([{**HOUSE_RULE, **changes}]), encoding="utf-8")


def test_an_overlay_adds_a_house_rule(tmp_path: Path) -> None:
    write_rule(tmp_path)
    assert run("contracts", "check", str(tmp_path)).returncode == 0
    with serving("--contracts", str(tmp_path)) as (_, port):
        status, rule = get(port, f"/_emulator/rules/{HOUSE_RULE['id']}")
        assert (status, rule["states"]) == (200, HOUSE_RULE["states"])


@pytest.mark.parametrize(
    "changes",
    [
        {"severity": "fatal"},
        {"demands": {"unheard-of": "somewhere"}},
        {"check": {"sceema": {}}},
        {"check": {"schema": {"pattern": "(("}}},
        {"check": {"refers_to": {}}},
        {"problem": "flow_service.unheard_of"},
        {"cases": {"accepts": [{"body": {"name": "x"}}], "refuses": [{"body": {"name": "x"}}]}},
        {"surprise": True},
    ],
    ids=lambda changes: json.dumps(changes)[:40],
)
def test_a_broken_contract_overlay_is_one_line(tmp_path: Path, changes: dict[str, object]) -> None:
    write_rule(tmp_path, **changes)
    served = run("serve", "--port", "0", "--contracts", str(tmp_path))
    assert_one_line(served, str(HOUSE_RULE["id"]))
    checked = run("contracts", "check", str(tmp_path))
    assert checked.returncode == 1
    assert str(HOUSE_RULE["id"]) in checked.stdout


@pytest.mark.parametrize("content", ["[", "[1]", '{"id": 7}', "[]"])
def test_a_broken_fixture_overlay_is_one_line(tmp_path: Path, content: str) -> None:
    file = tmp_path / "connection_specs" / "own.json"
    file.parent.mkdir()
    file.write_text(content, encoding="utf-8")
    assert_one_line(run("serve", "--port", "0", "--fixtures", str(tmp_path)), str(file))


def test_an_unknown_kind_of_fixture_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "connection_spec").mkdir()
    served = run("serve", "--port", "0", "--fixtures", str(tmp_path))
    assert_one_line(served, "connection_spec", "connection_specs")


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_demo_plays_the_whole_journey(edition: str) -> None:
    done = run("demo", "--edition", edition)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"edition {edition}" in done.stdout
    created = done.stdout.partition("Created in")[2]
    for what in ("base connection", "source connection", "target schema", "dataset", "flow"):
        assert f"\n  {what}" in created
    assert ("ad-hoc class" in created) is (edition == "2020-03")
    assert "sends" not in done.stdout


def test_the_demo_shows_what_is_sent_and_answered() -> None:
    said = run("demo", "--edition", "2020-09", "--bodies").stdout
    calls = json.loads(run("demo", "--edition", "2020-09", "--json").stdout)["calls"]
    for call in calls:
        for title, message in (("sends", call["request"]), ("answers", call["response"])):
            body = message["body"]
            assert message["headers"]
            assert bool(body) is (call["method"] == "POST" or title == "answers")
            shown = json.dumps(body, indent=2, ensure_ascii=False) if isinstance(body, dict) else ""
            ids = r"[0-9a-f-]{36}|[0-9a-f]{24,}|eyJ[\w.-]+|\d{13}"
            text = "\n".join(f"      {line}" for line in shown.splitlines())
            assert re.sub(ids, "", text) in re.sub(ids, "", said), title


def test_the_demo_plays_against_a_running_emulator_and_again() -> None:
    with serving("--edition", "2020-03") as (_, port):
        url = f"http://127.0.0.1:{port}"
        for done in (run("demo", "--url", url), run("demo", AEP_EMULATOR_URL=url)):
            assert (done.returncode, done.stderr) == (0, "")
            assert f"against {url}, edition 2020-03" in done.stdout


def test_the_demo_explains_a_refusal(tmp_path: Path) -> None:
    write_rule(tmp_path)
    with serving("--contracts", str(tmp_path)) as (_, port):
        done = run("demo", "--url", f"http://127.0.0.1:{port}")
        assert done.returncode == 1
        assert f"rule       {HOUSE_RULE['id']}" in done.stdout
        assert str(HOUSE_RULE["states"]) in done.stdout
        assert f"/_emulator/rules/{HOUSE_RULE['id']}" in done.stdout


@pytest.mark.parametrize("command", ["demo", "health"])
def test_a_url_that_is_none_is_one_line(command: str) -> None:
    assert_one_line(run(command, "--url", "localhost:8080"), "localhost:8080")
    assert_one_line(run(command, "--url", "http://["), "http://[")


def test_a_folder_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    assert_one_line(run("contracts", "schemas", str(file)), "cannot write")


def test_traffic_that_is_not_even_text_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"\xeb\x0b\x04\xc6")
    done = run("verify", str(file))
    assert_one_line(done, "not JSON")
    assert "b'" not in done.stderr


def test_the_demo_needs_an_emulator() -> None:
    assert_one_line(run("demo", "--url", "http://127.0.0.1:9"), "no emulator answers")
    assert_one_line(run("demo", "--edition", "1999-12"), "1999-12")


def test_health_tells_whether_an_emulator_answers() -> None:
    with serving() as (_, port):
        done = run("health", AEP_EMULATOR_HOST="0.0.0.0", AEP_EMULATOR_PORT=str(port))
        assert (done.returncode, json.loads(done.stdout)["status"]) == (0, "ok")
        # A path before the control API is kept: asked below it, a world comes to be.
        assert run("health", "--url", f"http://127.0.0.1:{port}/t/mine").returncode == 0
        with urlopen(f"http://127.0.0.1:{port}/_emulator/worlds") as answer:
            assert b'"mine"' in answer.read()
    done = run("health", "--url", f"http://127.0.0.1:{port}")
    assert done.returncode == 1
    assert "no emulator answers" in done.stderr


def test_contracts_check_finds_all_well() -> None:
    done = run("contracts", "check")
    assert done.returncode == 0
    assert done.stdout.startswith("All is well")


def test_contracts_list_takes_an_edition_and_an_operation() -> None:
    done = run("contracts", "list", "--edition", "2020-03", "--operation", "platform.gate")
    assert done.returncode == 0
    assert "api_key_is_sent" in done.stdout
    assert "in force in edition 2020-03" in done.stdout
    assert_one_line(run("contracts", "list", "--operation", "platform.gat"), "platform.gate")
    assert_one_line(run("contracts", "list", "--edition", "1999-12"), "1999-12")


def test_contracts_explain_tells_all_of_a_rule() -> None:
    done = run("contracts", "explain", RULE)
    assert done.returncode == 0
    for part in (
        "Every call carries the header x-api-key",
        "demands",
        "https://",
        *EDITIONS,
        "403000",
    ):
        assert part in done.stdout
    assert run("contracts", "explain", "platform.api_key_missing").returncode == 0
    done = run("contracts", "explain", "flow_service.list_flows.most_recent_first")
    assert "What was created or updated last comes first." in done.stdout
    assert "Flow Service API - Destinations" in done.stdout
    assert "editions   2020-09, latest" in done.stdout
    assert_one_line(run("contracts", "explain", "platform.gate.api_key"), "did you mean", RULE)
    near = run("contracts", "explain", "Interval")
    assert_one_line(near, "did you mean flow_service.", "more contain 'Interval'.")
    named = run("explain", RULE)
    assert_one_line(named, f"it is a rule's: aep-emulator contracts explain {RULE}")
    assert_one_line(run("explain", "api_key_is_sent"), f"explains a rule; did you mean {RULE}?")


def test_contracts_diff_tells_what_editions_say_otherwise() -> None:
    done = run("contracts", "diff", "2020-03", "2020-09")
    assert done.returncode == 0
    assert "flow_service.create_target_connection\n" in done.stdout
    assert re.search(r"\n    2020-03  error: .+\n    2020-09  error: ", done.stdout)
    assert run("contracts", "diff", "latest", "latest").stdout.startswith("0 topics differ")
    assert_one_line(run("contracts", "diff", "2020-03", "1999-12"), "1999-12")


@pytest.mark.parametrize("command", ["contracts list", "demo"])
def test_a_reader_that_has_seen_enough_is_no_error(command: str) -> None:
    listing = f"{sys.executable} -m emulator {command} | head -n 1"
    done = subprocess.run(
        ["/bin/sh", "-c", listing], capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    assert done.stderr == ""


def test_a_quick_command_imports_nothing_heavy() -> None:
    loaded = "import sys, emulator.cli; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    )
    for heavy in ("flask", "pydantic", "jsonschema", "jsonschema_rs", "faker", "uvicorn"):
        assert heavy not in done.stdout.split()
