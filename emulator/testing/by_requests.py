"""A transport adapter of `requests` that is answered within the process, with its retries."""

from __future__ import annotations

import io
from http import HTTPStatus
from typing import Any

from requests import PreparedRequest
from requests import Response as RequestsResponse
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import RetryError
from urllib3 import HTTPHeaderDict, HTTPResponse, Retry
from urllib3.exceptions import MaxRetryError, ProtocolError, ResponseError

from emulator.testing.in_process import InProcessTransport
from emulator.web.message import Response

_RESET = ConnectionResetError(104, "Connection reset by peer")


def send(
    client: InProcessTransport, adapter: HTTPAdapter, request: PreparedRequest
) -> RequestsResponse:
    """Return the response to a request of an adapter, as its `send` would.

    Raises:
        RequestsConnectionError: The connection was reset, each time that the adapter tried.
        RetryError: None of the tries brought a response that will do.
    """
    try:
        raw = _try(client, request, adapter.max_retries)
    except MaxRetryError as error:
        if isinstance(error.reason, ResponseError):
            raise RetryError(error, request=request) from error
        raise RequestsConnectionError(error, request=request) from error
    except ProtocolError as error:
        raise RequestsConnectionError(error, request=request) from error
    return adapter.build_response(request, raw)


def _try(client: InProcessTransport, request: PreparedRequest, retries: Retry) -> HTTPResponse:
    """Return the response to a request, after as many tries as its adapter asks for.

    Raises:
        ProtocolError: The connection was reset, and the adapter has no more retries.
        MaxRetryError: None of the tries brought a response that will do.
    """
    method, url, body = request.method or "GET", request.url or "", _whole(request.body)
    lines = [(_text(name), _text(value)) for name, value in request.headers.items()]
    while True:
        response = client.send(method, url, lines, body)
        if response.is_reset:
            error = ProtocolError("Connection aborted.", _RESET)
            retries = retries.increment(method, url, error=error)
            client.wait(retries.get_backoff_time())
            continue
        raw = _raw(response, method)
        if not retries.is_retry(method, response.status, "Retry-After" in raw.headers):
            return raw
        try:
            retries = retries.increment(method, url, response=raw)
        except MaxRetryError:
            if retries.raise_on_status:
                raise
            return raw
        asked = retries.get_retry_after(raw) if retries.respect_retry_after_header else None
        client.wait(asked or retries.get_backoff_time())


def _raw(response: Response, method: str) -> HTTPResponse:
    return HTTPResponse(
        body=io.BytesIO(response.sent_body),
        headers=HTTPHeaderDict(response.headers),
        status=response.status,
        reason=HTTPStatus(response.status).phrase,
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
