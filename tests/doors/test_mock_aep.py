"""`mock_aep`: clients with Adobe's host names in them run with no network."""

from __future__ import annotations

import asyncio
import json
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, ClassVar

import httpx
import pytest
import requests
from requests.adapters import HTTPAdapter

from emulator.settings import SettingError
from emulator.testing.mock import mock_aep
from tests.bodies import FLOW_SERVICE, HEADERS, base_connection

PLATFORM = "https://platform.adobe.io"
CONNECTIONS = f"{PLATFORM}{FLOW_SERVICE}/connections"
TOKEN = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}


def create() -> requests.Response:
    """What a client does that knows one address only."""
    return requests.post(CONNECTIONS, json=base_connection(), headers=HEADERS, timeout=30)


def count() -> int:
    return len(requests.get(CONNECTIONS, headers=HEADERS, timeout=30).json()["items"])


@mock_aep
def test_it_decorates_a_function() -> None:
    assert create().status_code == 201
    assert count() == 1


@mock_aep(edition="2020-03")
def test_it_takes_settings_and_begins_empty() -> None:
    assert count() == 0
    reply = requests.get(f"{PLATFORM}{FLOW_SERVICE}/nothing", headers=HEADERS, timeout=30)
    assert reply.status_code == 501


@pytest.mark.parametrize("number", [1, 2])
@mock_aep
def test_it_leaves_arguments_to_pytest(number: int, tmp_path: object) -> None:
    assert (create().json()["id"], count(), tmp_path is not None) == (FIRST_ID, 1, True)


with mock_aep():
    FIRST_ID = create().json()["id"]


def test_it_decorates_a_coroutine_function() -> None:
    @mock_aep
    async def play() -> int:
        async with httpx.AsyncClient(headers=HEADERS) as client:
            await client.post(CONNECTIONS, json=base_connection())
            return len((await client.get(CONNECTIONS)).json()["items"])

    assert asyncio.run(play()) == 1


@mock_aep
class TestDecorated:
    def test_one(self) -> None:
        create()
        assert count() == 1

    def test_two(self) -> None:
        assert count() == 0


@mock_aep
class DecoratedCase(unittest.TestCase):
    ended: ClassVar[list[int]] = []

    def setUp(self) -> None:
        create()
        self.addCleanup(lambda: self.ended.append(count()))

    def test_set_up_and_clean_up_are_within(self) -> None:
        create()
        assert count() == 2

    def test_each_begins_anew(self) -> None:
        assert count() == 1
        create()

    @classmethod
    def tearDownClass(cls) -> None:
        assert cls.ended == [2, 2]


def test_it_gives_an_aep() -> None:
    with mock_aep(enforce="strict") as aep:
        create()
        assert aep.enforce == "strict"
        aep.assert_called("flow_service.create_connection", times=1)


def test_it_starts_and_stops_by_hand() -> None:
    mock = mock_aep()
    aep = mock.start()
    create()
    assert len(aep.journal) == 1
    mock.stop()


@pytest.mark.parametrize(
    "host",
    ["platform.adobe.io", "PLATFORM.adobe.io", "platform-stage.adobe.io", "platform-va7.adobe.io"],
)
@mock_aep
def test_the_platform_answers_under_all_its_names(host: str) -> None:
    url = f"https://{host}{FLOW_SERVICE}/connections"
    assert requests.get(url, headers=HEADERS, timeout=30).status_code == 200
    assert httpx.get(url, headers=HEADERS).status_code == 200
    with_port = f"https://{host}:443{FLOW_SERVICE}/connections"
    assert requests.get(with_port, headers=HEADERS, timeout=30).status_code == 200


@pytest.mark.parametrize("host", ["ims-na1.adobelogin.com", "ims-na1-stg1.adobelogin.com"])
@mock_aep
def test_ims_answers_too(host: str) -> None:
    reply = requests.post(f"https://{host}/ims/token/v3", data=TOKEN, timeout=30)
    assert reply.json()["token_type"] == "bearer"


@pytest.mark.parametrize(
    ("url", "envelope"),
    [
        (f"{PLATFORM}/data/core/ups/access/entities?a=b", "error_code"),
        (f"{PLATFORM}{FLOW_SERVICE}/nothing", "errorMessage"),
        (f"{PLATFORM}/_emulator/health", "error_code"),
        (f"{PLATFORM}/t/one{FLOW_SERVICE}/connections", "error_code"),
        (f"{PLATFORM}/ims/token/v3", "error_code"),
        (f"https://ims-na1.adobelogin.com{FLOW_SERVICE}/connections", "error_code"),
        ("https://dcs.adobedc.net/collection/0", "error_code"),
        ("https://dcs.data.adobedc.net/collection/0", "error_code"),
    ],
)
@mock_aep
def test_what_nobody_knows_answers_501_and_never_leaves(url: str, envelope: str) -> None:
    reply = requests.post(url, json={}, headers=HEADERS, timeout=30)
    assert reply.status_code == 501
    assert reply.headers["x-emulator-rule"] == "platform.unmatched"
    assert envelope in reply.json()
    assert url.removeprefix("https://").partition("?")[0] in reply.text


def test_a_documented_operation_that_is_not_emulated_says_so_itself() -> None:
    with mock_aep() as aep:
        operations = aep.emulator.contract.operations.values()
        plain = (item for item in operations if not item.emulated and "{" not in item.path)
        operation = next(plain)
        url = PLATFORM + operation.base_path + operation.path
        reply = requests.request(operation.method, url, headers=HEADERS, timeout=30)
    assert reply.headers["x-emulator-rule"] == "platform.not_emulated"


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


def test_other_hosts_go_through() -> None:
    with HTTPServer(("127.0.0.1", 0), Hello) as other, mock_aep():
        Thread(target=other.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{other.server_port}/"
        session = requests.Session()
        session.trust_env = False
        assert session.get(url, timeout=30).text == "hello"
        assert httpx.get(url, trust_env=False).text == "hello"

        async def ask() -> str:
            async with httpx.AsyncClient(trust_env=False) as client:
                return (await client.get(url)).text

        assert asyncio.run(ask()) == "hello"
        other.shutdown()
        session.close()


def patched() -> list[object]:
    return [
        vars(HTTPAdapter)["send"],
        vars(httpx.HTTPTransport)["handle_request"],
        vars(httpx.AsyncHTTPTransport)["handle_async_request"],
    ]


def test_everything_is_as_before_afterwards() -> None:
    before = patched()
    with mock_aep():
        assert all(now is not old for now, old in zip(patched(), before, strict=True))
    with pytest.raises(ZeroDivisionError), mock_aep():
        raise ZeroDivisionError
    assert all(now is old for now, old in zip(patched(), before, strict=True))


def test_a_bare_one_within_another_shares_its_state() -> None:
    with mock_aep() as outer:
        create()
        with mock_aep() as inner:
            assert inner is outer
            create()
        assert count() == 2


def test_one_with_settings_has_its_own_and_the_outer_goes_on() -> None:
    with mock_aep() as outer:
        create()
        with mock_aep(edition="2020-03") as inner:
            assert inner is not outer
            assert count() == 0
        assert count() == 1


def test_ends_may_come_in_any_order() -> None:
    before = patched()
    first, second = mock_aep(seed="1"), mock_aep(seed="2")
    first.start()
    second.start()
    first.stop()
    assert count() == 0
    second.stop()
    assert all(now is old for now, old in zip(patched(), before, strict=True))


def test_what_it_cannot_decorate_it_refuses() -> None:
    def generator() -> Any:
        yield

    class Empty:
        """Has no tests."""

    with pytest.raises(TypeError, match="cannot decorate a generator"):
        mock_aep(generator)
    with pytest.raises(TypeError, match="Empty has no methods"):
        mock_aep(Empty)
    with pytest.raises(SettingError, match="unknown setting 'editions'"), mock_aep(editions="x"):
        pass


def test_aepp_runs_as_it_is(tmp_path: Any) -> None:
    """Its hosts are in its code; nothing is told to it but credentials."""
    aepp = pytest.importorskip("aepp")
    from aepp import flowservice, schema

    with mock_aep() as aep:
        aepp.configure(
            org_id=HEADERS["x-gw-ims-org-id"],
            client_id="any-key",
            secret="any-secret",
            scopes="openid,AdobeID,read_organizations",
            sandbox="prod",
        )
        flows = flowservice.FlowService()
        made = flows.createConnection(data=base_connection())
        assert flows.getConnection(made["id"])["id"] == made["id"]
        assert schema.Schema().getClasses() is not None
        aep.assert_called("ims.token_v3")
        aep.assert_called("flow_service.create_connection", times=1)
        hosts = {json.dumps(entry.base_url) for entry in aep.journal}
    assert hosts == {'"https://platform.adobe.io"', '"https://ims-na1.adobelogin.com"'}
