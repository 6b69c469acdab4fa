"""Readers of recorded traffic: each form yields the same exchanges, one at a time."""

from __future__ import annotations

import base64
import io
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.traffic.har import read_har
from emulator.traffic.hosts import target_of
from emulator.traffic.journaled import read_journal
from emulator.traffic.postman import read_collection, read_environment
from emulator.traffic.reading import read_traffic, size_of
from emulator.traffic.recording import RecordedCall, TrafficError, headers_by_name

FLOWS = "https://platform.adobe.io/data/foundation/flowservice/flows"
WriteHar = Callable[..., Path]


def entry(**changes: Any) -> dict[str, Any]:
    """An entry of a HAR: a flow that is created."""
    request = {
        "method": "POST",
        "url": FLOWS,
        "httpVersion": "HTTP/1.1",
        "headers": [
            {"name": "x-api-key", "value": "key"},
            {"name": "Content-Type", "value": "application/json"},
        ],
        "postData": {"mimeType": "application/json", "text": '{"name":"Leads"}'},
        "bodySize": 16,
    }
    response = {
        "status": 201,
        "headers": [{"name": "ETag", "value": '"1"'}],
        "content": {"size": 12, "mimeType": "application/json", "text": '{"id": "f1"}'},
    }
    return {
        "startedDateTime": "2026-03-01T10:00:00.250Z",
        "time": 41.5,
        "request": {**request, **changes.get("request", {})},
        "response": {**response, **changes.get("response", {})},
    }


@pytest.fixture
def write_har(tmp_path: Path) -> WriteHar:
    def write(*entries: dict[str, Any]) -> Path:
        path = tmp_path / "traffic.har"
        log = {"version": "1.2", "creator": {"name": "test"}, "pages": [], "entries": entries}
        path.write_text(json.dumps({"log": log}), encoding="utf-8")
        return path

    return write


def only(path: Path, **named: Any) -> RecordedCall:
    (found,) = read_traffic(path, **named)
    return found


def test_a_har_tells_all_of_an_exchange(write_har: WriteHar) -> None:
    path = write_har(entry())
    found = only(path)
    assert str(found.source) == f"{path}: entry 0"
    assert (found.method, found.url, found.body) == ("POST", FLOWS, b'{"name":"Leads"}')
    assert headers_by_name(found.headers) == {
        "x-api-key": "key",
        "content-type": "application/json",
    }
    assert found.reply is not None
    assert (found.reply.status, found.reply.body) == (201, b'{"id": "f1"}')
    assert found.reply.headers == [("ETag", '"1"')]
    assert found.started == 1772359200250


def test_bodies_in_base64_are_decoded(write_har: WriteHar) -> None:
    coded = base64.b64encode(b"\x00PAR1\xff").decode()
    found = only(
        write_har(
            entry(
                request={"postData": {"mimeType": "x", "text": coded, "encoding": "base64"}},
                response={"content": {"size": 6, "text": coded, "encoding": "base64"}},
            )
        )
    )
    assert found.body == b"\x00PAR1\xff"
    assert found.reply is not None
    assert found.reply.body == b"\x00PAR1\xff"


def test_a_form_comes_from_its_parameters(write_har: WriteHar) -> None:
    params = [{"name": "grant_type", "value": "client_credentials"}, {"name": "a", "value": "b c"}]
    form = {"mimeType": "application/x-www-form-urlencoded", "params": params}
    assert only(write_har(entry(request={"postData": form}))).body == (
        b"grant_type=client_credentials&a=b+c"
    )
    multipart = {"mimeType": "multipart/form-data; boundary=x", "params": params}
    assert only(write_har(entry(request={"postData": multipart}))).body is None


def test_what_was_not_recorded_is_not_taken_for_empty(write_har: WriteHar) -> None:
    found = only(write_har(entry(request={"postData": None}, response={"content": {"size": 12}})))
    assert found.body is None
    assert found.reply is not None
    assert found.reply.body is None
    empty = only(write_har(entry(response={"status": 204, "content": {"size": 0}})))
    assert empty.reply is not None
    assert empty.reply.body == b""
    assert only(write_har(entry(response={"status": 0}))).reply is None


def test_headers_of_http_2_and_repeated_ones(write_har: WriteHar) -> None:
    headers = [
        {"name": ":method", "value": "POST"},
        {"name": "Accept", "value": "a"},
        {"name": "accept", "value": "b"},
    ]
    found = only(write_har(entry(request={"headers": headers})))
    assert headers_by_name(found.headers) == {"accept": "a, b"}


def test_a_har_that_breaks_off_yields_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "cut.har"
    whole = json.dumps({"log": {"entries": [entry(), entry()]}})
    path.write_text(whole[: len(whole) - 40], encoding="utf-8")
    entries = read_traffic(path)
    assert next(entries).method == "POST"
    with pytest.raises(TrafficError, match=r"cut\.har: not JSON behind entry 0"):
        next(entries)


@pytest.mark.parametrize(
    "broken",
    [{"request": {}}, {"request": "x"}, {}, {"request": {"method": "GET"}}],
    ids=json.dumps,
)
def test_an_entry_that_is_none_is_named(tmp_path: Path, broken: dict[str, Any]) -> None:
    path = tmp_path / "odd.har"
    path.write_text(json.dumps({"log": {"entries": [entry(), broken]}}), encoding="utf-8")
    entries = read_traffic(path)
    next(entries)
    with pytest.raises(TrafficError, match=r"odd\.har: entry 1: not an entry of a HAR"):
        next(entries)


class Endless:
    """A HAR without an end, which counts what has been read of it."""

    def __init__(self) -> None:
        self.entry = json.dumps(entry()).encode()
        self.parts = self._parts()
        self.left = b""
        self.bytes = 0

    def _parts(self) -> Iterator[bytes]:
        yield b'{"log":{"version":"1.2","entries":['
        while True:
            yield self.entry + b","

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "a reader that wants everything at once"
        while len(self.left) < size:
            self.left += next(self.parts)
        data, self.left = self.left[:size], self.left[size:]
        self.bytes += len(data)
        return data


def test_a_har_is_read_no_further_than_its_entries_are_wanted() -> None:
    endless = Endless()
    for wanted in (1, 100, 1000):
        taken = list(itertools.islice(read_har(endless, "endless"), wanted))
        assert len(taken) == wanted
        assert endless.bytes < (wanted + 1) * len(endless.entry) + 256 * 1024
        endless = Endless()


def test_reading_tells_its_progress(write_har: WriteHar) -> None:
    path = write_har(*[entry() for _ in range(500)])
    seen: list[int] = []
    assert sum(1 for _ in read_traffic(path, progress=seen.append)) == 500
    assert sum(seen) == size_of(path) == path.stat().st_size
    assert len(seen) > 1


def test_a_folder_of_exchanges(tmp_path: Path) -> None:
    request = {
        "method": "post",
        "url": FLOWS,
        "headers": {"x-api-key": "key", "Accept": ["a", "b"]},
        "body": {"name": "Leads"},
    }
    response = {"status": 201, "headers": [["ETag", "1"]], "bodyText": "created"}
    (tmp_path / "2.json").write_text(json.dumps({"request": request, "response": response}))
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "3.request.json").write_text(json.dumps(request))
    (tmp_path / "more" / "3.response.json").write_text(json.dumps(response))
    (tmp_path / "1.json").write_text(
        json.dumps({"request": {"method": "GET", "url": FLOWS, "bodyBase64": "AP8="}})
    )
    first, second, third = read_traffic(tmp_path)
    assert str(first.source) == str(tmp_path / "1.json")
    assert (first.method, first.body, first.reply) == ("GET", b"\x00\xff", None)
    for found in (second, third):
        assert (found.method, found.body) == ("POST", b'{"name":"Leads"}')
        assert found.headers == [("x-api-key", "key"), ("Accept", "a"), ("Accept", "b")]
        assert found.reply is not None
        assert (found.reply.status, found.reply.body) == (201, b"created")
    assert only(tmp_path / "2.json").body == second.body
    assert only(tmp_path / "more" / "3.request.json").reply == third.reply


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[", "not JSON"),
        ("{}", "neither a HAR"),
        ('{"request": {}}', "'method' is missing"),
        ('{"request": {"method": "GET", "url": "/", "headers": 1}}', "headers are"),
        ('{"request": {"method": "GET", "url": "/", "bodyBase64": "?"}}', "not an exchange"),
    ],
)
def test_a_file_that_is_no_recording_is_named(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "odd.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TrafficError, match=words) as error:
        list(read_traffic(path))
    assert str(path) in str(error.value)


JOURNALED: dict[str, Any] = {
    "id": 2,
    "time": "2026-01-01T00:00:00.000Z",
    "path": "/data/foundation/flowservice/flows",
    "request": {"method": "POST", "headers": {"x-api-key": "key"}, "body": {"name": "Leads"}},
    "response": {"status": 201, "headers": {}, "text": "created"},
}


def test_a_journal_is_read_from_its_oldest_entry_on() -> None:
    first = {**JOURNALED, "id": 1, "request": {"method": "GET", "truncated": True}}
    page = io.BytesIO(json.dumps({"entries": [JOURNALED, first]}).encode())
    one, two = read_journal(page, "page.json")
    assert (str(one.source), one.method, one.body) == ("page.json: call 1", "GET", None)
    assert (two.method, two.body) == ("POST", b'{"name":"Leads"}')
    assert two.headers == [("x-api-key", "key")]
    assert two.reply is not None
    assert (two.reply.status, two.reply.body) == (201, b"created")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"entries": [', "not JSON"),
        ('{"entries": [{"id": 1, "path": "/"}]}', "'request' is missing; .* format=full"),
        ('{"entries": [{"id": 1}, {"id": "a"}]}', "not an entry of a journal"),
        ('{"entries": [5]}', "not an entry of a journal"),
    ],
)
def test_a_journal_that_is_none_is_named(content: str, words: str) -> None:
    with pytest.raises(TrafficError, match=rf"page\.json: .*{words}"):
        list(read_journal(io.BytesIO(content.encode()), "page.json"))


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrafficError, match=r"none\.har: No such file"):
        list(read_traffic(tmp_path / "none.har"))


COLLECTION: dict[str, Any] = {
    "info": {"name": "Flows", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/"},
    "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}"}]},
    "variable": [
        {"key": "base", "value": "https://{{host}}/data/foundation"},
        {"key": "host", "value": "elsewhere.example"},
    ],
    "item": [
        {
            "name": "Flow Service",
            "item": [
                {
                    "name": "Create a flow",
                    "request": {
                        "method": "POST",
                        "header": [
                            {"key": "x-api-key", "value": "{{key}}"},
                            {"key": "x-old", "value": "1", "disabled": True},
                        ],
                        "body": {
                            "mode": "raw",
                            "raw": '{"name":"{{name}}"}',
                            "options": {"raw": {"language": "json"}},
                        },
                        "url": {"raw": "{{base}}/flowservice/flows?mode=draft"},
                    },
                },
                {
                    "name": "Look one up",
                    "request": {
                        "method": "GET",
                        "auth": {"type": "noauth"},
                        "url": {
                            "raw": "{{base}}/flowservice/flows/:flow/{{part}}",
                            "variable": [{"key": "flow", "value": "{{flowId}}"}],
                        },
                    },
                },
            ],
        },
        {
            "name": "Token",
            "request": {
                "method": "POST",
                "auth": {"type": "apikey", "apikey": [{"key": "key", "value": "x-k"}]},
                "body": {
                    "mode": "urlencoded",
                    "urlencoded": [
                        {"key": "grant_type", "value": "client_credentials"},
                        {"key": "client_secret", "value": "{{secret}}"},
                        {"key": "gone", "value": "x", "disabled": True},
                    ],
                },
                "url": "{{ims}}/ims/token/v3",
            },
        },
        {"name": "Short", "request": "https://platform.adobe.io/data/foundation/catalog/batches"},
    ],
}


def write_postman(tmp_path: Path, collection: Any = None) -> tuple[Path, Path]:
    path, environment = tmp_path / "flows.json", tmp_path / "environment.json"
    path.write_text(json.dumps(collection or COLLECTION), encoding="utf-8")
    values = [
        {"key": "host", "value": "platform.adobe.io", "enabled": True},
        {"key": "key", "value": "our-key"},
        {"key": "name", "value": "Leads"},
        {"key": "token", "value": "t0ken", "enabled": False},
        {"key": "part", "value": ""},
    ]
    environment.write_text(json.dumps({"name": "Stage", "values": values}), encoding="utf-8")
    return path, environment


def test_a_postman_collection_gives_its_requests(tmp_path: Path) -> None:
    path, environment = write_postman(tmp_path)
    found = list(read_traffic(path, environment=read_environment(environment)))
    create, look, token, short = found
    assert all(each.reply is None for each in found)
    assert create.source.place == "request Flow Service/Create a flow"
    assert create.url == f"{FLOWS}?mode=draft"
    assert headers_by_name(create.headers) == {
        "x-api-key": "our-key",
        "authorization": "Bearer {{token}}",
        "content-type": "application/json",
    }
    assert (create.body, create.unknown) == (b'{"name":"Leads"}', ("{{token}}",))
    assert look.url == f"{FLOWS}/{{{{flowId}}}}/{{{{part}}}}"
    assert look.unknown == ("{{flowId}}", "{{part}}")
    assert look.headers == []
    assert token.body == b"grant_type=client_credentials&client_secret={{secret}}"
    assert token.unknown == ("{{ims}}", "{{secret}}")
    assert (short.method, short.url[-8:]) == ("GET", "/batches")


def test_a_variable_that_leaves_no_json_leaves_no_body(tmp_path: Path) -> None:
    request = {
        "method": "POST",
        "header": [{"key": "Content-Type", "value": "application/json"}],
        "body": {"mode": "raw", "raw": '{"interval": {{interval}}}'},
        "url": FLOWS,
    }
    item = {"info": {}, "item": [{"name": "One", "request": request}]}
    path, _ = write_postman(tmp_path, item)
    (found,) = read_collection(path, {})
    assert (found.body, found.unknown) == (None, ("{{interval}}",))
    (filled,) = read_collection(path, {"interval": "15"})
    assert filled.body == b'{"interval": 15}'


def test_an_environment_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "environment.json"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(TrafficError, match="not an exported environment"):
        read_environment(path)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (f"{FLOWS}?limit=2&x=%20", ("/data/foundation/flowservice/flows", "limit=2&x=%20")),
        ("https://platform-va7.adobe.io/data/x#part", ("/data/x", "")),
        ("https://PLATFORM-nld2.Adobe.io:443/data/x", ("/data/x", "")),
        ("https://ims-na1.adobelogin.com/ims/token/v3", ("/ims/token/v3", "")),
        ("https://ims-na1-stg1.adobelogin.com/ims/token/v3?a=b", ("/ims/token/v3", "a=b")),
        ("http://127.0.0.1:8080/data/x", ("/data/x", "")),
        ("http://[::1]:8080/data/x", ("/data/x", "")),
        ("/data/x?y", ("/data/x", "y")),
        ("{{base}}/data/x", ("/data/x", "")),
        ("{{base}}data/x", ("/data/x", "")),
        ("http://gateway.example/aep/data/x?y=1", ("/data/x", "y=1")),
        ("https://platform.adobe.io", ("/", "")),
        ("https://platform.adobe.io.example/data/x", None),
        ("https://example.com/platform.adobe.io", None),
        ("http://gateway.example/other/data/x", None),
        ("http://gateway.example/aepx", None),
        ("http://[broken/data", None),
        ("", None),
    ],
)
def test_requests_to_the_platform_are_told_from_others(
    url: str, target: tuple[str, str] | None
) -> None:
    assert target_of(url, ("http://gateway.example/aep/",)) == target
