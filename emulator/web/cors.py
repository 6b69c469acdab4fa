"""What pages of other origins may do, by the setting `cors`: "Fetch Standard", CORS protocol.

Only browsers ask. Without the setting nothing here is made, and no request passes through it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from emulator.json_types import dumps
from emulator.web.controls import CONTROL, PAGE, Controls
from emulator.web.isolation import without_prefix
from emulator.web.message import Deferred, Request, Response
from emulator.web.routing import Router

ANY = "*"
"""The origin that stands for all; then browsers send no credentials of their own."""

MAX_AGE_SECONDS = 600
"""For how long a browser need not ask again, unless it has a limit of its own."""

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110, 5.6.2
_METHOD = re.compile(_TOKEN)
_NAMES = re.compile(rf"{_TOKEN}(?:\s*,\s*{_TOKEN})*")
_UNASKED = frozenset(
    "cache-control content-language content-length content-type expires last-modified pragma"
    " set-cookie vary".split()
)
"""Response headers that every page may read, or that none may."""

_PREFLIGHT = "access-control-request-method"


class Grant(NamedTuple):
    """What a page's origin is told: `ANY`, or its own name and that credentials may be sent."""

    origin: str

    def headers(self) -> list[tuple[str, str]]:
        """Return what every response says to the page."""
        headers = [("Access-Control-Allow-Origin", self.origin)]
        if self.origin != ANY:
            headers.append(("Access-Control-Allow-Credentials", "true"))
        return headers


class Cors:
    """Answers preflights, and tells browsers which pages may read responses."""

    def __init__(self, origins: tuple[str, ...], router: Router, controls: Controls) -> None:
        """Let pages of some origins call the emulated APIs.

        Args:
            origins: Theirs, in lower case; or `ANY` alone.
            router: Knows the methods of a path.
            controls: Knows of which hosts pages may call the control API, too.
        """
        self._origins = frozenset(origins)
        self._router = router
        self._controls = controls

    def answer(
        self, request: Request, answer: Callable[[], Response | Deferred]
    ) -> Response | Deferred:
        """Return the response to a request, with what its page's browser has to know."""
        path = without_prefix(request.target).partition("?")[0]
        is_control = f"{path}/".startswith(CONTROL)
        grant = self._grant(request.headers.get("origin", "").lower(), path, is_control=is_control)
        if request.method == "OPTIONS" and {"origin", _PREFLIGHT} <= request.headers.keys():
            if grant is not None:
                return self._preflight(request, path, grant)
            if not is_control:  # the control API refuses in its own way
                return self._open(None, _refused())
        answered = answer()
        if isinstance(answered, Deferred):
            return Deferred(lambda: self._open(grant, answered.answer()), answered.is_large)
        return self._open(grant, answered)

    def _grant(self, origin: str, path: str, *, is_control: bool) -> Grant | None:
        if not origin or f"{path}/".startswith(f"{PAGE}/"):
            return None
        if is_control and not self._controls.names_origin(origin):
            return None
        if ANY in self._origins:
            return Grant(ANY)
        return Grant(origin) if origin in self._origins else None

    def _preflight(self, request: Request, path: str, grant: Grant) -> Response:
        """Answer with the methods of a path, and whatever headers are asked for: rules judge them.

        On a path that nobody knows the method is allowed that is asked for, so that the page can
        read the refusal.
        """
        asked, names = (
            request.headers.get(name, "").strip()
            for name in (_PREFLIGHT, "access-control-request-headers")
        )
        methods = self._router.find(request.method, path).allowed
        if not methods and _METHOD.fullmatch(asked):
            methods = (asked,)
        headers = grant.headers()
        headers.append(("Access-Control-Allow-Methods", ", ".join(methods)))
        if _NAMES.fullmatch(names):
            headers.append(("Access-Control-Allow-Headers", names))
        if "access-control-request-private-network" in request.headers:
            headers.append(("Access-Control-Allow-Private-Network", "true"))
        headers.append(("Access-Control-Max-Age", str(MAX_AGE_SECONDS)))
        return Response(204, [*headers, *self._varies()])

    def _open(self, grant: Grant | None, response: Response) -> Response:
        """Let a page read a response, all of its headers, if it may."""
        if grant is not None:
            names = dict.fromkeys(name.lower() for name, _ in response.headers)
            exposed = ", ".join(name for name in names if name not in _UNASKED)
            response.headers += grant.headers()
            if exposed:
                response.headers.append(("Access-Control-Expose-Headers", exposed))
        response.headers += self._varies()
        return response

    def _varies(self) -> list[tuple[str, str]]:
        """Tell caches that a response depends on who asks."""
        return [] if ANY in self._origins else [("Vary", "Origin")]


def _refused() -> Response:
    """Return the answer to the preflight of a page that may not call."""
    body = dumps({"error": "foreign origin", "detail": "--cors does not name the page's origin"})
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    return Response(403, headers, body)
