"""The transport without a socket: hands requests to an emulator in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from emulator.testing.guard import is_real
from emulator.web.message import Request, Response, base_url_of, joined_headers


class InProcessTransport:
    """Sends requests to a function, one at a time as the server does."""

    def __init__(
        self, handle: Callable[[Request], Response], wait: Callable[[float], object]
    ) -> None:
        """Send to `handle`; `wait` lets the seconds pass that something takes."""
        self.wait = wait
        self._handle = handle
        self._one_at_a_time = threading.RLock()

    def send(
        self, method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes = b""
    ) -> Response:
        """Return the response to a request for an absolute URL, once its delay has passed."""
        request = _request(method, url, joined_headers(headers), body)
        with self._one_at_a_time:
            response = self._handle(request)
        if response.fault is not None:
            self.wait(response.fault.delay)
        return response


def _request(method: str, url: str, headers: dict[str, str], body: bytes) -> Request:
    parts = urlsplit(url)
    headers.setdefault("host", parts.netloc.rpartition("@")[2])
    # The body is here as a whole, however its sender meant to frame it.
    headers.pop("transfer-encoding", None)
    path = parts.path or "/"
    host = (parts.hostname or "").rstrip(".")
    return Request(
        method,
        f"{path}?{parts.query}" if parts.query else path,
        headers,
        body,
        base_url=base_url_of(parts.scheme, headers),
        adobe_host=host if is_real(host) else "",
        is_in_process=True,
    )
