"""Pages of other origins: preflights, what they may read, and that the control API stays closed.

`tests/page/test_in_a_browser.py` has a real browser try it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from emulator.emulator import Emulator
from emulator.settings import SettingError, read_settings
from emulator.web.message import Request, Response
from tests.emulators import new_emulator

APP = "https://app.example.com"
OTHER = "https://other.example.com"
FLOWS = "/data/foundation/flowservice/flows"
RULES = "/_emulator/rules"


@contextmanager
def emulating(*origins: str, **settings: Any) -> Iterator[Emulator]:
    made = new_emulator(cors=origins, **settings)
    yield made
    made.close()


def send(
    emulator: Emulator, method: str, target: str, origin: str = APP, **headers: str
) -> tuple[Response, dict[str, str]]:
    """Send a request as a browser does; returns its response, and that one's headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {"host": "127.0.0.1:8080", "origin": origin, **named}
    request = Request(method, target, sent, base_url="http://127.0.0.1:8080")
    response = emulator.application.handle(request)
    return response, {name.lower(): value for name, value in response.headers}


def preflight(
    emulator: Emulator, method: str, target: str, origin: str = APP, **headers: str
) -> tuple[int, dict[str, str]]:
    asked = {"access_control_request_method": method, **headers}
    response, found = send(emulator, "OPTIONS", target, origin, **asked)
    return response.status, {name: found[name] for name in found if name.startswith("access")}


def number_of_calls(emulator: Emulator) -> int:
    journal, _ = send(emulator, "GET", "/_emulator/journal", "http://127.0.0.1:8080")
    assert journal.status == 200
    return len(json.loads(journal.body)["entries"])


def test_a_preflight_tells_the_methods_of_the_path_and_is_no_call() -> None:
    with emulating(APP) as emulator:
        asked = "authorization, x-gw-ims-org-id,x-sandbox-name"
        for target in (FLOWS, f"/t/some-test{FLOWS}?limit=1"):
            status, found = preflight(
                emulator, "POST", target, access_control_request_headers=asked
            )
            assert status == 204
            assert found == {
                "access-control-allow-origin": APP,
                "access-control-allow-credentials": "true",
                "access-control-allow-methods": "GET, HEAD, POST",
                "access-control-allow-headers": asked,
                "access-control-max-age": "600",
            }
        _, one = preflight(emulator, "PATCH", f"{FLOWS}/some-id")
        assert "PATCH" in one["access-control-allow-methods"]
        assert number_of_calls(emulator) == 0


def test_a_preflight_of_another_origin_is_refused_and_is_no_call() -> None:
    with emulating(APP) as emulator:
        for origin in (OTHER, "http://app.example.com", f"{APP}:444", f"{APP}.evil.com", "null"):
            assert preflight(emulator, "GET", FLOWS, origin) == (403, {}), origin
        assert number_of_calls(emulator) == 0


def test_what_is_asked_for_cannot_end_a_header() -> None:
    with emulating(APP) as emulator:
        evil = "x-a\r\nset-cookie: a=b"
        _, found = preflight(emulator, evil, "/nowhere", access_control_request_headers=evil)
        assert found["access-control-allow-methods"] == ""
        assert "access-control-allow-headers" not in found


def test_a_page_reads_every_header_of_a_response_and_of_a_refusal(headers: dict[str, str]) -> None:
    given = {name.lower(): value for name, value in headers.items()}
    with emulating(APP) as emulator:
        for more, status in ((given, 200), ({}, 403)):
            response, found = send(emulator, "GET", FLOWS, **more)
            assert response.status == status
            exposed = set(found["access-control-expose-headers"].split(", "))
            assert {"x-request-id", "x-emulator-operation"} <= exposed
            assert ({"x-emulator-rule", "link"} <= exposed) is (status == 403)
            assert found["access-control-allow-origin"] == APP
            assert found["vary"] == "Origin"
        unknown, found = send(emulator, "GET", "/nowhere")
        assert (unknown.status, found["access-control-allow-origin"]) == (404, APP)
        assert preflight(emulator, "PUT", "/nowhere")[1]["access-control-allow-methods"] == "PUT"


def test_another_page_gets_no_leave_to_read() -> None:
    with emulating(APP) as emulator:
        _, found = send(emulator, "GET", FLOWS, OTHER)
        assert not [name for name in found if name.startswith("access-control")]
        assert found["vary"] == "Origin", "a cache must not give it to the page that may"


def test_any_origin_goes_without_credentials() -> None:
    with emulating("*") as emulator:
        for origin in (APP, OTHER, "null"):
            status, found = preflight(emulator, "GET", FLOWS, origin)
            assert (status, found["access-control-allow-origin"]) == (204, "*")
            _, read = send(emulator, "GET", FLOWS, origin)
            assert read["access-control-allow-origin"] == "*"
            assert "access-control-allow-credentials" not in {**found, **read}


@pytest.mark.parametrize("origins", [(APP,), ("*",)])
def test_the_control_api_stays_closed(origins: tuple[str, ...]) -> None:
    with emulating(*origins) as emulator:
        for target in (RULES, "/_emulator/reset", f"/t/some{RULES}", "/_emulator/ui/journal"):
            status, found = preflight(emulator, "POST", target)
            assert (status, found) == (403, {}), target
            response, read = send(emulator, "GET", target)
            assert response.status == 403
            assert "access-control-allow-origin" not in read


def test_the_control_api_is_open_to_pages_of_hosts_that_are_named() -> None:
    with emulating(APP, OTHER, allowed_hosts=("app.example.com",), admin_token="t0ken") as emulator:
        status, found = preflight(emulator, "DELETE", "/_emulator/journal")
        assert (status, found["access-control-allow-methods"]) == (204, "DELETE")
        response, read = send(emulator, "GET", RULES, x_emulator_admin_token="t0ken")
        assert (response.status, read["access-control-allow-origin"]) == (200, APP)
        assert send(emulator, "GET", RULES)[0].status == 403, "the token is still asked for"
        assert preflight(emulator, "DELETE", "/_emulator/journal", OTHER)[0] == 403
        _, page = send(emulator, "GET", "/_emulator/ui/journal", x_emulator_admin_token="t0ken")
        assert "access-control-allow-origin" not in page


def test_the_address_that_is_listened_on_does_not_open_the_control_api() -> None:
    page = "http://127.0.0.1:3000"
    with emulating(page) as emulator:
        assert preflight(emulator, "GET", FLOWS, page)[0] == 204
        _, found = send(emulator, "GET", RULES, page)
        assert "access-control-allow-origin" not in found


def test_without_the_setting_a_preflight_is_a_call_like_any_other() -> None:
    with emulating() as emulator:
        assert preflight(emulator, "GET", FLOWS) == (405, {})
        assert number_of_calls(emulator) == 1
        _, found = send(emulator, "GET", FLOWS)
        assert not {name for name in found if name.startswith("access") or name == "vary"}


@pytest.mark.parametrize(
    "text", ["app.example.com", f"{APP}/", f"*,{APP}", "https://", "https://a b", f"{APP}/path"]
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match=r"--cors.*origins"):
        read_settings({"cors": text}, {})


def test_origins_are_read_in_lower_case() -> None:
    assert read_settings({"cors": f"HTTPS://App.Example.com, {OTHER}"}, {}).cors == (APP, OTHER)
    assert read_settings({}, {}).cors == ()
