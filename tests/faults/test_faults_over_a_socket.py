"""Faults over a real socket: what clients see of lost, cut and late replies."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from emulator.emulator import Emulator
from emulator.serving.server import Server
from tests.bodies import FLOW_SERVICE, HEADERS, base_connection
from tests.doors.test_cli import run

CONNECTIONS = f"{FLOW_SERVICE}/connections"
TIMEOUT = 30
BROKEN = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


@pytest.fixture
def port(emulator: Emulator) -> Iterator[int]:
    with Server(emulator.application) as server:
        yield server.port


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.trust_env = False
        made.headers.update(HEADERS)
        yield made


def connect(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)


def created(emulator: Emulator) -> int:
    """How many connections there are, seen without a socket."""
    answer = emulator.wsgi_app.test_client().get(CONNECTIONS, headers=HEADERS)
    return len(answer.get_json()["items"])


def post(session: requests.Session, port: int, fault: str = "") -> requests.Response:
    headers = {"x-emulator-fault": fault} if fault else {}
    url = f"http://127.0.0.1:{port}{CONNECTIONS}"
    return session.post(url, json=base_connection(), headers=headers, timeout=TIMEOUT)


@pytest.mark.parametrize(("kind", "done"), [("reset", 0), ("lostReply", 1)])
def test_a_reset_reaches_the_client_as_such(
    emulator: Emulator, port: int, kind: str, done: int
) -> None:
    connection = connect(port)
    headers = {**HEADERS, "Content-Type": "application/json", "x-emulator-fault": kind}
    connection.request("POST", CONNECTIONS, json.dumps(base_connection()), headers)
    with pytest.raises(ConnectionResetError):
        connection.getresponse()
    connection.close()
    assert created(emulator) == done


@pytest.mark.parametrize("kind", ["reset", "lostReply", "truncate"])
def test_a_client_library_sees_an_error_and_can_go_on(
    emulator: Emulator, port: int, session: requests.Session, kind: str
) -> None:
    assert post(session, port).status_code == 201
    with pytest.raises(BROKEN):
        post(session, port, kind)
    assert post(session, port).status_code == 201
    assert created(emulator) == (2 if kind == "reset" else 3)


@pytest.mark.parametrize("kept", [0, 7])
def test_a_truncated_body_ends_where_it_is_told(port: int, kept: int) -> None:
    connection = connect(port)
    fault = json.dumps({"kind": "truncate", "bytes": kept})
    connection.request("GET", CONNECTIONS, headers={**HEADERS, "x-emulator-fault": fault})
    response = connection.getresponse()
    assert response.status == 200
    with pytest.raises(http.client.IncompleteRead) as cut:
        response.read()
    assert len(cut.value.partial) == kept
    connection.close()


def test_a_body_that_is_empty_cannot_be_cut(port: int, session: requests.Session) -> None:
    made = post(session, port).json()
    url = f"http://127.0.0.1:{port}{CONNECTIONS}/{made['id']}"
    answer = session.delete(url, headers={"x-emulator-fault": "truncate"}, timeout=TIMEOUT)
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_late_reply_holds_up_nobody_else(emulator: Emulator, session: requests.Session) -> None:
    """It would come after a minute; until then the others are answered."""
    emulator.faults.add({"kind": "delay", "seconds": 60, "operations": ["*.list_flows"]})
    (fault,) = emulator.faults.all()
    with Server(emulator.application, grace=0.0) as server:
        late = connect(server.port)
        late.request("GET", f"{FLOW_SERVICE}/flows", headers=HEADERS)
        while fault.fired == 0:  # until the server has taken it up
            threading.Event().wait(0.002)
        for _ in range(3):
            assert post(session, server.port).status_code == 201
    # The server ended without having sent it.
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        late.getresponse()
    late.close()


def test_a_client_that_does_not_wait_for_a_late_reply_leaves_nothing_behind(
    emulator: Emulator, port: int, session: requests.Session
) -> None:
    fault = json.dumps({"kind": "delay", "seconds": 0.1})
    connection = connect(port)
    connection.request("GET", CONNECTIONS, headers={**HEADERS, "x-emulator-fault": fault})
    connection.close()
    assert post(session, port).status_code == 201


def test_faults_leave_the_servers_log_alone(
    port: int, session: requests.Session, caplog: pytest.LogCaptureFixture
) -> None:
    for kind in ("reset", "lostReply", "truncate"):
        with pytest.raises(BROKEN):
            post(session, port, kind)
    assert post(session, port).status_code == 201
    assert caplog.records == []


@pytest.mark.parametrize("header", [True, False])
def test_a_world_has_faults_of_its_own(
    emulator: Emulator, port: int, session: requests.Session, header: bool
) -> None:
    url = f"http://127.0.0.1:{port}"
    base = url if header else f"{url}/t/alone"
    headers = {"x-emulator-test": "alone"} if header else {}
    definition = {"kind": "lostReply", "services": ["flow_service"]}
    faults = f"{base}/_emulator/faults"
    made = session.post(faults, json=definition, headers=headers, timeout=TIMEOUT)
    assert made.status_code == 201
    assert emulator.faults.all() == []
    with pytest.raises(BROKEN):
        session.get(base + CONNECTIONS, headers=headers, timeout=TIMEOUT)
    assert session.get(url + CONNECTIONS, timeout=TIMEOUT).status_code == 200


def command(port: int, *words: str) -> Any:
    return run("faults", *words, "--url", f"http://127.0.0.1:{port}")


def test_the_command_sets_lists_and_clears(
    emulator: Emulator, port: int, session: requests.Session, tmp_path: Path
) -> None:
    narrowed = ("--operations", "flow_service.create_*,catalog.*", "--count", "1")
    done = command(port, "add", "429", *narrowed, "--probability", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert post(session, port).status_code == 429
    assert post(session, port).status_code == 201
    file = tmp_path / "faults.json"
    file.write_text('[{"id": "gone", "kind": "reset", "after": 100}]')
    command(port, "add", f"@{file}")
    listed = "\n".join(" ".join(line.split()) for line in command(port, "list").stdout.splitlines())
    assert "fault-1 error fired 1 of at most 1, matched 2 calls" in listed
    assert "gone reset fired 0, matched 0 calls" in listed
    assert command(port, "clear", "gone").returncode == 0
    assert [fault.id for fault in emulator.faults.all()] == ["fault-1"]
    command(port, "clear")
    assert command(port, "list").stdout == "no active faults\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "418"), "418"),
        (("add", '{"kind": "explode"}'), "explode"),
        (("add", "reset", "--count", "0"), "count"),
        (("add", "@nowhere.json"), "nowhere.json"),
        (("clear", "nothing"), "there is no fault nothing"),
    ],
)
def test_the_command_says_what_cannot_be_used(port: int, words: tuple[str, ...], said: str) -> None:
    done = command(port, *words)
    assert done.returncode == 2
    assert said in done.stderr


def test_the_command_prints_the_schema() -> None:
    assert "notVisible" in json.loads(run("faults", "schema").stdout)["discriminator"]["mapping"]
