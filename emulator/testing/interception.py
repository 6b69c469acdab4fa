"""Answers calls of HTTP clients in this process without a socket.

`requests` and `httpx` are patched at their transports, so a client's sessions, redirects and event
hooks stay as they are. Only what is installed is touched; hosts that nobody claims go through to
the network as before.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from emulator.testing.patches import Patches

if TYPE_CHECKING:
    from emulator.testing.in_process import Answer

Send = Callable[[str, str, Iterable[tuple[str, str]], bytes], "Answer"]
"""Answers a method, an absolute URL, header lines and a body."""


class Interception:
    """Calls to some hosts are answered by a function while this is started.

    Of several that claim a host, the one started last answers.
    """

    def __init__(
        self, claims: Callable[[str], bool], send: Send, wait: Callable[[float], object]
    ) -> None:
        """Answer with `send` the calls to hosts that `claims`.

        Args:
            claims: Asked with the host's name in lower case, without its port.
            send: Answers.
            wait: Lets the seconds pass that a client waits before it tries again.
        """
        self.claims = claims
        self.send = send
        self.wait = wait

    def start(self) -> None:
        """Answer from now on."""
        _PATCHED.start(self)

    def stop(self) -> None:
        """Leave the calls to whom they went before."""
        _PATCHED.stop(self)


def _patch() -> None:
    for name, patch in _PATCHES.items():
        if name in sys.modules:
            patch()
    sys.meta_path.insert(0, _WATCH)


def _patch_requests() -> None:
    from emulator.testing.by_requests import HTTPAdapter, patched_send

    _replace(HTTPAdapter, "send", patched_send)


def _patch_httpx() -> None:
    import httpx

    from emulator.testing.by_httpx import patched_handle, patched_handle_async

    _replace(httpx.HTTPTransport, "handle_request", patched_handle)
    _replace(httpx.AsyncHTTPTransport, "handle_async_request", patched_handle_async)


_PATCHES: dict[str, Callable[[], None]] = {"requests": _patch_requests, "httpx": _patch_httpx}


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
            _then(spec.loader, _PATCHES[name])
        return spec


def _then(loader: Any, patch: Callable[[], None]) -> None:
    load = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        load(module)
        with _PATCHED.lock:
            if _PATCHED.started:
                patch()

    loader.exec_module = exec_module


_WATCH = _Watch()
_PATCHED: Patches[Interception] = Patches(_patch, lambda: sys.meta_path.remove(_WATCH))


def _replace(owner: type, name: str, make: Callable[[Any], Any]) -> None:
    _PATCHED.replace(owner, name, make(vars(owner)[name]))


def claimant(host: str | None) -> Interception | None:
    """Return what answers for a host, if anything does."""
    name = (host or "").lower().rstrip(".")
    return next((item for item in reversed(_PATCHED.started) if item.claims(name)), None)
