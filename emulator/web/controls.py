"""Who may use the control API: whoever calls this emulator by a name of its own, or has the token.

Programs reach it as they like; what is kept out are pages in a browser. A page of another origin
says so in `Origin` and `Sec-Fetch-Site`, or can only send what needs no preflight; a page whose
name has been made to lead here ("DNS rebinding") still sends that name as `Host`.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from emulator.json_types import dumps
from emulator.settings import TOKEN_HEADER, Settings
from emulator.web.heads import name_in, names_this_machine
from emulator.web.isolation import without_prefix
from emulator.web.message import Request, Response

CONTROL = "/_emulator/"
"""Below it lies the control API, which refuses in a form of its own."""

HEALTH = f"{CONTROL}health"
"""Whether the emulator answers: open to all."""

PAGE = f"{CONTROL}ui"
"""Below it lies the page for people, in a browser."""

LOGIN = f"{PAGE}/login"
"""Where the page asks for the admin token: open to all, like what it is made of."""

STATIC = f"{PAGE}/static/"

COOKIE = "aep_emulator_page"
"""The cookie of a browser that has given the admin token; it opens the page and nothing else."""

SIMPLE_TYPES = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data")
"""What a page may post without asking first: "Fetch Standard", CORS-safelisted request-header."""

FOREIGN_SITES = ("cross-site", "same-site")
"""What `Sec-Fetch-Site` says of pages of other origins: "Fetch Metadata Request Headers"."""

Refused = tuple[int, str, str]

NO_TOKEN = "no admin token"  # noqa: S105 - the name of an error
_NO_FORM: Refused = (403, "foreign form", "a form has to say by Origin that it is of this page")


class Controls:
    """Decides which requests of the control API are answered."""

    def __init__(self, settings: Settings, body_limit: Callable[[str, str], int]) -> None:
        self._token = settings.admin_token.encode()
        names = (*settings.allowed_hosts, settings.host)
        self._allowed = tuple(name.lower().rstrip(".") for name in names)
        self._named = self._allowed[: len(settings.allowed_hosts)]
        self._body_limit = body_limit

    def refusal(self, request: Request) -> Response | None:
        """Return the refusal of a request, None if it may pass or is not of the control API."""
        if request.is_in_process or CONTROL[:-1] not in request.target:
            return None
        path = without_prefix(request.target).partition("?")[0]
        if not f"{path}/".startswith(CONTROL) or _asks_for_health(request, path):
            return None
        is_page = f"{path}/".startswith(f"{PAGE}/")
        refused = self._stranger(request, path, is_page=is_page) or self._too_long(request)
        if refused is None:
            return None
        if is_page and refused[1] == NO_TOKEN and _shows_pages(request):
            return see_other(f"{_prefix(request.target)}{LOGIN}")
        return _response(*refused)

    def _stranger(self, request: Request, path: str, *, is_page: bool) -> Refused | None:
        """Return why the sender of a request may not control the emulator."""
        headers = request.headers
        if self._token:
            sent = headers.get(TOKEN_HEADER, "").encode()
            if hmac.compare_digest(sent, self._token):
                return None
            is_open = path == LOGIN or path.startswith(STATIC)
            if not (is_page and (is_open or has_cookie(headers, self._token))):
                return 403, NO_TOKEN, f"{TOKEN_HEADER}: expected the token of --admin-token"
            return self._foreign(request, is_page=True)
        return self._foreign(request, is_page=is_page)

    def _foreign(self, request: Request, *, is_page: bool) -> Refused | None:
        """Return why a page in a browser, of any origin but ours, may not send a request."""
        headers = request.headers
        host = headers.get("host", "")
        if host and not self._is_own(host, request.local_address):
            detail = f"Host: {host[:256]} is not a name of this emulator; --allowed-hosts adds some"
            return 403, "foreign host", detail
        if self._is_foreign_page(request.method, headers):
            detail = "pages of other origins cannot use the control API; --allowed-hosts adds some"
            return 403, "foreign origin", detail
        if request.method != "POST":
            return None
        if is_page:
            return None if self._is_own_page(headers) else _NO_FORM
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type in SIMPLE_TYPES:
            return 415, "unsupported media type", "send Content-Type: application/json"
        return None

    def _is_own_page(self, headers: Mapping[str, str]) -> bool:
        """Tell whether a form was sent by a page of this emulator, or of a host that is named."""
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site") == "same-origin"
        try:
            page = urlsplit(origin)
            is_named = self._is_allowed(page.hostname or "") and "*" not in self._allowed
        except ValueError:
            return False
        return is_named or page.netloc.lower() == headers.get("host", "").lower()

    def _is_own(self, host: str, local_address: str) -> bool:
        """Tell whether a header `Host` names this emulator, whatever its port."""
        name = name_in(host)
        return names_this_machine(host, local_address) or self._is_allowed(name)

    def names_origin(self, origin: str) -> bool:
        """Tell whether the setting `allowed_hosts` itself names the host of a page's origin."""
        try:
            name = urlsplit(origin).hostname
        except ValueError:
            return False
        return name is not None and _is_among(name, self._named)

    def _is_allowed(self, name: str) -> bool:
        return _is_among(name, self._allowed)

    def _is_foreign_page(self, method: str, headers: Mapping[str, str]) -> bool:
        """Tell whether a request comes from a page of another origin, other than by a link."""
        origin = headers.get("origin")
        if origin is not None:
            try:
                page = urlsplit(origin)
                name = page.hostname or ""
            except ValueError:
                return True
            if name and self._is_allowed(name):
                return False
            return page.netloc.lower() != headers.get("host", "").lower() or not name
        if headers.get("sec-fetch-site") not in FOREIGN_SITES:
            return False
        return method not in ("GET", "HEAD") or headers.get("sec-fetch-mode") != "navigate"

    def _too_long(self, request: Request) -> Refused | None:
        """Refuse a body that was cut off: to most calls, no body means all there is."""
        limit = self._body_limit(request.method, request.target)
        if request.method == "POST" and (request.too_long or len(request.body) > limit):
            return 413, "too long", f"--max-body lets {limit} bytes in"
        return None


def _is_among(name: str, allowed: tuple[str, ...]) -> bool:
    return any(
        known in ("*", name) or (known.startswith("*.") and name.endswith(known[1:]))
        for known in allowed
    )


def is_sent_by_foreign_page(headers: Mapping[str, str]) -> bool:
    """Tell whether a page of another origin sends a request without credentials.

    Such a request needs no preflight; it may call what it likes, and make nothing that lasts.
    """
    return headers.get("sec-fetch-site") in FOREIGN_SITES and "authorization" not in headers


def has_cookie(headers: Mapping[str, str], token: bytes) -> bool:
    """Tell whether a browser has given the admin token before."""
    sent = headers.get("cookie", "").replace(",", ";").split(";")
    expected = f"{COOKIE}={cookie_of(token)}".encode()
    return any(hmac.compare_digest(pair.strip().encode(), expected) for pair in sent)


def cookie_of(token: bytes) -> str:
    """Return the cookie's value for an admin token, which cannot be read from it."""
    return hmac.new(token, b"the page in a browser", "sha256").hexdigest()


def see_other(location: str) -> Response:
    """Return the answer that leads a browser elsewhere."""
    return Response(303, [("Location", location), ("Content-Length", "0")])


def wants_page(request: Request) -> bool:
    """Tell whether a request comes from a browser that is to show a page."""
    is_read = request.method in ("GET", "HEAD")
    return is_read and "text/html" in request.headers.get("accept", "").lower()


def _shows_pages(request: Request) -> bool:
    """Tell whether a browser shows what it gets in place of its page: htmx does not."""
    return wants_page(request) and "hx-request" not in request.headers


def _prefix(target: str) -> str:
    """Return the beginning of a target that chooses an isolated emulator."""
    return target[: len(target) - len(without_prefix(target))]


def _asks_for_health(request: Request, path: str) -> bool:
    return path == HEALTH and request.method in ("GET", "HEAD")


def _response(status: int, error: str, detail: str) -> Response:
    body = dumps({"error": error, "detail": detail})
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    return Response(status, headers, body)
