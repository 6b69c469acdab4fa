"""Refuses connections to Adobe's own hosts while tests run, and says what to do instead."""

from __future__ import annotations

import functools
import http.client
import re
import socket
from collections.abc import Callable
from typing import Any

from emulator.testing.patches import Patches

PLATFORM = re.compile(r"platform(-[a-z0-9-]+)?\.adobe\.io")
IMS = re.compile(r"ims-[a-z0-9-]+\.adobelogin\.com")
STREAMING = re.compile(r"dcs(-[a-z0-9-]+)?(\.data)?\.adobedc\.net")
"""The hosts of the documents: the gateway with its stages and regions, IMS, and streaming."""

ADVICE = (
    "A test of the emulator must not reach Adobe's own hosts. Give the client the emulator's URL "
    "(aep.url), or use mock_aep, which answers requests and httpx under these names. What calls "
    "them by another way (urllib, http.client, aiohttp, curl) needs aep_server and its URL."
)


class RealHostError(AssertionError):
    """A test reached for one of Adobe's own hosts."""


def is_real(host: str) -> bool:
    """Tell whether a host, in lower case and without port, is one of Adobe's own."""
    return any(pattern.fullmatch(host) for pattern in (PLATFORM, IMS, STREAMING))


class NetworkGuard:
    """Name lookups and connections to Adobe's own hosts fail while this is started.

    `reached` keeps which hosts were reached for: a client may swallow the error that it got.
    """

    def __init__(self) -> None:
        self.reached: list[str] = []

    def start(self) -> None:
        """Refuse from now on."""
        _PATCHES.start(self)

    def stop(self) -> None:
        """Refuse no longer."""
        _PATCHES.stop(self)

    def check(self) -> None:
        """Raise RealHostError, once, if a real host was reached for, even if the client hid it."""
        __tracebackhide__ = True
        if self.reached:
            hosts = ", ".join(dict.fromkeys(self.reached))
            self.reached.clear()
            raise RealHostError(f"{hosts} was reached for. {ADVICE}")


_LOOKUPS = ("getaddrinfo", "gethostbyname", "gethostbyname_ex")
_CONNECTS = ("connect", "connect_ex")


def _patch() -> None:
    connection, replace = http.client.HTTPConnection, _PATCHES.replace
    for name in _LOOKUPS:
        replace(socket, name, _guarded(getattr(socket, name), lambda given: given[:1]))
    for name in _CONNECTS:
        replace(socket.socket, name, _guarded(getattr(socket.socket, name), _host_of_address))
    # A proxy is asked for the host by name, so no lookup of ours would see it.
    replace(connection, "set_tunnel", _guarded(connection.set_tunnel, lambda given: given[1:2]))


_PATCHES: Patches[NetworkGuard] = Patches(_patch)


def _host_of_address(given: tuple[Any, ...]) -> tuple[Any, ...]:
    address = given[1] if len(given) > 1 else None
    return address[:1] if isinstance(address, tuple) else ()


def _guarded(
    original: Callable[..., Any], host_of: Callable[[tuple[Any, ...]], tuple[Any, ...]]
) -> Callable[..., Any]:
    @functools.wraps(original)
    def guarded(*given: Any, **named: Any) -> Any:
        for host in host_of(given) or (named.get("host"),):
            _refuse_real(host)
        return original(*given, **named)

    return guarded


def _refuse_real(host: object) -> None:
    if isinstance(host, bytes):
        host = host.decode("latin-1")
    if not isinstance(host, str) or not is_real(name := host.lower().rstrip(".")):
        return
    for guard in _PATCHES.started:
        guard.reached.append(name)
    raise RealHostError(f"{name} was reached for. {ADVICE}")
