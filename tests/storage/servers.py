"""Real servers of storages on this machine, each started when a test first asks for it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from emulator.json_types import JsonObject

USER, PASSWORD = "user", "correct horse"


class Reached(NamedTuple):
    """A storage: the entry of the file, what a connection sends, and what has wrong secrets."""

    spec: str
    entry: JsonObject
    auth: JsonObject
    wrong: JsonObject | None
    folder: str
    """Where paths of clients begin: a bucket, or nothing."""


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def wait_for(port: int, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as asked:
            asked.settimeout(0.5)
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on {port}")


@contextmanager
def without_server(url: str) -> Iterator[Reached]:
    """A folder of this machine, or of this process."""
    auth = {"specName": "ConnectionString", "params": {"connectionString": "AccountKey=c2VjcmV0"}}
    yield Reached("azure-blob", {"url": url, "options": {}}, auth, None, "")


@contextmanager
def s3() -> Iterator[Reached]:
    """moto's server, with the policies of IAM in force: a wrong secret is refused."""
    pytest.importorskip("s3fs", reason="needs the extra storage")
    server = pytest.importorskip("moto.server", reason="needs moto")
    import boto3

    port = free_port()
    running = server.ThreadedMotoServer("127.0.0.1", port, verbose=False)
    running.start()
    url = f"http://127.0.0.1:{port}"
    # Servers of one process share their state: one before it may have left policies in force.
    _refuse_after(url, b"inf")
    urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset", data=b"")).close()
    root = {"region_name": "us-east-1", "endpoint_url": url}
    anyone = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    iam = boto3.client("iam", **root, **anyone)
    iam.create_user(UserName=USER)
    allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [allowed]}
    iam.put_user_policy(UserName=USER, PolicyName="s3", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=USER)["AccessKey"]
    boto3.client("s3", **root, **anyone).create_bucket(Bucket="data")
    _refuse_after(url, b"0")
    auth = {"s3AccessKey": key["AccessKeyId"], "s3SecretKey": key["SecretAccessKey"]}
    yield Reached(
        "amazon-s3",
        {"url": "s3://", "options": {"endpoint_url": url}},
        {"specName": "Access Key", "params": auth},
        {"specName": "Access Key", "params": {**auth, "s3SecretKey": "x" * 40}},
        "data",
    )
    _stop(running, port)


def _stop(running: Any, port: int) -> None:
    """Stop moto's server, which looks twice a second whether it shall end, or with each caller."""
    stopping = threading.Thread(target=running.stop)
    stopping.start()
    while stopping.is_alive():
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        stopping.join(0.01)


def _refuse_after(url: str, calls: bytes) -> None:
    """Have moto hold policies against callers after so many calls."""
    plain = {"Content-Type": "text/plain"}
    request = urllib.request.Request(f"{url}/moto-api/reset-auth", data=calls, headers=plain)
    urllib.request.urlopen(request).close()


@contextmanager
def sftp(folder: Path) -> Iterator[Reached]:
    pytest.importorskip("paramiko", reason="needs the extra storage")
    from tests.storage.sftp_server import SftpServer

    server = SftpServer(folder, USER, PASSWORD)
    yield Reached(
        "sftp",
        {"url": f"sftp://127.0.0.1:{server.port}", "options": {}},
        _login("Basic Authentication for sftp", PASSWORD),
        _login("Basic Authentication for sftp", "wrong"),
        "",
    )
    server.stop()


@contextmanager
def ftp(folder: Path) -> Iterator[Reached]:
    pytest.importorskip("pyftpdlib", reason="needs pyftpdlib")
    with warnings.catch_warnings():  # it brings modules that Python 3.12 has no more
        warnings.simplefilter("ignore", DeprecationWarning)
        from pyftpdlib.authorizers import DummyAuthorizer
        from pyftpdlib.handlers import FTPHandler
        from pyftpdlib.servers import ThreadedFTPServer

    authorizer = DummyAuthorizer()
    authorizer.add_user(USER, PASSWORD, str(folder), perm="elradfmwMT")

    class Handler(FTPHandler):
        auth_failed_timeout = 0

    Handler.authorizer = authorizer
    server = ThreadedFTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"timeout": 0.05}, daemon=True)
    thread.start()
    yield Reached(
        "ftp",
        {"url": f"ftp://127.0.0.1:{server.address[1]}", "options": {}},
        _login("Basic Authentication for FTP", PASSWORD),
        _login("Basic Authentication for FTP", "wrong"),
        "",
    )
    server.close_all()


def _login(name: str, password: str) -> JsonObject:
    params = {"host": "storage.example", "userName": USER, "password": password}
    return {"specName": name, "params": params}


AZURE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
"""The key of Azurite's own account, from its documentation."""


def azurite_program() -> list[str] | None:
    """Return how Azurite is started: where AZURITE says, as `make test` or npm has installed it."""
    ours = Path(sys.prefix) / "node_modules" / ".bin" / "azurite-blob"
    named = os.environ.get("AZURITE") or (str(ours) if ours.exists() else "")
    found = named or shutil.which("azurite-blob")
    return [found] if found else None


@contextmanager
def azure(folder: Path) -> Iterator[Reached]:
    pytest.importorskip("adlfs", reason="needs the extra storage")
    program = azurite_program()
    if program is None:
        pytest.skip("Azurite is not installed; make test does that where there is npm")
    from azure.storage.blob import BlobServiceClient

    port = free_port()
    where = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(folder)]
    running = subprocess.Popen(
        [*program, *where, "--silent", "--skipApiVersionCheck"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        url = f"http://127.0.0.1:{port}/devstoreaccount1"
        text = _connection_string(AZURE_KEY)
        client = BlobServiceClient.from_connection_string(f"{text};BlobEndpoint={url}")
        client.create_container("data")
        client.close()
        yield Reached(
            "azure-blob",
            {"url": "az://", "options": {"blob_endpoint": url}},
            {"specName": "ConnectionString", "params": {"connectionString": text}},
            {
                "specName": "ConnectionString",
                "params": {"connectionString": _connection_string("d3Jvbmc=")},
            },
            "data",
        )
    finally:
        running.kill()  # to an orderly end it would wait for the clients' connections
        running.wait()


def _connection_string(key: str) -> str:
    return f"DefaultEndpointsProtocol=https;AccountName=devstoreaccount1;AccountKey={key}"


@contextmanager
def google() -> Iterator[Reached]:
    """A server that asks nobody for credentials."""
    pytest.importorskip("gcsfs", reason="needs the extra storage")
    module = pytest.importorskip("gcp_storage_emulator.server", reason="needs its package")
    port = free_port()
    server = module.create_server("127.0.0.1", port, in_memory=True, default_bucket="data")
    server.start()
    yield Reached(
        "google-cloud-storage",
        {"url": "gs://", "options": {"endpoint_url": f"http://127.0.0.1:{port}", "project": "p"}},
        {
            "specName": "Basic Authentication for google-cloud",
            "params": {"accessKeyId": "a", "secretAccessKey": "b"},
        },
        None,
        "data",
    )
    server.stop()


def dead_entry(url: str = "s3://") -> dict[str, Any]:
    """An entry of a storage where nobody listens."""
    once = {"retries": {"max_attempts": 0}}
    options = {"endpoint_url": f"http://127.0.0.1:{free_port()}", "config_kwargs": once}
    return {"url": url, "options": options}
