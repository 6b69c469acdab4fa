"""The landing zone's storage, called as clients of Azure Blob Storage call it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from emulator.clock import ManualClock
from emulator.testing.client import AepClient
from tests.bodies import CONNECTORS, FLOW_SERVICE
from tests.emulators import new_emulator

CREDENTIALS = f"{CONNECTORS}/landingzone/credentials?type="
ZONE = "26f526f2-58f4-4712-961d-e41bf1ccc0e8"
BLOCK_BLOB = {"x-ms-blob-type": "BlockBlob"}
Reply = tuple[int, dict[str, str], bytes]


class Storage:
    """A container, as one reaches it with the address that its credentials hold."""

    def __init__(self, api: AepClient, type: str = "user_drop_zone", **headers: str) -> None:
        self._send = api.send
        address = urlsplit(api.ok("GET", CREDENTIALS + type, headers=headers)["SASUri"])
        self.path, self.token = address.path, address.query

    def __call__(
        self, method: str, path: str = "", content: bytes | None = None, **headers: str
    ) -> Reply:
        blob, _, query = path.partition("?")
        target = f"{self.path}{'/' if blob else ''}{blob}?{self.token}&{query}"
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._send(method, target, sent, content)

    def put(self, path: str, content: bytes, **headers: str) -> Reply:
        return self("PUT", path, content, x_ms_blob_type="BlockBlob", **headers)


@pytest.fixture
def storage(api: AepClient) -> Storage:
    return Storage(api)


def code(reply: Reply) -> tuple[int, str]:
    assert f"<Code>{reply[1]['x-ms-error-code']}</Code>" in reply[2].decode()
    return reply[0], reply[1]["x-ms-error-code"]


def names(storage: Storage, query: str = "") -> list[str]:
    status, _, content = storage("GET", f"?restype=container&comp=list{query}")
    assert status == 200
    return re.findall("<Name>([^<]*)</Name>", content.decode())


def test_a_blob_is_put_read_listed_and_deleted(storage: Storage) -> None:
    status, headers, content = storage.put("in/a.csv", b"Id\n1\n")
    assert (status, content) == (201, b"")
    assert headers["etag"]
    assert headers["last-modified"] == "Sun, 13 Sep 2020 12:26:40 GMT"
    assert storage("GET", "in/a.csv")[2] == b"Id\n1\n"
    status, headers, content = storage("HEAD", "in/a.csv")
    assert (status, headers["content-length"], content) == (200, "5", b"")
    status, headers, content = storage("GET", "in/a.csv", x_ms_range="bytes=3-100")
    assert (status, headers["content-range"], content) == (206, "bytes 3-4/5", b"1\n")
    storage.put("b & c.csv", b"")
    assert names(storage) == ["b &amp; c.csv", "in/a.csv"]
    assert names(storage, "&prefix=in/") == ["in/a.csv"]
    assert storage("DELETE", "in/a.csv")[0] == 202
    assert code(storage("DELETE", "in/a.csv")) == (404, "BlobNotFound")
    assert code(storage("GET", "in/a.csv")) == (404, "BlobNotFound")
    assert storage("GET", "?restype=container")[0] == 200


def test_what_is_put_is_explored(api: AepClient, storage: Storage) -> None:
    storage.put("in/a.csv", b"Id\n1\n")
    path = f"{FLOW_SERVICE}/connectionSpecs/{ZONE}/explore?objectType=folder&object=in"
    assert [item["path"] for item in api.ok("GET", path)] == ["dlz-user-container/in/a.csv"]


def test_a_blob_is_made_of_blocks(storage: Storage) -> None:
    for name, content in (("YQ==", b"Id\n"), ("Yg==", b"1\n"), ("Yw==", b"unused")):
        assert storage("PUT", f"a.csv?comp=block&blockid={quote(name)}", content)[0] == 201
    assert names(storage) == []
    blocks = "<BlockList><Latest>YQ==</Latest><Uncommitted>Yg==</Uncommitted></BlockList>"
    assert storage("PUT", "a.csv?comp=blocklist", blocks.encode())[0] == 201
    assert storage("GET", "a.csv")[2] == b"Id\n1\n"
    missing = b"<BlockList><Latest>YQ==</Latest></BlockList>"
    assert code(storage("PUT", "a.csv?comp=blocklist", missing)) == (400, "InvalidBlockList")


def test_an_upload_may_ask_not_to_replace(storage: Storage) -> None:
    new = {"if_none_match": "*"}
    assert storage.put("a.csv", b"1", **new)[0] == 201
    assert code(storage.put("a.csv", b"2", **new)) == (409, "BlobAlreadyExists")
    assert storage.put("a.csv", b"3")[0] == 201
    assert storage("GET", "a.csv")[2] == b"3"


def test_other_kinds_of_blobs_are_not_emulated(storage: Storage) -> None:
    answer = storage("PUT", "a.csv", b"", x_ms_blob_type="PageBlob")
    assert code(answer) == (501, "NotImplemented")
    assert code(storage("PUT", "a.csv?comp=metadata", b"")) == (501, "NotImplemented")
    assert code(storage("GET", "a.csv", x_ms_range="bytes=0-1")) == (404, "BlobNotFound")
    storage.put("a.csv", b"1")
    assert code(storage("GET", "a.csv", x_ms_range="bytes=7-9")) == (416, "InvalidRange")


def test_a_signature_opens_one_container_until_it_is_replaced(
    api: AepClient, storage: Storage, clock: ManualClock
) -> None:
    storage.put("a.csv", b"1")
    other = Storage(api, "dlz_destination")
    dev = Storage(api, x_sandbox_name="dev")
    assert (names(other), names(dev)) == ([], [])
    for foreign in (other.token, dev.token, "", "sv=1&si=a&sig=b"):
        refused = Storage(api)
        refused.token = foreign
        assert code(refused("GET", "a.csv")) == (403, "AuthenticationFailed")
    api.ok("POST", f"{CREDENTIALS}user_drop_zone&action=refresh")
    assert code(storage("GET", "a.csv")) == (403, "AuthenticationFailed")
    assert Storage(api)("GET", "a.csv")[2] == b"1"
    clock.advance(91 * 24 * 3600)
    refused = Storage(api)
    refused.path = refused.path.replace("dlblobstore", "dlblobstore0")
    assert code(refused("GET", "a.csv")) == (404, "ResourceNotFound")


def test_uploads_have_a_limit(make: Any) -> None:
    storage = Storage(make(max_upload=10))
    assert code(storage.put("a.csv", b"12345678901")) == (413, "RequestBodyTooLarge")
    assert names(storage) == []


def test_a_world_has_a_storage_of_its_own() -> None:
    from tests.emulators import aep_for

    api = aep_for(new_emulator())
    mine, other = Storage(api), Storage(api, x_emulator_test="other")
    mine.put("a.csv", b"1")
    assert other("GET", "a.csv", x_emulator_test="other")[0] == 404
    assert names(mine) == ["a.csv"]


def test_a_blob_of_many_blocks_has_a_limit(make: Callable[..., AepClient]) -> None:
    storage = Storage(make(max_upload=1000))
    assert storage("PUT", "a.csv?comp=block&blockid=YQ==", b"x" * 600)[0] == 201
    block = "<Latest>YQ==</Latest>"
    for blocks, expected in (
        (block, (400, "InvalidXmlDocument")),
        (f"<BlockList>{block * 2}</BlockList>", (413, "RequestBodyTooLarge")),
        ("<BlockList>" + "<Latest/>" * 99, (400, "InvalidXmlDocument")),
    ):
        answer = storage("PUT", "a.csv?comp=blocklist", blocks.encode())
        assert code(answer) == expected
    large = Storage(make())
    many = f"<BlockList>{'<Latest/>' * 50_001}</BlockList>"
    assert code(large("PUT", "a.csv?comp=blocklist", many.encode())) == (400, "BlockListTooLong")
