"""Requests and responses as WSGI has them (PEP 3333), in both directions."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

from emulator.web.message import Handler, Request, Response, base_url_of

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

BODY_LIMIT = 512 * 1024**2
_PIECE = 64 * 1024
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_UNPREFIXED = {"CONTENT_TYPE": "content-type", "CONTENT_LENGTH": "content-length"}


class WsgiHandler:
    """Hands requests to a WSGI application."""

    def __init__(self, app: WSGIApplication, limit: int = BODY_LIMIT) -> None:
        """Call `app`, with bodies of up to `limit` bytes."""
        self._app = app
        self._limit = limit

    def body_limit(self, method: str, target: str) -> int:
        """Return how many bytes of a body are to be read."""
        return self._limit

    def handle(self, request: Request) -> Response:
        """Return the application's response."""
        start = _Start()
        result = self._app(_environ(request), start)
        try:
            body = b"".join(result)
        finally:
            if hasattr(result, "close"):
                result.close()
        return Response(start.status, start.headers, body)


class _Start:
    """The WSGI `start_response`, which remembers what the application says."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[str, str]] = []

    def __call__(
        self, line: str, headers: list[tuple[str, str]], exc_info: object = None, /
    ) -> Callable[[bytes], object]:
        self.status, self.headers = int(line[:3]), headers
        return _refuse_write


def _refuse_write(_data: bytes) -> object:
    # PEP 3333 keeps it for applications that cannot return their body; Flask always does.
    raise NotImplementedError("the legacy write() of start_response")


def _environ(request: Request) -> WSGIEnvironment:
    path, _, query = request.target.partition("?")
    called = urlsplit(request.base_url)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": _wsgi_text(called.path),
        "PATH_INFO": _wsgi_text(path),
        "QUERY_STRING": query,
        "REQUEST_URI": request.target,
        "SERVER_NAME": called.hostname or "localhost",
        "SERVER_PORT": str(called.port or (443 if called.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": called.scheme or "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        # Lets the application read a body of no declared length up to its end.
        "wsgi.input_terminated": True,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        if "_" in name:  # it would be taken for the name with hyphens
            continue
        key = name.upper().replace("-", "_")
        environ[key if key in _UNPREFIXED else f"HTTP_{key}"] = value
    if request.body:
        environ["CONTENT_LENGTH"] = str(len(request.body))
    return environ


def _wsgi_text(encoded: str) -> str:
    return unquote_to_bytes(encoded).decode("latin-1")


def serve_wsgi(
    handler: Handler, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Answer a WSGI call with a handler.

    A WSGI server cannot be made to fail in sending a response, so a fault of the transport has no
    effect here.
    """
    request = read_request(environ, handler.body_limit)
    response = handler.handle(request)
    line = _STATUS_LINES.get(response.status) or f"{response.status} UNKNOWN"
    start_response(line, response.headers)
    return (response.body,)


def read_request(environ: WSGIEnvironment, body_limit: Callable[[str, str], int]) -> Request:
    """Return the request that a WSGI environment describes, with its body."""
    method, target = environ["REQUEST_METHOD"], _target(environ)
    headers = dict(_headers(environ))
    base_url = base_url_of(environ["wsgi.url_scheme"], headers)
    request = Request(method, target, headers, base_url=base_url)
    request.base_url += quote(environ.get("SCRIPT_NAME", ""), encoding="latin-1")
    if environ.get("CONTENT_LENGTH") or "transfer-encoding" in headers:
        _read_body(request, environ, body_limit(method, target))
    return request


def _target(environ: WSGIEnvironment) -> str:
    """Return the target as it was sent, where the server tells, or else as it might have been."""
    path: str = environ.get("PATH_INFO", "")
    sent: str = environ.get("REQUEST_URI", "")
    if unquote(sent.partition("?")[0], encoding="latin-1") == path:
        return sent
    query = environ.get("QUERY_STRING", "")
    target = quote(path, safe="/:@!$&'()*+,;=~", encoding="latin-1")
    return f"{target}?{query}" if query else target


def _headers(environ: WSGIEnvironment) -> Iterator[tuple[str, str]]:
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            yield key[5:].replace("_", "-").lower(), value
        elif key in _UNPREFIXED and value:
            yield _UNPREFIXED[key], value


def _read_body(request: Request, environ: WSGIEnvironment, limit: int) -> None:
    """Read a body, or see that it is too long; of one without a length, one byte too many."""
    length: str = environ.get("CONTENT_LENGTH", "")
    source: InputStream = environ["wsgi.input"]
    if length:
        size = int(length) if length.isdecimal() else 0
        request.too_long = size > limit
        request.body = b"" if request.too_long else source.read(size)
        return
    pieces: list[bytes] = []
    left = limit + 1
    while left > 0 and (piece := source.read(min(left, _PIECE))):
        pieces.append(piece)
        left -= len(piece)
    request.body = b"".join(pieces)
