"""Who sees the page and who may press its buttons; where a browser is led, and who is not."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from emulator.settings import TOKEN_HEADER
from tests.emulators import new_emulator
from tests.page.calls import HEADERS
from tests.page.markup import OWN, UI, follow, press, read, view

HTML = {"Accept": "text/html"}
TOKEN = "the-admin-token"
FORM = {"edition": "2020-03"}


@pytest.mark.parametrize("path", ["/", "/_emulator/", "/_emulator", UI, f"{UI}/"])
def test_a_browser_is_led_to_the_page(client: FlaskClient, path: str) -> None:
    led = client.get(path, headers=HTML)
    assert (led.status_code, led.headers["Location"]) == (303, f"{UI}/journal")


def test_a_browser_is_led_to_the_page_of_an_isolated_emulator(client: FlaskClient) -> None:
    led = client.get("/t/one%2Fof/", headers=HTML)
    assert led.headers["Location"] == f"/t/one%2Fof{UI}/journal"


@pytest.mark.parametrize("path", ["/", "/_emulator/", "/_emulator"])
@pytest.mark.parametrize("accept", ["", "*/*", "application/json"])
def test_programs_get_what_they_got(client: FlaskClient, path: str, accept: str) -> None:
    answer = client.get(path, headers={**HEADERS, "Accept": accept} if accept else HEADERS)
    assert answer.status_code == 404
    assert answer.is_json


def test_only_reads_are_led_to_the_page(client: FlaskClient) -> None:
    assert client.post("/", headers={**HEADERS, **HTML}).status_code in (404, 405)


def test_the_control_api_answers_a_browser_as_before(client: FlaskClient) -> None:
    for path in ("/_emulator/health", "/_emulator/journal", "/_emulator/rules"):
        assert client.get(path, headers=HTML).is_json


def test_what_is_not_there_is_said_in_words(client: FlaskClient) -> None:
    assert "internal" not in view(client, "/nothing", 404).text.lower()
    assert view(client, "/rules/no.such_rule", 404).links["To the journal"] == f"{UI}/journal"


@pytest.mark.parametrize(
    "sent",
    [
        {"Origin": "http://localhost"},
        {"Origin": "http://LOCALHOST"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_form_of_the_page_is_taken(client: FlaskClient, sent: dict[str, str]) -> None:
    assert client.post(f"{UI}/editions", data=FORM, headers=sent).status_code == 303
    assert client.get("/_emulator/edition").get_json() == {"edition": "2020-03"}


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},
        {"Origin": "https://example.com"},
        {"Origin": "http://[bad"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://localhost", "Host": "evil.example.com"},
        {"Origin": "http://evil.example.com", "Host": "evil.example.com"},
    ],
)
@pytest.mark.parametrize("type", ["application/x-www-form-urlencoded", "text/plain", ""])
def test_a_form_of_another_page_is_refused(
    client: FlaskClient, sent: dict[str, str], type: str
) -> None:
    more = {"Content-Type": type} if type else {}
    answer = client.post(f"{UI}/editions", data=b"edition=2020-03", headers={**sent, **more})
    assert answer.status_code == 403
    assert client.get("/_emulator/edition").get_json() == {"edition": "latest"}


def test_an_allowed_host_may_send_forms_but_not_all_of_them() -> None:
    sent = {"Origin": "https://aep.example.com", "Host": "127.0.0.1"}
    for allowed, status in ((("aep.example.com",), 303), (("*",), 403)):
        emulator = new_emulator(allowed_hosts=allowed)
        client = emulator.wsgi_app.test_client()
        assert client.post(f"{UI}/editions", data=FORM, headers=sent).status_code == status
        emulator.close()


def test_another_page_embeds_nothing_of_it(client: FlaskClient) -> None:
    image = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert client.get(f"{UI}/journal", headers=image).status_code == 403
    assert client.get(f"{UI}/static/page.js", headers=image).status_code == 403


def test_a_form_leads_back_to_this_page_alone(client: FlaskClient) -> None:
    form = {"kind": "no-such-kind"}
    for elsewhere in (
        "https://example.com/",
        "//example.com",
        f"{UI}/../x",
        f"{UI}/faults\r\na: b",
    ):
        sent = {**form, "from": elsewhere}
        answer = client.post(f"{UI}/faults", data=sent, headers=OWN)
        assert answer.status_code == 400
        assert "Location" not in answer.headers
    answer = client.post(f"{UI}/faults", data={**form, "from": f"{UI}/faults"}, headers=OWN)
    assert answer.headers["Location"] == f"{UI}/faults"


def test_a_long_message_arrives(client: FlaskClient) -> None:
    name = "\u05e9" * 500
    sent = {"names": name, "kind": "503", "from": f"{UI}/faults"}
    answer = client.post(f"{UI}/faults", data=sent, headers=OWN)
    assert len(answer.headers["Set-Cookie"]) < 4000
    assert "\u05e9" * 100 in follow(client, answer).text


def test_the_page_may_be_mounted_below_a_path(client: FlaskClient) -> None:
    mounted = {"SCRIPT_NAME": "/mounted"}
    led = client.get("/", headers=HTML, environ_overrides=mounted)
    assert led.headers["Location"] == f"/mounted{UI}/journal"
    page = read(client.get(f"{UI}/journal", environ_overrides=mounted))
    assert page.links["Rules"] == f"/mounted{UI}/rules"
    own = read(client.get(f"/t/one{UI}/journal", environ_overrides=mounted))
    assert own.links["Rules"] == f"/mounted/t/one{UI}/rules"
    assert own.links["All of them"] == f"/mounted{UI}/worlds"


class TestWithAToken:
    @pytest.fixture
    def client(self) -> FlaskClient:
        return new_emulator(admin_token=TOKEN).wsgi_app.test_client()

    def test_nobody_gets_in_without_it(self, client: FlaskClient) -> None:
        led = client.get(f"{UI}/journal", headers=HTML)
        assert (led.status_code, led.headers["Location"]) == (303, f"{UI}/login")
        for path in ("/journal", "/rules", "/loginx", "/static"):
            assert client.get(UI + path).status_code == 403
            assert client.get(UI + path, headers={**HTML, "HX-Request": "true"}).status_code == 403
        assert client.post(f"{UI}/editions", data=FORM, headers=OWN).status_code == 403
        assert client.get(f"{UI}/journal/../login/../journal", headers=HTML).status_code != 200

    def test_it_is_asked_for_and_opens_the_page_alone(self, client: FlaskClient) -> None:
        page = view(client, "/login")
        assert client.get(f"{UI}/static/page.css").status_code == 200
        answer = press(client, page.form("Sign in"), token=TOKEN)
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert TOKEN not in cookie
        assert "Secure" not in cookie
        proxied = {**OWN, "X-Forwarded-Proto": "https"}
        safe = client.post(f"{UI}/login", data={"token": TOKEN}, headers=proxied)
        assert "Secure" in safe.headers["Set-Cookie"]
        after = follow(client, answer)
        assert "No call yet" in after.text
        assert client.get("/_emulator/journal").status_code == 403
        follow(client, press(client, after.form("Sign out")))
        assert client.get(f"{UI}/journal").status_code == 403

    def test_a_wrong_one_is_refused(self, client: FlaskClient) -> None:
        answer = press(client, view(client, "/login").form("Sign in"), token="wrong")
        assert answer.status_code == 403
        assert "That is not the token" in answer.get_data(as_text=True)
        assert "Set-Cookie" not in answer.headers

    def test_the_cookie_does_not_let_other_pages_in(self, client: FlaskClient) -> None:
        press(client, view(client, "/login").form("Sign in"), token=TOKEN)
        for sent in ({}, {"Origin": "http://localhost:3000"}, {"Sec-Fetch-Site": "same-site"}):
            assert client.post(f"{UI}/editions", data=FORM, headers=sent).status_code == 403
        assert client.post(f"{UI}/editions", data=FORM, headers=OWN).status_code == 303

    def test_a_program_with_the_header_may_use_it_too(self, client: FlaskClient) -> None:
        assert client.get(f"{UI}/journal", headers={TOKEN_HEADER: TOKEN}).status_code == 200
