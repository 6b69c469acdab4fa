"""The control API answers programs of this machine and its containers, and no page in a browser."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from emulator.app import create_emulator
from emulator.cli import main, make_parser
from emulator.commands import settings_of
from emulator.commands.serve import start_lines
from emulator.emulator import Emulator
from emulator.serving.server import Server
from emulator.settings import TOKEN_HEADER, SettingError, Settings, read_settings
from emulator.web.flask_app import MountedFlask
from emulator.web.message import Request
from tests.attacks.served import HEADERS, ServedEmulator, serving
from tests.emulators import aep_for, new_emulator

if TYPE_CHECKING:
    from flask.testing import FlaskClient

TOKEN = "a-token-of-a-test"
JSON = {"Content-Type": "application/json"}
STATE = "/_emulator/state"
RESET = "/_emulator/reset"
FOREIGN = "evil.example"

OWN_HOSTS = (
    "localhost",
    "localhost:8080",
    "LOCALHOST.",
    "emulator.localhost:8080",
    "127.0.0.1",
    "127.1.2.3:80",
    "[::1]",
    "[::1]:8080",
    "[::ffff:127.0.0.1]:8080",
    "host.docker.internal:8080",
    "aep",
    "aep:8080",
    "my_service-1:80",
    "172.17.0.1:32768",
    "192.168.1.5",
    "[fd00::5]:8080",
)
FOREIGN_HOSTS = (
    FOREIGN,
    f"{FOREIGN}:8080",
    f"localhost.{FOREIGN}",
    "localhostevil.example",
    "host.docker.internal.evil.example",
    "127.0.0.1.evil.example",
    "127.0.0.1@evil.example",
    "localhost, evil.example",
    "8.8.8.8",
    "[2001:db8::1]:8080",
    "[::ffff:8.8.8.8]",
    "[::1",
    "::1",
    "localhost:port",
    "aep.test",
    ".",
    ".localhost.example",
    "é.example",
)


def asked(
    url: str, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
) -> tuple[int, bytes]:
    """Send a request with these headers and, unless they name one, the URL's own `Host`."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value.encode("latin-1"))
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def error_of(answer: tuple[int, bytes]) -> tuple[int, str]:
    return answer[0], json.loads(answer[1])["error"]


@pytest.fixture(scope="module")
def guarded() -> Iterator[ServedEmulator]:
    """An emulator that asks for a token."""
    with serving("--admin-token", TOKEN) as emulator:
        yield emulator


# Whose name is called


@pytest.mark.parametrize("host", OWN_HOSTS)
def test_names_of_its_own_are_answered(served: ServedEmulator, host: str) -> None:
    assert asked(served.url, "GET", STATE, {"Host": host})[0] == 200
    assert asked(served.url, "POST", RESET, {"Host": host})[0] == 204


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_foreign_names_are_refused(served: ServedEmulator, host: str) -> None:
    for method, path in (("GET", STATE), ("POST", RESET), ("GET", f"/t/x{STATE}")):
        answer = asked(served.url, method, path, {"Host": host})
        assert error_of(answer) == (403, "foreign host"), host


def test_programs_that_send_no_host_are_answered(served: ServedEmulator) -> None:
    connection = http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=30)
    connection.putrequest("GET", STATE, skip_host=True)
    connection.endheaders()
    assert connection.getresponse().status == 200
    connection.close()


def test_names_can_be_added() -> None:
    emulator = new_emulator(allowed_hosts=("ci.example.com", "*.test", "203.0.113.7"))
    with Server(emulator.application) as server:
        url = f"http://127.0.0.1:{server.port}"
        for host in ("ci.example.com:80", "CI.example.com.", "a.b.test", "203.0.113.7:8080"):
            assert asked(url, "GET", STATE, {"Host": host})[0] == 200, host
        for host in ("example.com", "a.ci.example.com", "test.example", "203.0.113.8"):
            assert asked(url, "GET", STATE, {"Host": host})[0] == 403, host
    with Server(new_emulator(allowed_hosts=("*",)).application) as server:
        url = f"http://127.0.0.1:{server.port}"
        assert asked(url, "GET", STATE, {"Host": FOREIGN})[0] == 200


def test_the_name_that_it_listens_on_is_its_own() -> None:
    application = new_emulator(host="emulator.example").application
    for host, status in (("emulator.example:8080", 200), ("a.emulator.example", 403)):
        assert application.handle(Request("GET", STATE, {"host": host})).status == status


def test_the_address_at_which_a_request_arrives_is_its_own() -> None:
    application = new_emulator().application
    for local, status in (("203.0.113.7", 200), ("203.0.113.8", 403), ("", 403)):
        request = Request("GET", STATE, {"host": "203.0.113.7:8080"}, local_address=local)
        assert application.handle(request).status == status


def test_the_emulated_apis_are_called_under_any_name(served: ServedEmulator) -> None:
    page = {"Host": FOREIGN, "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    path = "/data/foundation/catalog/dataSets"
    assert asked(served.url, "GET", path, {**HEADERS, **page})[0] == 200
    token = asked(
        served.url,
        "POST",
        "/ims/token/v3",
        {"Host": FOREIGN, "Content-Type": "application/x-www-form-urlencoded"},
        b"grant_type=client_credentials&client_id=a&client_secret=b&scope=openid",
    )
    assert token[0] == 200


def test_health_is_open_to_all(served: ServedEmulator, guarded: ServedEmulator) -> None:
    for url in (served.url, guarded.url):
        headers = {"Host": FOREIGN, "Origin": "https://evil.example"}
        assert asked(url, "GET", "/_emulator/health", headers)[0] == 200
        assert asked(url, "HEAD", "/t/x/_emulator/health", headers)[0] == 200


# Pages


FOREIGN_PAGES: tuple[dict[str, str], ...] = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://localhost:3000"},
    {"Origin": "http://[::1"},
    {"Origin": "file://"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
)


@pytest.mark.parametrize("page", FOREIGN_PAGES)
def test_pages_of_other_origins_are_refused(page: dict[str, str], served: ServedEmulator) -> None:
    kept = created(served.url)
    answer = asked(served.url, "POST", RESET, page)
    assert error_of(answer) == (403, "foreign origin")
    assert exists(served.url, kept)


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "Text/Plain;charset=UTF-8",
        "multipart/form-data; boundary=a",
        "application/x-www-form-urlencoded",
    ],
)
def test_what_needs_no_preflight_is_refused(media_type: str, served: ServedEmulator) -> None:
    kept = created(served.url)
    answer = asked(served.url, "POST", RESET, {"Content-Type": media_type}, b"{}")
    assert error_of(answer) == (415, "unsupported media type")
    assert exists(served.url, kept)


def test_its_own_pages_links_and_programs_are_answered(served: ServedEmulator) -> None:
    own = {"Origin": served.url, "Sec-Fetch-Site": "same-origin"}
    assert asked(served.url, "POST", RESET, own)[0] == 204
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert asked(served.url, "GET", "/_emulator/journal", link)[0] == 200
    assert asked(served.url, "GET", "/_emulator/journal", {"Sec-Fetch-Site": "none"})[0] == 200
    assert asked(served.url, "POST", RESET, JSON, b"{}")[0] == 204
    assert asked(served.url, "POST", RESET, {}, b"{}")[0] == 204
    file = "/_emulator/files/a/b.csv?organization=ABC@AdobeOrg&sandbox=prod"
    assert asked(served.url, "PUT", file, {"Content-Type": "text/plain"}, b"a\n1\n")[0] == 201


def test_pages_of_added_names_are_answered() -> None:
    with Server(new_emulator(allowed_hosts=("ui.example",)).application) as server:
        url = f"http://127.0.0.1:{server.port}"
        page = {"Origin": "https://ui.example:3000", "Sec-Fetch-Site": "cross-site"}
        assert asked(url, "POST", RESET, page)[0] == 204


def test_a_refused_page_makes_no_isolated_emulator(served: ServedEmulator) -> None:
    asked(served.url, "POST", f"/t/made-by-a-page{RESET}", {"Origin": "null"})
    image = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    path = "/data/foundation/catalog/dataSets"
    assert asked(served.url, "GET", f"/t/made-by-a-page{path}", image)[0] == 403
    assert asked(served.url, "GET", path, {**image, "x-emulator-test": "made-by-a-page"})[0] == 403
    assert asked(served.url, "GET", f"/t/made-by-a-proxy{path}", {**image, **HEADERS})[0] == 200
    _, content = asked(served.url, "GET", "/_emulator/worlds", {})
    worlds = json.loads(content)["worlds"]
    assert ("made-by-a-page" in worlds, "made-by-a-proxy" in worlds) == (False, True)


def created(url: str) -> str:
    """Create a connection; return its path."""
    connection = json.dumps(
        {
            "name": "kept",
            "connectionSpec": {"id": "ecadc60c-7455-4d87-84dc-2a0e293d997b", "version": "1.0"},
            "auth": {"specName": "Access Key", "params": {"s3AccessKey": "a", "s3SecretKey": "b"}},
        }
    ).encode()
    path = "/data/foundation/flowservice/connections"
    status, content = asked(url, "POST", path, {**HEADERS, **JSON}, connection)
    assert status == 201, content
    return f"{path}/{json.loads(content)['id']}"


def exists(url: str, path: str) -> bool:
    return asked(url, "GET", path, HEADERS)[0] == 200


# Every call


def control_calls(emulator: Emulator) -> list[tuple[str, str]]:
    """Method and path of each call of the control API."""
    rules = MountedFlask(emulator.control_blueprint(emulator)).url_map.iter_rules()
    return [
        (method, re.sub(r"<[^>]*>", "x", rule.rule))
        for rule in rules
        for method in sorted(rule.methods or ())
    ]


def test_every_call_but_health_is_guarded(emulator: Emulator) -> None:
    calls = control_calls(emulator)
    assert len(calls) > 40
    asks = new_emulator(admin_token=TOKEN).application
    for method, path in calls:
        is_open = path == "/_emulator/health"
        for target in (path, f"/t/x{path}", f"{path}?a=b"):
            strange = emulator.application.handle(Request(method, target, {"host": FOREIGN}))
            without = asks.handle(Request(method, target, {"host": "localhost"}))
            assert (strange.status == 403) != is_open, target
            assert (without.status == 403) != is_open, target


@pytest.mark.parametrize(
    "path", ["/_emulator", "/_emulator/", "/_emulator/none", "/t/a%2Fb/_emulator/x"]
)
def test_paths_that_lead_nowhere_are_guarded_too(path: str, emulator: Emulator) -> None:
    assert emulator.application.handle(Request("GET", path, {"host": FOREIGN})).status == 403


@pytest.mark.parametrize(
    "path",
    ["/%5Femulator/state", "//_emulator/state", "/x/../_emulator/state", "/./_emulator/state"],
)
def test_no_other_spelling_of_a_path_leads_there(path: str, served: ServedEmulator) -> None:
    status, content = asked(served.url, "GET", path, {"Host": FOREIGN})
    assert status in (403, 404), content


def test_in_this_process_nobody_is_asked() -> None:
    """A test has the emulator in its hands; `aep.test` is no name of this machine."""
    emulator = new_emulator(admin_token=TOKEN)
    client = aep_for(emulator)
    assert client.call("POST", f"http://aep.test{RESET}").status == 204


def test_behind_a_wsgi_server_calls_are_guarded(client: FlaskClient) -> None:
    assert client.get(STATE).status_code == 200
    assert client.get(STATE, headers={"Host": FOREIGN}).status_code == 403
    # A server that does not tell the target as it was sent has decoded the path.
    for sent in ("/%5Femulator/state", ""):
        environ = {"REQUEST_URI": sent, "RAW_URI": sent}
        found = client.get(STATE, headers={"Host": FOREIGN}, environ_overrides=environ)
        assert found.status_code in (403, 404)
    assert client.post(RESET, headers={"Origin": "null"}).status_code == 403
    assert client.post(RESET, data=b"{}", content_type="text/plain").status_code == 415


# The token


@pytest.mark.parametrize("sent", ["", "wrong", TOKEN[:-1], f"{TOKEN}x", "é"])
def test_without_the_token_nothing_is_answered(guarded: ServedEmulator, sent: str) -> None:
    for method, path in (("GET", STATE), ("POST", RESET), ("GET", "/_emulator/rules")):
        answer = asked(guarded.url, method, path, {TOKEN_HEADER: sent})
        assert error_of(answer) == (403, "no admin token")


def test_with_the_token_any_name_will_do(guarded: ServedEmulator) -> None:
    """No page knows it, so nothing else has to be asked."""
    headers = {TOKEN_HEADER: TOKEN, "Host": FOREIGN}
    assert asked(guarded.url, "GET", STATE, headers)[0] == 200
    assert asked(guarded.url, "POST", RESET, headers)[0] == 204


def test_the_token_is_not_shown(guarded: ServedEmulator) -> None:
    assert TOKEN not in repr(Settings(admin_token=TOKEN))
    path = "/data/foundation/catalog/dataSets"
    assert asked(guarded.url, "GET", path, {**HEADERS, TOKEN_HEADER: TOKEN})[0] == 200
    for shown in ("journal?format=full", "journal?format=har", "journal/1", "state"):
        _, content = asked(guarded.url, "GET", f"/_emulator/{shown}", {TOKEN_HEADER: TOKEN})
        assert TOKEN.encode() not in content, shown


@pytest.mark.parametrize("token", ["a b", "a\nb", "é"])
def test_a_token_that_no_header_can_carry_is_no_setting(token: str) -> None:
    with pytest.raises(SettingError, match="--admin-token"):
        read_settings({"admin_token": token}, {})


@pytest.mark.parametrize("by", ["flag", "environment", "nothing"])
def test_commands_send_the_token(
    guarded: ServedEmulator,
    by: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    flags = ["--admin-token", TOKEN] if by == "flag" else []
    if by == "environment":
        monkeypatch.setenv("AEP_EMULATOR_ADMIN_TOKEN", TOKEN)
    for command in (["report"], ["faults", "list"], ["faults", "clear"]):
        code = main([*command, "--url", guarded.url, *flags])
        said = capsys.readouterr().err
        if by == "nothing":
            assert (code, TOKEN_HEADER in said) == (2, True)
        else:
            assert code == 0, said


# Bodies and names


def test_a_body_that_is_cut_off_is_not_taken_for_none(served: ServedEmulator) -> None:
    """To a reset, no body means everything."""
    kept = created(served.url)
    connection = http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=30)
    connection.putrequest("POST", RESET)
    connection.putheader("Content-Length", str(64 * 1024**2))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
    padded = [b"{}", *[b" " * 1024**2] * 17]
    connection.request("POST", RESET, iter(padded), JSON)
    assert connection.getresponse().status == 413
    connection.close()
    assert exists(served.url, kept)


def test_names_with_underscores_count_as_nothing(served: ServedEmulator) -> None:
    """Neither does `x_sandbox_name` make a sandbox, nor `x_emulator_test` an isolated emulator."""
    sent = {name: value for name, value in HEADERS.items() if name != "x-sandbox-name"}
    kept = created(served.url)
    for headers in (
        {**HEADERS, "x_sandbox_name": "dev"},
        {**HEADERS, "X_EMULATOR_TEST": "other"},
        {**HEADERS, "x_emulator_edition": "none-such"},
    ):
        assert asked(served.url, "GET", kept, headers)[0] == 200
    without = asked(served.url, "GET", kept, {**sent, "x_sandbox_name": "prod"})
    assert without == asked(served.url, "GET", kept, sent)
    file = "/_emulator/files/a/b.csv"
    underscored = {name.replace("-", "_"): value for name, value in HEADERS.items()}
    assert asked(served.url, "PUT", file, underscored, b"a")[0] == 400
    assert asked(served.url, "PUT", file, HEADERS, b"a")[0] in (200, 201)
    guard = {"Host": FOREIGN, "x_emulator_admin_token": TOKEN}
    assert asked(served.url, "GET", STATE, guard)[0] == 403


# What the start says


@pytest.mark.parametrize(
    ("flags", "says_so"),
    [
        (["--host", "0.0.0.0"], True),
        (["--host", "0.0.0.0", "--admin-token", TOKEN], False),
        (["--host", "127.0.0.1"], False),
    ],
)
def test_the_start_says_who_controls_it(flags: list[str], says_so: bool) -> None:
    settings = settings_of(make_parser("serve").parse_args(["serve", *flags]))
    said = start_lines(create_emulator(settings, like=new_emulator()), settings.host, 8080, None)
    assert said.count("controls") == says_so
    assert TOKEN not in said
