"""The door without a socket: calls a WSGI application as a client would over HTTP."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

from emulator.web.transport_fault import KEY as FAULT

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from emulator.web.transport_fault import TransportFault


class Answer(NamedTuple):
    """What came back: status, its phrase, header lines in their order, and the body.

    Where the connection `is_reset`, the client sees nothing of it; where the body `is_cut`, only
    the part that is here.
    """

    status: int
    phrase: str
    headers: list[tuple[str, str]]
    body: bytes
    is_reset: bool = False
    is_cut: bool = False


class InProcess:
    """Sends requests to a WSGI application, one at a time as the server does."""

    def __init__(self, app: WSGIApplication, wait: Callable[[float], object]) -> None:
        """Call `app`; `wait` lets the seconds pass by which an answer is late."""
        self._app = app
        self._wait = wait
        self._one_at_a_time = threading.RLock()

    def send(
        self, method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes = b""
    ) -> Answer:
        """Return the answer to a request for an absolute URL."""
        environ = _environ(method, url, headers, body)
        start = _Start()
        with self._one_at_a_time:
            result = self._app(environ, start)
            try:
                content = b"".join(result)
            finally:
                if hasattr(result, "close"):
                    result.close()
        status, _, phrase = start.line.partition(" ")
        answer = Answer(int(status), phrase, start.headers, content)
        fault: TransportFault | None = environ.get(FAULT)
        return answer if fault is None else self._carry_badly(answer, fault)

    def _carry_badly(self, answer: Answer, fault: TransportFault) -> Answer:
        self._wait(fault.delay)
        length = fault.sent(len(answer.body))
        is_cut = length < len(answer.body)
        return answer._replace(body=answer.body[:length], is_reset=fault.reset, is_cut=is_cut)


class _Start:
    """The WSGI `start_response`, which keeps what the app said."""

    def __init__(self) -> None:
        self.line = ""
        self.headers: list[tuple[str, str]] = []

    def __call__(
        self, line: str, headers: list[tuple[str, str]], exc_info: object = None, /
    ) -> Any:
        self.line, self.headers = line, headers


def _environ(
    method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes
) -> WSGIEnvironment:
    parts = urlsplit(url)
    scheme = parts.scheme
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(parts.path or "/").decode("latin-1"),
        "QUERY_STRING": parts.query,
        "REQUEST_URI": f"{parts.path}?{parts.query}" if parts.query else parts.path,
        "SERVER_NAME": parts.hostname or "localhost",
        "SERVER_PORT": str(parts.port or (443 if scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": parts.netloc.rpartition("@")[2],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers:
        key = _key(name)
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    environ["HTTP_HOST"] = environ["HTTP_HOST"].rpartition(",")[2]
    # The body is here as a whole, however its sender meant to frame it.
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["CONTENT_LENGTH"] = str(len(body)) if body else environ.get("CONTENT_LENGTH", "")
    return environ


@lru_cache(maxsize=1024)
def _key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
