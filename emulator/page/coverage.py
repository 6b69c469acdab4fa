"""The coverage, live: what the calls so far have tried of the contract, and what they broke."""

from __future__ import annotations

from flask import Response, abort, request

from emulator.page.routes import Routes
from emulator.page.shown import Page, Parts
from emulator.reports.places import place_name
from emulator.reports.rendering import ENDINGS, MEDIA_TYPES
from emulator.reports.verdict import verdict_line

_PARTS = Parts("coverage.html.j2", "coverage_head.html.j2", seconds=3)
_OFF = Parts("error.html.j2", seconds=0)


def routes(page: Page) -> Routes:
    """Return path, method and view of each."""
    views = _Views(page)
    return [
        ("/coverage", "GET", views.show),
        ("/coverage", "POST", views.clear),
        ("/coverage/report", "GET", views.download),
    ]


class _Views:
    def __init__(self, page: Page) -> None:
        self._page = page

    def show(self) -> Response:
        """Show the report."""
        if self._page.emulator.coverage is None:
            detail = "There is no coverage: the setting journal is 0."
            return self._page.show("Coverage", _OFF, detail=detail)
        report = self._page.control.get("/report")
        return self._page.show(
            "Coverage",
            _PARTS,
            report=report,
            endings=ENDINGS,
            verdict=verdict_line(report),
            place_name=place_name,
        )

    def download(self) -> Response:
        """Return the report as a file, in any of its forms."""
        ending = f".{request.args.get('as', 'html')}"
        if ending not in ENDINGS:
            abort(404, f"There is no report that ends in {ending}.")
        form = ENDINGS[ending]
        text = self._page.control.text("/report", {"format": form})
        response = Response(text, mimetype=MEDIA_TYPES[form])
        response.headers["Content-Disposition"] = f'attachment; filename="coverage{ending}"'
        return response

    def clear(self) -> Response:
        """Count anew."""
        self._page.control.send("DELETE", "/coverage")
        return self._page.back("Calls are counted anew from now on.", "/coverage")
