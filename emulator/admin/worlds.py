"""The control API's calls about worlds: which there are, and dropping them."""

from __future__ import annotations

from typing import Any

from flask import Response

from emulator.admin.replies import answer, error, nothing
from emulator.web.worlds import Worlds


def routes(worlds: Worlds) -> list[tuple[str, str, Any]]:
    """Return path, method and view of each call."""

    def listed() -> Response:
        return answer({"worlds": worlds.names(), "max": worlds.most})

    def drop_all() -> Response:
        worlds.close()
        return nothing()

    def drop(name: str) -> Response:
        if worlds.drop(name):
            return nothing()
        return error(404, "unknown world", f"there is no world {name}")

    return [
        ("/worlds", "GET", listed),
        ("/worlds", "DELETE", drop_all),
        ("/worlds/<path:name>", "DELETE", drop),
    ]
