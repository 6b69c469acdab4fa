"""HTTPS: with a certificate from files, and with one that is made at the start."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from emulator.emulator import Emulator
from emulator.serving.certificates import make
from emulator.serving.server import Server
from emulator.serving.tls import TlsError, self_signed
from tests.doors.test_cli import TIMEOUT, assert_one_line, run

NAMES = ("localhost", "127.0.0.1", "::1", "host.docker.internal", "emulator.example.com")
HEALTH = "/_emulator/health"


class Files(NamedTuple):
    """A certificate as users have it: certificate and key in files, and the authority."""

    certificate: Path
    key: Path
    authority: Path


@pytest.fixture
def files(tmp_path: Path) -> Files:
    chain, authority = make(NAMES)
    end = chain.index(b"-----BEGIN CERTIFICATE")
    made = Files(tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "root.pem")
    made.key.write_bytes(chain[:end])
    made.certificate.write_bytes(chain[end:])
    made.authority.write_bytes(authority)
    return made


@pytest.fixture
def served(emulator: Emulator, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The emulator behind HTTPS: its URL, and the file to trust."""
    tls = self_signed(NAMES, tmp_path / "ca.pem")
    with Server(emulator.application, tls=tls.context) as server:
        yield f"https://127.0.0.1:{server.port}", str(tls.ca)


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[str, list[str]]]:
    """Serve on a free port in a process; yields the URL and the lines of the start."""
    words = [sys.executable, "-m", "emulator", "serve", "--port", "0", *arguments]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = [process.stdout.readline()]
            while not said[-1].startswith("Press"):
                said.append(process.stdout.readline())
                assert said[-1], said
            yield said[0].split()[-1], said
            process.send_signal(signal.SIGTERM)
            process.wait(TIMEOUT)
        finally:
            process.kill()


@contextmanager
def secured(url: str, ca: str, name: str) -> Iterator[ssl.SSLSocket]:
    """Connect, and agree on a key with whoever proves to be of a name."""
    context = ssl.create_default_context(cafile=ca)
    port = int(url.rpartition(":")[2])
    with (
        socket.create_connection(("127.0.0.1", port), TIMEOUT) as plain,
        context.wrap_socket(plain, server_hostname=name) as connection,
    ):
        yield connection


def curl(*arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl on this machine")
    words = ["curl", "--silent", "--show-error", "--max-time", str(TIMEOUT), *arguments]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_clients_that_trust_the_authority_are_answered(
    served: tuple[str, str], headers: dict[str, str]
) -> None:
    url, ca = served
    flows = f"{url}/data/foundation/flowservice/flows"
    with requests.Session() as session:
        session.verify, session.trust_env = ca, False
        for _ in range(2):  # over one connection
            answer = session.get(flows, headers=headers, timeout=TIMEOUT)
            assert (answer.status_code, answer.json()["items"]) == (200, [])
        refused = session.get(flows, timeout=TIMEOUT)
    assert refused.status_code == 403
    assert f"<{url}/_emulator/" in refused.headers["link"], "links lead to HTTPS too"
    said = curl("--cacert", ca, f"{url}{HEALTH}")
    assert '"status":"ok"' in said.stdout, said.stderr


def test_a_client_that_does_not_trust_it_ends_the_connection(served: tuple[str, str]) -> None:
    url, _ = served
    with pytest.raises(requests.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        requests.get(f"{url}{HEALTH}", timeout=TIMEOUT)
    assert curl(f"{url}{HEALTH}").returncode == 60


def test_it_counts_for_its_names_alone(served: tuple[str, str]) -> None:
    url, ca = served
    for name in NAMES:
        with secured(url, ca, name) as connection:
            assert connection.version() in ("TLSv1.2", "TLSv1.3")
    with (
        pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"),
        secured(url, ca, "platform.adobe.io"),
    ):
        pass


def test_a_plain_http_client_is_not_answered(served: tuple[str, str]) -> None:
    url, ca = served
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(f"http{url.removeprefix('https')}{HEALTH}", timeout=TIMEOUT)
    assert requests.get(f"{url}{HEALTH}", verify=ca, timeout=TIMEOUT).ok, "others are"


def test_large_bodies_go_both_ways(served: tuple[str, str], headers: dict[str, str]) -> None:
    url, ca = served
    content = bytes(range(256)) * 16_000
    place = f"{url}/_emulator/files/dlz-user-container/large.bin"
    with requests.Session() as session:
        session.verify, session.trust_env = ca, False
        session.headers.update(headers)
        assert session.put(place, content, timeout=TIMEOUT).status_code == 201
        assert session.get(place, timeout=TIMEOUT).content == content


def test_what_is_no_http_within_is_refused(served: tuple[str, str]) -> None:
    url, ca = served
    with secured(url, ca, "localhost") as connection:
        connection.sendall(b"no request at all\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"platform.unreadable" in answer


def test_serve_makes_a_certificate_and_says_what_to_trust(tmp_path: Path) -> None:
    with serving("--tls", "self-signed") as (url, said):
        assert url.startswith("https://127.0.0.1:")
        assert f"  base URL   {url}  instead of  https://platform.adobe.io\n" in said
        (line,) = (line for line in said if line.startswith("  trust "))
        found = re.fullmatch(r"  trust      (\S+\.pem), .*\n", line)
        assert found is not None
        ca = Path(found[1])
        assert [path.name for path in ca.parent.iterdir()] == [ca.name], "the key is not there"
        assert "PRIVATE" not in ca.read_text("ascii")
        trusting = run("health", "--url", url, "--tls-ca", str(ca))
        assert (trusting.returncode, '"status":"ok"' in trusting.stdout) == (0, True)
        port = url.rpartition(":")[2]
        by_settings = {"AEP_EMULATOR_PORT": port, "AEP_EMULATOR_TLS": "self-signed"}
        assert run("health", **by_settings, AEP_EMULATOR_TLS_CA=str(ca)).returncode == 0
        played = run("demo", "--url", url, "--tls-ca", str(ca))
        assert (played.returncode, played.stderr) == (0, "")
        doubting = run("health", "--url", url)
        assert doubting.returncode == 1
        assert "--tls-ca names the file to trust" in doubting.stderr
    assert not ca.parent.exists()


def test_health_asks_where_a_process_says_that_it_listens(served: tuple[str, str]) -> None:
    """As the container's health check does, whose process may have been given any flags."""
    port = served[0].rpartition(":")[2]
    flags = ["serve", "--port", port, "--tls", "self-signed"]
    program = "print(flush=True); input()"
    waiting = [sys.executable, "-c", program, *flags]
    with subprocess.Popen(waiting, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # before it has begun, the system does not know its flags
        done = run("health", "--of-process", str(process.pid), AEP_EMULATOR_PORT="9")
        assert (done.returncode, '"status":"ok"' in done.stdout) == (0, True), done.stderr
    assert_one_line(run("health", "--of-process", str(process.pid)), "--of-process", "No such")


def test_a_certificate_needs_no_place_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container whose root is read-only."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    self_signed(NAMES, tmp_path / "ca.pem").close()
    with pytest.raises(TlsError, match="--tls-ca: the folder for temporary files cannot be"):
        self_signed(NAMES, None)


def test_several_processes_serve_the_same_certificate(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    store = f"sqlite:///{tmp_path / 'state.db'}"
    given = ("--tls", "self-signed", "--tls-ca", str(ca), "--workers", "2", "--store", store)
    with serving(*given) as (url, said):
        assert f"  trust      {ca}, the authority of this start's certificate\n" in said
        for _ in range(8):
            assert run("health", "--url", url, "--tls-ca", str(ca)).returncode == 0
    assert ca.exists(), "it stays where somebody has said it is to be"


def test_serve_takes_a_certificate_from_files(files: Files, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(files.key.read_bytes() + files.certificate.read_bytes())
    for given in (
        ("--tls-cert", str(files.certificate), "--tls-key", str(files.key)),
        ("--tls-cert", str(both)),
    ):
        with serving(*given) as (url, said):
            assert not any(line.startswith("  trust ") for line in said)
            for trusted in (files.authority, files.certificate):
                assert run("health", "--url", url, "--tls-ca", str(trusted)).returncode == 0
            assert run("state", "save", "--url", url, "--tls-ca", str(files.key)).returncode == 2


def test_an_authority_is_written_anew_where_the_setting_says(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    self_signed(NAMES, ca).close()
    first = ca.read_bytes()
    self_signed(NAMES, ca).close()
    assert ca.read_bytes() != first
    assert [path.name for path in tmp_path.iterdir()] == ["ca.pem"]


def test_what_cannot_be_served_ends_the_start(files: Files, tmp_path: Path) -> None:
    certificate, key = str(files.certificate), str(files.key)
    nowhere = str(tmp_path / "nowhere" / "file.pem")
    password = tmp_path / "password.pem"
    words = [
        "openssl",
        "ec",
        "-aes256",
        "-passout",
        "pass:secret",
        "-in",
        key,
        "-out",
        str(password),
    ]
    if shutil.which("openssl") is not None:
        subprocess.run(words, check=True, capture_output=True)
        encrypted = run("serve", "--tls-cert", certificate, "--tls-key", str(password))
        assert_one_line(encrypted, "--tls-key", "encrypted")
    self_signed(NAMES, tmp_path / "other.pem").close()
    (tmp_path / "wrong.pem").write_bytes(make(NAMES).chain)
    for given, said in (
        (("--tls-cert", nowhere), ("--tls-cert", nowhere, "No such file")),
        (("--tls-cert", certificate, "--tls-key", nowhere), ("--tls-key", nowhere)),
        (("--tls-cert", key, "--tls-key", key), (key, "no PEM certificate")),
        (("--tls-cert", certificate), ("no key in", certificate)),
        (
            ("--tls-cert", certificate, "--tls-key", str(tmp_path / "wrong.pem")),
            ("another certificate",),
        ),
        (("--tls-key", key), ("--tls-key needs --tls-cert",)),
        (("--tls", "self-signed", "--tls-cert", certificate), ("--tls-cert names one",)),
        (("--tls", "yes"), ("--tls", "self-signed")),
        (("--tls", "self-signed", "--tls-ca", nowhere), ("--tls-ca", nowhere)),
        (("--tls", "self-signed", "--tls-ca", certificate), ("--tls-ca", "is there")),
    ):
        assert_one_line(run("serve", *given), *said)


def test_a_certificate_of_somebody_else_is_not_overwritten(files: Files) -> None:
    before = files.certificate.read_bytes()
    assert run("serve", "--tls", "self-signed", "--tls-ca", str(files.certificate)).returncode == 2
    assert files.certificate.read_bytes() == before


def test_what_the_library_is_missing_for_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "emulator.serving.certificates", None)
    assert_one_line(run("serve", "--tls", "self-signed"), "aep-emulator[tls]")
