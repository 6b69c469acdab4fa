"""Credentials come from connections, addresses from the file of the setting alone."""

from __future__ import annotations

import base64
import io
import socket
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from emulator.json_types import JsonObject
from emulator.storage import Endpoint
from emulator.storage.base import StorageError
from emulator.storage.credentials import azure_credentials, login, s3_credentials
from emulator.storage.drivers import open_place
from emulator.storage.failures import storage_error
from tests.storage.servers import USER


def place(url: str, params: JsonObject, **options: Any) -> Any:
    return open_place(Endpoint("connectionSpec", "any", url, options), params)


@pytest.mark.parametrize(
    ("params", "found"),
    [
        (
            {
                "s3AccessKey": "a",
                "s3SecretKey": "b",
                "s3SessionToken": "c",
                "serviceUrl": "http://x",
            },
            {"key": "a", "secret": "b", "token": "c"},
        ),
        ({"accessKey": "a", "secretKey": "b"}, {"key": "a", "secret": "b"}),
        ({"accessKeyId": "a", "secretAccessKey": "b"}, {"key": "a", "secret": "b"}),
        ({"s3AccessKey": "a"}, {}),
        ({"s3AccessKey": 1, "s3SecretKey": None}, {}),
    ],
)
def test_keys_of_s3(params: JsonObject, found: JsonObject) -> None:
    assert s3_credentials(params) == found


@pytest.mark.parametrize(
    ("params", "found"),
    [
        (
            {"connectionString": "BlobEndpoint=http://evil/;AccountName=abc;AccountKey=eHg=="},
            {"account_name": "abc", "account_key": "eHg=="},
        ),
        (
            {"connectionString": "AccountName=abc;SharedAccessSignature=sv=1&sig=x%3D"},
            {"account_name": "abc", "sas_token": "sv=1&sig=x%3D"},
        ),
        (
            {"sasUri": "https://abc.blob.core.windows.net/data/in?sv=1&sig=x"},
            {"account_name": "abc", "sas_token": "sv=1&sig=x", "container": "data/in"},
        ),
        (
            {"sasUri": "http://azurite:10000/abc/data?sv=1"},
            {"account_name": "abc", "sas_token": "sv=1", "container": "data"},
        ),
        ({"sasUri": "http://[::1"}, {}),
        ({}, {}),
    ],
)
def test_credentials_of_azure(params: JsonObject, found: JsonObject) -> None:
    assert azure_credentials(params) == found


def test_a_login() -> None:
    assert login({"userName": "a", "password": "b", "host": "evil"}) == {
        "username": "a",
        "password": "b",
    }


@pytest.fixture
def trap() -> Iterator[tuple[int, list[object]]]:
    """A port that notes who connects."""
    seen: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def note() -> None:
            while True:
                try:
                    seen.append(listening.accept())
                except OSError:
                    return

        threading.Thread(target=note, daemon=True).start()
        yield listening.getsockname()[1], seen


@pytest.mark.parametrize(
    ("url", "options", "params"),
    [
        ("s3://data", {"endpoint_url": "{dead}"}, {"serviceUrl": "{trap}"}),
        (
            "az://data",
            {"blob_endpoint": "{dead}/abc"},
            {"connectionString": "AccountName=abc;AccountKey=eHg=;BlobEndpoint={trap}/abc"},
        ),
        ("az://data", {"blob_endpoint": "{dead}/abc"}, {"sasUri": "{trap}/abc/data?sig=x"}),
        ("az://data", {}, {"connectionString": "AccountName=127.0.0.1:{port}/;AccountKey=eHg="}),
        ("sftp://127.0.0.1:9", {}, {"host": "127.0.0.1", "port": "{port}", "userName": "a"}),
        ("ftp://127.0.0.1:9", {}, {"host": "127.0.0.1:{port}", "userName": "a", "password": "b"}),
    ],
)
def test_no_address_of_a_client_is_connected_to(
    trap: tuple[int, list[object]], url: str, options: JsonObject, params: JsonObject
) -> None:
    port, seen = trap
    words = {"dead": "http://127.0.0.1:9", "trap": f"http://127.0.0.1:{port}", "port": str(port)}
    sent = {name: value.format(**words) for name, value in params.items()}
    said = {name: value.format(**words) for name, value in options.items()}
    keys = {"s3AccessKey": "a", "s3SecretKey": "b"}
    with pytest.raises(StorageError):
        place(url, {**keys, **sent}, **said).check()
    assert seen == []


def test_a_private_key_opens_an_sftp_server(tmp_path: Path) -> None:
    paramiko = pytest.importorskip("paramiko", reason="needs the extra storage")
    from tests.storage.sftp_server import SftpServer

    server = SftpServer(tmp_path, USER, "unused")
    key = paramiko.ECDSAKey.generate()
    server.keys.append(key)
    text = io.StringIO()
    key.write_private_key(text, password="phrase")
    content = base64.b64encode(text.getvalue().encode()).decode()
    params = {"userName": USER, "privateKeyContent": content, "passPhrase": "phrase"}
    url = f"sftp://127.0.0.1:{server.port}"
    made = place(url, params)
    made.put("in/a.csv", b"x")
    assert (tmp_path / "in" / "a.csv").read_bytes() == b"x"
    made.close()
    narrow = place(url, {**params, "folderPath": "/in"})
    assert [entry.path for entry in narrow.below("")] == ["a.csv"]
    narrow.close()
    with pytest.raises(StorageError, match="passPhrase"):
        place(url, {**params, "passPhrase": "wrong"})
    server.stop()


def test_pages_with_links_are_read(tmp_path: Path) -> None:
    pytest.importorskip("fsspec", reason="needs the extra storage")
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "a.csv").write_bytes(b"Id\n1\n")
    (tmp_path / "in" / "deep" / "b.csv").write_bytes(b"Id\n2\n")

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=tmp_path)) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        made = place(f"http://127.0.0.1:{server.server_port}/in", {})
        assert [entry.path for entry in made.below("")] == ["a.csv", "deep/b.csv"]
        assert made.open("deep/b.csv").read() == b"Id\n2\n"
        found = made.find("a.csv")
        assert found is not None
        assert found.size == 5
        made.check()
        with pytest.raises(StorageError):
            made.open("none.csv")
        server.shutdown()


def test_what_drivers_say_is_not_repeated() -> None:
    class ClientError(Exception):
        def __init__(self, text: str) -> None:
            super().__init__(text)
            self.response = {"Error": {"Code": "InvalidAccessKeyId", "Message": text}}

    told = storage_error(ClientError("AKIA and its secret"))
    assert (told.kind, "InvalidAccessKeyId" in str(told)) == ("refused", True)
    assert "secret" not in str(told)
    odd = storage_error(RuntimeError("https://user:secret@host"))
    assert (odd.kind, str(odd)) == (
        "unreachable",
        "The storage does not answer as it should (RuntimeError).",
    )
    missing = storage_error(ModuleNotFoundError("No module named 's3fs'"))
    assert missing.kind == "not installed"
