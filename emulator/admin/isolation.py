"""The control API's calls about isolated emulators: which there are, and dropping them."""

from __future__ import annotations

from flask import Response

from emulator.admin.replies import Routes, answer, error, nothing
from emulator.web.isolation import IsolatedEmulators


def routes(isolated: IsolatedEmulators) -> Routes:
    """Return path, method and view of each call."""

    def listed() -> Response:
        return answer({"worlds": isolated.names(), "max": isolated.max})

    def drop_all() -> Response:
        isolated.drop_all()
        return nothing()

    def drop(name: str) -> Response:
        if isolated.drop(name):
            return nothing()
        return error(404, "unknown world", f"there is no isolated emulator {name}")

    return [
        ("/worlds", "GET", listed),
        ("/worlds", "DELETE", drop_all),
        ("/worlds/<path:name>", "DELETE", drop),
    ]
