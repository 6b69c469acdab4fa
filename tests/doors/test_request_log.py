"""The log has a line about each request, without secrets, and nobody waits for its reader."""

from __future__ import annotations

import io
import json
import logging
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests

from emulator.serving import request_log
from emulator.serving.request_lines import coloured_line, json_line, text_line, writer
from emulator.serving.request_log import RequestLine, RequestLog
from emulator.web.message import Deferred, Request, Response
from tests.bodies import HEADERS
from tests.doors.test_cli import serving
from tests.emulators import new_emulator

FLOWS = "/data/foundation/flowservice/flows"
TOKEN = "opaque-token-of-someone"
WITHOUT_ORGANIZATION = {
    name: value for name, value in HEADERS.items() if name.lower() != "x-gw-ims-org-id"
}


def line(**changes: Any) -> RequestLine:
    usual = {
        "time": 1_600_000_000_250,
        "method": "POST",
        "target": FLOWS,
        "headers": {"authorization": f"Bearer {TOKEN}"},
        "status": 201,
        "rule": "",
        "warnings": "",
        "number": 12,
        "seconds": 0.003,
        "operation": "flow_service.create_flow",
    }
    return RequestLine(**{**usual, **changes})


def written(*sent: tuple[str, str, dict[str, str]], **settings: Any) -> list[RequestLine]:
    """What the log says of requests that an emulator answers."""
    lines: list[RequestLine] = []
    log = RequestLog(new_emulator(**settings).application, lambda some, _: lines.extend(some))
    log.start()
    for method, target, headers in sent:
        lower = {name.lower(): value for name, value in headers.items()}
        answered = log.begin(Request(method, target, lower, is_in_process=True))
        if isinstance(answered, Deferred):
            answered.answer()
    log.close()
    return lines


def test_it_says_what_was_called_and_what_became_of_it() -> None:
    accepted, refused = written(("GET", FLOWS, HEADERS), ("GET", FLOWS, WITHOUT_ORGANIZATION))
    assert (accepted.status, accepted.rule, accepted.number) == (200, "", 1)
    assert accepted.operation == "flow_service.list_flows"
    rule = "platform.gate.organization_is_sent"
    assert (refused.status, refused.rule, refused.number) == (400, rule, 2)
    assert text_line(refused)[8:].startswith(f" GET {FLOWS} 400 {rule} (#2, explain 2) ")


def test_it_names_what_was_only_remarked_on() -> None:
    (said,) = written(("GET", "/data/foundation/catalog/dataSets?colour=red", HEADERS))
    assert said.status == 200
    assert "catalog.list_datasets.filters_are_documented" in said.warnings
    assert f" 200 warns {said.warnings} (#1, explain 1) " in text_line(said)


def test_without_a_journal_lines_have_no_number() -> None:
    (said,) = written(("GET", FLOWS, WITHOUT_ORGANIZATION), journal=0)
    assert said.number == 0
    assert "#" not in text_line(said)


def test_deferred_calls_have_their_line_when_they_are_answered() -> None:
    (said,) = written(("GET", "/dlblobstore1/dlz-user-container?comp=list", {}))
    assert said.status >= 200


def test_whoever_only_looks_is_not_written_about() -> None:
    said = written(
        ("GET", "/_emulator/health", {}),
        ("GET", "/_emulator/journal", {}),
        ("GET", "/_emulator/absent", {}),
        ("POST", "/_emulator/reset", {"content-type": "application/json"}),
    )
    assert [(item.method, item.target) for item in said] == [
        ("GET", "/_emulator/absent"),
        ("POST", "/_emulator/reset"),
    ]


def test_a_line_reads_as_documented() -> None:
    shown = text_line(line(status=400, rule="flow_service.create_flow.frequency_is_known"))
    assert re.fullmatch(
        rf"\d\d:\d\d:\d\d POST {FLOWS} 400 flow_service\.create_flow\.frequency_is_known "
        r"\(#12, explain 12\) 3 ms",
        shown,
    )


def test_refused_and_remarked_ones_stand_out() -> None:
    assert "\x1b[31m400" in coloured_line(line(status=400, rule="some.rule"))
    assert "\x1b[33m201" in coloured_line(line(warnings="some.rule"))
    plain = coloured_line(line())
    assert " 201 " in plain
    assert "\x1b[31m" not in plain


def test_a_reset_connection_says_so() -> None:
    assert f"POST {FLOWS} reset (#12) 3 ms" in text_line(line(status=0))


def test_json_has_the_same() -> None:
    shown = json.loads(json_line(line(status=400, rule="some.rule", warnings="one, two")))
    assert shown == {
        "time": "2020-09-13T12:26:40.250Z",
        "level": "info",
        "event": "request",
        "call": 12,
        "method": "POST",
        "target": FLOWS,
        "operation": "flow_service.create_flow",
        "status": 400,
        "rule": "some.rule",
        "warnings": ["one", "two"],
        "ms": 3.0,
    }


@pytest.mark.parametrize("form", [text_line, coloured_line, json_line])
@pytest.mark.parametrize(
    "target",
    [
        f"{FLOWS}/{TOKEN}",
        f"{FLOWS}?property=id=={TOKEN}",
        f"{FLOWS}/opaque%2Dtoken%2Dof%2Dsomeone",
        f"/ims/token/v3?client_secret={TOKEN}",
        "/x/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    ],
)
def test_it_shows_no_secrets(form: Callable[[RequestLine], str], target: str) -> None:
    shown = form(line(target=target))
    assert TOKEN not in shown
    assert "%2Dtoken" not in shown
    assert "dozjgNryP4J3jVmNHl0w5N" not in shown


def test_a_target_commands_no_terminal_and_is_not_endless() -> None:
    shown = text_line(line(target="/\x1b[2J\x9b" + "a" * 5000))
    assert "\x1b" not in shown
    assert "\x9b" not in shown
    assert len(shown) < 600


class Answering:
    """Answers at once, with nothing."""

    body_limit = staticmethod(lambda method, target: 0)

    def handle(self, request: Request) -> Response:
        return Response(204, [])

    begin = handle


def test_nobody_waits_for_a_reader_that_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "MAX_WAITING", 50)
    entered, released = threading.Event(), threading.Event()
    batches: list[tuple[int, int]] = []

    def write(lines: list[RequestLine], dropped: int) -> None:
        batches.append((len(lines), dropped))
        entered.set()
        released.wait(10)

    log = RequestLog(Answering(), write)
    log.start()
    log.begin(Request("GET", "/", {}))
    assert entered.wait(10)
    for _ in range(120):
        log.begin(Request("GET", "/", {}))
    released.set()
    log.close()
    assert batches[0] == (1, 0)
    assert sum(count for count, _ in batches[1:]) == 50
    assert sum(dropped for _, dropped in batches) == 70


def test_one_line_that_fails_does_not_end_the_others() -> None:
    stream = io.StringIO()
    write = writer(logging.StreamHandler(stream), is_json=False, is_coloured=False)
    write([line(), line(headers=None), line(number=14)], 0)
    assert re.findall(r"\(#(\d+)\)", stream.getvalue()) == ["12", "14"]


def test_a_reader_that_has_gone_ends_nothing() -> None:
    stream = io.StringIO()
    stream.close()
    writer(logging.StreamHandler(stream), is_json=False, is_coloured=False)([line()], 0)


def stderr_of(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGTERM)
    assert process.stderr is not None
    return process.stderr.read()


def test_serve_writes_it_to_stderr_and_names_a_client_that_speaks_tls() -> None:
    with serving() as (process, port):
        requests.get(f"http://127.0.0.1:{port}{FLOWS}", headers=WITHOUT_ORGANIZATION, timeout=10)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(bytes.fromhex("16030100c4010000c00303") + bytes(190))
            answered = client.recv(65536)
        said = stderr_of(process)
    assert answered.startswith(b"HTTP/1.1 400 ")
    assert "The client speaks TLS; this address speaks HTTP" in said
    assert f"GET {FLOWS} 400 platform.gate.organization_is_sent (#1, explain 1)" in said


def test_serve_writes_json_if_told() -> None:
    with serving("--log-format", "json") as (process, port):
        requests.get(f"http://127.0.0.1:{port}{FLOWS}", headers=HEADERS, timeout=10)
        said = stderr_of(process)
    shown = [json.loads(row) for row in said.splitlines()]
    assert [row["target"] for row in shown if row.get("event") == "request"] == [FLOWS]


def test_serve_writes_none_above_info() -> None:
    with serving("--log-level", "warning") as (process, port):
        requests.get(f"http://127.0.0.1:{port}{FLOWS}", headers=HEADERS, timeout=10)
        assert stderr_of(process) == ""
