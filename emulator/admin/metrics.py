"""The emulator's figures, for whoever collects them: a call of the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, request

from emulator.admin.replies import Routes, error

if TYPE_CHECKING:
    from emulator.emulator import Emulator

MISSING = "the extra metrics is not installed: pip install 'aep-emulator[metrics]'"


def routes(emulator: Emulator) -> Routes:
    """Return path, method and view of the call."""

    def metrics() -> Response:
        """Answer with the figures, in the form of Prometheus or of OpenMetrics."""
        try:
            from emulator.admin.prometheus import exposition
        except ModuleNotFoundError:
            return error(501, "no metrics", MISSING)
        body, media_type = exposition(emulator, request.headers.get("Accept", ""))
        return Response(body, content_type=media_type)

    return [("/metrics", "GET", metrics)]
