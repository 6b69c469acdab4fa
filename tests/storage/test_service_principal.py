"""A service principal of Azure opens a container with a token from where the file says."""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from emulator.json_types import JsonObject
from emulator.storage import Endpoint
from emulator.storage.base import StorageError
from emulator.storage.drivers import open_place
from tests.loss.test_kills import KILLS
from tests.storage.servers import azurite_program, free_port, wait_for

PARAMS = {
    "url": "https://devstoreaccount1.dfs.core.windows.net",
    "servicePrincipalId": "the id",
    "servicePrincipalKey": "the key",
    "tenant": "a-tenant",
}
AUTHORITY = "https://login.example"


def opened(params: JsonObject, **options: Any) -> Any:
    return open_place(Endpoint("connectionSpec", "any", "az://data", options), params)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "needs the option authority"),
        ({"authority": "http://login.example"}, "needs the option authority"),
        ({"authority": AUTHORITY, "blob_endpoint": "http://here/abc"}, "blob_endpoint with https"),
    ],
)
def test_it_is_sent_nowhere_that_the_file_does_not_name(options: JsonObject, text: str) -> None:
    with pytest.raises(StorageError, match=text) as caught:
        opened(PARAMS, **options)
    assert caught.value.kind == "refused"
    assert "the key" not in str(caught.value)


def test_one_that_cannot_be_one_is_refused() -> None:
    pytest.importorskip("azure.identity", reason="needs the extra storage")
    place = opened({**PARAMS, "tenant": "../evil"}, authority=AUTHORITY)
    with pytest.raises(StorageError, match="cannot be used"):
        place.check()


def test_what_the_file_names_comes_first() -> None:
    opened(PARAMS, account_key="eHg=")
    opened(PARAMS, sas_token="sv=1&sig=x")


PROGRAM = """
import json, sys
from emulator.storage import Endpoint
from emulator.storage.base import StorageError
from emulator.storage.drivers import open_place
options, right, wrong = json.loads(sys.argv[1])
def place(params):
    return open_place(Endpoint("connectionSpec", "any", "az://data", options), params)
system = place(right)._system()
system.mkdir("data")
place(right).put("in/a.csv", b"a,b")
print(place(right).open("in/a.csv").read(), [entry.path for entry in place(right).below("")])
try:
    place(wrong).check()
except StorageError as error:
    print(error.kind)
"""


@contextmanager
def azurite_with_tokens(folder: Path) -> Iterator[str]:
    """Azurite over TLS, which reads whose token it is and when that ends, but no signature."""
    program = azurite_program()
    if program is None:
        pytest.skip("Azurite is not installed; make test does that where there is npm")
    port = free_port()
    where = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--inMemoryPersistence"]
    tls = ["--oauth", "basic", "--cert", str(folder / "cert.pem"), "--key", str(folder / "key.pem")]
    with subprocess.Popen(
        [*program, *where, *tls, "--silent", "--skipApiVersionCheck"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        try:
            wait_for(port)
            yield f"https://127.0.0.1:{port}/devstoreaccount1"
        finally:
            running.kill()


def token_for(form: dict[str, list[str]]) -> str | None:
    """Return a token as Microsoft's has it, or None to who has not the secret."""
    if form.get("client_id") != ["the id"] or form.get("client_secret") != ["the key"]:
        return None
    now = int(time.time())
    claims = {
        "aud": "https://storage.azure.com",
        "iss": "https://sts.windows.net/a-tenant/",
        "nbf": now - 60,
        "iat": now - 60,
        "exp": now + 3600,
    }
    head = {"alg": "none", "typ": "JWT"}
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in (head, claims))
    return b".".join(part.rstrip(b"=") for part in parts).decode() + ".none"


@contextmanager
def authority(folder: Path, asked: list[str]) -> Iterator[str]:
    """What gives out tokens, and notes which paths it was asked at."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            token = token_for(parse_qs(sent))
            told: JsonObject = {"error": "invalid_client"}
            if token:
                told = {"token_type": "Bearer", "expires_in": 3600, "access_token": token}
            content = json.dumps(told).encode()
            self.send_response(200 if token else 401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.skipif(not KILLS, reason="it starts an Azurite of its own: make loss")
def test_a_token_opens_a_container(tmp_path: Path) -> None:
    pytest.importorskip("adlfs", reason="needs the extra storage")
    pytest.importorskip("cryptography", reason="needs the extra tls")
    from emulator.serving.certificates import make

    made = make(["127.0.0.1"])
    end = made.chain.index(b"-----BEGIN CERTIFICATE")
    for name, content in (("key", made.chain[:end]), ("cert", made.chain[end:])):
        (tmp_path / f"{name}.pem").write_bytes(content)
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(made.authority)
    asked: list[str] = []
    with azurite_with_tokens(tmp_path) as blobs, authority(tmp_path, asked) as tokens:
        options = {"blob_endpoint": blobs, "authority": tokens}
        wrong = {**PARAMS, "servicePrincipalKey": "another key"}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, json.dumps([options, PARAMS, wrong])],
            env={**os.environ, "SSL_CERT_FILE": str(trusted)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.stdout == "b'a,b' ['in/a.csv']\nrefused\n", done.stderr
    assert set(asked) == {"/a-tenant/oauth2/v2.0/token"}
