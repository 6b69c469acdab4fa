"""How a view of the page is shown: as a whole, or only what has changed of it."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2s
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlencode

from flask import Response, make_response, redirect, request

from emulator import __version__
from emulator.emulator import Emulator
from emulator.page import words
from emulator.page.control import ControlApi
from emulator.templates import PageTemplates
from emulator.web.controls import PAGE
from emulator.web.isolation import HEADER, PREFIX

SAID = "aep_emulator_said"
"""The cookie with what is to be said once, on the next page."""

MAX_SAID = 600
"""How many characters of it are kept."""

MAX_COOKIE = 3000
"""How many bytes of it, since browsers drop cookies of more than 4 KiB."""

TEMPLATES = PageTemplates(Path(__file__).parent / "templates", words.FILTERS)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""What every answer of the page says: only this origin's own files, and in nobody's frame."""


class Parts(NamedTuple):
    """The templates of a view: what stays, what is live, and what stands beside it."""

    live: str
    fixed: str = ""
    aside: str = ""
    seconds: int = 2
    """How often what is live is asked for; 0 for never."""


class Page:
    """What every view needs: the emulator, its control API, and how a view is shown."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.engine = emulator.engine
        self.platform = emulator.platform

    @property
    def test(self) -> str | None:
        """The name of the isolated emulator that is looked at; None without one."""
        return request.headers.get(HEADER)

    @property
    def control(self) -> ControlApi:
        """The control API."""
        return ControlApi(self.emulator.control, self.test)

    @property
    def root(self) -> str:
        """The path of the page, to which that of an isolated emulator belongs."""
        return f"{_prefix(self.test)}{PAGE}"

    @property
    def outside(self) -> str:
        """The path behind which the emulators lie, that of an isolated one left out."""
        return _before(self.test)[0]

    def show(self, title: str, parts: Parts, status: int = 200, **values: Any) -> Response:
        """Return a view, or nothing if the browser has all of it that is live."""
        values |= {"root": self.root, "here": _here(self.test), "url": self.url, "title": title}
        live = TEMPLATES.render(parts.live, **values)
        seen = blake2s(live.encode(), digest_size=8).hexdigest()
        if request.headers.get("x-seen") == seen:
            return Response(status=204)
        values |= {"live": live, "seen": seen, "seconds": _pace(parts)}
        if "x-seen" in request.headers:
            return make_response(TEMPLATES.render("live.html.j2", **values))
        for name, template in (("fixed", parts.fixed), ("aside", parts.aside)):
            values[name] = TEMPLATES.render(template, **values) if template else ""
        said = unquote(request.cookies.get(SAID, ""))
        whole = TEMPLATES.render("page.html.j2", **values, **self._frame(), said=said)
        response = make_response(whole, status)
        if said:
            response.delete_cookie(SAID, path="/")
        return response

    def _frame(self) -> dict[str, Any]:
        """Return what stands around every view."""
        path = request.path.removeprefix(PAGE).strip("/").partition("/")[0]
        return {
            "section": path,
            "sections": words.SECTIONS,
            "version": __version__,
            "edition": self.engine.edition,
            "enforce": self.engine.enforce,
            "now": self.platform.clock.now(),
            "test": self.test or "",
            "outside": self.outside,
            **_pausing(self.test),
            "has_login": bool(self.platform.settings.admin_token),
        }

    def url(self, path: str, /, **query: Any) -> str:
        """Return the address of a view; parameters without a value are left out."""
        asked = {name: value for name, value in query.items() if value not in (None, "")}
        return f"{self.root}{path}?{urlencode(asked)}" if asked else f"{self.root}{path}"

    def back(self, said: str, path: str, /, **query: Any) -> Response:
        """Return to a view after something was done, and say what."""
        response = make_response(redirect(self.url(path, **query), 303))
        self.set_cookie(response, SAID, _cookie(said), max_age=60)
        return response

    def set_cookie(
        self, response: Response, name: str, value: str, max_age: int | None = None
    ) -> None:
        """Set a cookie that no script sees and no other site sends."""
        response.set_cookie(
            name,
            value,
            max_age=max_age,
            path="/",
            secure=request.is_secure,
            httponly=True,
            samesite="Strict",
        )


def _cookie(said: str) -> str:
    """Return a text as it is kept in a cookie, cut where it would be too long."""
    text = said[:MAX_SAID]
    while len(quote(text)) > MAX_COOKIE:
        text = text[: len(text) * 3 // 4]
    return quote(text)


def _prefix(test: str | None) -> str:
    """Return what stands before the path of the page, as it was sent: a name may have slashes."""
    return "".join(_before(test))


def _before(test: str | None) -> tuple[str, str]:
    """Return that in two parts: where the emulators lie, and the path of an isolated one."""
    chosen = f"{PREFIX}{test}"
    if test is None or not request.script_root.endswith(chosen):
        return quote(request.script_root), ""
    outside = quote(request.script_root.removesuffix(chosen))
    return outside, f"{PREFIX}{quote(test, safe='')}"


def _here(test: str | None) -> str:
    """Return the address of this view as it was asked for, to be asked again."""
    query = request.query_string.decode("latin-1")
    path = f"{_prefix(test)}{quote(request.path)}"
    return f"{path}?{query}" if query else path


def _pausing(test: str | None) -> dict[str, Any]:
    """Return where a live view stands still, and where it goes on."""
    here, off = _here(test), "live=off"
    paused = f"{here}{'&' if '?' in here else '?'}{off}"
    resumed = here.replace(f"&{off}", "").replace(f"?{off}&", "?").replace(f"?{off}", "")
    return {"pause": paused, "resume": resumed, "is_paused": "live" in request.args}


def _pace(parts: Parts) -> int:
    """Return how often a view is asked for: not if the browser shows an older part of a list."""
    return 0 if request.args.keys() & {"live", "cursor", "before"} else parts.seconds


def asked(*names: str) -> dict[str, str]:
    """Return those of the query's parameters that have a value."""
    return {name: value for name in names if (value := request.args.get(name, "").strip())}


def asked_number(name: str) -> int:
    """Return a parameter of the query as a whole number, 0 if it is none."""
    text = request.args.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 16 else 0


def with_headers(response: Response, more: Mapping[str, str] | None = None) -> Response:
    """Return an answer with the headers that all have; nobody keeps it."""
    for name, value in {**HEADERS, "Cache-Control": "no-store", **(more or {})}.items():
        response.headers.setdefault(name, value)
    return response
