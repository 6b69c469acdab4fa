"""The way in where there is an admin token: a form, and a cookie that stands for the token."""

from __future__ import annotations

import hmac

from flask import Response, make_response, redirect, request

from emulator.page.routes import Routes
from emulator.page.shown import Page, Parts
from emulator.web.controls import COOKIE, cookie_of


def routes(page: Page) -> Routes:
    """Return path, method and view of each."""

    def ask() -> Response:
        """Ask for the admin token."""
        return page.show("Sign in", Parts("login.html.j2", seconds=0), is_wrong=False)

    def enter() -> Response:
        """Let a browser in that has the token."""
        token = page.platform.settings.admin_token.encode()
        if not hmac.compare_digest(request.form.get("token", "").encode(), token):
            parts = Parts("login.html.j2", seconds=0)
            return page.show("Sign in", parts, 403, is_wrong=True)
        response = make_response(redirect(page.url("/journal"), 303))
        page.set_cookie(response, COOKIE, cookie_of(token))
        return response

    def leave() -> Response:
        """Forget a browser."""
        response = make_response(redirect(page.url("/login"), 303))
        response.delete_cookie(COOKIE, path="/")
        return response

    return [("/login", "GET", ask), ("/login", "POST", enter), ("/logout", "POST", leave)]
