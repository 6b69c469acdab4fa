"""`aep-emulator verify`, `proxy` and `contracts diff --for`, as their users start them."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emulator.cli import main
from emulator.serving.server import Server
from tests.bodies import FLOW_SERVICE, HEADERS, base_connection

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "traffic"
CAREFUL = EXAMPLES / "careful.har"
POSTMAN = EXAMPLES / "flows.postman_collection.json"
STAGE = EXAMPLES / "stage.postman_environment.json"
CONNECTIONS = f"{FLOW_SERVICE}/connections"
NAME = "flow_service.create_connection.name_is_text"
TIMEOUT = 30


def entry(body: object, status: int, answer: object) -> dict[str, Any]:
    headers = {**HEADERS, "Content-Type": "application/json"}
    return {
        "request": {
            "method": "POST",
            "url": f"https://platform.adobe.io{CONNECTIONS}",
            "headers": [{"name": name, "value": value} for name, value in headers.items()],
            "postData": {"mimeType": "application/json", "text": json.dumps(body)},
        },
        "response": {
            "status": status,
            "headers": [{"name": "Content-Type", "value": "application/json"}],
            "content": {"text": json.dumps(answer)},
        },
    }


@pytest.fixture
def careless(tmp_path: Path) -> Path:
    """A HAR of a client that breaks a rule, of a platform that answers oddly, and of another."""
    path = tmp_path / "careless.har"
    error = {"errorMessage": "a", "errorDetails": "b"}
    elsewhere = {"request": {"method": "GET", "url": "https://example.com/"}}
    entries = [
        entry(base_connection(name=7), 400, error),
        entry(base_connection(), 201, {"id": 7}),
        elsewhere,
    ]
    path.write_text(json.dumps({"log": {"entries": entries}}), encoding="utf-8")
    return path


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["verify", "--format", "json", *arguments])
    return code, json.loads(capsys.readouterr().out)


def test_a_careful_clients_traffic_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = report(capsys, str(CAREFUL), str(EXAMPLES / "exchanges"))
    assert (code, told["violations"], told["warnings"], told["drift"]) == (0, [], [], [])
    assert told["recording"]["judged"] == told["recording"]["read"] == 13
    assert told["totals"]["rules"]["passed"] > 100


def test_a_careless_clients_traffic_is_told(
    careless: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = report(capsys, str(careless))
    assert code == 1
    (violation,) = told["violations"]
    assert (violation["rule"], violation["count"]) == (NAME, 1)
    assert violation["examples"][0]["source"] == f"{careless}: entry 0"
    assert told["recording"]["skipped"]["hosts"] == {"example.com": 1}
    (drift,) = told["drift"]
    assert (drift["operation"], drift["status"]) == ("flow_service.create_connection", 201)
    assert drift["deviation"].endswith('is not of type "string"')
    assert drift["examples"][0]["source"] == f"{careless}: entry 1"


@pytest.mark.parametrize("form", ["terminal", "markdown", "html"])
def test_every_form_for_people_tells_what_was_read(
    form: str, careless: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(careless), "--format", form, "--against", "2020-03"]
    assert main(["verify", *arguments]) == 1
    told = capsys.readouterr().out.replace("\\", "").replace("&#34;", '"')
    assert "3 calls read, 2 judged" in told
    assert "1 call to example.com skipped" in told
    assert "From latest to 2020-03" in told
    assert f"{careless}: entry 0" in told


def test_exit_codes_follow_what_is_demanded(
    careless: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, code in (
        (["--fail-on", "nothing"], 0),
        (["--fail-on", "violations"], 1),
        (["--fail-on", "nothing", "--fail-on-drift"], 1),
        (["--fail-on", "nothing", "--min-rule-coverage", "1"], 1),
    ):
        assert main(["verify", str(careless), *arguments]) == code, arguments
        capsys.readouterr()
    assert main(["verify", str(CAREFUL), "--fail-on-drift"]) == 0


def test_a_move_that_breaks_calls_fails_where_that_is_demanded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    demanded = ["--against", "2020-09", "--fail-on-breaks", "--fail-on", "nothing"]
    code, told = report(capsys, str(CAREFUL), "--edition", "latest", *demanded)
    breaks = [row for row in told["comparison"]["changes"] if row["kind"] == "nowRefused"]
    assert code == (1 if breaks else 0)
    assert main(["verify", str(CAREFUL), "--fail-on-breaks"]) == 2


def test_nothing_to_judge_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "empty.har"
    path.write_text('{"log": {"entries": []}}', encoding="utf-8")
    assert main(["verify", str(path)]) == 1
    assert "the recordings have no call to the platform" in capsys.readouterr().err


def test_a_gateways_url_counts_if_it_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "one.json"
    url = f"https://gateway.example/aep{CONNECTIONS}"
    path.write_text(json.dumps({"request": {"method": "GET", "url": url, "headers": HEADERS}}))
    assert report(capsys, str(path))[1]["recording"]["judged"] == 0
    told = report(capsys, str(path), "--base-url", "https://gateway.example/aep")[1]
    assert told["recording"]["judged"] == 1


def test_a_postman_collection_with_its_environment(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = report(capsys, str(POSTMAN), "--environment", str(STAGE))
    assert (code, told["violations"]) == (0, [])
    assert told["recording"]["unanswered"] == told["recording"]["judged"] == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.har"], "nowhere.har: No such file"),
        ([str(CAREFUL), "--edition", "1999-12"], "1999-12"),
        ([str(CAREFUL), "--against", "1999-12"], "1999-12"),
        ([str(CAREFUL), "--environment", str(CAREFUL)], "not an exported environment"),
        ([str(CAREFUL), "--contracts", "nowhere"], "nowhere"),
    ],
)
def test_misuse_is_one_line(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert words in said.err


def test_a_muted_rule_is_no_violation(
    careless: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    overlay = tmp_path / "overlay"
    overlay.mkdir()
    mute = {"rule": "flow_service.create_connection.name_is_text", "reason": "An old client."}
    (overlay / "mutes.json").write_text(json.dumps([mute]), encoding="utf-8")
    code, told = report(capsys, str(careless), "--contracts", str(overlay))
    assert (code, told["violations"]) == (0, [])
    (muted,) = told["muted"]
    assert (muted["rule"], muted["reason"], muted["count"]) == (NAME, "An old client.", 1)


def test_counts_of_recordings_add_up_with_others(
    careless: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    for file in files:
        assert report(capsys, str(careless), "--save", str(file))[0] == 1
    assert main(["report", *map(str, files), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(row["rule"], row["count"]) for row in told["violations"]] == [(NAME, 2)]
    assert [row["count"] for row in told["drift"]] == [2]


def test_contracts_diff_for_a_recording(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contracts", "diff", "latest", "2020-03", "--for", str(CAREFUL)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("From latest to 2020-03\n")
    assert "data_prep.create_mapping_set: data_prep.created" in told
    assert main(["contracts", "diff", "latest", "latest", "--for", str(CAREFUL)]) == 0
    assert "11 of 11 calls are treated as before" in capsys.readouterr().out


def test_a_proxy_warns_relays_and_reports(server: Server, tmp_path: Path) -> None:
    upstream = f"http://127.0.0.1:{server.port}"
    output = tmp_path / "report.json"
    command = ["proxy", "--upstream", upstream, "--port", "0", "--fail-on", "violations"]
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", *command, "--format", "json", "--output", str(output)],
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    with process:
        try:
            assert process.stderr is not None
            first, warning = process.stderr.readline(), process.stderr.readline()
            found = re.search(r"on http://127\.0\.0\.1:(\d+)$", first)
            assert found, first
            assert (
                f"WARNING  every request is forwarded to {upstream} and takes effect there"
                in warning
            )
            connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=TIMEOUT)
            body = json.dumps(base_connection(name=7))
            sent = {**HEADERS, "Content-Type": "application/json"}
            connection.request("POST", CONNECTIONS, body, sent)
            answer = connection.getresponse()
            assert (answer.status, answer.getheader("x-emulator-rule")) == (400, NAME)
            answer.read()
            connection.close()
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=TIMEOUT)
        finally:
            process.kill()
    assert process.returncode == 1
    assert errors.endswith("aep-emulator: 1 rule violated\n")
    told = json.loads(output.read_text(encoding="utf-8"))
    assert [row["rule"] for row in told["violations"]] == [NAME]
    assert told["recording"]["judged"] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--upstream", "platform.adobe.io"], "is not a URL"),
        (["--upstream", "http://127.0.0.1:9", "--journal", "0"], "--journal"),
        (["--upstream", "http://127.0.0.1:9", "--edition", "1999-12"], "1999-12"),
        (["--upstream", "https://a.example", "--authorities", "nowhere.pem"], "nowhere.pem"),
        (["--upstream", "http://127.0.0.1:9", "--host", "203.0.113.7"], "cannot listen"),
    ],
)
def test_a_proxy_that_cannot_start_is_one_line(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["proxy", "--port", "0", *arguments]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert words in said
