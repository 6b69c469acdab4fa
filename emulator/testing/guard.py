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

_OTHERS = (
    (r"(.+\.)?adobedc\.net", "Adobe's Edge Network"),
    (r"(.+\.)?demdex\.net", "Adobe's Edge Network and Audience Manager"),
    (r"(.+\.)?(omtrdc|2o7)\.net", "Adobe Analytics or Target"),
    (r"(.+\.)?adobelogin\.com", "Adobe's login"),
    (r"(.+\.)?adobe\.io", "another API behind Adobe's gateway"),
    (r"(.+\.)?adobe\.(com|net)", "a host of Adobe"),
    (r"(.+\.)?adobedtm\.com", "Adobe's tags"),
    (
        r"(dlblobstore|sndbxdtlnd)[a-z0-9]+\.(blob|dfs)\.core\.windows\.net",
        "the storage of a real landing zone (the emulator's credentials lead to its own)",
    ),
)
OTHERS = tuple((re.compile(pattern), what) for pattern, what in _OTHERS)
"""Hosts that are Adobe's too and that nothing here answers for, with what they are."""

ADVICE = (
    "A test of the emulator must not reach Adobe's own hosts. Give the client the emulator's URL "
    "(aep.url), or use mock_aep, which answers requests, httpx, urllib, http.client, urllib3 and "
    "aiohttp under these names. What calls them by another way (sockets, curl) needs aep_server "
    "and its URL."
)

ANSWERED: list[Callable[[str], bool]] = []
"""Tells of each interception which hosts it answers for: these are not reached by proxies."""


class RealHostError(AssertionError):
    """A test reached for one of Adobe's own hosts."""


def is_real(host: str) -> bool:
    """Tell whether a host, in lower case and without port, is one that an emulator answers for."""
    return any(pattern.fullmatch(host) for pattern in (PLATFORM, IMS, STREAMING))


def other_of(host: str) -> str:
    """Return what a host of Adobe is that nothing here answers for; an empty text for any other."""
    if is_real(host):
        return ""
    return next((what for pattern, what in OTHERS if pattern.fullmatch(host)), "")


class NetworkGuard:
    """Name lookups and connections to Adobe's own hosts fail while this is started.

    `reached` keeps which hosts were reached for: a client may swallow the error that it got.
    """

    def __init__(self) -> None:
        self.reached: list[str] = []
        self.allowed: set[str] = set()

    def allow(self, *hosts: str) -> None:
        """Let the test reach hosts of Adobe that are not emulated, such as `stock.adobe.io`."""
        self.allowed.update(host.lower().rstrip(".") for host in hosts)

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
            said = "\n".join(map(_said_of, dict.fromkeys(self.reached)))
            self.reached.clear()
            raise RealHostError(said)


def _said_of(host: str) -> str:
    what = other_of(host)
    if not what:
        return f"{host} was reached for. {ADVICE}"
    return (
        f"{host} was reached for: it is {what}. No emulator answers for it, and a test must not "
        f'reach it: use a stub of your own, or let it pass with aep.guard.allow("{host}").'
    )


_LOOKUPS = ("getaddrinfo", "gethostbyname", "gethostbyname_ex")
_CONNECTS = ("connect", "connect_ex")


def _patch() -> None:
    connection, replace = http.client.HTTPConnection, _PATCHES.replace
    for name in _LOOKUPS:
        replace(socket, name, _guarded(getattr(socket, name), lambda given: given[:1]))
    for name in _CONNECTS:
        replace(socket.socket, name, _guarded(getattr(socket.socket, name), _host_of_address))
    # A proxy is asked for the host by name, so no lookup of ours would see it.
    replace(connection, "set_tunnel", _guarded(connection.set_tunnel, _host_behind_proxy))


_PATCHES: Patches[NetworkGuard] = Patches(_patch)


def _host_of_address(given: tuple[Any, ...]) -> tuple[Any, ...]:
    address = given[1] if len(given) > 1 else None
    return address[:1] if isinstance(address, tuple) else ()


def _host_behind_proxy(given: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(given) < 2:
        return ()
    name = str(given[1]).lower().rstrip(".")
    return ("",) if any(answers(name) for answers in ANSWERED) else (name,)


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
    if not isinstance(host, str):
        return
    name = host.lower().rstrip(".")
    if not is_real(name) and not other_of(name):
        return
    started = _PATCHES.started
    if any(name in guard.allowed for guard in started):
        return
    for guard in started:
        guard.reached.append(name)
    raise RealHostError(_said_of(name))
