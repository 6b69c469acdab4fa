"""`Application.handle`, and Flask around it as WSGI servers host it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import Any

import pytest

from emulator.app import create_app
from emulator.emulator import Emulator
from emulator.settings import Settings
from emulator.web.message import Request, Response
from tests.bodies import FLOW_SERVICE, HEADERS, SANDBOX_MANAGEMENT, base_connection
from tests.emulators import new_emulator

CONNECTIONS = f"{FLOW_SERVICE}/connections"
LINKED = f"{SANDBOX_MANAGEMENT}/sandboxes?limit=1&offset=0"


@pytest.fixture
def emulator() -> Emulator:
    return new_emulator(world_by="organization")


def ask(emulator: Emulator, method: str, target: str, body: bytes = b"", **more: Any) -> Response:
    headers = {name.lower(): value for name, value in HEADERS.items()}
    headers |= {"content-type": "application/json", **more.pop("headers", {})}
    request = Request(method, target, headers, body, base_url="http://here", **more)
    return emulator.application.handle(request)


def create(emulator: Emulator, **more: Any) -> None:
    body = json.dumps(base_connection()).encode()
    assert ask(emulator, "POST", CONNECTIONS, body, **more).status == 201


def count(emulator: Emulator, **more: Any) -> int:
    return len(json.loads(ask(emulator, "GET", CONNECTIONS, **more).body)["items"])


def test_a_request_may_choose_an_isolated_emulator_or_must_not(emulator: Emulator) -> None:
    create(emulator)
    organization, named = HEADERS["x-gw-ims-org-id"], {"x-emulator-test": "one"}
    assert emulator.isolated.names() == [organization]
    assert count(emulator, isolate=False) == count(emulator, isolate=False, headers=named) == 0
    create(emulator, headers=named)
    assert emulator.isolated.names() == [organization, "one"]
    assert [count(emulator), count(emulator, headers=named)] == [1, 1]


def test_the_control_api_and_the_storage_are_those_of_the_isolated_emulator(
    emulator: Emulator,
) -> None:
    sent = json.dumps({"edition": "2020-03"}).encode()
    assert ask(emulator, "PUT", "/t/one/_emulator/edition", sent).status == 200
    editions = [
        json.loads(ask(emulator, "GET", path).body)["edition"]
        for path in ("/t/one/_emulator/edition", "/t/two/_emulator/edition")
    ]
    assert editions == ["2020-03", "latest"]
    credentials = "/data/foundation/connectors/landingzone/credentials?type=user_drop_zone"
    uri = json.loads(ask(emulator, "GET", f"/t/one{credentials}").body)["SASUri"]
    target = uri.removeprefix("http://here")
    assert target.startswith("/t/one/dlblobstore")
    folder, _, signature = target.partition("?")
    block = {"x-ms-blob-type": "BlockBlob"}
    assert ask(emulator, "PUT", f"{folder}/a?{signature}", b"abc", headers=block).status == 201
    assert ask(emulator, "GET", f"{folder}/a?{signature}").body == b"abc"
    elsewhere = folder.replace("/t/one/", "/t/two/")
    assert ask(emulator, "GET", f"{elsewhere}/a?{signature}").status == 404


@pytest.mark.parametrize(
    ("method", "target", "status", "allow"),
    [
        ("DELETE", CONNECTIONS, 405, "GET, HEAD, POST"),
        ("POST", "/dlblobstore1/a/b", 405, "DELETE, GET, HEAD, PUT"),
        ("GET", "/dlblobstore1", 404, None),
        ("GET", "/%C3%A9%2F?a=%C3%A9", 404, None),
    ],
)
def test_what_belongs_to_no_operation_is_refused(
    emulator: Emulator, method: str, target: str, status: int, allow: str | None
) -> None:
    refused = ask(emulator, method, target, b"{}")
    headers = {name.lower(): value for name, value in refused.headers}
    assert (refused.status, headers.get("allow")) == (status, allow)
    assert headers["x-emulator-rule"].startswith("platform.")
    assert emulator.journal is not None
    (entry,) = emulator.journal.entries()
    assert entry.path == target.partition("?")[0]


def test_a_path_that_is_unknown_is_named_as_it_reads(emulator: Emulator) -> None:
    assert "/é/".encode() in ask(emulator, "GET", "/%C3%A9%2F").body


def test_a_body_beyond_its_limit_is_too_long_wherever_it_was_cut() -> None:
    emulator = new_emulator(max_body=10, max_upload=20)
    limit = emulator.application.body_limit
    files = "/_emulator/files/a/b"
    for prefix in ("", "/t/one", "/t/a%2Fb"):
        assert limit("PUT", prefix + files) == 20
        assert limit("POST", prefix + CONNECTIONS) == 10
    assert ask(emulator, "POST", CONNECTIONS, b"x" * 11).status == 413
    assert ask(emulator, "POST", CONNECTIONS, too_long=True).status == 413


def test_a_head_has_the_length_of_the_body_that_it_does_not_send(emulator: Emulator) -> None:
    there, head = ask(emulator, "GET", CONNECTIONS), ask(emulator, "HEAD", CONNECTIONS)
    lengths = [dict(reply.headers)["Content-Length"] for reply in (there, head)]
    assert lengths == [str(len(there.body))] * 2
    assert head.body == b""


def wsgi(app: Any, **environ: Any) -> tuple[str, dict[str, str], bytes]:
    """Call a WSGI application as a server does that knows the required variables only."""
    started: list[Any] = []
    whole = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "here",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "HTTP_HOST": "here",
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in HEADERS.items()},
        **environ,
    }
    body = b"".join(app(whole, lambda *given: started.append(given)))
    line, headers = started[0][:2]
    return line, dict(headers), body


def test_any_wsgi_server_can_host_it() -> None:
    app = create_app(Settings(journal=10))
    sent = json.dumps(base_connection()).encode()
    body: dict[str, Any] = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(sent))}
    body["wsgi.input"] = io.BytesIO(sent)
    line, _, made = wsgi(app, REQUEST_METHOD="POST", PATH_INFO=CONNECTIONS, **body)
    assert line == "201 Created"
    path = f"{CONNECTIONS}/{json.loads(made)['id']}"
    assert wsgi(app, PATH_INFO=path)[0] == "200 OK"
    _, _, seen = wsgi(app, PATH_INFO="/_emulator/journal", QUERY_STRING="order=oldest")
    assert [entry["path"] for entry in json.loads(seen)["entries"]] == [CONNECTIONS, path]


def test_links_keep_the_place_where_it_is_mounted() -> None:
    path, _, query = LINKED.partition("?")
    place = {"SCRIPT_NAME": "/aep", "REQUEST_URI": f"/aep{LINKED}"}
    _, _, body = wsgi(create_app(), PATH_INFO=path, QUERY_STRING=query, **place)
    link = json.loads(body)["_links"]["page"]["href"]
    assert link.startswith(f"http://here/aep{path}?")


def test_routes_of_ones_own_come_first() -> None:
    app = create_app()

    @app.get("/hello/<name>")
    def hello(name: str) -> dict[str, str]:
        return {"hello": name}

    client = app.test_client()
    assert client.get("/hello/you").get_json() == {"hello": "you"}
    assert client.get(CONNECTIONS, headers=HEADERS).get_json()["items"] == []
    assert client.get("/_emulator/health").get_json()["status"] == "ok"
    assert client.get("/other").headers["x-emulator-rule"] == "platform.unknown_path"


def test_the_start_does_without_what_only_some_calls_need() -> None:
    """Health is asked for at once: rules, services and heavy libraries come with later calls."""
    program = """
import sys
opened = []
sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "open" else None)
from emulator.app import create_emulator
from emulator.web.message import Request
emulator = create_emulator()
print(*sorted({"flask", "jsonschema_rs"} & set(sys.modules)))
assert emulator.application.handle(Request("GET", "/_emulator/health", {})).status == 200
from emulator.due import carry_out_due
assert carry_out_due(emulator.engine) == 0  # as the thread asks that carries out runs by itself
heavy = {"emulator.services.connectors", "faker", "jsonschema_rs", "lark", "pydantic", "uvicorn"}
print(*sorted(heavy & set(sys.modules)))
print(*(path for path in opened if "/rules/" in path))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
