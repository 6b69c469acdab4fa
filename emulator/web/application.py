"""One function from request to response, `Application.handle`: all that a transport calls.

It knows isolated emulators, paths and operations. The control API and the landing zone's storage
are no operations: they are mounted, and Flask's.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from emulator.budgets import LARGE_BODY_BYTES
from emulator.json_types import dumps
from emulator.problem import Problem
from emulator.web.call import Reply
from emulator.web.controls import (
    CONTROL,
    PAGE,
    Controls,
    is_sent_by_foreign_page,
    see_other,
    wants_page,
)
from emulator.web.cors import Cors
from emulator.web.limits import body_limit, limit_of
from emulator.web.long_calls import is_long
from emulator.web.message import UNROUTED, Deferred, Request, Response
from emulator.web.neighbours import Neighbours
from emulator.web.routing import Route, Router

if TYPE_CHECKING:
    from emulator.web.isolation import Answering, IsolatedEmulators

HEALTH = f"{CONTROL}health"
"""Whether the emulator answers: nothing else is waited for."""

_LEAD_TO_PAGE = ("/", CONTROL, CONTROL[:-1])
"""Paths that a person types into a browser."""

_EMPTY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class Application:
    """Answers requests for one emulator and for those that are isolated behind its address."""

    def __init__(
        self, shared: Answering, isolated: IsolatedEmulators, *, is_remote: bool = False
    ) -> None:
        """Let `shared` answer the requests that choose none of `isolated`.

        If what they hold `is_remote`, all answers are deferred, because each waits for it.
        """
        self._is_remote = is_remote
        contract, settings = shared.engine.contract, shared.engine.platform.settings
        self._shared = shared
        self._isolated = isolated
        self._router = Router.of(contract)
        self._neighbours = Neighbours.of(contract)
        self._limits = {
            operation.id: limit_of(operation, settings)
            for operation in contract.operations.values()
        }
        self._max_body = settings.max_body
        self.body_limit = body_limit(contract, settings)
        self._controls = Controls(settings, self.body_limit)
        self._cors = Cors(settings.cors, self._router, self._controls) if settings.cors else None

    def handle(self, request: Request) -> Response:
        """Return the response to a request. Never raises."""
        answered = self._answer(request, defers=False)
        return answered.answer() if isinstance(answered, Deferred) else answered

    def begin(self, request: Request) -> Response | Deferred:
        """Return the response to a request, or what makes it if that may take long. Never raises.

        Whatever is Flask's is deferred, except for the health check: it may read or write any
        amount.
        """
        return self._answer(request, defers=True)

    def _answer(self, request: Request, *, defers: bool) -> Response | Deferred:
        if self._cors is not None:
            return self._cors.answer(request, partial(self._lead, request, defers=defers))
        return self._lead(request, defers=defers)

    def _lead(self, request: Request, *, defers: bool) -> Response | Deferred:
        """Let whoever is asked for answer a request, or say that this takes long."""
        refusal = self._controls.refusal(request)
        if refusal is not None:
            return refusal
        if is_sent_by_foreign_page(request.headers):
            request.isolate = False
        try:
            emulator: Answering = self._isolated.chosen_by(request) or self._shared
        except Problem as problem:
            route = self._router.find(request.method, request.target.partition("?")[0])
            return self._refuse(self._shared, request, problem, route._replace(allowed=()))
        path = request.target.partition("?")[0]
        route = self._router.find(request.method, path)
        if route.operation is not None:
            request.operation, request.path = route.operation, route.path
            _limit(request, self._limits[route.operation.id])
            if defers and (self._is_remote or is_long(emulator.engine, request)):
                is_large = len(request.body) > LARGE_BODY_BYTES and route.operation.body != "bytes"
                return Deferred(partial(_answered, emulator, request), is_large)
            return _answered(emulator, request)
        if route.is_storage:
            return Deferred(partial(emulator.storage.handle, request))
        if path in _LEAD_TO_PAGE and wants_page(request):
            return see_other(f"{urlsplit(request.base_url).path}{PAGE}/journal")
        if f"{path}/".startswith(CONTROL):
            return self._control(emulator, request, path)
        return self._refuse(emulator, request, self._problem(request, route), route)

    def _control(self, emulator: Answering, request: Request, path: str) -> Response | Deferred:
        """Answer a call of the control API, or a browser that shows the page."""
        if path == HEALTH and not self._is_remote:
            return emulator.control.handle(request)
        is_page = f"{path}/".startswith(f"{PAGE}/")
        return Deferred(lambda: (emulator.page if is_page else emulator.control).handle(request))

    def interrupt(self) -> None:
        """Give up all long work: the process is about to end."""
        self._shared.engine.platform.ongoing.end()
        self._isolated.interrupt()

    def refuse_unmatched(self, request: Request) -> Response:
        """Return the refusal of a request for one of Adobe's own hosts that has no such path."""
        return self._refuse(self._shared, request, self._unmatched(request), Route(None, {}, ""))

    def _problem(self, request: Request, route: Route) -> Problem:
        """Return why a request belongs to no operation."""
        method, path = request.method, route.url_path
        if route.allowed:
            allowed = ", ".join(route.allowed)
            return Problem("platform.method_not_allowed", method=method, path=path, allowed=allowed)
        if request.adobe_host:
            return self._unmatched(request)
        probe = self._neighbours.probe(path)
        if probe is not None:
            hint = f"; {probe.instead} is what you look for" if probe.instead else ""
            return Problem("platform.probe", path=path, hint=hint)
        if CONTROL in path:
            # The commands ask so where AEP_EMULATOR_URL has a path; no client of the platform does.
            return Problem("platform.probe", path=path, hint=self._neighbours.hint(method, path))
        return Problem("platform.unknown_path", path=path, hint=self._neighbours.hint(method, path))

    def _unmatched(self, request: Request) -> Problem:
        path = request.target.partition("?")[0]
        hint = self._neighbours.hint(request.method, path)
        url = request.adobe_host + path
        return Problem("platform.unmatched", method=request.method, url=url, hint=hint)

    def _refuse(
        self, emulator: Answering, request: Request, problem: Problem, route: Route
    ) -> Response:
        """Refuse a request that belongs to no operation, in the envelope of its path's service."""
        request.operation = replace(UNROUTED, path=route.url_path, service=route.service)
        _limit(request, self._max_body)
        reply = emulator.engine.answer_unrouted(request, problem)
        if route.allowed:
            reply.headers["allow"] = ", ".join(route.allowed)
        return to_response(reply, request.method)


def _answered(emulator: Answering, request: Request) -> Response:
    return to_response(emulator.engine.answer(request), request.method)


def _limit(request: Request, limit: int) -> None:
    """Leave a body alone that is longer than its limit, and the length that was announced."""
    request.headers.pop("content-length", None)
    if len(request.body) > limit:
        request.too_long, request.body = True, b""


def to_response(reply: Reply, method: str = "GET") -> Response:
    """Return a reply as it is sent: JSON, bytes as they are, or nothing."""
    headers = [(name, _one_line(value)) for name, value in reply.headers.items()]
    if reply.status in _EMPTY:
        return Response(reply.status, headers, b"", reply.fault)
    # The bytes stay in the reply, so that the journal need not encode it once more.
    reply.body = body = reply.body if isinstance(reply.body, bytes) else dumps(reply.body)
    if body and "Content-Type" not in reply.headers:
        headers.append(("Content-Type", "application/json"))
    if "Content-Length" not in reply.headers:  # a HEAD tells the length of what it does not send
        headers.append(("Content-Length", str(len(body))))
    return Response(reply.status, headers, b"" if method == "HEAD" else body, reply.fault)


def _one_line(value: str) -> str:
    """Return a header's value without what would end the header or is not Latin-1."""
    if value.isascii() and value.isprintable():
        return value
    return "".join(char if char.isascii() and char.isprintable() else "?" for char in value)
