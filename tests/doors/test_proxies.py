"""TLS in front of the emulator with Adobe's own hosts, as docs/how-to/use-it-with.md says."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from emulator.serving.server import Server
from tests.bodies import HEADERS

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples" / "proxy"
COMMANDS = {
    "nginx": ["nginx", "-p", ".", "-c", "nginx.conf"],
    "caddy": ["caddy", "run", "--config", "Caddyfile", "--adapter", "caddyfile"],
}
HOSTS = "subjectAltName=DNS:platform.adobe.io,DNS:ims-na1.adobelogin.com"
TIMEOUT = 15.0


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


def listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(proxy: str, folder: Path, port: int) -> Iterator[None]:
    home = {"HOME": str(folder), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin"}
    process = subprocess.Popen(
        COMMANDS[proxy], cwd=folder, env=home, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        end = time.monotonic() + TIMEOUT
        while not listens(port):
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                pytest.fail(f"{proxy}: {process.communicate()[1].decode()}")
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=TIMEOUT)


@pytest.mark.parametrize("proxy", COMMANDS)
def test_a_client_that_hard_codes_the_hosts_reaches_the_emulator(
    proxy: str, server: Server, tmp_path: Path
) -> None:
    for program in (proxy, "openssl", "curl"):
        if shutil.which(program) is None:
            pytest.skip(f"there is no {program} on this machine")
    port = free_port()
    for example in EXAMPLES.iterdir():
        text = example.read_text("utf-8").replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")
        (tmp_path / example.name).write_text(text.replace("8443", str(port)), "utf-8")
    (tmp_path / "temp").mkdir()
    certify = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "adobe.key"]
    certify += ["-out", "adobe.crt", "-subj", "/CN=platform.adobe.io", "-addext", HOSTS]
    subprocess.run(certify, cwd=tmp_path, check=True, capture_output=True)

    def curl(*words: str) -> tuple[dict[str, str], dict[str, object]]:
        way = ["--cacert", "adobe.crt", "--connect-to", f"::127.0.0.1:{port}", "--noproxy", "*"]
        command = ["curl", "-sS", "-i", "--max-time", "10", *way, *words]
        said = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout
        head, _, body = said.decode().partition("\r\n\r\n")
        pairs = (line.partition(":") for line in head.split("\r\n")[1:])
        return {name.lower(): value.strip() for name, _, value in pairs}, json.loads(body)

    with running(proxy, tmp_path, port):
        form = "grant_type=client_credentials&client_id=a&client_secret=b&scope=openid"
        _, token = curl("https://ims-na1.adobelogin.com/ims/token/v3", "-d", form)
        headers = {**HEADERS, "Authorization": f"Bearer {token['access_token']}"}
        sent = [word for pair in headers.items() for word in ("-H", ": ".join(pair))]
        place = "https://platform.adobe.io/data/foundation"
        sandboxes = f"{place}/sandbox-management/sandboxes?limit=1&offset=0"
        _, listed = curl(sandboxes, *sent)
        assert json.dumps(listed).count('"https://platform.adobe.io/') > 1
        id = "https%3A%2F%2Fns.adobe.com%2Fxdm%2Fcontext%2Fprofile"
        accept = ["-H", "Accept: application/vnd.adobe.xed+json; version=1"]
        _, profile = curl(f"{place}/schemaregistry/global/classes/{id}", *sent, *accept)
        assert profile["title"] == "XDM Individual Profile"
        refused, _ = curl(f"{place}/catalog/dataSets?limit=0", *sent)
        assert refused["x-emulator-rule"] == "catalog.list_datasets.limit_is_in_range"
