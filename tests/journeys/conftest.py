"""A real emulator behind a real socket, and clients of it: plain requests, and the curl binary."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests

from emulator.emulator import Emulator
from emulator.serving.server import Server
from emulator.testing.client import AepClient, Response, Send
from tests.bodies import HEADERS, ORGANIZATION
from tests.emulators import new_emulator
from tests.journeys.library import library, made  # noqa: F401 - fixtures for all tests here

_ORGANIZATIONS = count(1)


@dataclass(frozen=True)
class Running:
    """An emulator that serves on a free port."""

    emulator: Emulator
    url: str


def serve(**settings: Any) -> Iterator[Running]:
    """Serve a new emulator whose clock stands still until the generator is closed."""
    emulator = new_emulator(**settings)
    with Server(emulator.application) as server:
        yield Running(emulator, f"http://127.0.0.1:{server.port}")
    emulator.close()


@pytest.fixture(scope="session")
def shared() -> Iterator[Running]:
    """One emulator for all tests that leave its edition alone; each has its own organization."""
    yield from serve()


@pytest.fixture
def own() -> Iterator[Running]:
    """An emulator that one test has for itself."""
    yield from serve()


@pytest.fixture
def organization() -> str:
    """An organization that nobody has used yet."""
    return f"{next(_ORGANIZATIONS):024X}@AdobeOrg"


def by_requests(url: str, session: requests.Session) -> Send:
    """Return a door to a server that is the library requests."""

    def send(method: str, path: str, headers: Mapping[str, str], content: bytes | None) -> Response:
        reply = session.request(method, url + path, headers=headers, data=content, timeout=30)
        found = {name.lower(): value for name, value in reply.headers.items()}
        return Response(reply.status_code, found, reply.content)

    return send


def by_curl(url: str) -> Send:
    """Return a door to a server that is the curl binary, called as the tutorials call it."""

    def send(method: str, path: str, headers: Mapping[str, str], content: bytes | None) -> Response:
        command = ["curl", "-X", method, url + path]
        for name, value in headers.items():
            command += ["-H", f"{name}: {value}"]
        if content is not None:
            command += ["-d", content.decode()]
        command += ["--silent", "--show-error", "--include", "--noproxy", "*", "--max-time", "30"]
        said = subprocess.run(command, capture_output=True, check=True).stdout
        head, _, body = said.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return Response(int(status.split()[1]), {n.lower(): v.strip() for n, _, v in pairs}, body)

    return send


def client_of(
    running: Running, session: requests.Session, organization: str = ORGANIZATION
) -> AepClient:
    """Return a client of a server by the library requests."""
    headers = {**HEADERS, "x-gw-ims-org-id": organization}
    return AepClient(by_requests(running.url, session), running.emulator.contract, headers)


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.trust_env = False  # a proxy of whoever runs the tests is none of ours
        yield opened


@pytest.fixture
def aep(shared: Running, session: requests.Session, organization: str) -> AepClient:
    """A client of the shared emulator, in an organization of its own."""
    return client_of(shared, session, organization)


@pytest.fixture
def own_aep(own: Running, session: requests.Session) -> AepClient:
    """A client of the emulator that the test has for itself."""
    return client_of(own, session)


@pytest.fixture(params=["requests", "curl"])
def door(
    request: pytest.FixtureRequest, shared: Running, session: requests.Session
) -> Callable[[], AepClient]:
    """Return a function that makes a client, once by requests and once by curl."""
    if request.param == "curl" and shutil.which("curl") is None:
        pytest.skip("there is no curl on this machine")
    chosen = by_curl(shared.url) if request.param == "curl" else by_requests(shared.url, session)
    return lambda: AepClient(chosen, shared.emulator.contract, dict(HEADERS))


@pytest.fixture
def address(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a server that commands call, in a folder of their own."""
    monkeypatch.chdir(tmp_path)
    url = f"http://127.0.0.1:{server.port}"
    monkeypatch.setenv("AEP_EMULATOR_URL", url)
    return url
