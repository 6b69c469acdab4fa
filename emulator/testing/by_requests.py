"""The transport of `requests`, answered within the process: retries, resets and cut bodies too."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import RetryError
from urllib3 import HTTPHeaderDict, HTTPResponse, Retry
from urllib3.exceptions import MaxRetryError, ProtocolError, ResponseError

from emulator.testing.in_process import Answer
from emulator.testing.interception import Interception, claimant

__all__ = ["HTTPAdapter", "patched_send"]

_RESET = ConnectionResetError(104, "Connection reset by peer")


def patched_send(original: Callable[..., Response]) -> Callable[..., Response]:
    """Return what takes the place of `HTTPAdapter.send`."""

    def send(self: HTTPAdapter, request: PreparedRequest, *given: Any, **named: Any) -> Response:
        found = claimant(urlsplit(request.url or "").hostname)
        if found is None:
            return original(self, request, *given, **named)
        try:
            raw = _send(found, request, self.max_retries)
        except MaxRetryError as error:
            if isinstance(error.reason, ResponseError):
                raise RetryError(error, request=request) from error
            raise RequestsConnectionError(error, request=request) from error
        except ProtocolError as error:
            raise RequestsConnectionError(error, request=request) from error
        return self.build_response(request, raw)

    return send


def _send(found: Interception, request: PreparedRequest, retries: Retry) -> HTTPResponse:
    """Return the answer to a request, after as many tries as its adapter asks for.

    Raises:
        ProtocolError: The connection was reset, and nobody asked to try again.
        MaxRetryError: None of the tries brought an answer that will do.
    """
    method, url, body = request.method or "GET", request.url or "", _whole(request.body)
    lines = [(_text(name), _text(value)) for name, value in request.headers.items()]
    while True:
        answer = found.send(method, url, lines, body)
        if answer.is_reset:
            error = ProtocolError("Connection aborted.", _RESET)
            retries = retries.increment(method, url, error=error)
            found.wait(retries.get_backoff_time())
            continue
        raw = _raw(answer, method)
        if not retries.is_retry(method, answer.status, "Retry-After" in raw.headers):
            return raw
        try:
            retries = retries.increment(method, url, response=raw)
        except MaxRetryError:
            if retries.raise_on_status:
                raise
            return raw
        asked = retries.get_retry_after(raw) if retries.respect_retry_after_header else None
        found.wait(asked or retries.get_backoff_time())


def _raw(answer: Answer, method: str) -> HTTPResponse:
    return HTTPResponse(
        body=io.BytesIO(answer.body),
        headers=HTTPHeaderDict(answer.headers),
        status=answer.status,
        reason=answer.phrase,
        preload_content=False,
        request_method=method,
    )


def _whole(body: Any) -> bytes:
    """Return the body of a prepared request, which may be text, a file or a generator."""
    if body is None:
        return b""
    if isinstance(body, bytes | str):
        return body.encode() if isinstance(body, str) else body
    read = getattr(body, "read", None)
    chunks = body if read is None else [read()]
    return b"".join(chunk.encode() if isinstance(chunk, str) else chunk for chunk in chunks)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
