"""Answers calls of HTTP clients in this process without a socket.

A client that is not ours makes its transports itself, so the transports of `requests` and `httpx`
and the connections of http.client, urllib3 and aiohttp are patched: this is the only place. The
clients' sessions, redirects and event hooks stay as they are. Only what is imported is touched;
hosts that are not claimed go to the network as before.
"""

from __future__ import annotations

import http.client
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from emulator.testing import guard
from emulator.testing.by_bytes import AnsweringSocket
from emulator.testing.patches import Patches

if TYPE_CHECKING:
    from emulator.testing.in_process import InProcessTransport


class Interception:
    """Calls to some hosts are answered by a client within the process while this is started.

    Of several that claim a host, the one started last answers.
    """

    def __init__(self, claims: Callable[[str], bool], client: InProcessTransport) -> None:
        """Let `client` send the calls to hosts that `claims`: in lower case, without the port."""
        self.claims = claims
        self.client = client

    def start(self) -> None:
        """Answer from now on."""
        guard.ANSWERED.append(self.claims)
        _PATCHED.start(self)

    def stop(self) -> None:
        """Answer no longer: the next claimant or the network does."""
        guard.ANSWERED.remove(self.claims)
        _PATCHED.stop(self)


def _patch() -> None:
    _patch_connections(http.client.HTTPConnection, http.client.HTTPSConnection)
    for name, patch in _PATCHES.items():
        if name in sys.modules:
            patch()
    sys.meta_path.insert(0, _WATCH)


def _patch_requests() -> None:
    from requests.adapters import HTTPAdapter

    from emulator.testing.by_requests import send

    original = HTTPAdapter.send

    def patched(self: HTTPAdapter, request: Any, *given: Any, **named: Any) -> Any:
        client = _client_of(urlsplit(request.url or "").hostname)
        if client is None:
            return original(self, request, *given, **named)
        return send(client, self, request)

    _PATCHED.replace(HTTPAdapter, "send", patched)


def _patch_httpx() -> None:
    import httpx

    from emulator.testing.by_httpx import HttpxTransport

    original = httpx.HTTPTransport.handle_request
    original_async = httpx.AsyncHTTPTransport.handle_async_request

    def patched(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        client = _client_of(request.url.host)
        if client is None:
            return original(self, request)
        return HttpxTransport(client).handle_request(request)

    async def patched_async(
        self: httpx.AsyncHTTPTransport, request: httpx.Request
    ) -> httpx.Response:
        client = _client_of(request.url.host)
        if client is None:
            return await original_async(self, request)
        return await HttpxTransport(client).handle_async_request(request)

    _PATCHED.replace(httpx.HTTPTransport, "handle_request", patched)
    _PATCHED.replace(httpx.AsyncHTTPTransport, "handle_async_request", patched_async)


def _patch_connections(*kinds: type[http.client.HTTPConnection]) -> None:
    """Let connections to claimed hosts, by HTTP and by HTTPS, begin with a socket of ours."""
    for kind, scheme in zip(kinds, ("http", "https"), strict=True):
        _PATCHED.replace(kind, "connect", _connect_in_place_of(kind.connect, scheme))


def _connect_in_place_of(original: Callable[[Any], None], scheme: str) -> Callable[[Any], None]:
    def patched(self: Any) -> None:
        host = self._tunnel_host or self.host
        client = _client_of(host)
        if client is None:
            original(self)
            return
        self.sock = AnsweringSocket(client, f"{scheme}://{host}")
        # What urllib3 asks of a connection, so that it does not warn of a missing certificate.
        self.is_verified, self.proxy_is_verified = True, None

    return patched


def _patch_urllib3() -> None:
    from urllib3 import connection

    _patch_connections(connection.HTTPConnection, connection.HTTPSConnection)


def _patch_aiohttp() -> None:
    from aiohttp import TCPConnector

    from emulator.testing.by_aiohttp import connected

    original = TCPConnector._create_connection

    async def patched(self: TCPConnector, req: Any, *given: Any, **named: Any) -> Any:
        client = _client_of(req.url.host)
        if client is None:
            return await original(self, req, *given, **named)
        return connected(client, str(req.url.origin()))

    _PATCHED.replace(TCPConnector, "_create_connection", patched)


_PATCHES: dict[str, Callable[[], None]] = {
    "requests": _patch_requests,
    "httpx": _patch_httpx,
    "urllib3": _patch_urllib3,
    "aiohttp": _patch_aiohttp,
}


class _Watch(MetaPathFinder):
    """Patches a library when it is imported: a suite that does without it need not wait for it."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in _PATCHES:
            return None
        sys.meta_path.remove(self)
        try:
            spec = find_spec(name)
        finally:
            sys.meta_path.insert(0, self)
        if spec is not None and spec.loader is not None:
            spec.loader = _PatchingLoader(spec.loader, _PATCHES[name])
        return spec


class _PatchingLoader(Loader):
    """Loads a module as its own loader does, and patches it while a test needs that."""

    def __init__(self, loader: Loader, patch: Callable[[], None]) -> None:
        self._loader = loader
        self._patch = patch

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # As in `importlib.util.LazyLoader`: the module names its own loader, not this one.
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        with _PATCHED.lock:
            if _PATCHED.started:
                self._patch()


_WATCH = _Watch()
_PATCHED: Patches[Interception] = Patches(_patch, lambda: sys.meta_path.remove(_WATCH))


def _client_of(host: str | None) -> InProcessTransport | None:
    """Return what sends the calls to a host, if it is claimed."""
    name = (host or "").lower().rstrip(".")
    found = next((item for item in reversed(_PATCHED.started) if item.claims(name)), None)
    return None if found is None else found.client
