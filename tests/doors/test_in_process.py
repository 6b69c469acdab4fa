"""`Aep` without a socket: clients of `requests` and `httpx` see what a server would send."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from emulator.settings import SettingError
from emulator.testing import Aep, AepServer
from tests.bodies import FLOW_SERVICE, SANDBOX_MANAGEMENT, SCHEMA_REGISTRY, base_connection

CONNECTIONS = f"{FLOW_SERVICE}/connections"
UNLIKE = {"date", "server", "content-length", "connection", "keep-alive"}
"""Headers that only a socket needs."""


@pytest.fixture
def local() -> Iterator[Aep]:
    with Aep() as aep:
        yield aep


def calls(aep: Aep) -> list[tuple[int, dict[str, str], Any]]:
    """Make calls of every kind and return what came back, whatever the address."""
    got = []
    body = base_connection()
    for method, path, sent in [
        ("POST", CONNECTIONS, {"json": body}),
        ("POST", CONNECTIONS, {"data": b"{", "headers": {"Content-Type": "application/json"}}),
        ("GET", CONNECTIONS, {"params": {"property": "name==Blob"}}),
        ("GET", f"{CONNECTIONS}/none", {}),
        ("PUT", CONNECTIONS, {}),
        ("GET", "/nowhere", {}),
        ("GET", f"{SANDBOX_MANAGEMENT}/sandboxes", {"params": {"limit": 1, "offset": 0}}),
        ("GET", f"{SCHEMA_REGISTRY}/global/classes", {"headers": {"Accept": "text/html"}}),
        ("POST", "/ims/token/v3", {"data": {"grant_type": "client_credentials"}}),
        ("GET", "/_emulator/health", {}),
    ]:
        reply = aep.session.request(method, path, **sent)  # type: ignore[arg-type]
        headers = {name.lower(): v.replace(aep.url, "URL") for name, v in reply.headers.items()}
        text = reply.text.replace(aep.url, "URL")
        got.append((reply.status_code, {n: headers[n] for n in headers.keys() - UNLIKE}, text))
    return got


def test_both_doors_answer_alike(local: Aep) -> None:
    with AepServer() as server:
        assert calls(local) == calls(server)


@pytest.mark.parametrize(
    "sent",
    [
        json.dumps(base_connection()),
        json.dumps(base_connection()).encode(),
        io.BytesIO(json.dumps(base_connection()).encode()),
        (part.encode() for part in json.dumps(base_connection()).partition(",")),
    ],
    ids=["text", "bytes", "file", "generator"],
)
def test_bodies_of_every_kind_arrive(local: Aep, sent: Any) -> None:
    headers = {"Content-Type": "application/json"}
    assert local.session.post(CONNECTIONS, data=sent, headers=headers).status_code == 201
    (entry,) = local.journal
    assert json.loads(entry.body) == base_connection()


def test_any_session_reaches_the_url_and_streams(local: Aep) -> None:
    with requests.Session() as session:
        reply = session.get(local.url + CONNECTIONS, headers=local.headers, stream=True)
        assert b"".join(reply.iter_content(3)) == b'{"items":[],"_links":{}}'
    assert reply.headers["x-emulator-operation"] == "flow_service.list_connections"
    assert reply.elapsed.total_seconds() > 0


def test_httpx_reaches_it_too(local: Aep) -> None:
    made = httpx.post(local.url + CONNECTIONS, json=base_connection(), headers=local.headers)
    with httpx.Client(base_url=local.url, headers=local.headers) as client:
        read = client.get(f"{CONNECTIONS}/{made.json()['id']}")
        with client.stream("GET", CONNECTIONS) as streamed:
            assert b"".join(streamed.iter_bytes()).startswith(b'{"items":[{')
    assert (made.status_code, made.reason_phrase, read.status_code) == (201, "Created", 200)


def test_httpx_reaches_it_asynchronously(local: Aep) -> None:
    async def parts() -> Any:
        for part in json.dumps(base_connection()).partition(","):
            yield part.encode()

    async def play() -> list[int]:
        headers = {**local.headers, "Content-Type": "application/json"}
        async with httpx.AsyncClient(base_url=local.url, headers=headers) as client:
            made = await client.post(CONNECTIONS, content=parts())
            both = await asyncio.gather(*(client.get(CONNECTIONS) for _ in range(2)))
            return [made.status_code, *(len(reply.json()["items"]) for reply in both)]

    assert asyncio.run(play()) == [201, 1, 1]


def test_each_start_is_a_new_beginning() -> None:
    seen = []
    for _ in range(3):
        with Aep() as aep:
            made = aep.session.post(CONNECTIONS, json=base_connection())
            again = aep.session.post(CONNECTIONS, json=base_connection())
            seen.append((made.json(), again.json(), made.headers["x-request-id"]))
            aep.clock.advance(60)
            aep.edition = "2020-09"
            assert [entry.number for entry in aep.journal] == [1, 2]
    assert seen[0] == seen[1] == seen[2]


def test_two_at_once_are_apart() -> None:
    with Aep() as outer, Aep() as inner, AepServer() as server:
        assert len({outer.url, inner.url, server.url}) == 3
        inner.session.post(CONNECTIONS, json=base_connection())
        found = [aep.session.get(CONNECTIONS).json()["items"] for aep in (outer, inner, server)]
        assert [len(items) for items in found] == [0, 1, 0]


def test_a_reset_is_a_new_beginning_too(local: Aep) -> None:
    first = local.session.post(CONNECTIONS, json=base_connection()).json()
    local.reset()
    assert local.journal == []
    assert local.session.get(CONNECTIONS).json()["items"] == []
    local.reset()
    assert local.session.post(CONNECTIONS, json=base_connection()).json() == first


def test_settings_are_given_by_name() -> None:
    with Aep(edition="2020-03", enforce="strict", tenant="acme", max_body="1KiB") as aep:
        assert (aep.edition, aep.enforce) == ("2020-03", "strict")
        assert aep.emulator.settings.max_body == 1024
        aep.edition, aep.enforce = "latest", "observe"
        assert (aep.edition, aep.enforce) == ("latest", "observe")
        with pytest.raises(SettingError, match="'2031' is not one of 2020-03"):
            aep.edition = "2031"
        with pytest.raises(SettingError, match="'never' is not one of"):
            aep.enforce = "never"
    with pytest.raises(SettingError, match="unknown setting 'editon'"):
        Aep(editon="2020-03")


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AEP_EMULATOR_EDITION", "2020-03")
    with Aep() as aep:
        assert aep.edition == "latest"


def test_each_has_a_name_of_its_own_in_whichever_order_they_end() -> None:
    first, second, third = Aep().start(), Aep().start(), Aep()
    first.stop()
    third.start()
    assert third.url != second.url
    second.session.post(CONNECTIONS, json=base_connection())
    assert (len(second.journal), third.journal) == (1, [])
    second.stop()
    third.stop()


def test_it_lives_from_start_to_stop() -> None:
    aep = Aep()
    with pytest.raises(RuntimeError, match="not started"):
        aep.journal  # noqa: B018
    aep.start()
    with pytest.raises(RuntimeError, match="started already"):
        aep.start()
    url = aep.url
    aep.stop()
    aep.stop()
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(url, timeout=30)


def test_a_client_that_outlives_its_test_is_told() -> None:
    with AepServer() as server:
        url = server.url + CONNECTIONS
    assert requests.get(url, timeout=30).status_code == 410
    with AepServer() as again:
        assert again.url + CONNECTIONS == url
        assert again.journal == []


def test_settings_that_cannot_be_used_leave_nothing_behind() -> None:
    sent = HTTPAdapter.send
    with pytest.raises(SettingError):
        Aep(edition="2031").start()
    assert HTTPAdapter.send is sent


def test_worlds_are_there_in_process_as_well(local: Aep) -> None:
    local.session.post(f"/t/one{CONNECTIONS}", json=base_connection())
    where = {"x-emulator-test": "one"}
    assert len(local.session.get(CONNECTIONS, headers=where).json()["items"]) == 1
    assert local.session.get(CONNECTIONS).json()["items"] == []


def test_without_a_journal_there_is_nothing_to_say() -> None:
    with Aep(journal=0) as aep, pytest.raises(RuntimeError, match="the setting journal is 0"):
        aep.assert_not_called("flow_service.list_flows")


RETRY = {"total": 3, "backoff_factor": 1, "status_forcelist": [429, 503], "allowed_methods": None}


def retrying(aep: Aep, **changes: Any) -> requests.Session:
    session = requests.Session()
    session.mount("http://", HTTPAdapter(max_retries=Retry(**{**RETRY, **changes})))
    session.headers.update(aep.headers)
    return session


def test_a_client_that_tries_again_does_so_and_need_not_wait(local: Aep) -> None:
    before = local.clock.now()
    local.faults.add({"kind": "error", "status": 429, "count": 2})
    with retrying(local) as session:
        assert session.get(local.url + CONNECTIONS).status_code == 200
    assert [entry.status for entry in local.journal] == [429, 429, 200]
    assert local.clock.now() > before


def test_a_client_gives_up_as_it_would_over_a_socket(local: Aep) -> None:
    local.faults.add({"kind": "error", "status": 503})
    with retrying(local) as session, pytest.raises(requests.exceptions.RetryError):
        session.get(local.url + CONNECTIONS)
    assert len(local.journal) == 4
    with retrying(local, raise_on_status=False) as session:
        assert session.get(local.url + CONNECTIONS).status_code == 503


def test_a_connection_is_reset(local: Aep) -> None:
    local.faults.add({"kind": "reset"})
    with pytest.raises(requests.exceptions.ConnectionError, match="reset by peer"):
        local.session.get(CONNECTIONS)
    with pytest.raises(httpx.ReadError, match="reset by peer"):
        httpx.get(local.url + CONNECTIONS, headers=local.headers)
    with retrying(local) as session, pytest.raises(requests.exceptions.ConnectionError):
        session.get(local.url + CONNECTIONS)
    assert len(local.journal) == 6
    local.faults.clear()
    assert local.session.get(CONNECTIONS).status_code == 200


def test_a_body_is_cut(local: Aep) -> None:
    local.faults.add({"kind": "truncate", "bytes": 5})
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="5 bytes read"):
        local.session.get(CONNECTIONS)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        httpx.get(local.url + CONNECTIONS, headers=local.headers)

    async def ask() -> None:
        async with httpx.AsyncClient() as client:
            await client.get(local.url + CONNECTIONS, headers=local.headers)

    with pytest.raises(httpx.RemoteProtocolError):
        asyncio.run(ask())


def test_a_delay_passes_on_the_clock_that_stands_still(local: Aep) -> None:
    before = local.clock.now()
    local.faults.add({"kind": "delay", "seconds": 3600})
    assert local.session.get(CONNECTIONS).status_code == 200
    assert local.clock.now() == before + 3_600_000


def test_a_state_is_kept_and_put_back(local: Aep) -> None:
    local.session.post(CONNECTIONS, json=base_connection())
    kept = local.snapshot()
    local.session.post(CONNECTIONS, json=base_connection(name="Other"))
    local.restore(kept)
    assert len(local.session.get(CONNECTIONS).json()["items"]) == 1


def test_clients_that_are_imported_later_are_answered_too() -> None:
    """The libraries are not imported for those that do without them."""
    program = """
import sys
from emulator.testing import Aep
with Aep() as aep:
    assert not {"httpx", "requests"} & set(sys.modules)
    import requests
    import httpx
    url = aep.url + "/data/foundation/flowservice/flows"
    print(requests.get(url, headers=aep.headers).status_code)
    print(httpx.get(url, headers=aep.headers).status_code)
    before = sys.meta_path[0]
assert sys.meta_path[0] is not before
assert requests.adapters.HTTPAdapter.send.__module__ == "requests.adapters"
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["200", "200"], done.stderr


def test_a_server_takes_files_that_are_longer_than_other_bodies() -> None:
    with AepServer(max_body=1000, max_upload=5000) as server:
        path = "/_emulator/files/dlz-user-container/leads.csv"
        assert server.session.put(path, data=b"x" * 4000).status_code < 300
        assert server.session.get(path).content == b"x" * 4000
        assert server.session.put(path, data=b"x" * 6000).status_code == 413
        flows = "/data/foundation/flowservice/flows"
        assert server.session.post(flows, json={"name": "x" * 1000}).status_code == 413
