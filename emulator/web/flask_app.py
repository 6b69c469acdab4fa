"""Binds operations to views and converts: from Flask's request to Incoming, from Reply to bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, NotFound
from werkzeug.routing import Rule as UrlRule

from emulator.contract import Contract, Operation
from emulator.json_types import dumps
from emulator.problem import Problem
from emulator.web.call import Incoming, Reply
from emulator.web.engine import Engine
from emulator.web.limits import limit_of
from emulator.web.routing import (
    CanonicalPaths,
    new_map,
    service_finder,
    shared_rule,
    url_rules,
)
from emulator.web.transport_fault import KEY as FAULT
from emulator.web.transport_fault import TransportFault
from emulator.web.worlds import ENGINE, RAW_PREFIX, ChosenWorld, Worlds

ADOBE_HOST = "emulator.host"
"""Where a request's environment says that its client takes us for one of Adobe's own hosts, and
which: what no document of ours knows there may exist all the same, and is not emulated."""

CONTROL = "/_emulator/"
"""Below it lies the control API, which refuses in a form of its own."""

_EMPTY = (204, 304)


def make_flask_app(engine: Engine, worlds: Worlds) -> Flask:
    """Return the Flask application that serves an engine's operations on the real AEP paths.

    Requests that choose one of `worlds` are answered by its engine.
    """
    app = make_bare_app(engine)
    app.config["EMULATOR_ENGINE"] = engine
    for rule in url_rules(engine.contract):
        app.url_map.add(rule)
    inner = _CanonicalPaths(_Operations(app, engine), engine.contract)
    by_organization = engine.platform.settings.world_by == "organization"
    chosen = ChosenWorld(inner, worlds, _answer_unrouted(engine), by_organization=by_organization)
    app.wsgi_app = chosen  # type: ignore[method-assign,assignment]
    return app


def make_bare_app(engine: Engine) -> Flask:
    """Return a Flask application that refuses every path as an engine does."""
    app = Flask("emulator", static_folder=None)
    app.url_map = new_map()
    app.url_rule_class = _rule  # type: ignore[assignment]
    app.register_error_handler(HTTPException, _refuser(engine))
    return app


def _rule(pattern: str, *, methods: set[str], endpoint: str, **options: object) -> UrlRule:
    """Return a URL rule for a route of our own, which has none of Flask's further options."""
    given = {name: value for name, value in options.items() if value}
    if given:
        raise NotImplementedError(f"routes with {', '.join(given)}")
    return shared_rule(pattern, frozenset(methods), endpoint)


class _Operations:
    """Answers the requests that belong to an operation; what is left is Flask's.

    Flask's own URL map finds the operation. Its request context, its signals and its hooks are a
    third of a call, and nobody here would look at them.
    """

    def __init__(self, app: Flask, engine: Engine) -> None:
        self._rest = app.wsgi_app
        self._engine = engine
        self._urls = app.url_map.bind("localhost")
        settings = engine.platform.settings
        self._operations = {
            operation.id: (operation, limit_of(operation, settings))
            for operation in engine.contract.operations.values()
        }

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if not path.isascii():
            path = path.encode("latin-1").decode(errors="replace")
        try:
            id, values = self._urls.match(path, environ["REQUEST_METHOD"])
        except HTTPException:
            return self._rest(environ, start_response)
        if id not in self._operations:
            return self._rest(environ, start_response)
        operation, limit = self._operations[id]
        engine: Engine = environ.get(ENGINE) or self._engine
        incoming = _incoming(environ, operation, dict(values), limit)
        return to_response(engine.answer(incoming))(environ, start_response)


def _incoming(
    environ: dict[str, Any], operation: Operation, path: dict[str, str], limit: int
) -> Incoming:
    incoming = Incoming(
        operation=operation,
        path=path,
        query_string=environ.get("QUERY_STRING", ""),
        headers=_headers(environ),
        base_url=_base_url(environ),
        method=environ["REQUEST_METHOD"],
        target=environ.get("REQUEST_URI") or environ["PATH_INFO"],
    )
    if environ.get("CONTENT_LENGTH") or environ.get("HTTP_TRANSFER_ENCODING"):
        body = _read_body(environ, limit)
        incoming.too_long = body is None
        incoming.body = body or b""
    return incoming


def _base_url(environ: dict[str, Any]) -> str:
    """Return the address that the client has called, a proxy's that speaks HTTPS for us too."""
    scheme = environ["wsgi.url_scheme"]
    if environ.get("HTTP_X_FORWARDED_PROTO") == "https":
        scheme = "https"
    url = f"{scheme}://{environ.get('HTTP_HOST', 'localhost')}"
    return url + environ[RAW_PREFIX] if RAW_PREFIX in environ else url


def _headers(environ: dict[str, Any]) -> dict[str, str]:
    headers = {
        _header_name(name): value for name, value in environ.items() if name.startswith("HTTP_")
    }
    if content_type := environ.get("CONTENT_TYPE"):
        headers["content-type"] = content_type
    return headers


@lru_cache(maxsize=256)
def _header_name(name: str) -> str:
    return name[5:].replace("_", "-").lower()


def _read_body(environ: dict[str, Any], limit: int) -> bytes | None:
    """Return the body, or None if it is longer than the limit; reads no more than that."""
    length = environ.get("CONTENT_LENGTH")
    if length:
        size = int(length) if length.isdecimal() else 0
        return environ["wsgi.input"].read(size) if size <= limit else None
    chunks: list[bytes] = []
    left = limit + 1
    while left > 0 and (chunk := environ["wsgi.input"].read(min(left, 65536))):
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks) if left > 0 else None


class _Response(Response):
    """A finished response: bytes and headers go out as they are.

    Werkzeug's own would check and copy each header again, a tenth of the whole call. Nothing on the
    way out looks into a response here: there are no sessions and no after-request functions.
    """

    def __init__(
        self,
        status: int,
        headers: list[tuple[str, str]],
        body: bytes,
        fault: TransportFault | None,
    ) -> None:
        self._line = STATUS_LINES.get(status) or f"{status} UNKNOWN"
        self._fields = headers
        self._body = body
        self._fault = fault

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if self._fault is not None:
            environ[FAULT] = self._fault
        start_response(self._line, self._fields)
        return (b"",) if environ["REQUEST_METHOD"] == "HEAD" else (self._body,)


STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


def to_response(reply: Reply) -> Response:
    """Return a reply as an HTTP response: JSON, bytes as they are, or nothing."""
    headers = [(name, _one_line(value)) for name, value in reply.headers.items()]
    if reply.status in _EMPTY:
        return _Response(reply.status, headers, b"", reply.fault)
    # It stays in the reply, so that who watches need not write it once more.
    reply.body = body = reply.body if isinstance(reply.body, bytes) else dumps(reply.body)
    if body and "Content-Type" not in reply.headers:
        headers.append(("Content-Type", "application/json"))
    if "Content-Length" not in reply.headers:  # a HEAD tells the length of what it does not send
        headers.append(("Content-Length", str(len(body))))
    return _Response(reply.status, headers, body, reply.fault)


def _one_line(value: str) -> str:
    """Return a header's value without what would end the header or is not Latin-1."""
    if value.isascii() and value.isprintable():
        return value
    return "".join(sign if sign.isascii() and sign.isprintable() else "?" for sign in value)


def _refuser(engine: Engine) -> Callable[[HTTPException], Response]:
    answer = _answer_unrouted(engine)

    def refuse(error: HTTPException) -> Response:
        if f"{request.path}/".startswith(CONTROL):
            return _refused_control(error)
        return answer(request.environ, _problem(error, request.path))

    return refuse


def _refused_control(error: HTTPException) -> Response:
    """Return an error of the control API that no view of it has answered: no rule is about it."""
    said, headers = str(error.description), {}
    if isinstance(error, MethodNotAllowed):
        said = f"{request.method} is not allowed at {request.path}"
        headers["allow"] = ", ".join(sorted(error.valid_methods or ()))
    elif isinstance(error, NotFound):
        said = f"there is nothing at {request.path}"
    elif isinstance(error, InternalServerError):
        said = "The emulator failed on this request; its log says where. Please report it."
    return to_response(
        Reply(error.code or 400, {"error": error.name.lower(), "detail": said}, headers)
    )


def _answer_unrouted(engine: Engine) -> Callable[[dict[str, Any], Problem], Response]:
    """Return what answers a request that belongs to no operation, in the envelope of its path."""
    service_of = service_finder(engine.contract)
    limit = engine.platform.settings.max_body

    def answer(environ: dict[str, Any], problem: Problem) -> Response:
        path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        operation = _unrouted(environ["REQUEST_METHOD"], path, service_of(path))
        chosen: Engine = environ.get(ENGINE) or engine
        reply = chosen.answer_unrouted(_incoming(environ, operation, {}, limit), problem)
        if allowed := problem.values.get("allowed"):
            reply.headers["allow"] = str(allowed)
        return to_response(reply)

    return answer


def _unrouted(method: Any, path: str, service: str) -> Operation:
    """Return what stands for the operation of a request that belongs to none: it has no id."""
    return Operation("", method, path, "", (), service=service)


def _problem(error: HTTPException, path: str) -> Problem:
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted(set(error.valid_methods or ()) - {"OPTIONS"}))
        id = "platform.method_not_allowed"
        return Problem(id, method=request.method, path=path, allowed=allowed)
    if isinstance(error, NotFound):
        if host := request.environ.get(ADOBE_HOST):
            url = host + request.environ["REQUEST_URI"].partition("?")[0]
            return Problem("platform.unmatched", method=request.method, url=url)
        return Problem("platform.unknown_path", path=path)
    if isinstance(error, InternalServerError):
        return Problem("platform.internal_error")
    return Problem("platform.unreadable", reason=error.description or error.name)


class _CanonicalPaths:
    """Lets the application see paths in their canonical spelling only."""

    def __init__(self, app: Any, contract: Contract) -> None:
        self._app = app
        self._canonical = CanonicalPaths(contract)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ.get("PATH_INFO", "")
        canonical = self._canonical(path)
        if canonical is not path:
            environ["PATH_INFO"] = canonical
        return self._app(environ, start_response)
