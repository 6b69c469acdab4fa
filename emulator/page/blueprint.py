"""The routes of the page, what its files are, and how its errors are shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Response, make_response, redirect, request, send_from_directory
from werkzeug.exceptions import HTTPException

from emulator.page import contract, coverage, files, journal, login, resources, running, runs
from emulator.page.control import Refused
from emulator.page.shown import Page, Parts, with_headers
from emulator.store import StoreFull, StoreUnavailable
from emulator.web.controls import PAGE

if TYPE_CHECKING:
    from emulator.emulator import Emulator

STATIC = Path(__file__).parent / "static"
SUBJECTS = (journal, resources, runs, files, coverage, contract, running, login)
"""The modules with the views; each lists its own in `routes`."""


def make_page(emulator: Emulator) -> Blueprint:
    """Return the page of one emulator."""
    page = Page(emulator)
    blueprint = Blueprint("page", "emulator.page", url_prefix=PAGE)
    for subject in SUBJECTS:
        for path, method, view in subject.routes(page):
            blueprint.add_url_rule(
                path,
                f"{method} {path}".replace(".", ""),
                view,
                methods=[method],
                provide_automatic_options=False,
            )
    for path in ("", "/"):
        blueprint.add_url_rule(path, f"root{path}", lambda: redirect(page.url("/journal"), 303))
    blueprint.add_url_rule("/static/<name>", "static", _static)
    blueprint.after_request(with_headers)
    for error, handler in _ERRORS.items():
        blueprint.app_errorhandler(error)(partial(handler, page))
    return blueprint


def _static(name: str) -> Response:
    """Return a file that the page is made of; browsers ask whether they have its latest."""
    return send_from_directory(STATIC, name, max_age=0)


def _error(page: Page, status: int, title: str, detail: str) -> Response:
    """Show why a view cannot be shown; after a form, where it was sent from."""
    if request.method == "POST" and (came_from := _came_from(page)):
        return with_headers(page.back(f"{title}: {detail}", came_from))
    parts = Parts("error.html.j2", seconds=0)
    return with_headers(page.show(title, parts, status, detail=detail))


def _came_from(page: Page) -> str:
    """Return the view that a form was on, by its own word; a path of the page and nothing else."""
    sent = request.form.get("from", "").removeprefix(page.root)
    return sent if re.fullmatch(r"/[a-z]+", sent) else ""


def _http(page: Page, error: HTTPException) -> Response:
    if error.response is not None:
        return make_response(error.get_response())
    return _error(page, error.code or 500, error.name, str(error.description))


def _refused(page: Page, error: Refused) -> Response:
    return _error(page, error.status, error.error, error.detail)


def _unavailable(page: Page, error: Exception) -> Response:
    return _error(page, 503, "the store does not answer", str(error))


_ERRORS: dict[type[Exception], Callable[..., Response]] = {
    HTTPException: _http,
    Refused: _refused,
    StoreFull: _unavailable,
    StoreUnavailable: _unavailable,
}
