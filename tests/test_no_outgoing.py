"""The emulator connects to nobody: not while it serves a journey, and not by what it is made of."""

from __future__ import annotations

import ast
import http.client
import socket
from pathlib import Path
from typing import Any

import pytest

from emulator.cli import main
from emulator.serving.server import Server

PACKAGE = Path(__file__).resolve().parent.parent / "emulator"
LOOPBACK = ("127.0.0.1", "::1")
CLIENTS = {
    "aiohttp",
    "boto3",
    "ftplib",
    "grpc",
    "httpx",
    "requests",
    "smtplib",
    "socketserver",
    "telnetlib",
    "urllib3",
    "xmlrpc",
}
CONNECTING_COMMANDS = {
    "commands/demo.py",
    "commands/remote.py",
    "traffic/relay.py",
    "traffic/upstream.py",
    "traffic/wire.py",
}
"""Those that connect, to the address that their user gives; the last ones are the proxy's."""

FOR_TESTS = ("mock.py", "pytest_plugin.py", "testcontainers.py", "testing/")
"""What test suites import, never the serving process; it has the users' clients at hand."""


class Outgoing(AssertionError):
    """Somebody tried to reach something that is not this machine."""


@pytest.fixture
def contacted(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Refuse every connection and name lookup beyond loopback; returns whom was connected to."""
    seen: set[str] = set()
    real = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex", "sendto")}
    real_lookup = socket.getaddrinfo

    def guard(host: object) -> None:
        name = host.decode() if isinstance(host, bytes) else str(host)
        seen.add(name)
        if name not in LOOPBACK:
            raise Outgoing(name)

    def guarded(name: str) -> Any:
        def method(self: socket.socket, *arguments: Any) -> Any:
            address = arguments[-1]
            if self.family != socket.AF_UNIX:
                guard(address[0])
            return real[name](self, *arguments)

        return method

    def lookup(host: Any, *arguments: Any, **named: Any) -> Any:
        if host is not None:
            guard(host)
        return real_lookup(host, *arguments, **named)

    for name in real:
        monkeypatch.setattr(socket.socket, name, guarded(name))
    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return seen


@pytest.mark.parametrize("edition", ["2020-03", "2020-09", "latest"])
def test_a_whole_journey_contacts_loopback_only(
    edition: str, contacted: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--edition", edition]) == 0, capsys.readouterr().out
    assert contacted == {"127.0.0.1"}


def test_the_guard_would_notice(contacted: set[str]) -> None:
    with pytest.raises(Outgoing), socket.socket() as other:
        other.connect(("203.0.113.7", 80))
    with pytest.raises(Outgoing):
        socket.getaddrinfo("platform.adobe.io", 443)
    assert contacted == {"203.0.113.7", "platform.adobe.io"}


def test_urls_in_requests_are_not_followed(
    contacted: set[str], server: Server, headers: dict[str, str]
) -> None:
    """A schema may refer to URLs anywhere; they are names, never addresses."""
    body = b"""{"title": "Elsewhere", "type": "object",
               "allOf": [{"$ref": "https://elsewhere.example/schemas/1"}]}"""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    path = "/data/foundation/schemaregistry/tenant/schemas"
    connection.request("POST", path, body, {**headers, "Content-Type": "application/json"})
    response = connection.getresponse()
    response.read()
    connection.close()
    assert 400 <= response.status < 500
    assert contacted <= {"127.0.0.1"}


def test_no_client_is_imported_where_requests_are_served() -> None:
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        if name.startswith(FOR_TESTS):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            imported: list[str] = []
            if isinstance(node, ast.Import):
                imported = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                imported = [node.module or ""]
            for module in imported:
                assert module.partition(".")[0] not in CLIENTS, (name, module)
                assert not module.startswith("urllib.request"), (name, module)
                if module.startswith("http.client"):
                    assert name in CONNECTING_COMMANDS, (name, module)


def test_only_the_proxy_relays() -> None:
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        if "emulator.traffic.relay" in path.read_text(encoding="utf-8"):
            assert name == "commands/proxy.py", name
        if "emulator.traffic.upstream" in path.read_text(encoding="utf-8"):
            assert name in ("commands/proxy.py", "traffic/relay.py"), name


def test_no_http_client_is_a_dependency() -> None:
    import tomllib

    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {line.partition(">")[0] for line in project["project"]["dependencies"]}
    assert not needed & CLIENTS
